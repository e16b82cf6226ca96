"""Which evidence matters: symptoms, CSF and imaging against death, how they agree, and how they occur together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from neurohlh.core.result import Result
from neurohlh.study.parts.evidence import deaths, fluid, overlap
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results, answer, refusal

_Make = Callable[[Material], Result]
_SURVIVAL: dict[str, tuple[str, _Make]] = {
    "evidence_domains": ("Symptoms, CSF and imaging at baseline against death", deaths.domains),
    "evidence_horne": ("Horne's four groups against death, beside the published", deaths.horne),
    "evidence_count": ("How many kinds of evidence are abnormal, against death", deaths.count),
    "evidence_csf": ("CSF cells and protein against death", fluid.fluid),
}
_ALWAYS: dict[str, tuple[str, _Make]] = {
    "evidence_agreement": ("How far symptoms, CSF and imaging agree", overlap.agreement),
    "evidence_patterns": ("Which evidence occurs together", overlap.patterns),
}


def _results(material: Material, found: Results) -> Results:
    results = {}
    for name, (title, make) in _SURVIVAL.items():
        if material.survival_analysed:
            results[name] = answer(name, title, partial(make, material))
        else:
            results[name] = refusal(name, title, material.no_survival)
    return {
        **results,
        **{name: answer(name, title, partial(make, material)) for name, (title, make) in _ALWAYS.items()},
    }


PART = Part(
    "evidence",
    "Which evidence matters",
    "Does it matter for survival whether CNS involvement shows in symptoms, in the CSF or in imaging?",
    _results,
    lead=("evidence_domains", "evidence_horne", "evidence_patterns"),
)

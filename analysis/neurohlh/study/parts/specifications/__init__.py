"""Every definition: the answer under every CNS definition, time zero, rule for the undecided and adjustment."""

from __future__ import annotations

from typing import Any

from neurohlh.clinical.cns_definitions import definition
from neurohlh.core.result import Result
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results, answer
from neurohlh.study.parts.specifications.agreement import agreement
from neurohlh.study.parts.specifications.curve import REFERENCE, choices, curve, summary
from neurohlh.study.parts.specifications.fits import TOO_FEW, TOO_WIDE, Adjusting
from neurohlh.study.parts.specifications.grid import Around, Specification, all_specifications
from neurohlh.study.time_zero import DIAGNOSIS

OTHER_WINDOW = (
    "The declared specification counts baseline evidence and survival from the same time zero, and patients enter at "
    "their diagnosis; the study's main results count baseline evidence around the diagnosis of HLH, so that they can "
    "differ from it."
)


def _results(material: Material, found: Results) -> Results:
    adjusting = Adjusting.of(material)
    found_around = Around.of(material)
    specifications = all_specifications(material, adjusting, found_around)
    method, counts = _method(material, adjusting), _counts(material, specifications)
    together, one_by_one = summary(specifications, method, counts), curve(specifications, method, counts)
    if material.config.endpoint.os.origin != DIAGNOSIS:
        together, one_by_one = (r.with_(notes=(*r.notes, OTHER_WINDOW)) for r in (together, one_by_one))
    made: dict[str, Result] = {
        "specifications_summary": together,
        "specifications_curve": one_by_one,
        "specifications_choices": answer(
            "specification_choices",
            "Which choice moves the hazard ratio most",
            lambda: choices(specifications, method, counts),
        ),
        "specifications_agreement": agreement(definition(material.config.cns.definition), found_around.status[0]),
    }
    return made


def _method(material: Material, adjusting: Adjusting) -> dict[str, Any]:
    model, window = material.config.model, material.config.cns.window_days
    strata = adjusting.strata or "none"
    return {
        "model": "Cox proportional hazards",
        "interval": "Wald; robust with weights",
        "conf_level": 0.95,
        "ties": "efron",
        "landmark": f"day {material.landmark:g} after each time zero",
        "window": f"evidence by day {window[1]} after each time zero counts as baseline",
        "definitions": "every definition of the catalogue",
        "adjustments": list(adjusting.kinds),
        "covariates": "the minimal set that the data hold" if model.covariates is None else list(model.covariates),
        "covariates_from": "as recorded around the diagnosis of HLH, whatever the time zero",
        "strata": f"{strata}; with weights a covariate of the propensity score",
        "entry": "where time zero is before the diagnosis of HLH, whoever is diagnosed after the landmark is left out",
        "refused": f"{TOO_FEW}; {TOO_WIDE} (choices of this package)",
        "denominator": "patients at risk at the landmark whose covariates are known",
        "reference": [REFERENCE],
    }


def _counts(material: Material, specifications: list[Specification]) -> dict[str, Any]:
    estimated = sum(not s.fitted.reason for s in specifications)
    lost = len(specifications) - estimated
    return {
        "supplied": len(specifications),
        "used": estimated,
        "dropped": {"not estimable": lost} if lost else {},
        "patients": len(material.frame),
    }


PART = Part(
    "specifications",
    "Every definition",
    "Does the answer hang on how CNS involvement is defined, when the clock starts, what is done with the undecided, "
    "and what is adjusted for?",
    _results,
    needs_survival=True,
    lead=("specifications_summary", "specifications_curve"),
)

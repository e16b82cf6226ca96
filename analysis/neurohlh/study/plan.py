"""The plan of a study: its first results, then the parts of the question in their order, each marked as planned or not.

The standard plan is every part; a study can take parts off, name its own, and add others as exploratory.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache

from neurohlh.core.findings import DECLARED, EXPLORATORY, STANDARD, Chapter
from neurohlh.core.result import Result
from neurohlh.study.classify import Classified
from neurohlh.study.clock import Advance
from neurohlh.study.config import PLAN_PARTS, Plan, StudyConfig
from neurohlh.study.first_results import first_results
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results, refusal
from neurohlh.study.population import Population

OWN_MODELS = "declared"
"""The part with the study's own models: carried out, as declared, whenever the study declares any."""


def analyse(
    classified: Classified, population: Population, config: StudyConfig, advance: Advance | None = None
) -> dict[str, Result]:
    """Every result of the plan that the data bear, by name; none where no patient is in the study.

    `advance` is told each part as it begins (`steps` of them in all).
    """
    tell = advance or (lambda _: None)
    tell("first results")
    results = first_results(classified, population, config)
    material = Material.of(classified, population, config)
    if material.frame.empty:
        return results
    for part, standing in planned(config.plan):
        tell(part.title)
        for name, result in _carried_out(part, material, results).items():
            results[name] = result.with_(method={**result.method, "part": part.key, "plan": standing})
    return results


def steps(plan: Plan) -> int:
    """How many steps `analyse` takes."""
    return 1 + sum(1 for _ in planned(plan))


def _carried_out(part: Part, material: Material, results: dict[str, Result]) -> Results:
    if part.needs_survival and not material.survival_analysed:
        return {part.key: refusal("refusal", part.title, material.no_survival)}
    return part.results(material, results)


def planned(plan: Plan) -> Iterator[tuple[Part, str]]:
    """The parts to carry out in the order of the standard plan, each with its standing."""
    declared = STANDARD if plan.parts is None else DECLARED
    wanted = set(PLAN_PARTS if plan.parts is None else plan.parts) - set(plan.off)
    for key in PLAN_PARTS:
        if key == OWN_MODELS:
            if plan.model and key not in plan.off:
                yield part(key), DECLARED
        elif key in wanted:
            yield part(key), declared
        elif key in plan.exploratory:
            yield part(key), EXPLORATORY


@cache
def part(key: str) -> Part:
    """The part of that key."""
    found: Part = importlib.import_module(f"neurohlh.study.parts.{PLAN_PARTS[key]}").PART
    return found


def chapters(plan: Plan) -> tuple[Chapter, ...]:
    """Title, question and standing of each part, for the report."""
    return tuple(Chapter(p.key, p.title, p.question, standing, p.lead) for p, standing in planned(plan))

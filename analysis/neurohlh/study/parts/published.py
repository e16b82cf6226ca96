"""The published world: the study's frequency and hazard ratio beneath those of published cohorts, and their claims."""

from __future__ import annotations

from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results
from neurohlh.study.published.own_study import own_study
from neurohlh.study.published.world import catalogue_world


def _results(material: Material, found: Results) -> Results:
    config = material.config
    own = own_study(
        found,
        name="This study",
        case_series=config.study.design == "case_series",
        definition=f"definition {config.cns.definition}",
    )
    world = catalogue_world()
    return {**world.with_study(own), **world.results}


PART = Part(
    "published",
    "The published world",
    "How do this study's frequency of CNS involvement and its effect on death stand to what is published, and do the "
    "published figures hold?",
    _results,
    lead=("published_with_study", "published_claims"),
)

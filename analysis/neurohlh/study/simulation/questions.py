"""Which analyses answer what in which scenario: data for the simulation and for the table in docs/simulation.md."""

from __future__ import annotations

from dataclasses import dataclass

from neurohlh.study.simulation.scenarios import Scenario


@dataclass(frozen=True)
class Question:
    """An analysis in a scenario: its words, its target (a kind of `Targets`), and whether it is offered as an answer.

    Offered is what the plan offers where its assumptions hold. The rest is held against the effect itself, or its own
    target, to show how far it is off.
    """

    analysis: str
    target: str
    offered: bool


FEWEST_DEATHS = 0.1
"""Risk of death by three years below which a scenario is one of few deaths."""
LANDMARKS = (14, 7, 28)
BY_DAY = "as it was known each day, undecided days left out"
GROUPS_OF = {
    "no_effect": ("time", "confounding"),
    "known_effect": ("time", "confounding"),
    "late_cns": ("time",),
    "late_cns_effect": ("time",),
    "selective_testing": ("time", "testing"),
    "confounding": ("confounding", "standardised"),
    "sparse": ("confounding",),
    "centres": ("confounding",),
}
"""Scenario -> groups of analyses that say something there."""


def questions(world: Scenario) -> tuple[Question, ...]:
    """Every analysis of interest in that scenario, the offered ones first."""
    confounded = bool(world.severe_involved) or len(set(world.centres)) > 1
    groups = GROUPS_OF[world.key]
    found: list[Question] = []
    if "time" in groups:
        found += _in_time(confounded, selective=world.tested < 1)
    if "testing" in groups:
        found += [
            Question("undecided read as not involved, adjusted", "conditional", False),
            Question("weighted for testing, adjusted", "conditional", True),
            Question("imputed, adjusted", "conditional", True),
        ]
    if "confounding" in groups:
        found += _confounding(world, confounded)
    if "standardised" in groups:
        found += [
            Question("standardised survival difference", "difference", True),
            Question("standardised RMST difference", "rmst", True),
        ]
    return tuple(sorted(found, key=lambda q: not q.offered))


def _in_time(confounded: bool, selective: bool) -> list[Question]:
    found = []
    for day in LANDMARKS:
        words = f"evidence by day {day}, followed from day {day}"
        found.append(Question(f"{words}, adjusted", f"landmark_{day}", True))
        crude_holds = not confounded and not selective
        target = f"landmark_{day}_crude" if crude_holds else "conditional"
        found.append(Question(f"{words}, crude", target, crude_holds))
    return [
        *found,
        Question(f"{BY_DAY}, adjusted", "conditional", True),
        Question("bounds: undecided as involved or not, adjusted", "conditional", True),
        Question("CNS involvement ever found, followed from day 0, adjusted", "conditional", False),
        Question("decided patients alone, all from day 0, adjusted", "conditional", False),
        Question("evidence by day 14, followed from day 0, adjusted", "conditional", False),
    ]


def _confounding(world: Scenario, confounded: bool) -> list[Question]:
    centred = len(set(world.centres)) > 1
    # Wald and robust limits need more deaths than this scenario has (dossier 13.5): there the penalised one is offered.
    enough = world.deaths >= FEWEST_DEATHS
    target = "conditional" if confounded else "landmark_14_crude"
    penalised = [] if enough else [Question("adjusted, Firth's penalty", "conditional", True)]
    return [
        Question("crude, everybody followed", target, enough and not confounded),
        Question("adjusted", "conditional", enough and not centred),
        Question("adjusted, a baseline hazard per centre", "conditional", enough),
        *penalised,
        Question("overlap weights", "overlap", enough),
    ]

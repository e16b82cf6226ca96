"""What is true in a drawn cohort: the effect of CNS involvement, and what stands between it and the analyst.

Every number is a choice of this package, within what cohorts of HLH print; none is a finding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurohlh.core.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Scenario:
    """One world to draw cohorts from.

    Attributes
    ----------
    key, title : its name, and what it is in a sentence.
    hazard_ratio : of death, CNS involved against not, at equal severity and centre.
    deaths : risk of death within three years without CNS involvement at severity 0.
    involved : share with CNS involvement at diagnosis at severity 0.
    later : share of the others in whom it would begin during the first 300 days.
    by_severity : log hazard of death per unit of severity (standard normal, measured as albumin).
    severe_involved : log odds of CNS involvement per unit of severity.
    symptomatic : share of the involved in whom symptoms show it by the day of diagnosis; else a scan or the CSF does.
    tested, severe_tested : share punctured and scanned at severity 0, log odds of it per unit of severity.
    centres : log hazards of the centres; centres with more deaths see more CNS involvement where they differ.
    """

    key: str
    title: str
    hazard_ratio: float = 2.0
    deaths: float = 0.25
    involved: float = 0.5
    later: float = 0.0
    by_severity: float = 0.4
    severe_involved: float = 0.0
    symptomatic: float = 0.5
    tested: float = 1.0
    severe_tested: float = 0.0
    centres: tuple[float, ...] = (0.0, 0.0, 0.0)


SCENARIOS = (
    Scenario("no_effect", "CNS involvement does nothing; everybody is tested", hazard_ratio=1.0),
    Scenario("known_effect", "CNS involvement doubles the hazard; everybody is tested"),
    Scenario("late_cns", "CNS involvement does nothing, and in many it begins late", hazard_ratio=1.0, later=0.45),
    Scenario("late_cns_effect", "CNS involvement doubles the hazard, and in many it begins late", later=0.45),
    Scenario(
        "selective_testing",
        "The severe are tested less often, and only three in ten of the involved have symptoms",
        symptomatic=0.3,
        tested=0.7,
        severe_tested=-0.8,
    ),
    Scenario("confounding", "Severity drives both CNS involvement and death", severe_involved=0.9, by_severity=0.7),
    Scenario("sparse", "Few deaths: about one patient in fifteen", deaths=0.05, involved=0.3),
    Scenario("centres", "Centres differ in deaths and in CNS involvement", centres=(-0.8, 0.0, 0.8)),
)


def scenario(key: str, hazard_ratio: float | None = None) -> Scenario:
    """The scenario of that name, with another effect where one is given.

    Raises InputError for an unknown name or a hazard ratio that is not positive.
    """
    known = {s.key: s for s in SCENARIOS}
    if key not in known:
        raise InputError(f"there is no scenario {key!r}", do=did_you_mean(key, known))
    if hazard_ratio is None:
        return known[key]
    if not hazard_ratio > 0:
        raise InputError("the hazard ratio must be positive", do="Give a number above 0.")
    return replace(known[key], hazard_ratio=float(hazard_ratio))

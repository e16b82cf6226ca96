"""The analyses of the plan, run by the plan's own code on a drawn cohort.

Which of them are offered as an answer in a scenario, and what they should find there, stands in `questions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.confounding.adjustment_set import covariate_sets
from neurohlh.study.parts.confounding.estimates import lines as confounding_lines
from neurohlh.study.parts.confounding.standardised import GCOMPUTATION, standardised
from neurohlh.study.parts.exposure_in_time.course import course, dependent_lines
from neurohlh.study.parts.exposure_in_time.landmarks import known_at_landmarks, landmark_lines
from neurohlh.study.parts.exposure_in_time.warning import warning_lines
from neurohlh.study.parts.hazard_rows import Line, Rows, line
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.testing.imputed import AS_TESTED, imputed
from neurohlh.study.parts.testing.weighted import weighted
from neurohlh.study.simulation.targets import HORIZON


@dataclass(frozen=True)
class Estimate:
    """What one analysis found, on its working scale (hazard ratios as logarithms)."""

    analysis: str
    value: float
    std_error: float
    low: float
    high: float


def time_estimates(material: Material) -> Iterator[Estimate]:
    """Landmarks, the status as known each day, the bounds of the undecided, and what is shown only as a warning."""
    found, known = course(material), known_at_landmarks(material)
    for one in landmark_lines(known):
        yield from _of_line(one)
    by_day, *bounds, alone = dependent_lines(known, found)
    for one in (by_day, alone, *warning_lines(material, found)):
        yield from _of_line(one)
    if bounds:
        yield _spanned("bounds: undecided as involved or not, adjusted", bounds)


def testing_estimates(material: Material) -> Iterator[Estimate]:
    """Untested read as negative (never offered), weighting by the chance of being tested, imputation."""
    everybody = material.followed().everybody.frame
    read = everybody.assign(**{EXPOSURE: everybody[EXPOSURE].replace("indeterminate", "not_met")})
    yield from _of_line(line("undecided read as not involved", "warning", material, lambda: Rows(read)))
    for tidy, population, words in (
        (weighted(material).tidy, "answered in every domain, weighted to stand for all", "weighted for testing"),
        (imputed(material, {AS_TESTED: 1.0}).tidy, AS_TESTED, "imputed"),
    ):
        rows = tidy[(tidy["population"] == population) & tidy["term"].str.endswith("hazard ratio")]
        for row in rows.to_dict("records"):
            yield _of_ratio(f"{words}, {str(row['term']).split()[0]}", row)


def confounding_estimates(material: Material) -> Iterator[Estimate]:
    """Crude, adjusted, per centre, penalised, overlap-weighted."""
    for one in confounding_lines(material, covariate_sets(material, material.followed())):
        r = one.ratio
        yield Estimate(one.words, r.coef, r.std_error, _log(r.conf_low), _log(r.conf_high))


def standardised_estimates(material: Material) -> Iterator[Estimate]:
    """Survival difference at one year and difference of mean survival time, by g-computation."""
    followed = material.followed()
    tidy = standardised(material, covariate_sets(material, followed), followed).tidy
    own = tidy[tidy["method"] == GCOMPUTATION]
    for measure, chosen in (
        ("survival difference", own["time"] == HORIZON),
        ("RMST difference", own["measure"] == "RMST difference"),
    ):
        row = own[(own["measure"] == measure) & chosen].iloc[0]
        yield Estimate(f"standardised {measure}", row["estimate"], row["std_error"], row["conf_low"], row["conf_high"])


def _of_line(one: Line) -> Iterator[Estimate]:
    for row in one.rows:
        yield _of_ratio(f"{one.words}, {row['term']}", row)


def _of_ratio(words: str, row: Mapping[Any, Any]) -> Estimate:
    get = {k: float(row.get(k, np.nan) if row.get(k) is not None else np.nan) for k in _NUMBERS}
    return Estimate(words, _log(get["estimate"]), get["std_error"], _log(get["conf_low"]), _log(get["conf_high"]))


_NUMBERS = ("estimate", "std_error", "conf_low", "conf_high")


def _spanned(words: str, bounds: list[Line]) -> Estimate:
    rows = [row for one in bounds for row in one.rows if row["term"] == "adjusted"]
    ends = pd.DataFrame(rows).reindex(columns=["conf_low", "conf_high"])
    return Estimate(words, np.nan, np.nan, _log(float(ends["conf_low"].min())), _log(float(ends["conf_high"].max())))


def _log(value: float) -> float:
    return float(np.log(value)) if value > 0 else float("nan")


GROUPS: dict[str, Callable[[Material], Iterator[Estimate]]] = {
    "time": time_estimates,
    "testing": testing_estimates,
    "confounding": confounding_estimates,
    "standardised": standardised_estimates,
}


def estimates(material: Material, groups: tuple[str, ...]) -> list[Estimate]:
    """Everything that the analyses of these groups find; a group that can't be estimated gives nothing."""
    found: list[Estimate] = []
    for group in groups:
        try:
            found += GROUPS[group](material)
        except NotEstimable:
            continue
    return found

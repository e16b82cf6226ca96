"""The score test for proportional hazards: does a coefficient change with a function of time?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, rankdata

from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.hazards.model import sums_at
from neurohlh.stats.hazards.sorted_design import SortedDesign

TRANSFORMS = ("km", "identity", "rank", "log")


@dataclass(frozen=True)
class ScoreTest:
    """One chi-square test: which term, its statistic, degrees of freedom and p."""

    term: str
    statistic: float
    df: int
    p_value: float


def proportional_hazards_test(
    rows: SortedDesign, coef: Floats, blocks: Mapping[str, list[int]], scale: TimeScale
) -> list[ScoreTest]:
    """The test of cox.zph in R's survival >= 3 for every term of `blocks` and "GLOBAL".

    The model is widened by x * g(t); the score for the new coefficients at the fitted ones is compared with its full
    information matrix (not the older approximation of Grambsch and Therneau 1994, Biometrika 81:515). `scale` is g.
    A term whose change with time these data cannot show has NaN.
    """
    sums = sums_at(rows, coef)
    g = scale.at(rows.sets.times)
    score, fixed, mixed, varying = sums.score(g), sums.information(), sums.information(g), sums.information(g * g)
    tests = [_test(term, columns, score, fixed, mixed, varying) for term, columns in blocks.items()]
    return [*tests, _test("GLOBAL", list(range(len(coef))), score, fixed, mixed, varying)]


def _test(term: str, columns: list[int], score: Floats, fixed: Floats, mixed: Floats, varying: Floats) -> ScoreTest:
    cross = mixed[:, columns]
    left = varying[np.ix_(columns, columns)] - cross.T @ np.linalg.solve(fixed, cross)
    if np.linalg.matrix_rank(left, tol=1e-9 * float(np.trace(fixed)), hermitian=True) < len(columns):
        return ScoreTest(term, np.nan, len(columns), np.nan)
    statistic = float(score[columns] @ np.linalg.solve(left, score[columns]))
    return ScoreTest(term, statistic, len(columns), float(chi2.sf(statistic, len(columns))))


@dataclass(frozen=True)
class TimeScale:
    """A function of time known at the distinct event times: `times` ascending, `values` at them."""

    times: Floats
    values: Floats

    def at(self, times: Floats) -> Floats:
        """The values at some of the event times."""
        return np.asarray(self.values[np.searchsorted(self.times, times)])


def time_scale(time: Floats, event: Bools, entry: Floats | None, transform: str) -> TimeScale:
    """g at every distinct event time, centred and scaled (the test does not depend on either).

    `transform` is "km" (1 - Kaplan-Meier just before t, over all strata), "identity", "rank" (among all times) or
    "log". Raises ValueError for an unknown transform, and for "log" with an event at time 0.
    """
    if transform not in TRANSFORMS:
        raise ValueError(f"transform must be one of {', '.join(TRANSFORMS)}, not {transform!r}")
    moments, deaths = np.unique(time[event], return_counts=True)
    if transform == "identity":
        g = moments
    elif transform == "log":
        if moments[0] <= 0:
            raise ValueError("the time transform 'log' needs events after time 0")
        g = np.log(moments)
    elif transform == "rank":
        g = rankdata(time)[np.flatnonzero(event)][np.unique(time[event], return_index=True)[1]]
    else:
        at_risk = len(time) - np.searchsorted(np.sort(time), moments, side="left")
        if entry is not None:
            at_risk = at_risk - (len(entry) - np.searchsorted(np.sort(entry), moments, side="left"))
        g = 1 - np.concatenate([[1.0], np.cumprod(1 - deaths / at_risk)[:-1]])
    centred = g - np.average(g, weights=deaths)
    spread = float(np.sqrt(np.average(centred**2, weights=deaths)))
    return TimeScale(moments, np.asarray(centred / spread if spread > 0 else centred))

"""The cumulative hazard of one group by Nelson and Aalen, or with Fleming and Harrington's correction for ties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.curves.influence import Weights, jackknife_variance
from neurohlh.stats.curves.limits import hazard_limits, survival_limits
from neurohlh.stats.curves.product_limit import Counts, count, places

TIES = ("nelson-aalen", "fleming-harrington")


@dataclass(frozen=True)
class HazardCurve(Counts):
    """A cumulative hazard H and the survival exp(-H) that follows from it.

    Attributes
    ----------
    hazard, std_error, conf_low, conf_high : H with its standard error and limits (NaN while it is 0).
    survival, survival_low, survival_high : exp(-H) and its limits.
    """

    hazard: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    survival: Floats
    survival_low: Floats
    survival_high: Floats


def cumulative_hazard(
    time: Floats,
    event: Bools,
    entry: Floats | None,
    *,
    z: float,
    ties: str = "nelson-aalen",
    conf_type: str = "log-log",
    weights: Weights | None = None,
) -> HazardCurve:
    """H with the variance of Aalen (1978, Ann Stat 6:701); equal to R's survfit (ctype 1 or 2, stype 2 for exp(-H)).

    With ties "fleming-harrington" tied events are taken one after the other (Fleming and Harrington 1984, Commun Stat
    Theory Methods 13:2469). The limits of H are symmetric on the log scale, those of exp(-H) on that of `conf_type`.
    Raises ValueError for an unknown option.
    """
    if ties not in TIES:
        raise ValueError(f"ties must be one of {', '.join(TIES)}, not {ties!r}")
    counts = count(time, event, entry, weights)
    step, drift, jump = _steps(counts, one_by_one=ties == "fleming-harrington")
    hazard = np.cumsum(step)
    if weights is None or not weights.robust:
        se = np.sqrt(np.cumsum(drift))
    else:
        se = np.sqrt(jackknife_variance(jump, np.cumsum(drift), *places(counts, time, event, entry), weights))
    low, high = hazard_limits(hazard, se, z)
    survival = np.exp(-hazard)
    beneath, above = survival_limits(survival, se, z, conf_type)
    return HazardCurve(
        **vars(counts), hazard=hazard, std_error=se, conf_low=low, conf_high=high,
        survival=survival, survival_low=beneath, survival_high=above,
    )  # fmt: skip


def _steps(counts: Counts, *, one_by_one: bool) -> tuple[Floats, Floats, Floats]:
    """At every time the step of H, its variance, and what an event adds to a row's influence.

    The variance is also the drift of the influence of those at risk: minus the derivative of the step by a weight.
    """
    some = counts.n_event > 0
    risk, died = np.where(some, counts.risk, 1.0), counts.died
    if not one_by_one:
        return died / risk, died / risk**2, np.where(some, 1 / risk, 0.0)
    each = died / np.where(some, counts.n_event, 1)  # the mean weight of the tied events
    row = np.repeat(np.arange(len(died)), counts.n_event)
    first = np.cumsum(counts.n_event) - counts.n_event
    gone = np.arange(len(row)) - first[row]  # tied events taken before this one
    left = risk[row] - gone * each[row]

    def total(values: Floats) -> Floats:
        return np.bincount(row, values, minlength=len(died)).astype(float)

    tied = np.where(some, counts.n_event, 1)
    drift = total(each[row] / left**2)
    jump = (total(1 / left) + total(gone * each[row] / left**2)) / tied
    return total(each[row] / left), drift, jump

"""The area under one group's Kaplan-Meier curve up to a time, with the variance of that area: arithmetic on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.curves.influence import Weights, cluster_variance
from neurohlh.stats.curves.product_limit import Curve, places, product_limit


@dataclass(frozen=True)
class Area:
    """Restricted mean survival time of one group.

    `std_error` is NaN where no event before the horizon lets the area vary; `reason` says why there is no area.
    """

    n: int
    events: int
    mean: float
    std_error: float
    reason: str = ""


def area_under(time: Floats, event: Bools, entry: Floats | None, tau: float, weights: Weights | None = None) -> Area:
    """The area under S up to `tau` with Greenwood's variance of the area, or the robust one where the weights say so.

    Karrison 1987, Appl Stat 36:167; Royston and Parmar 2013, BMC Med Res Methodol 13:152. Without an area if the curve
    ends in censoring before `tau`.
    """
    curve = product_limit(time, event, entry, z=0.0, weights=weights)
    events = int((event & (time <= tau)).sum())
    if curve.time[-1] < tau and curve.survival[-1] > 0:
        return Area(len(time), events, np.nan, np.nan, f"follow-up ends at {curve.time[-1]:g}, before {tau:g}")
    areas, beyond = _areas(curve, tau)
    hazard, jump = _rates(curve)
    if weights is None or not weights.robust:
        variance = float((beyond**2 * hazard * jump).sum())
    else:
        variance = float(cluster_variance(influence_on_area(curve, tau, time, event, entry), weights))
    se = float(np.sqrt(variance)) if variance > 0 else np.nan
    return Area(len(time), events, float(areas.sum()), se)


def _areas(curve: Curve, tau: float) -> tuple[Floats, Floats]:
    """The area of each step within tau, and the area to the right of its beginning."""
    areas = np.diff(np.minimum(np.append(curve.time, np.inf), tau)) * curve.survival
    return areas, np.asarray(np.cumsum(areas[::-1])[::-1])


def _rates(curve: Curve) -> tuple[Floats, Floats]:
    """At every time the hazard, and 1 / (at risk - events); both 0 where there is no event or everybody has it."""
    some = (curve.n_event > 0) & (curve.n_risk > curve.n_event)
    risk, left = np.where(some, curve.risk, 1.0), np.where(some, curve.risk - curve.died, 1.0)
    return np.where(some, curve.died / risk, 0.0), np.where(some, 1 / left, 0.0)


def influence_on_survival(curve: Curve, at: float, time: Floats, event: Bools, entry: Floats | None) -> Floats:
    """The derivative of S(`at`) by the weight of every row."""
    place = int(curve.row_at(np.array([at]))[0])
    if curve.survival[place] == 0:
        return np.zeros(len(time))
    return -curve.survival[place] * _gathered(curve, (curve.time <= at).astype(float), time, event, entry)


def influence_on_area(curve: Curve, at: float, time: Floats, event: Bools, entry: Floats | None) -> Floats:
    """The derivative of the area under S up to `at` by the weight of every row."""
    return -_gathered(curve, _areas(curve, at)[1], time, event, entry)


def _gathered(curve: Curve, factor: Floats, time: Floats, event: Bools, entry: Floats | None) -> Floats:
    """Sum over the times at risk of factor * (own event - hazard) / (at risk - events)."""
    hazard, jump = _rates(curve)
    drift = np.append(0.0, np.cumsum(factor * hazard * jump))
    end, happened, begin = places(curve, time, event, entry)
    since = 0.0 if begin is None else drift[begin + 1]
    return np.asarray(np.where(happened, (factor * jump)[end], 0.0) - (drift[end + 1] - since))

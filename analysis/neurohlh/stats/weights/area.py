"""The area under a weighted survival curve, with its robust variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.curves.influence import Weights, cluster_variance
from neurohlh.stats.curves.product_limit import Curve, places


@dataclass(frozen=True)
class Area:
    """Restricted mean survival time and its standard error; NaN with a `note` where follow-up is too short."""

    mean: float
    std_error: float
    note: str = ""


def area(curve: Curve, time: Floats, event: Bools, weights: Weights, tau: float) -> Area:
    """The area under `curve` up to `tau`, its variance by the infinitesimal jackknife over the rows of `weights`.

    A row's influence is minus the integral of the area to the right of u against its martingale over the weighted
    number at risk less the events: the derivative of the area by that row's weight. Without weights and ties it is
    close to Greenwood's. Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans.
    """
    if curve.time[-1] < tau and curve.survival[-1] > 0:
        return Area(np.nan, np.nan, f"not estimable: follow-up ends at {curve.time[-1]:g}, before {tau:g}")
    inside = curve.time < tau
    widths = np.diff(np.append(curve.time[inside], tau))
    areas = widths * curve.survival[inside]
    beyond = np.zeros(len(curve.time))
    beyond[inside] = np.cumsum(areas[::-1])[::-1]
    left = curve.risk - curve.died
    some = inside & (curve.n_event > 0) & (curve.n_event < curve.n_risk)
    jump = np.where(some, beyond / np.where(some, left, 1.0), 0.0)
    drift = np.cumsum(jump * curve.died / np.where(curve.risk > 0, curve.risk, 1.0))
    end, happened, _ = places(curve, time, event, None)
    influence = -(np.where(happened, jump[end], 0.0) - drift[end])
    return Area(float(areas.sum()), float(np.sqrt(cluster_variance(influence, weights))))

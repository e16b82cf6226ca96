"""Additive interaction from three log hazard ratios: RERI, attributable proportion and synergy index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Floats


@dataclass(frozen=True)
class Additive:
    """A measure of additive interaction with its delta-method error and limits; NaN with a reason if it has none."""

    estimate: float
    std_error: float
    low: float
    high: float
    coef: float
    reason: str = ""


def additive_interaction(log_ratios: Floats, cov: Floats, z: float) -> dict[str, Additive]:
    """RERI, AP and S with limits from the log ratios (first exposure alone, second alone, both) and their covariance.

    RERI = R11 - R10 - R01 + 1, AP = RERI / R11, S = (R11 - 1) / (R10 + R01 - 2). Limits are symmetric for RERI and AP
    and on the log scale for S, where `coef` and `std_error` stand on that scale too. Source: Hosmer and Lemeshow 1992,
    Epidemiology 3:452.
    """
    first, second, both = np.exp(log_ratios)
    reri = both - first - second + 1
    slopes = {
        "RERI": np.array([-first, -second, both]),
        "AP": np.array([-first, -second, first + second - 1]) / both,
    }
    found = {}
    for name, estimate in (("RERI", reri), ("AP", reri / both)):
        se = float(np.sqrt(slopes[name] @ cov @ slopes[name]))
        found[name] = Additive(float(estimate), se, estimate - z * se, estimate + z * se, float(estimate))
    return {**found, "S": _synergy(first, second, both, cov, z)}


def _synergy(first: float, second: float, both: float, cov: Floats, z: float) -> Additive:
    joint, apart = both - 1, first + second - 2
    if min(joint, apart) <= 0:
        nothing = float("nan")
        reason = "not estimable: the excess risks are not both positive (code the exposures as risk factors)"
        return Additive(nothing, nothing, nothing, nothing, nothing, reason)
    log_s = float(np.log(joint / apart))
    slope = np.array([-first / apart, -second / apart, both / joint])
    se = float(np.sqrt(slope @ cov @ slope))
    return Additive(float(np.exp(log_s)), se, float(np.exp(log_s - z * se)), float(np.exp(log_s + z * se)), log_s)

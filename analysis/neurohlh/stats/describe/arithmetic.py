"""Arithmetic that a printed result must satisfy: what its limits say about its standard error, its p and its counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from neurohlh.stats.recipe import z_value


@dataclass(frozen=True)
class RatioArithmetic:
    """What a ratio and its printed limits imply.

    Attributes
    ----------
    log_estimate, std_error : of log(ratio); the standard error from the width of the interval.
    statistic, p_value : Wald's.
    middle : the geometric mean of the limits, where a Wald estimate must lie.
    """

    log_estimate: float
    std_error: float
    statistic: float
    p_value: float
    middle: float


def ratio_arithmetic(estimate: float, low: float, high: float, *, conf_level: float = 0.95) -> RatioArithmetic:
    """Standard error, Wald p and the middle of the interval of a printed HR, OR or RR with its limits.

    Raises ValueError unless 0 < low < high and estimate > 0 (Altman and Bland 2011, BMJ 343:d2304).
    """
    if not (estimate > 0 and 0 < low < high):
        raise ValueError("a ratio needs an estimate above 0 and limits with 0 < low < high")
    se = float(np.log(high / low)) / (2 * z_value(conf_level))
    coef = float(np.log(estimate))
    return RatioArithmetic(coef, se, coef / se, float(2 * norm.sf(abs(coef / se))), float(np.sqrt(low * high)))


def log_symmetric(estimate: float, low: float, high: float, *, decimals: int) -> bool:
    """Whether a printed ratio can be the middle of its Wald interval on the log scale, given rounding.

    Every number printed with `decimals` may be off by half a unit of its last place: the test asks whether any values
    within these errors agree. Raises as `ratio_arithmetic` does.
    """
    ratio_arithmetic(estimate, low, high)
    half = 0.5 * 10.0**-decimals
    least = np.sqrt(max(low - half, 0.0) * (high - half))
    most = np.sqrt((low + half) * (high + half))
    return bool(least <= estimate + half and estimate - half <= most)


def inside_limits(estimate: float, low: float, high: float) -> bool:
    """Whether an estimate lies within its own limits."""
    return low <= estimate <= high


def possible_counts(percent: float, n: int, *, decimals: int) -> list[int]:
    """The counts k of n that print as `percent` with so many decimals (the GRIM test); none: the figure is impossible.

    Halves may have been rounded either way (Brown and Heathers 2017, Soc Psychol Personal Sci 8:363).
    Raises ValueError unless n > 0.
    """
    if n <= 0:
        raise ValueError("n must be above 0")
    half = 0.5 * 10.0**-decimals + 1e-9
    counts = np.arange(n + 1)
    return [int(k) for k in counts[np.abs(100 * counts / n - percent) <= half]]


def woolf(a: int, b: int, c: int, d: int, *, conf_level: float = 0.95) -> tuple[float, float, float]:
    """The sample odds ratio ad/bc of [[a, b], [c, d]] with Woolf's limits (1955, Ann Hum Genet 19:251).

    Raises ValueError for a cell of 0, where it does not exist.
    """
    if min(a, b, c, d) <= 0:
        raise ValueError("the sample odds ratio needs four counts above 0")
    coef, width = np.log(a * d / (b * c)), z_value(conf_level) * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return float(np.exp(coef)), float(np.exp(coef - width)), float(np.exp(coef + width))

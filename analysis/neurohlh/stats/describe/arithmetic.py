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


Decimals = int | tuple[int, int, int]
"""Decimals of estimate, lower and upper limit as printed; one number where they are the same."""


def log_symmetric(estimate: float, low: float, high: float, *, decimals: Decimals) -> bool:
    """Whether a printed ratio can be the middle of its Wald interval on the log scale, given rounding.

    Every number printed with so many `decimals` may be off by half a unit of its last place: the test asks whether any
    values within these errors agree. Raises as `ratio_arithmetic` does.
    """
    return log_asymmetry(estimate, low, high, decimals=decimals) == 0


def log_asymmetry(estimate: float, low: float, high: float, *, decimals: Decimals, conf_level: float = 0.95) -> float:
    """How far a printed ratio lies from the middle of its limits on the log scale, in standard errors.

    Only what rounding (as in `log_symmetric`) can't explain counts; 0 where it explains everything. Raises as
    `ratio_arithmetic` does.
    """
    error = ratio_arithmetic(estimate, low, high, conf_level=conf_level).std_error
    of_estimate, of_low, of_high = _halves(decimals)
    least = np.sqrt(max(low - of_low, 0.0) * (high - of_high))
    most = np.sqrt((low + of_low) * (high + of_high))
    if estimate + of_estimate < least:
        return float(np.log(least / (estimate + of_estimate))) / error
    if estimate - of_estimate > most:
        return float(np.log((estimate - of_estimate) / most)) / error
    return 0.0


def p_range(
    estimate: float, low: float, high: float, *, decimals: Decimals, conf_level: float = 0.95
) -> tuple[float, float]:
    """The least and the greatest Wald p that a printed ratio and its limits allow, given the rounding of all three.

    Raises as `ratio_arithmetic` does.
    """
    coef = ratio_arithmetic(estimate, low, high, conf_level=conf_level).log_estimate
    of_estimate, of_low, of_high = _halves(decimals)
    widest = np.log((high + of_high) / max(low - of_low, 1e-12))
    narrowest = np.log(max((high - of_high) / (low + of_low), 1.0))
    far = max(abs(np.log(max(estimate - of_estimate, 1e-12))), abs(np.log(estimate + of_estimate)))
    near = (
        0.0
        if abs(estimate - 1) <= of_estimate
        else min(abs(np.log(max(estimate - of_estimate, 1e-12))), abs(np.log(estimate + of_estimate)), abs(coef))
    )
    z = z_value(conf_level)
    least = 0.0 if narrowest == 0 else float(2 * norm.sf(far * 2 * z / narrowest))
    return least, float(2 * norm.sf(near * 2 * z / widest))


def std_error_from_p(estimate: float, p_value: float) -> float:
    """The standard error of log(ratio) that a Wald test of this p implies.

    Raises ValueError unless the ratio is above 0 and not 1 and 0 < p < 1 (Altman and Bland 2011, BMJ 343:d2090).
    """
    if not (estimate > 0 and estimate != 1 and 0 < p_value < 1):
        raise ValueError("a standard error follows from a ratio above 0 other than 1 and a p between 0 and 1")
    return abs(float(np.log(estimate))) / float(norm.isf(p_value / 2))


def survival_difference(first: float, first_se: float, second: float, second_se: float) -> tuple[float, float]:
    """(z, two-sided p) of the difference of two independent survival estimates with their standard errors.

    Raises ValueError unless both standard errors are above 0 (Altman and Bland 2003, BMJ 326:219).
    """
    if not (first_se > 0 and second_se > 0):
        raise ValueError("both standard errors must be above 0")
    z = (second - first) / float(np.hypot(first_se, second_se))
    return z, float(2 * norm.sf(abs(z)))


def survival_ratio(first: float, second: float) -> float:
    """ln(S1)/ln(S2): the hazard ratio of the first group if hazards are proportional, from survival at one time.

    Raises ValueError unless both lie strictly between 0 and 1 (Parmar, Torri and Stewart 1998, Stat Med 17:2815).
    """
    if not (0 < first < 1 and 0 < second < 1):
        raise ValueError("both survival proportions must lie between 0 and 1")
    return float(np.log(first) / np.log(second))


def _halves(decimals: Decimals) -> tuple[float, float, float]:
    places = (decimals,) * 3 if isinstance(decimals, int) else decimals
    first, second, third = (0.5 * 10.0**-d for d in places)
    return first, second, third


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

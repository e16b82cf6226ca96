"""Limits of the odds ratio, risk ratio and risk difference of a two-by-two table: Wald's and the score methods."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.recipe import z_value


def odds_ratio_wald(
    a: float, b: float, c: float, d: float, conf_level: float = 0.95, *, add: float = 0.0
) -> tuple[float, float, float]:
    """(estimate, low, high) on the log scale (Woolf 1955); `add` to every cell: 0.5 is Haldane and Gart's correction.

    Raises NotEstimable with an empty cell.
    """
    cells = np.array([a, b, c, d], dtype=float) + add
    if (cells == 0).any():
        raise NotEstimable("an empty cell")
    coef, se = float(np.log(cells[0] * cells[3] / (cells[1] * cells[2]))), float(np.sqrt((1 / cells).sum()))
    z = z_value(conf_level)
    return float(np.exp(coef)), float(np.exp(coef - z * se)), float(np.exp(coef + z * se))


def _difference_score(a: int, n: int, c: int, m: int, delta: float) -> float:
    """Signed score z of p1 - p0 = delta, at the restricted maximum of p0."""
    low, high = max(0.0, -delta), min(1.0, 1 - delta)

    def slope(p0: float) -> float:
        # The score in p0 times p0 (1 - p0) p1 (1 - p1): not negative at the lower end, not positive at the upper.
        p1 = p0 + delta
        return (a - n * p1) * p0 * (1 - p0) + (c - m * p0) * p1 * (1 - p1)

    ends = low + 1e-12 * (high - low), high - 1e-12 * (high - low)
    edge = low if slope(ends[0]) <= 0 else high if slope(ends[1]) >= 0 else None
    p0 = float(brentq(slope, *ends, xtol=1e-16)) if edge is None else edge
    p1 = min(max(p0 + delta, 0.0), 1.0)
    variance = p1 * (1 - p1) / n + p0 * (1 - p0) / m
    return float((a / n - c / m - delta) / np.sqrt(max(variance, 1e-300)))


def score_difference(a: int, n: int, c: int, m: int, conf_level: float = 0.95) -> tuple[float, float]:
    """Miettinen and Nurminen's limits of a/n - c/m (1985, Stat Med 4:213), with their factor N / (N - 1)."""
    z = z_value(conf_level) * float(np.sqrt((n + m) / (n + m - 1)))

    def gap(delta: float) -> float:
        return _difference_score(a, n, c, m, delta)

    seen, edge = a / n - c / m, 1 - 1e-9
    low = -1.0 if gap(-edge) < z else float(brentq(lambda x: gap(x) - z, -edge, min(seen, edge), xtol=1e-13))
    high = 1.0 if gap(edge) > -z else float(brentq(lambda x: gap(x) + z, max(seen, -edge), edge, xtol=1e-13))
    return low, high


def _ratio_score(a: int, n: int, c: int, m: int, ratio: float) -> float:
    """Signed score z of p1 / p0 = ratio, at the restricted maximum of p0 (a root of a quadratic)."""
    square, linear = (n + m) * ratio, n * ratio + a + m + c * ratio
    root = np.sqrt(max(linear**2 - 4 * square * (a + c), 0.0))
    p0 = 2 * (a + c) / (linear + root)
    p1 = min(ratio * p0, 1.0)
    variance = p1 * (1 - p1) / n + ratio**2 * p0 * (1 - min(p0, 1.0)) / m
    return float((a / n - ratio * c / m) / np.sqrt(max(variance, 1e-300)))


def score_ratio(a: int, n: int, c: int, m: int, conf_level: float = 0.95) -> tuple[float, float]:
    """Koopman's score limits of the risk ratio (1984, Biometrics 40:513); 0 and NaN (infinity) at zero cells.

    Raises NotEstimable without events in either group.
    """
    if a == 0 and c == 0:
        raise NotEstimable("no events in either group")
    z = z_value(conf_level)

    def gap(log_ratio: float) -> float:
        return _ratio_score(a, n, c, m, float(np.exp(log_ratio)))

    middle = float(np.log(((a + 0.5) / (n + 0.5)) / ((c + 0.5) / (m + 0.5))))
    if a and c:
        middle = float(np.log(a / n * m / c))
    low = 0.0 if a == 0 else float(np.exp(_search(lambda x: gap(x) - z, middle, -1)))
    high = float("nan") if c == 0 else float(np.exp(_search(lambda x: gap(x) + z, middle, 1)))
    return low, high


def _search(function: Callable[[float], float], start: float, side: int) -> float:
    """The root on one side of `start`, looked for in doubling steps."""
    first, step = function(start), 0.5
    while step < 60:
        if function(start + side * step) * first < 0:
            return float(brentq(function, *sorted((start, start + side * step)), xtol=1e-13))
        step *= 2
    raise NotEstimable("the score limit was not found")


def risk_ratio_wald(a: int, n: int, c: int, m: int, conf_level: float = 0.95) -> tuple[float, float, float]:
    """(estimate, low, high) of (a/n) / (c/m) on the log scale (Katz and others 1978, Biometrics 34:469).

    Raises NotEstimable without events in a group, or where everybody has the outcome.
    """
    if a == 0 or c == 0:
        raise NotEstimable("no events in one of the groups")
    se = float(np.sqrt(1 / a - 1 / n + 1 / c - 1 / m))
    if se == 0:
        raise NotEstimable("everybody has the outcome")
    coef, z = float(np.log(a / n * m / c)), z_value(conf_level)
    return float(np.exp(coef)), float(np.exp(coef - z * se)), float(np.exp(coef + z * se))

"""Further measures and tests of a two-by-two table: by name, so that the method is chosen and not guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom, chi2

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.fisher import fisher
from neurohlh.stats.describe.proportions import clopper_pearson, newcombe
from neurohlh.stats.recipe import software, z_value


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


def mcnemar(b: int, c: int, *, conf_level: float = 0.95) -> Result:
    """Paired yes/no outcomes: `b` pairs changed one way, `c` the other; ratio b/c with exact limits, exact and other p.

    Raises ValueError for negative counts; NotEstimable if no pair changed. Source: McNemar 1947, Psychometrika 12:153.
    """
    z_value(conf_level)
    if min(b, c) < 0:
        raise ValueError("the counts of a table cannot be negative")
    n = b + c
    if n == 0:
        raise NotEstimable("no pair changed")
    low, high = clopper_pearson(b, n, conf_level)
    exact = min(1.0, 2 * float(binom.cdf(min(b, c), n, 0.5)))
    mid = min(1.0, exact - float(binom.pmf(b, n, 0.5)))
    plain, corrected = (b - c) ** 2 / n, max(0, abs(b - c) - 1) ** 2 / n
    ratio: dict[str, Any] = {"term": "paired odds ratio", "measure": "OR", "scale": "log", "n": n, "p_value": exact,
                             "method": "exact conditional"}  # fmt: skip
    ratio |= {"estimate": b / c} if b and c else {"note": "not estimable: no pair changed one of the ways"}
    ratio |= {"conf_low": low / (1 - low)} if b else {}
    ratio |= {"conf_high": high / (1 - high)} if c else {}
    tests = [
        {"term": "McNemar test", "statistic": s, "df": 1, "p_value": float(chi2.sf(s, 1)), "n": n, "method": name}
        for s, name in ((plain, "without correction"), (corrected, "continuity correction"))
    ]
    rows = [ratio, *tests, {"term": "McNemar test", "p_value": mid, "n": n, "method": "exact, mid-p"}]
    return Result(
        kind="mcnemar",
        tidy=tidy_frame([{"analysis": "mcnemar", **row} for row in rows]),
        method={
            "test": "exact binomial of the pairs that changed",
            "interval": "Clopper-Pearson, as odds",
            "correction": "named per row",
            "conf_level": conf_level,
            "denominator": "pairs that changed",
            "software": software("scipy"),
            "reference": "McNemar 1947, Psychometrika 12:153",
        },
        counts={"used": n},
    )


def two_by_two_methods(a: int, b: int, c: int, d: int, *, conf_level: float = 0.95) -> Result:
    """Every usual estimate and test of the table [[a, b], [c, d]] (rows exposed and not, columns outcome yes and no).

    One row per method, named; what a zero cell leaves undefined is empty with the reason, and a limit that exists is
    given. Raises ValueError for negative counts, NotEstimable for an empty group.
    """
    from scipy.stats import barnard_exact, boschloo_exact

    z_value(conf_level)
    if min(a, b, c, d) < 0:
        raise ValueError("the counts of a table cannot be negative")
    n, m = a + b, c + d
    if n == 0 or m == 0:
        raise NotEstimable("one of the groups has nobody")
    rows: list[dict[str, Any]] = []

    def add(measure: str, method: str, three: Callable[[], tuple[float, float, float]], log: bool = True) -> None:
        row = {"term": measure, "measure": measure, "scale": "log" if log else "identity", "method": method}
        try:
            numbers = np.array(three(), dtype=float)
        except NotEstimable as error:
            rows.append({**row, "note": f"not estimable: {error}"})
            return
        numbers[~np.isfinite(numbers) | (log & (numbers <= 0))] = np.nan
        note = "a zero cell: only the limit shown exists" if np.isnan(numbers).any() else ""
        rows.append({**row, "estimate": numbers[0], "conf_low": numbers[1], "conf_high": numbers[2], "note": note})

    exact = fisher(a, b, c, d, conf_level=conf_level)
    risk = (a / n, c / m)
    ratio = risk[0] / risk[1] if a and c else float("nan")
    add("OR", "Fisher conditional, exact", lambda: (exact.estimate, exact.conf_low, exact.conf_high))
    add("OR", "Woolf", lambda: odds_ratio_wald(a, b, c, d, conf_level))
    add("OR", "Haldane-Gart, 0.5 added to every cell", lambda: odds_ratio_wald(a, b, c, d, conf_level, add=0.5))
    add("RR", "log-Wald", lambda: _log_wald(a, n, c, m, conf_level))
    add("RR", "Koopman score", lambda: (ratio, *score_ratio(a, n, c, m, conf_level)))
    add("RD", "Newcombe", lambda: (risk[0] - risk[1], *newcombe(a, n, c, m, conf_level)), log=False)
    add(
        "RD",
        "Miettinen-Nurminen score",
        lambda: (risk[0] - risk[1], *score_difference(a, n, c, m, conf_level)),
        log=False,
    )
    tests = {"Fisher exact": exact.p_value, "Fisher mid-p": exact.mid_p}
    if 0 < a + c < n + m:
        table = [[a, c], [b, d]]
        tests |= {"Barnard": float(barnard_exact(table).pvalue), "Boschloo": float(boschloo_exact(table).pvalue)}
    rows += [{"term": "test", "method": name, "p_value": min(1.0, p)} for name, p in tests.items()]
    shared = {"analysis": "two_by_two_methods", "n": n + m, "events": a + c}
    return Result(
        kind="two_by_two_methods",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method={
            "test": "named per row",
            "interval": "named per row",
            "correction": "none unless the row says so",
            "conf_level": conf_level,
            "denominator": "the table",
            "software": software("numpy", "scipy"),
            "reference": [
                "Koopman 1984, Biometrics 40:513",
                "Miettinen & Nurminen 1985, Stat Med 4:213",
                "Newcombe 1998, Stat Med 17:873",
                "Boschloo 1970, Stat Neerl 24:1",
            ],
        },
        counts={"used": n + m, "events": a + c, "cells": {"a": a, "b": b, "c": c, "d": d}},
    )


def _log_wald(a: int, n: int, c: int, m: int, conf_level: float) -> tuple[float, float, float]:
    if a == 0 or c == 0:
        raise NotEstimable("no events in one of the groups")
    se = float(np.sqrt(1 / a - 1 / n + 1 / c - 1 / m))
    if se == 0:
        raise NotEstimable("everybody has the outcome")
    coef, z = float(np.log(a / n * m / c)), z_value(conf_level)
    return float(np.exp(coef)), float(np.exp(coef - z * se)), float(np.exp(coef + z * se))

"""Two-by-two counts pooled without a correction of every study: Mantel-Haenszel and Peto."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats


@dataclass(frozen=True)
class PooledTables:
    """`coef` (log OR, log RR or RD) with its standard error; `weights` are the studies' shares, adding up to 1."""

    coef: float
    std_error: float
    weights: Floats


def mantel_haenszel_tables(a: Floats, n: Floats, c: Floats, m: Floats, measure: str) -> PooledTables:
    """`a` of `n` against `c` of `m` events per study, pooled by Mantel and Haenszel's weights; nothing is added to any.

    Variance: OR, Robins, Breslow and Greenland 1986; RR, Greenland and Robins 1985; RD, Sato, Greenland and Robins
    1989. Raises ValueError for another measure, NotEstimable where no study with an event in one group (or without
    one, for OR) makes the ratio exist.
    """
    b, d, total = n - a, m - c, n + m
    if measure == "OR":
        r, s = a * d / total, b * c / total
        _both(r, s)
        p, q = (a + d) / total, (b + c) / total
        upper, lower = r.sum(), s.sum()
        variance = (p * r).sum() / upper**2 + (p * s + q * r).sum() / (upper * lower) + (q * s).sum() / lower**2
        return PooledTables(float(np.log(upper / lower)), float(np.sqrt(variance / 2)), s / lower)
    if measure == "RR":
        r, s = a * m / total, c * n / total
        _both(r, s)
        middle = (n * m * (a + c) - a * c * total) / total**2
        variance = middle.sum() / (r.sum() * s.sum())
        return PooledTables(float(np.log(r.sum() / s.sum())), float(np.sqrt(variance)), s / s.sum())
    if measure == "RD":
        weight = n * m / total
        coef = float(((a * m - c * n) / total).sum() / weight.sum())
        p = (c * (n / total) ** 2 - a * (m / total) ** 2 + (n * m / total**2) * (m - n) / 2).sum()
        q = (a * d / total + c * b / total).sum() / 2
        spread = coef * p + q
        if spread <= 1e-12 * (abs(coef * p) + abs(q)):  # nothing but rounding: all or none in each group
            spread = 0.0
        return PooledTables(coef, float(np.sqrt(spread) / weight.sum()), weight / weight.sum())
    raise ValueError(f"Mantel and Haenszel's method pools OR, RR or RD, not {measure!r}")


def _both(r: Floats, s: Floats) -> None:
    if r.sum() == 0 or s.sum() == 0:
        raise NotEstimable("no study has what the ratio needs in both groups (events, or for the OR also survivors)")


def peto_tables(a: Floats, n: Floats, c: Floats, m: Floats) -> PooledTables:
    """The log odds ratio by observed minus expected events over their variance (Yusuf and others 1985).

    Studies in which nobody or everybody had the event carry no weight. Raises NotEstimable if no other is left.
    """
    gap, variance = _observed_minus_expected(a, n, c, m)
    if variance.sum() == 0:
        raise NotEstimable("in every study nobody or everybody had the event")
    information = variance.sum()
    return PooledTables(float(gap.sum() / information), float(1 / np.sqrt(information)), variance / information)


def peto_heterogeneity(a: Floats, n: Floats, c: Floats, m: Floats) -> tuple[float, int, float]:
    """(Q, df, p) of the studies' Peto odds ratios about the pooled one; NaN without two informative studies."""
    gap, variance = _observed_minus_expected(a, n, c, m)
    gap, variance = gap[variance > 0], variance[variance > 0]
    df = len(gap) - 1
    if df < 1:
        return float("nan"), df, float("nan")
    q = float((gap**2 / variance).sum() - gap.sum() ** 2 / variance.sum())
    return q, df, float(chi2.sf(q, df))


def _observed_minus_expected(a: Floats, n: Floats, c: Floats, m: Floats) -> tuple[Floats, Floats]:
    total, events = n + m, a + c
    variance = events * (total - events) * n * m / (total**2 * np.maximum(total - 1, 1))
    return np.asarray(a - events * n / total), np.asarray(variance)


def cochran_mantel_haenszel(a: Floats, n: Floats, c: Floats, m: Floats, *, correct: bool) -> tuple[float, float]:
    """(chi-square with 1 df, p) of no association in any study, with or without 1/2 of continuity correction.

    The correction never takes more than there is. NaN where no study is informative (Mantel and Haenszel 1959, J Natl
    Cancer Inst 22:719).
    """
    gap, variance = _observed_minus_expected(a, n, c, m)
    if variance.sum() == 0:
        return float("nan"), float("nan")
    distance = max(0.0, abs(gap.sum()) - (0.5 if correct else 0.0))
    statistic = float(distance**2 / variance.sum())
    return statistic, float(chi2.sf(statistic, 1))


def breslow_day_tarone(
    a: Floats, n: Floats, c: Floats, m: Floats, log_or: float, *, tarone: bool = True
) -> tuple[float, int, float]:
    """(statistic, df, p) of equal odds ratios (Breslow and Day), with Tarone's correction (1985, Biometrika 72:91).

    Studies in which nobody or everybody had the event are left out; NaN if fewer than two are left.
    """
    events, total = a + c, n + m
    told = (events > 0) & (events < total)
    a, n, m, events = a[told], n[told], m[told], events[told]
    df = len(a) - 1
    if df < 1:
        return float("nan"), df, float("nan")
    fitted = _fitted(n, m, events, float(np.exp(log_or)))
    variance = 1 / (1 / fitted + 1 / (events - fitted) + 1 / (n - fitted) + 1 / (m - events + fitted))
    gap = a - fitted
    taken = gap.sum() ** 2 / variance.sum() if tarone else 0.0
    statistic = float((gap**2 / variance).sum() - taken)
    return statistic, df, float(chi2.sf(statistic, df))


def _fitted(n: Floats, m: Floats, events: Floats, odds_ratio: float) -> Floats:
    """The expected events in the first group given the margins and the odds ratio: the root inside the table."""
    square = 1 - odds_ratio
    linear = m - events + odds_ratio * (n + events)
    constant = -odds_ratio * n * events
    # The form of the quadratic formula without cancellation, also right for an odds ratio of 1.
    return np.asarray(-2 * constant / (linear + np.sqrt(linear**2 - 4 * square * constant)))

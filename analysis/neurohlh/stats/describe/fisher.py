"""Fisher's exact analysis of a two-by-two table: p, the conditional odds ratio and its exact limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, logsumexp

from neurohlh.stats.columns import Bools, Floats

_LARGEST_LOG_ODDS = 700.0  # beyond this a double overflows


@dataclass(frozen=True)
class FisherTable:
    """`estimate` is the conditional maximum likelihood odds ratio; NaN (estimate or limit) means 0 or infinity.

    `low_is_zero` and `high_is_infinite` say which limits do not exist because a cell is empty.
    """

    estimate: float
    conf_low: float
    conf_high: float
    p_value: float
    mid_p: float
    low_is_zero: bool
    high_is_infinite: bool


def fisher(a: int, b: int, c: int, d: int, *, conf_level: float = 0.95) -> FisherTable:
    """The table [[a, b], [c, d]] (rows exposure, columns outcome yes/no) by R's fisher.test rules.

    The two-sided p sums the tables that are no more likely than the one seen (relative tolerance 1e-7, as R). Roots are
    solved to machine precision, R's own only to about 1e-4. An empty margin leaves everything but p = 1 undefined.
    Raises ValueError for negative counts.
    """
    if min(a, b, c, d) < 0:
        raise ValueError("the counts of a table cannot be negative")
    support = np.arange(max(0, a - d), min(a + b, a + c) + 1, dtype=np.float64)
    log_weight = -(gammaln(support + 1) + gammaln(a + b - support + 1))
    log_weight -= gammaln(a + c - support + 1) + gammaln(d - a + support + 1)
    null = np.exp(log_weight - logsumexp(log_weight))
    seen = null[support == a].sum()
    p_value = float(min(1.0, null[null <= seen * (1 + 1e-7)].sum()))
    mid_p = p_value - float(seen) / 2
    at_lowest, at_highest = a == support[0], a == support[-1]
    tail = (1 - conf_level) / 2
    return FisherTable(
        estimate=float("nan") if at_lowest or at_highest else _estimate(support, log_weight, a),
        conf_low=float("nan") if at_lowest else _limit(support, log_weight, support >= a, tail),
        conf_high=float("nan") if at_highest else _limit(support, log_weight, support <= a, tail),
        p_value=p_value,
        mid_p=mid_p,
        low_is_zero=bool(at_lowest),
        high_is_infinite=bool(at_highest),
    )


def _probabilities(support: Floats, log_weight: Floats, log_odds: float) -> Floats:
    tilted = log_weight + log_odds * support
    return np.asarray(np.exp(tilted - logsumexp(tilted)))


def _estimate(support: Floats, log_weight: Floats, seen: int) -> float:
    return _root(lambda x: float(support @ _probabilities(support, log_weight, x)) - seen)


def _limit(support: Floats, log_weight: Floats, cells: Bools, tail: float) -> float:
    return _root(lambda x: float(_probabilities(support, log_weight, x)[cells].sum()) - tail)


def _root(function: Callable[[float], float]) -> float:
    edge = _LARGEST_LOG_ODDS
    return float(np.exp(brentq(function, -edge, edge, xtol=1e-14, rtol=8.9e-16, maxiter=500)))

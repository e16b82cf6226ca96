"""Tests of several parameters over imputations: D1 (Wald), D2 (chi-squares) and D3 (likelihood ratios)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import chi2, f

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats
from neurohlh.stats.hazards.likelihood import likelihood_of
from neurohlh.stats.hazards.sorted_design import SortedDesign

Likelihood = Callable[[Floats], float]
"""The log-likelihood of one completed data set at given coefficients."""


@dataclass(frozen=True)
class PooledTest:
    """An F statistic with its degrees of freedom, p, and the relative increase of the variance (riv)."""

    method: str
    statistic: float
    df1: int
    df2: float
    p_value: float
    riv: float


def d1(q: Floats, cov: Floats, *, dfcom: float = np.inf) -> PooledTest:
    """The pooled Wald test that k parameters are all 0: `q` (m, k) estimates, `cov` (m, k, k) their covariances.

    Li, Raghunathan and Rubin 1991, J Am Stat Assoc 86:1065; with finite `dfcom` the degrees of freedom of Reiter 2007,
    Biometrika 94:502, which need k (m - 1) of at least 4. Raises NotEstimable below that, ValueError for shapes.
    """
    m, k = _shape(q)
    if cov.shape != (m, k, k):
        raise ValueError(f"covariances must have the shape {(m, k, k)}, not {cov.shape}")
    mean, within = q.mean(axis=0), cov.mean(axis=0)
    between = np.atleast_2d(np.cov(q, rowvar=False))
    riv = float((1 + 1 / m) * np.trace(np.linalg.solve(within, between)) / k)
    statistic = float(mean @ np.linalg.solve(within, mean) / (k * (1 + riv)))
    df2 = _li_df(k * (m - 1), k, riv) if np.isinf(dfcom) else _reiter_df(k * (m - 1), riv, dfcom)
    return _test("D1", statistic, k, df2, riv)


def d2(chi_squares: Sequence[float], k: int) -> PooledTest:
    """The pooled test from one chi-square statistic of `k` degrees of freedom per imputation.

    Li, Meng, Raghunathan and Rubin 1991, Stat Sin 1:65; only where D1 and D3 are out of reach: its power and size are
    those of a rough summary. Raises ValueError for fewer than two statistics or negative ones.
    """
    values = np.asarray(chi_squares, dtype=float)
    m = len(values)
    if m < 2 or not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError("D2 needs at least two chi-square statistics, none negative")
    riv = float((1 + 1 / m) * np.sqrt(values).var(ddof=1))
    statistic = float((values.mean() / k - (m + 1) / (m - 1) * riv) / (1 + riv))
    df2 = k ** (-3 / m) * (m - 1) * (1 + 1 / riv) ** 2 if riv > 0 else np.inf
    return _test("D2", statistic, k, df2, riv)


def d3(full: Floats, null: Floats, at_full: Sequence[Likelihood], at_null: Sequence[Likelihood]) -> PooledTest:
    """The pooled likelihood-ratio test of a null model within a full one.

    `full` (m, p) and `null` (m, p0) are the maximum-likelihood coefficients, `at_full` and `at_null` the
    log-likelihoods of each imputation, evaluated at its own and at the pooled coefficients. Meng and Rubin 1992,
    Biometrika 79:103. Raises ValueError unless the full model has more coefficients, or fewer than two imputations.
    """
    m, k = len(full), full.shape[1] - null.shape[1]
    if m < 2 or k < 1 or not len(null) == len(at_full) == len(at_null) == m:
        raise ValueError(
            "D3 needs two imputations or more, and a full model with more coefficients than the null model"
        )
    own = [2 * (a(p) - b(q)) for a, b, p, q in zip(at_full, at_null, full, null, strict=True)]
    pooled = [2 * (a(full.mean(axis=0)) - b(null.mean(axis=0))) for a, b in zip(at_full, at_null, strict=True)]
    gained = float(np.mean(pooled))
    riv = (m + 1) / (k * (m - 1)) * (float(np.mean(own)) - gained)
    return _test("D3", gained / (k * (1 + riv)), k, _li_df(k * (m - 1), k, riv), riv)


def linear_likelihood(matrix: Floats, y: Floats) -> Likelihood:
    """Of a linear model at the slopes given, intercept and residual variance at their maximum.

    The first column of `matrix` is the intercept; its coefficient is looked for anew, as in R's mice (and as a Cox
    model does with its baseline hazard).
    """
    n = len(y)

    def at(coef: Floats) -> float:
        return float(-n / 2 * (np.log(2 * np.pi * np.var(y - matrix[:, 1:] @ coef[1:])) + 1))

    return at


def logistic_likelihood(matrix: Floats, y: Floats) -> Likelihood:
    """Of a logistic model at the slopes given, the intercept (first column of `matrix`) at its maximum; `y` 1 or 0."""
    if not 0 < y.mean() < 1:
        raise NotEstimable("a logistic model needs patients with and without the outcome")

    def at(coef: Floats) -> float:
        offset = matrix[:, 1:] @ coef[1:]
        # The likelihood falls on both sides of the intercept at which expected and observed numbers agree.
        low, high = logit(y.mean()) - offset.max() - 1, logit(y.mean()) - offset.min() + 1
        line = offset + brentq(lambda a: float(expit(offset + a).sum() - y.sum()), low, high, xtol=1e-13)
        return float(y @ line - np.logaddexp(0, line).sum())

    return at


def cox_likelihood(design: SortedDesign) -> Likelihood:
    """The log partial likelihood of a Cox model at coefficients per unit of the covariates handed in."""
    likelihood = likelihood_of(design)
    return lambda coef: float(likelihood.at(likelihood.start() + design.x @ (coef * design.unit)).loglik)


def _shape(q: Floats) -> tuple[int, int]:
    if q.ndim != 2 or len(q) < 2 or q.shape[1] < 1:
        raise ValueError("estimates must be given as (imputations, parameters), at least two and one of them")
    return q.shape[0], q.shape[1]


def _li_df(t: int, k: int, riv: float) -> float:
    if riv <= 0:
        return float("inf")
    return 4 + (t - 4) * (1 + (1 - 2 / t) / riv) ** 2 if t > 4 else t * (1 + 1 / k) * (1 + 1 / riv) ** 2 / 2


def _reiter_df(t: int, riv: float, dfcom: float) -> float:
    if t < 4:
        raise NotEstimable("D1 in a small sample needs k (m - 1) of at least 4; make more imputations")
    if t == 4:
        return 4.0  # the limit of what follows
    a = riv * t / (t - 2)
    v = (dfcom + 1) / (dfcom + 3) * dfcom
    c0, c1, c2 = 1 / (t - 4), v - 2 * (1 + a), v - 4 * (1 + a)
    if c2 <= 0:
        raise NotEstimable("D1 does not exist: too little information is left for the degrees of freedom")
    z = 1 / c2 + c0 * (a**2 * c1 / ((1 + a) ** 2 * c2))
    z += c0 * (8 * a**2 * c1 / ((1 + a) * c2**2) + 4 * a**2 / ((1 + a) * c2))
    z += c0 * (4 * a**2 / (c2 * c1) + 16 * a**2 * c1 / c2**3) + c0 * 8 * a**2 / c2**2
    return float(4 + 1 / z)


def _test(method: str, statistic: float, k: int, df2: float, riv: float) -> PooledTest:
    value = max(statistic, 0.0)
    p_value = chi2.sf(value * k, k) if np.isinf(df2) else f.sf(value, k, df2)
    return PooledTest(method, statistic, k, float(df2), float(p_value), riv)

"""Do small studies report larger effects? Egger's regressions, Begg and Mazumdar's rank test, trim and fill."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, norm
from scipy.stats import t as student

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats
from neurohlh.stats.meta.fit import MetaFit, fit_meta
from neurohlh.stats.meta.heterogeneity import projection

FEWEST = 3
"""Studies without which no line through effect and standard error can be tested."""


@dataclass(frozen=True)
class Asymmetry:
    """A test of the funnel's symmetry.

    `limit`, `limit_se` are the effect (working scale) to which the line tends as the standard error tends to 0; NaN for
    the rank test, whose `statistic` is Kendall's tau. `df` is NaN for a normal or exact distribution.
    """

    statistic: float
    df: float
    p_value: float
    limit: float = float("nan")
    limit_se: float = float("nan")


def egger_lm(effect: Floats, variance: Floats) -> Asymmetry:
    """Egger's regression: effects on standard errors, weighted by 1/variance, with a residual dispersion; t test.

    Egger and others 1997, BMJ 315:629 (their intercept is the slope here). Raises NotEstimable for fewer than three
    studies or equal standard errors.
    """
    return _weighted_line(effect, variance, _line(variance)[:, 1])


def _weighted_line(effect: Floats, variance: Floats, predictor: Floats) -> Asymmetry:
    k = len(effect)
    found = projection(variance, np.column_stack([np.ones(k), predictor]), 0.0)
    dispersion = found.q(effect) / (k - 2)
    coef, se = found.coefficients(effect), np.sqrt(dispersion * np.diag(found.covariance))
    if se[1] == 0:
        raise NotEstimable("the effects lie on a line exactly")
    statistic = float(coef[1] / se[1])
    return Asymmetry(statistic, k - 2, float(2 * student.sf(abs(statistic), k - 2)), float(coef[0]), float(se[0]))


def egger_rma(effect: Floats, variance: Floats, method: str) -> Asymmetry:
    """The same line in the mixed-effects model with tau2 by `method`; z test. Raises as above."""
    fit = fit_meta(effect, variance, _line(variance), method=method)
    statistic = float(fit.coef[1] / fit.std_error[1])
    return Asymmetry(
        statistic, float("nan"), float(2 * norm.sf(abs(statistic))), float(fit.coef[0]), float(fit.std_error[0])
    )


def peters(log_or: Floats, events: Floats, n: Floats) -> Asymmetry:
    """The log odds ratio on 1/n, weighted by the events times the rest over n; t test.

    The log odds ratio and its standard error hang together, so that Egger's line slopes without any bias; this one
    does not (Peters and others 2006, JAMA 295:676). `events` and `n` are the totals of both groups. Raises NotEstimable
    for fewer than three studies or equal sizes.
    """
    if len(n) < FEWEST or np.ptp(n) == 0:
        raise NotEstimable(f"Peters' test needs at least {FEWEST} studies of different size")
    return _weighted_line(log_or, n / (events * (n - events)), 1 / n)


def _line(variance: Floats) -> Floats:
    error = np.sqrt(variance)
    if len(error) < FEWEST:
        raise NotEstimable(f"{len(error)} studies; a test of the funnel's symmetry needs at least {FEWEST}")
    if np.ptp(error) <= 1e-10 * error.max():
        raise NotEstimable("all studies have the same standard error")
    return np.column_stack([np.ones(len(error)), error])


def begg(effect: Floats, variance: Floats) -> Asymmetry:
    """Kendall's tau between standardised effects and variances; exact without ties, else the normal approximation.

    Begg and Mazumdar 1994, Biometrics 50:1088. Raises NotEstimable for fewer than three studies or where one of the two
    is constant.
    """
    _line(variance)
    weights = 1 / variance
    pooled = float((weights * effect).sum() / weights.sum())
    standardised = (effect - pooled) / np.sqrt(variance - 1 / weights.sum())
    if np.ptp(standardised) == 0:
        raise NotEstimable("all standardised effects are equal")
    found = kendalltau(standardised, variance, method="asymptotic" if _ties(standardised, variance) else "exact")
    return Asymmetry(float(found.statistic), float("nan"), float(found.pvalue))


def _ties(*values: Floats) -> bool:
    return any(len(np.unique(v)) < len(v) for v in values)


@dataclass(frozen=True)
class TrimFill:
    """`missing` studies on `side` ("left" or "right"), the fit with them, and their mirrored `effect`, `variance`."""

    missing: int
    side: str
    fit: MetaFit
    effect: Floats
    variance: Floats


def trim_and_fill(effect: Floats, variance: Floats, *, method: str, knapp_hartung: str = "none") -> TrimFill:
    """Duval and Tweedie's trim and fill with the L0 estimator (2000, Biometrics 56:455).

    The side is where the slope of the Egger line says that studies are missing; each round pools what is left after
    trimming with the same `method`. Raises NotEstimable for fewer than three studies, equal standard errors, or if the
    number of missing studies does not settle or would leave one study.
    """
    side = "right" if fit_meta(effect, variance, _line(variance), method=method).coef[1] < 0 else "left"
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * effect, kind="stable")
    y, v = sign * effect[order], variance[order]
    missing, centre = _settle(y, v, method)
    mirrored = 2 * centre - y[len(y) - missing :]
    filled = np.concatenate([y, mirrored]) * sign
    spread = np.concatenate([v, v[len(y) - missing :]])
    fit = fit_meta(filled, spread, method=method, knapp_hartung=knapp_hartung)
    return TrimFill(missing, side, fit, filled[len(y) :], spread[len(y) :])


def _settle(y: Floats, v: Floats, method: str) -> tuple[int, float]:
    """The number of studies whose mirror image is missing on the left, and the centre; `y` ascends."""
    k, missing = len(y), 0
    for _ in range(100):
        centre = float(fit_meta(y[: k - missing], v[: k - missing], method=method).coef[0])
        apart = y - centre
        ranks = np.empty(k)
        ranks[np.argsort(np.abs(apart), kind="stable")] = np.arange(1, k + 1)
        positive = float(ranks[apart > 0].sum())
        # Python rounds halves to even, as R does.
        found = max(0, round((4 * positive - k * (k + 1)) / (2 * k - 1)))
        if found > k - 2:
            raise NotEstimable("trim and fill would leave a single study")
        if found == missing:
            return missing, centre
        missing = found
    raise NotEstimable("trim and fill does not settle on a number of missing studies")

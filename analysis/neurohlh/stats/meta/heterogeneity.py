"""The variance between studies: nine estimators, their standard errors, the Q-profile, I-squared and H-squared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from neurohlh.stats.columns import Floats

ESTIMATORS: dict[str, str] = {
    "REML": "Viechtbauer 2005, J Educ Behav Stat 30:261",
    "ML": "Viechtbauer 2005, J Educ Behav Stat 30:261",
    "DL": "DerSimonian & Laird 1986, Control Clin Trials 7:177",
    "PM": "Paule & Mandel 1982, J Res Natl Bur Stand 87:377",
    "EB": "Morris 1983, J Am Stat Assoc 78:47",
    "HE": "Hedges & Olkin 1985, Statistical Methods for Meta-Analysis",
    "HS": "Viechtbauer 2005, J Educ Behav Stat 30:261",
    "SJ": "Sidik & Jonkman 2005, Appl Stat 54:367",
    "FE": "Hedges & Olkin 1985, Statistical Methods for Meta-Analysis",
}
"""Name of an estimator -> its source. FE is the model without variance between studies."""
_GRID = np.concatenate([[0.0], np.geomspace(1e-6, 1e4, 101)])
"""Multiples of the typical variance at which the likelihood is looked at before its highest point is solved for."""
_LARGEST = 1e12


@dataclass(frozen=True)
class Projection:
    """The weighted least squares of effects on a design, through P = W - WX(X'WX)^-1X'W.

    `weights` is the diagonal of W, `covariance` (X'WX)^-1. P itself is only made where its products are asked for.
    """

    design: Floats
    weights: Floats
    covariance: Floats

    def coefficients(self, effect: Floats) -> Floats:
        """(X'WX)^-1 X'Wy."""
        return np.asarray(self.covariance @ (self.design.T @ (self.weights * effect)))

    def residuals(self, effect: Floats) -> Floats:
        """Py, the weighted residuals."""
        return np.asarray(self.weights * (effect - self.design @ self.coefficients(effect)))

    def q(self, effect: Floats) -> float:
        """y'Py, the weighted sum of squared residuals."""
        return float((self.residuals(effect) ** 2 / self.weights).sum())

    def trace(self) -> float:
        """tr(P)."""
        leverage = ((self.design @ self.covariance) * self.design).sum(axis=1)
        return float((self.weights - self.weights**2 * leverage).sum())

    def matrix(self) -> Floats:
        """P, a row and a column per study."""
        weighted = self.design * self.weights[:, None]
        return np.asarray(np.diag(self.weights) - weighted @ self.covariance @ weighted.T)


def projection(variance: Floats, design: Floats, tau2: float) -> Projection:
    """The projection with weights 1/(variance + tau2); raises numpy's LinAlgError for a design without full rank."""
    weights = 1 / (variance + tau2)
    return Projection(design, weights, np.asarray(np.linalg.inv(design.T @ (design * weights[:, None]))))


def tau2(effect: Floats, variance: Floats, design: Floats, method: str) -> float:
    """The variance between studies by `method` (a key of `ESTIMATORS`), never below 0.

    `design` has a row per study and a column per coefficient (a column of ones for a plain mean). The likelihoods are
    maximised over a grid and then solved for, so that a second, lower peak is not taken for the highest.
    """
    if method == "FE":
        return 0.0
    k, p = design.shape
    if method == "HE":
        rest = np.eye(k) - design @ np.linalg.pinv(design)
        return max(0.0, float((effect @ rest @ effect - np.diag(rest) @ variance) / (k - p)))
    if method == "SJ":
        start = _sidik_jonkman_start(effect)
        return start * projection(variance, design, start).q(effect) / (k - p) if start > 0 else 0.0
    fixed = projection(variance, design, 0.0)
    if method == "DL":
        return max(0.0, (fixed.q(effect) - (k - p)) / fixed.trace())
    if method == "HS":
        return max(0.0, (fixed.q(effect) - k) / float(fixed.weights.sum()))
    if method in ("PM", "EB"):
        return _solve_q(effect, variance, design, k - p)
    return _most_likely(effect, variance, design, method == "REML")


def _sidik_jonkman_start(effect: Floats) -> float:
    return float(effect.var())


def _solve_q(effect: Floats, variance: Floats, design: Floats, target: float) -> float:
    """Where y'P(tau2)y, which falls in tau2, equals `target`; 0 if it starts below."""

    def gap(t: float) -> float:
        return projection(variance, design, t).q(effect) - target

    return _root(gap, float(np.median(variance))) if gap(0.0) > 0 else 0.0


def _root(falling: Callable[[float], float], scale: float) -> float:
    high = scale
    while falling(high) > 0:
        high *= 10
        if high > _LARGEST * scale:
            return float("nan")
    return float(brentq(falling, 0.0, high, xtol=1e-16 * scale, rtol=1e-14, maxiter=500))


def log_likelihood(effect: Floats, variance: Floats, design: Floats, t: float, restricted: bool) -> float:
    """The (restricted) log-likelihood at tau2 = `t`, without its constant."""
    found = projection(variance, design, t)
    value = 0.5 * np.log(found.weights).sum() - 0.5 * found.q(effect)
    return float(value + 0.5 * np.linalg.slogdet(found.covariance)[1]) if restricted else float(value)


def _most_likely(effect: Floats, variance: Floats, design: Floats, restricted: bool) -> float:
    def score(t: float) -> float:
        found = projection(variance, design, t)
        trace = found.trace() if restricted else found.weights.sum()
        return float((found.residuals(effect) ** 2).sum() - trace)

    grid = _GRID * max(float(np.median(variance)), float(effect.var()))
    heights = [log_likelihood(effect, variance, design, t, restricted) for t in grid]
    top = int(np.argmax(heights))
    low, high = grid[max(top - 1, 0)], grid[min(top + 1, len(grid) - 1)]
    if score(low) <= 0 or score(high) >= 0:
        return 0.0 if top <= 1 else float(grid[top])
    return float(brentq(score, low, high, xtol=1e-16 * high, rtol=1e-14, maxiter=500))


def tau2_std_error(effect: Floats, variance: Floats, design: Floats, method: str, found: float) -> float:
    """The standard error of an estimate of tau2: from the information for ML and REML, else that of a quadratic form.

    A moment estimator is c * y'Ay plus a constant, and Var(y'Ay) = 2 tr(ASAS) with S = diag(variance + tau2). NaN for
    FE.
    """
    k, p = design.shape
    at = projection(variance, design, found)
    if method == "FE":
        return float("nan")
    if method == "ML":
        return float(np.sqrt(2 / (at.weights**2).sum()))
    if method == "REML":
        return float(np.sqrt(2 / (at.matrix() ** 2).sum()))
    factor, form = 1 / (k - p), at.matrix()
    if method == "HE":
        form = np.eye(k) - design @ np.linalg.pinv(design)
    elif method in ("DL", "HS"):
        fixed = projection(variance, design, 0.0)
        form = fixed.matrix()
        factor = 1 / (fixed.trace() if method == "DL" else float(fixed.weights.sum()))
    elif method == "SJ":
        start = _sidik_jonkman_start(effect)
        if start == 0:
            return float("nan")
        form, factor = projection(variance, design, start).matrix(), start / (k - p)
    else:
        factor = k / ((k - p) * float(at.weights.sum()))
    product = form * (variance + found)[None, :]
    return float(factor * np.sqrt(2 * np.sum(product * product.T)))


def q_profile(effect: Floats, variance: Floats, design: Floats, conf_level: float) -> tuple[float, float]:
    """Limits of tau2 from the exact distribution of Q (Viechtbauer 2007, Stat Med 26:37).

    A lower limit that would be negative is 0; (NaN, NaN) where even 0 lies above the interval (the studies agree more
    closely than chance allows).
    """
    k, p = design.shape
    low, high = chi2.ppf([(1 - conf_level) / 2, (1 + conf_level) / 2], k - p)
    if projection(variance, design, 0.0).q(effect) < low:
        return float("nan"), float("nan")
    return _solve_q(effect, variance, design, float(high)), _solve_q(effect, variance, design, float(low))


def typical_variance(variance: Floats, design: Floats) -> float:
    """The sampling variance of a typical study (Higgins and Thompson 2002, Stat Med 21:1539)."""
    k, p = design.shape
    return (k - p) / projection(variance, design, 0.0).trace()

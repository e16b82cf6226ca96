"""Negative binomial regression on arrays: coefficients and the dispersion theta by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats
from neurohlh.stats.glm.families import POISSON, negative_binomial_family
from neurohlh.stats.glm.fit import GlmFit, fit_glm

_LARGEST_THETA = 1e6
_ROUNDS = 200


@dataclass(frozen=True)
class NegativeBinomialFit:
    """The regression at `theta`, its standard error (observed information), and whether both converged."""

    fit: GlmFit
    theta: float
    theta_se: float
    converged: bool


def fit_negative_binomial(
    matrix: Floats, y: Floats, weights: Floats | None = None, offset: Floats | None = None
) -> NegativeBinomialFit:
    """Alternate coefficients at fixed theta and theta at fixed means until neither moves, as MASS's glm.nb.

    Standard errors of coefficients are those of the expected information at fixed theta. Source: Venables and Ripley
    2002, Modern Applied Statistics with S, 4th ed., section 7.4. Raises NotEstimable without dispersion beyond Poisson.
    """
    w = np.ones(len(y)) if weights is None else weights
    fit = fit_glm(matrix, y, POISSON, weights=weights, offset=offset)
    theta, before = theta_at(y, fit.mean, w), np.inf
    for _ in range(_ROUNDS):
        if abs(theta / before - 1) < 1e-13:
            break
        before = theta
        fit = fit_glm(matrix, y, negative_binomial_family(theta), weights=weights, offset=offset, start=fit.coef)
        theta = theta_at(y, fit.mean, w)
    information = -_slope(y, fit.mean, w, theta)
    settled = bool(abs(theta / before - 1) < 1e-10)
    return NegativeBinomialFit(fit, theta, float(information**-0.5), fit.converged and settled and information > 0)


def _score(y: Floats, mean: Floats, w: Floats, theta: float) -> float:
    own = digamma(theta + y) - digamma(theta) - np.log1p(mean / theta) + 1 - (y + theta) / (mean + theta)
    return float(w @ own)


def _slope(y: Floats, mean: Floats, w: Floats, theta: float) -> float:
    own = polygamma(1, theta + y) - polygamma(1, theta) + 1 / theta - 2 / (mean + theta)
    return float(w @ (own + (y + theta) / (mean + theta) ** 2))


def theta_at(y: Floats, mean: Floats, w: Floats) -> float:
    """The theta that maximises the likelihood at fixed means; raises NotEstimable where it runs to infinity."""
    # As theta grows the score behaves as sum((y - mean)^2 - y) / (2 theta^2): positive means no dispersion is lost.
    if float(w @ ((y - mean) ** 2 - y)) <= 0:
        raise NotEstimable("the counts vary no more than Poisson counts: there is no dispersion to estimate")
    ends = np.log(1e-8), np.log(_LARGEST_THETA)
    if _score(y, mean, w, _LARGEST_THETA) >= 0:
        raise NotEstimable("the counts vary hardly more than Poisson counts: theta runs to infinity")
    found = brentq(lambda u: _score(y, mean, w, float(np.exp(u))), *ends, xtol=1e-15, rtol=8.9e-16, maxiter=500)
    return float(np.exp(found))

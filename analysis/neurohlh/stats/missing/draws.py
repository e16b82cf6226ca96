"""One incomplete variable imputed once: draws from the posterior of a regression on the others, on arrays.

Every function takes `x` (observed rows, p) and `x_missing` (missing rows, p) without an intercept, and gives one value
per missing row. Coefficients are drawn first, so that imputations carry the uncertainty of the regression (proper
imputation; Rubin 1987, Multiple Imputation for Nonresponse in Surveys).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from neurohlh.stats.columns import Floats, Ints

_RIDGE = 1e-5
"""Share of each column's sum of squares added to it, as in mice: nearly collinear predictors stay harmless."""
_NEWTON_STEPS = 50
_CONVERGED = 1e-8


@dataclass(frozen=True)
class Posterior:
    """A linear regression: least-squares coefficients, and coefficients and residual SD drawn from their posterior."""

    fitted: Floats
    drawn: Floats
    sigma: float


def linear_posterior(x: Floats, y: Floats, rng: np.random.Generator) -> Posterior:
    """Draw from the posterior of a normal linear model (flat prior, intercept added) of `y` (n,) on `x` (n, p)."""
    ones = _with_intercept(x)
    cross = ones.T @ ones
    cross.flat[:: len(cross) + 1] *= 1 + _RIDGE
    root = np.linalg.cholesky(cross)
    inverse = np.linalg.inv(root)
    fitted = inverse.T @ (inverse @ (ones.T @ y))
    residual = y - ones @ fitted
    sigma = float(np.sqrt(residual @ residual / rng.chisquare(max(len(y) - ones.shape[1], 1))))
    return Posterior(fitted, fitted + sigma * (inverse.T @ rng.standard_normal(len(cross))), sigma)


def draw_linear(
    x: Floats,
    y: Floats,
    x_missing: Floats,
    rng: np.random.Generator,
    low: Floats | None = None,
    high: Floats | None = None,
) -> Floats:
    """Bayesian linear regression (method "norm"); with `low` and `high` a normal truncated to these limits."""
    found = linear_posterior(x, y, rng)
    mean = _with_intercept(x_missing) @ found.drawn
    if low is None or high is None:
        return np.asarray(mean + found.sigma * rng.standard_normal(len(mean)))
    below, above = ndtr((low - mean) / found.sigma), ndtr((high - mean) / found.sigma)
    drawn = mean + found.sigma * ndtri(below + rng.random(len(mean)) * (above - below))
    return np.clip(drawn, low, high)


def draw_donors(x: Floats, y: Floats, x_missing: Floats, rng: np.random.Generator, donors: int) -> Floats:
    """Predictive mean matching (method "pmm"): the value of one of the `donors` patients nearest in prediction.

    Type 1 matching, as in mice: predictions of the observed from the fitted, those of the missing from the drawn
    coefficients (Little 1988, J Bus Econ Stat 6:287; van Buuren 2018, Flexible Imputation of Missing Data).
    """
    found = linear_posterior(x, y, rng)
    have, want = _with_intercept(x) @ found.fitted, _with_intercept(x_missing) @ found.drawn
    return np.asarray(y[nearest_donors(have, want, rng, donors)])


def nearest_donors(have: Floats, want: Floats, rng: np.random.Generator, donors: int) -> Ints:
    """For every number of `want` the place in `have` of one of its `donors` nearest, at random; ties are random too."""
    k = min(donors, len(have))
    order = rng.permutation(len(have))
    order = order[np.argsort(have[order], kind="stable")]
    ordered = have[order]
    left, right = np.searchsorted(ordered, want, side="left"), np.searchsorted(ordered, want, side="right")
    # Within a run of equal predictions every patient is as near as the next: start at a random place of the run.
    start = left + (rng.random(len(want)) * (right - left + 1)).astype(np.intp)
    window = start[:, None] + np.arange(-k, k)
    gap = np.abs(ordered[np.clip(window, 0, len(have) - 1)] - want[:, None])
    gap[(window < 0) | (window >= len(have))] = np.inf
    chosen = np.argpartition(gap, k - 1, axis=1)[:, :k] if k < gap.shape[1] else np.argsort(gap, axis=1)[:, :k]
    pick = chosen[np.arange(len(want)), rng.integers(0, k, len(want))]
    return np.asarray(order[window[np.arange(len(want)), pick]])


def draw_categories(
    x: Floats, codes: Ints, x_missing: Floats, levels: int, rng: np.random.Generator, shift: float = 0.0
) -> Ints:
    """Bayesian (multinomial) logistic regression: a code from 0 to `levels` - 1 per missing row.

    Coefficients come from their normal approximation. Pseudo-observations of small weight keep them finite where
    predictors separate the levels (White, Daniel and Royston 2010, Comput Stat Data Anal 54:2267). `shift` is added to
    the log odds of every level against the first.
    """
    everybody = np.concatenate([x, x_missing])
    extra, extra_codes, weight = _pseudo_observations(everybody, levels)
    weights = np.concatenate([np.ones(len(x)), np.full(len(extra), weight)])
    design = _with_intercept(np.concatenate([x, extra]))
    coef, information = fit_multinomial(design, np.concatenate([codes, extra_codes]), weights, levels)
    root = np.linalg.cholesky(information)
    drawn = coef + np.linalg.solve(root.T, rng.standard_normal(coef.size)).reshape(coef.shape)
    share = _shares(_with_intercept(x_missing) @ drawn.T + shift)
    return np.asarray((rng.random(len(share))[:, None] > share.cumsum(axis=1)[:, :-1]).sum(axis=1))


def fit_multinomial(x: Floats, codes: Ints, weights: Floats, levels: int) -> tuple[Floats, Floats]:
    """Coefficients (levels - 1, p) against level 0 and their information matrix, by Newton's method.

    `x` (n, p) holds the intercept. A ridge of 1e-5 of each diagonal keeps the information invertible.
    """
    coef = np.zeros((levels - 1, x.shape[1]))
    outcome = (codes[:, None] == np.arange(levels)).astype(float)
    score, information, now = _multinomial(x, outcome, weights, coef)
    for _ in range(_NEWTON_STEPS):
        step, factor = np.linalg.solve(information, score.ravel()).reshape(coef.shape), 1.0
        ahead = _multinomial(x, outcome, weights, coef + step)
        while ahead[2] < now - 1e-9 * abs(now) and factor > 1e-6:
            factor /= 2
            ahead = _multinomial(x, outcome, weights, coef + factor * step)
        gain, coef = ahead[2] - now, coef + factor * step
        score, information, now = ahead
        if abs(gain) < _CONVERGED * (abs(now) + 0.1):
            break
    return coef, information


def _multinomial(x: Floats, outcome: Floats, weights: Floats, coef: Floats) -> tuple[Floats, Floats, float]:
    """Score, information and log-likelihood."""
    share = _shares(x @ coef.T)
    score = ((outcome - share) * weights[:, None])[:, 1:].T @ x
    own, p = len(coef), x.shape[1]
    information = np.empty((own, p, own, p))
    for a in range(own):
        for b in range(a, own):
            spread = weights * share[:, a + 1] * ((a == b) - share[:, b + 1])
            block = (x * spread[:, None]).T @ x
            information[a, :, b, :] = block
            information[b, :, a, :] = block
    square = information.reshape(own * p, own * p)
    square.flat[:: own * p + 1] *= 1 + _RIDGE
    return score, square, float(weights @ np.log(np.maximum((share * outcome).sum(axis=1), 1e-300)))


def _shares(predictor: Floats) -> Floats:
    """Probabilities of all levels from the predictors of all but the first."""
    whole = np.concatenate([np.zeros((len(predictor), 1)), predictor], axis=1)
    whole = np.exp(whole - whole.max(axis=1, keepdims=True))
    return np.asarray(whole / whole.sum(axis=1, keepdims=True))


def _pseudo_observations(x: Floats, levels: int) -> tuple[Floats, Ints, float]:
    """Two patients per predictor and level, half a standard deviation below and above the mean, and their weight."""
    p = x.shape[1]
    if p == 0:
        return np.empty((0, 0)), np.empty(0, dtype=np.intp), 0.0
    half = 0.5 * x.std(axis=0, ddof=1)
    rows = np.tile(x.mean(axis=0), (p, levels, 2, 1))
    place = np.arange(p)
    rows[place, :, 0, place] = np.minimum(x.mean(axis=0) + half, x.max(axis=0))[:, None]
    rows[place, :, 1, place] = np.maximum(x.mean(axis=0) - half, x.min(axis=0))[:, None]
    codes = np.broadcast_to(np.arange(levels)[None, :, None], (p, levels, 2)).reshape(-1)
    return rows.reshape(-1, p), codes, (p + 1) / len(codes)


def _with_intercept(x: Floats) -> Floats:
    return np.concatenate([np.ones((len(x), 1)), x], axis=1)

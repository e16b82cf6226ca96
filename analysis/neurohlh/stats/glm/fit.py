"""Maximum likelihood of a generalised linear model by Fisher scoring, to machine precision: the thin path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from neurohlh.stats.columns import Floats
from neurohlh.stats.glm.families import Family

_DECREMENT = 1e-18
_ITERATIONS = 200
_HALVINGS = 40


@dataclass(frozen=True)
class GlmFit:
    """A fitted model.

    Attributes
    ----------
    coef, cov : (k,) and (k, k): estimates and the inverse expected information.
    loglik : weighted log likelihood at `coef`.
    eta, mean : linear predictor and mean of every row.
    scores : (n, k) each row's contribution to the score, with its weight.
    working : (n,) weights of the last least-squares step.
    iterations, converged : how it ended; without convergence the numbers are where it stopped.
    """

    coef: Floats
    cov: Floats
    loglik: float
    eta: Floats
    mean: Floats
    scores: Floats
    working: Floats
    iterations: int
    converged: bool

    def leverage(self, matrix: Floats) -> Floats:
        """Hat values of the rows of the matrix that was fitted."""
        return np.asarray(np.einsum("ij,jk,ik->i", matrix, self.cov, matrix) * self.working)


@dataclass(frozen=True)
class _Step:
    loglik: float
    eta: Floats
    mean: Floats
    scores: Floats
    working: Floats


def fit_glm(
    matrix: Floats,
    y: Floats,
    family: Family,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    start: Floats | None = None,
) -> GlmFit:
    """Fit `y` (n,) on the columns of `matrix` (n, k), which holds the intercept; `weights` multiply the likelihood.

    Columns must be linearly independent. Steps that lower the likelihood or leave the range of the mean are halved;
    `converged` is False where the information becomes singular or the maximum lies at the boundary.
    Source: McCullagh and Nelder 1989, Generalized Linear Models, 2nd ed., section 2.5.
    """
    unit = np.abs(matrix).max(axis=0)
    unit = np.where(unit > 0, unit, 1.0)
    x = matrix / unit
    w = np.ones(len(y)) if weights is None else weights
    off = np.zeros(len(y)) if offset is None else offset
    begun = _begin(x, y, family, w, off) if start is None else start * unit
    if begun is None:
        begun = np.zeros(x.shape[1])
    beta, now, inverse, iterations, converged = _climb(x, y, family, w, off, begun)
    cov = np.full((len(unit), len(unit)), np.nan) if inverse is None else inverse / np.outer(unit, unit)
    return GlmFit(
        beta / unit, cov, now.loglik, now.eta, now.mean, now.scores * unit, now.working, iterations, converged
    )


def _begin(x: Floats, y: Floats, family: Family, w: Floats, off: Floats) -> Floats | None:
    eta = family.start(y)
    mean, slope = family.mean(eta), family.slope(eta)
    working = w * slope**2 / family.variance(mean)
    root = np.sqrt(working)
    beta: Floats = np.asarray(
        np.linalg.lstsq(x * root[:, None], root * (eta - off + (y - mean) / slope), rcond=None)[0], dtype=np.float64
    )
    return beta if family.inside(family.mean(x @ beta + off)) else _safe_start(x, off, family, y)


def _safe_start(x: Floats, off: Floats, family: Family, y: Floats) -> Floats | None:
    """A constant predictor, where the first step leaves the range of the mean."""
    beta: Floats = np.asarray(np.linalg.lstsq(x, family.start(y) - off, rcond=None)[0], dtype=np.float64)
    return beta if family.inside(family.mean(x @ beta + off)) else None


def _at(x: Floats, y: Floats, family: Family, w: Floats, off: Floats, beta: Floats) -> _Step | None:
    eta = x @ beta + off
    if family.slope is not np.ones_like and np.abs(eta).max() > 700:
        return None
    mean = family.mean(eta)
    if not family.inside(mean):
        return None
    slope, variance = family.slope(eta), family.variance(mean)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(variance > 0, slope / variance, 0.0)
    own = np.where(w > 0, family.loglik(y, mean), 0.0)  # a row that does not count may be impossible: 0 times infinity
    loglik = float(w @ own)
    return _Step(loglik, eta, mean, (w * (y - mean) * ratio)[:, None] * x, w * slope * ratio)


def _climb(
    x: Floats, y: Floats, family: Family, w: Floats, off: Floats, beta: Floats
) -> tuple[Floats, _Step, Floats | None, int, bool]:
    now = _at(x, y, family, w, off, beta)
    if now is None:
        beta = np.zeros_like(beta)
        nan = np.full(len(y), np.nan)
        return beta, _Step(np.nan, nan, nan, np.full_like(x, np.nan), nan), None, 0, False
    inverse: Floats | None = None
    for iteration in range(1, _ITERATIONS + 1):
        inverse = _inverse((x * now.working[:, None]).T @ x)
        if inverse is None:
            return beta, now, None, iteration, False
        gradient = now.scores.sum(axis=0)
        step = inverse @ gradient
        if gradient @ step <= _DECREMENT:
            return beta, now, inverse, iteration, True
        moved = _halved(x, y, family, w, off, beta, step, now)
        if moved is None:
            return beta, now, inverse, iteration, bool(gradient @ step <= 1e-12)
        beta, now = moved
    return beta, now, inverse, _ITERATIONS, False


def _halved(
    x: Floats, y: Floats, family: Family, w: Floats, off: Floats, beta: Floats, step: Floats, now: _Step
) -> tuple[Floats, _Step] | None:
    """The first of the step and its halves that does not lower the likelihood beyond rounding."""
    slack = 1e-12 * (1 + abs(now.loglik))
    for halving in range(_HALVINGS):
        nearer = beta + step / 2**halving
        found = _at(x, y, family, w, off, nearer)
        if found is not None and found.loglik >= now.loglik - slack:
            return nearer, found
    return None


def _inverse(information: Floats) -> Floats | None:
    """The inverse of an information matrix, None where it is singular to working precision."""
    size = np.sqrt(np.diag(information))
    if not (np.isfinite(size).all() and (size > 0).all()):
        return None
    scaled = information / np.outer(size, size)
    try:
        factor = cho_factor(scaled, lower=True)
    except LinAlgError:
        return None
    if np.abs(np.diag(factor[0])).min() < 1e-8:
        return None
    return np.asarray(cho_solve(factor, np.eye(len(size))) / np.outer(size, size))

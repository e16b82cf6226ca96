"""Firth's penalised logistic regression on arrays: finite estimates under separation and with few events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit, xlogy

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats

_DECREMENT = 1e-20
_ITERATIONS = 500


@dataclass(frozen=True)
class FirthLogit:
    """`coef` (k,), `cov` (k, k) inverse information at it, the penalised log likelihood, fitted risks `mean` (n,)."""

    coef: Floats
    cov: Floats
    loglik: float
    mean: Floats
    iterations: int
    converged: bool


def fit_firth(
    matrix: Floats,
    y: Floats,
    weights: Floats | None = None,
    *,
    start: Floats | None = None,
    free: list[int] | None = None,
) -> FirthLogit:
    """Maximise the log likelihood plus half the log determinant of the information; intercept is in `matrix`.

    With `free`, only these coefficients move from `start`; the penalty remains that of the whole model, as profile
    limits and tests need it (Heinze and Schemper 2002, Stat Med 21:2409). The standard errors are those of the
    information, as brglm2's and logistf's before 1.25. `weights` repeat rows. Firth 1993, Biometrika 80:27.
    Raises NotEstimable if the information is singular.
    """
    unit = np.abs(matrix).max(axis=0)
    unit = np.where(unit > 0, unit, 1.0)
    x, w = matrix / unit, np.ones(len(y)) if weights is None else weights
    beta = np.zeros(x.shape[1]) if start is None else start * unit
    moving = list(range(x.shape[1])) if free is None else free
    now = _State.at(x, y, w, beta)
    for iteration in range(1, _ITERATIONS + 1):
        # Fisher scoring on the modified score; the information of the free coefficients only.
        inverse = _inverse(now.information[np.ix_(moving, moving)]) if free is not None else now.inverse
        step = inverse @ now.score[moving]
        decrement = float(now.score[moving] @ step)
        if decrement <= _DECREMENT or not moving:
            return FirthLogit(beta / unit, now.inverse / np.outer(unit, unit), now.loglik, now.mean, iteration, True)
        moved = _move(x, y, w, beta, moving, step, now)
        if moved is None:
            break
        beta, now = moved
    return FirthLogit(
        beta / unit, now.inverse / np.outer(unit, unit), now.loglik, now.mean, iteration, decrement < 1e-14
    )


@dataclass(frozen=True)
class _State:
    loglik: float
    mean: Floats
    information: Floats
    inverse: Floats
    score: Floats

    @classmethod
    def at(cls, x: Floats, y: Floats, w: Floats, beta: Floats) -> _State:
        eta = x @ beta
        mean = expit(eta)
        spread = w * mean * expit(-eta)
        information = (x * spread[:, None]).T @ x
        inverse = _inverse(information)
        hat = np.einsum("ij,jk,ik->i", x, inverse, x) * spread
        score = x.T @ (w * (y - mean) + hat * (0.5 - mean))
        plain = float(w @ (xlogy(y, mean) + xlogy(1 - y, expit(-eta))))
        return cls(plain + 0.5 * float(np.linalg.slogdet(information)[1]), mean, information, inverse, score)


def _inverse(information: Floats) -> Floats:
    if not len(information):
        return information
    size = np.sqrt(np.diag(information))
    if not (size > 0).all():
        raise NotEstimable("the information of the penalised model is singular")
    try:
        factor = cho_factor(information / np.outer(size, size), lower=True)
    except LinAlgError as error:
        raise NotEstimable("the information of the penalised model is singular") from error
    return np.asarray(cho_solve(factor, np.eye(len(size))) / np.outer(size, size))


def _move(
    x: Floats, y: Floats, w: Floats, beta: Floats, moving: list[int], step: Floats, now: _State
) -> tuple[Floats, _State] | None:
    """The first of the step (at most 5 units of a scaled covariate) and its halves that does not lower the target."""
    step = step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
    slack = 1e-13 * (1 + abs(now.loglik))
    for halving in range(40):
        nearer = beta.copy()
        nearer[moving] += step / 2**halving
        if np.abs(x @ nearer).max() > 300:
            continue
        found = _State.at(x, y, w, nearer)
        if found.loglik >= now.loglik - slack:
            return nearer, found
    return None

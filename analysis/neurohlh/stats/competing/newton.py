"""Newton's method for a nearly concave log-likelihood, with aliases and monotone likelihood recognised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from neurohlh.stats.columns import Bools, Floats

_ITERATIONS = 60
_TOLERANCE = 1e-9
_LOST = 1e-7  # share of the information at 0 below which a direction is flat
_NO_INFORMATION = 1e-10
_LONGEST = 10.0

Evaluate = Callable[[Floats], tuple[float, Floats, Floats]]


@dataclass(frozen=True)
class Maximum:
    """Where a log-likelihood is largest: coefficients, information there, and what became of them.

    `diverging` names the coefficients that run to infinity.
    """

    coef: Floats
    information: Floats
    loglik_null: float
    loglik: float
    score_test: float
    diverging: Bools
    converged: bool
    iterations: int


def maximise(evaluate: Evaluate, size: int) -> Maximum:
    """Maximise from 0; `evaluate` gives log-likelihood, gradient and information for covariates of unit spread."""
    beta = np.zeros(size)
    value, u, information = evaluate(beta)
    null, at_zero = value, information
    score_test = float(u @ np.linalg.solve(information, u))
    diverging, converged, iteration = np.zeros(size, dtype=bool), False, 0
    while iteration < _ITERATIONS and not converged and not diverging.any():
        iteration += 1
        step = _solve(information, u)
        step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), _LONGEST))
        gain = -np.inf
        for _ in range(30):
            following = evaluate(beta + step)
            gain = following[0] - value
            if np.isfinite(gain) and gain >= -1e-12 * abs(value):
                beta, (value, u, information) = beta + step, following
                break
            step = step / 2
        converged = float(np.abs(step).max()) < _TOLERANCE * max(1.0, float(np.abs(beta).max()))
        if gain < 1e-9 or np.abs(beta).max() > 50:
            diverging = _flat(information, at_zero)
    return Maximum(beta, information, null, value, score_test, diverging, bool(converged or diverging.any()), iteration)


def _flat(information: Floats, at_zero: Floats) -> Bools:
    shares, directions = eigh(information, at_zero)
    flat = np.abs(directions[:, shares < _LOST]) * np.sqrt(np.diag(at_zero))[:, None]
    if not flat.shape[1]:
        return np.zeros(len(at_zero), dtype=bool)
    return np.asarray((flat > 1e-3 * flat.max(axis=0)).any(axis=1))


def _solve(matrix: Floats, right: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.pinv(matrix, hermitian=True) @ right)


def aliases(information: Floats) -> dict[int, list[int]]:
    """Columns without information beyond those before them: column -> the columns it is a combination of."""
    scale = np.diag(information)
    kept: list[int] = []
    found: dict[int, list[int]] = {}
    for j in range(len(scale)):
        weights = _solve(information[np.ix_(kept, kept)], information[kept, j])
        if scale[j] <= _NO_INFORMATION * scale.max(initial=0.0):
            found[j] = []
        elif scale[j] - information[j, kept] @ weights <= _NO_INFORMATION * scale[j]:
            found[j] = [k for k, w in zip(kept, weights, strict=True) if abs(w) > 1e-6]
        else:
            kept.append(j)
    return found

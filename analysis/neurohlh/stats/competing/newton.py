"""Newton's method for a nearly concave log-likelihood, with a monotone likelihood recognised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.information import solve, without_information

_ITERATIONS = 60
_TOLERANCE = 1e-9
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
        step = solve(information, u)
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
            diverging = without_information(information, at_zero)
    return Maximum(beta, information, null, value, score_test, diverging, bool(converged or diverging.any()), iteration)

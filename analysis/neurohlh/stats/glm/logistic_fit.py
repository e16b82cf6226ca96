"""Logistic regression on arrays: what bootstraps, imputations and weightings call, without a Result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats
from neurohlh.stats.glm.families import BINOMIAL
from neurohlh.stats.glm.fit import GlmFit, fit_glm
from neurohlh.stats.glm.separation import Separation, separation

_EXTREME = 1e-5
"""A converged fit whose probabilities all keep this distance from 0 and 1 is a finite maximum: nothing separates."""


@dataclass(frozen=True)
class LogisticFit(GlmFit):
    """A `GlmFit` and, where probabilities came near 0 or 1, the exact answer whether the covariates separate."""

    separation: Separation | None

    @property
    def separated(self) -> bool:
        """Whether some coefficient has no finite estimate."""
        return self.separation is not None and self.separation.kind != "none"


def fit_logistic(
    matrix: Floats,
    y: Floats,
    weights: Floats | None = None,
    *,
    offset: Floats | None = None,
    start: Floats | None = None,
) -> LogisticFit:
    """Maximum likelihood of `y` (n,) in 0 and 1 on `matrix` (n, k), intercept included, columns independent.

    `coef`, `cov`, `loglik`, `mean` are R's glm to machine precision; `weights` multiply the likelihood. Check
    `converged and not separated` before use. Raises NotEstimable if the outcome is the same in everybody (of positive
    weight).
    """
    counted = y if weights is None else y[weights > 0]
    if not len(counted) or counted.min() == counted.max():
        raise NotEstimable("the outcome is the same in all patients used")
    found = fit_glm(matrix, y, BINOMIAL, weights=weights, offset=offset, start=start)
    near = np.minimum(found.mean, 1 - found.mean)
    doubtful = not found.converged or bool((near < _EXTREME).any())
    rows = np.ones(len(y), dtype=bool) if weights is None else weights > 0
    return LogisticFit(**vars(found), separation=separation(matrix[rows], y[rows]) if doubtful else None)

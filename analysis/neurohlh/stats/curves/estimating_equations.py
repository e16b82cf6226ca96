"""Generalised estimating equations with working independence and constant variance: a mean, a link, a sandwich."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints

_FARTHEST = 30.0
_STEPS, _LONGEST, _PRECISION, _SINGULAR = 100, 2.0, 1e-10, 1e-12


@dataclass(frozen=True)
class MeanModel:
    """A fitted mean: coefficients, their robust covariance, the link, and the Newton steps it took."""

    coef: Floats
    covariance: Floats
    link: str
    steps: int

    def mean(self, linear: Floats) -> Floats:
        """The mean that belongs to values of the linear predictor."""
        return _mean(linear, self.link)[0]


def fit_mean(outcome: Floats, matrix: Floats, cluster: Ints, link: str) -> MeanModel:
    """Solve D'(y - mean) = 0 for the coefficients of `matrix`; equal to R's geeglm with independence.

    The covariance is the sandwich over clusters of Liang and Zeger 1986, Biometrika 73:13. "cloglog" models the mean as
    exp(-exp(linear)), so that exp(coefficient) is a hazard ratio. Raises NotEstimable if the steps do not converge.
    """
    coef, steps = _solved(outcome, matrix, link)
    linear = matrix @ coef
    if link != "identity" and np.abs(linear).max() > _FARTHEST:
        raise NotEstimable(f"a coefficient of the estimating equations with the {link} link runs to infinity")
    mean, slope = _mean(linear, link)
    q, r = np.linalg.qr(matrix * slope[:, None])
    if np.abs(np.diag(r)).min() <= _SINGULAR * np.abs(np.diag(r)).max():
        raise NotEstimable(f"the estimating equations with the {link} link have no single solution")
    score = q * (outcome - mean)[:, None]
    size = int(cluster.max()) + 1
    summed = np.column_stack([np.bincount(cluster, column, minlength=size) for column in score.T])
    influence = solve_triangular(r, summed.T)
    return MeanModel(coef, influence @ influence.T, link, steps)


def _solved(outcome: Floats, matrix: Floats, link: str) -> tuple[Floats, int]:
    """The coefficients and the Gauss-Newton steps to them, none longer than `_LONGEST` beyond the identity link."""
    coef = _start(outcome, matrix, link)
    for steps in range(1, _STEPS + 1):
        mean, slope = _mean(matrix @ coef, link)
        change = np.linalg.lstsq(matrix * slope[:, None], outcome - mean, rcond=None)[0]
        longest = float(np.abs(change).max())
        coef = coef + (change if link == "identity" or longest <= _LONGEST else change * _LONGEST / longest)
        if longest <= _PRECISION * (1 + float(np.abs(coef).max())):
            return coef, steps
    raise NotEstimable(f"the estimating equations with the {link} link do not converge")


def _mean(linear: Floats, link: str) -> tuple[Floats, Floats]:
    """The mean and its derivative by the linear predictor."""
    if link == "identity":
        return linear, np.ones(len(linear))
    power = np.exp(np.minimum(linear, 700.0))
    if link == "log":
        return power, power
    survival = np.exp(-power)
    return survival, -survival * power


def _start(outcome: Floats, matrix: Floats, link: str) -> Floats:
    # The common mean in all intercepts: columns that are 0 or 1 and add up to 1 come first.
    coef = np.zeros(matrix.shape[1])
    if link == "identity":
        return coef
    middle = float(np.mean(outcome))
    if not middle > 0 or (link == "cloglog" and not middle < 1):
        raise NotEstimable(f"the mean outcome {middle:g} has no {link}")
    height = np.log(middle) if link == "log" else np.log(-np.log(middle))
    return np.asarray(np.linalg.lstsq(matrix, np.full(len(outcome), height), rcond=None)[0])


def independent_columns(matrix: Floats) -> list[int]:
    """The columns that no columns before them can express."""
    scale = np.linalg.norm(matrix, axis=0)
    basis: list[Floats] = []
    kept = []
    for j in range(matrix.shape[1]):
        rest = matrix[:, j] / (scale[j] or 1.0)
        for _ in range(2):  # once more, because the first projection leaves rounding
            for direction in basis:
                rest = rest - (direction @ rest) * direction
        size = float(np.linalg.norm(rest))
        if size > 1e-9:
            basis.append(rest / size)
            kept.append(j)
    return kept

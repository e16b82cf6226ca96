"""Generalised estimating equations on arrays: means of correlated outcomes, equal to R's geepack."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.glm.covariance import cluster_sums
from neurohlh.stats.glm.families import Family
from neurohlh.stats.glm.fit import fit_glm

STRUCTURES = ("independence", "exchangeable", "ar1")
_ROUNDS = 200
_FURTHEST = 300.0


@dataclass(frozen=True)
class Clusters:
    """Rows sorted by cluster: `code` (n,) from 0 without gaps, and the correlation within a cluster."""

    code: Ints
    structure: str

    @property
    def sizes(self) -> Ints:
        """Rows of every cluster."""
        return np.bincount(self.code)

    def alpha(self, residuals: Floats, scale: float) -> float:
        """The correlation from products of standardised residuals: all pairs count the same, as in geepack."""
        if self.structure == "independence" or self.sizes.max() < 2:
            return 0.0
        if self.structure == "exchangeable":
            totals = np.bincount(self.code, residuals)
            pairs = float((self.sizes * (self.sizes - 1) / 2).sum())
            return float(((totals**2).sum() - (residuals**2).sum()) / 2 / pairs / scale)
        lags = range(1, int(self.sizes.max()))
        same = [self.code[d:] == self.code[:-d] for d in lags]
        count = np.array([s.sum() for s in same], dtype=float)
        sums = np.array([(residuals[d:] * residuals[:-d])[s].sum() for d, s in zip(lags, same, strict=True)]) / scale
        power = np.arange(1.0, len(count) + 1)

        def equation(a: float) -> float:
            return float((power * a ** (power - 1) * (sums - count * a**power)).sum())

        return _root_near(equation, float(sums[0] / count[0]))

    def solve(self, values: Floats, alpha: float) -> Floats:
        """The inverse of the working correlation times the columns of `values` (n, k)."""
        if alpha == 0:
            return values
        if self.structure == "exchangeable":
            share = alpha / (1 + (self.sizes - 1) * alpha)
            return np.asarray((values - (share[:, None] * cluster_sums(values, self.code))[self.code]) / (1 - alpha))
        follows = np.append(False, self.code[1:] == self.code[:-1])
        followed = np.append(follows[1:], False)
        # The inverse is tridiagonal: 1 + alpha^2 between two neighbours, 1 at an end, 1 - alpha^2 for a cluster of one.
        neighbours = follows.astype(float) + followed
        out = values * (1 + alpha**2 * (neighbours - 1))[:, None]
        out[1:] -= alpha * np.where(follows[1:, None], values[:-1], 0.0)
        out[:-1] -= alpha * np.where(followed[:-1, None], values[1:], 0.0)
        return np.asarray(out / (1 - alpha**2))


def _root_near(equation: object, start: float) -> float:
    grid = np.linspace(-0.999, 0.999, 400)
    values = np.array([equation(float(a)) for a in grid])  # type: ignore[operator]
    crossing = np.flatnonzero((values[:-1] > 0) & (values[1:] <= 0))
    if not len(crossing):
        raise NotEstimable("the correlation of neighbouring rows could not be estimated")
    nearest = crossing[np.argmin(np.abs(grid[crossing] - start))]
    return float(brentq(equation, grid[nearest], grid[nearest + 1], xtol=1e-15, rtol=8.9e-16))


@dataclass(frozen=True)
class GeeFit:
    """`coef`, `robust` (CR0 sandwich) and `corrected` (Mancl and DeRouen) covariances, `model` based covariance,
    working correlation `alpha`, `scale`, clusters and their largest size, and whether it converged."""

    coef: Floats
    robust: Floats
    corrected: Floats
    model: Floats
    alpha: float
    scale: float
    clusters: int
    largest: int
    converged: bool


def fit_gee(matrix: Floats, y: Floats, family: Family, clusters: Clusters, offset: Floats | None = None) -> GeeFit:
    """Solve the equations from the independence fit; scale is the mean squared Pearson residual, as in geepack.

    Source: Liang and Zeger 1986, Biometrika 73:13; Mancl and DeRouen 2001, Biometrics 57:126.
    Raises NotEstimable where the working correlation is not positive definite or there is no finite solution.
    """
    off = np.zeros(len(y)) if offset is None else offset
    start = fit_glm(matrix, y, family, offset=offset)
    if not start.converged:
        raise NotEstimable("the fit without correlation, from which the equations start, did not converge")
    beta, converged, alpha, scale = start.coef, False, 0.0, 1.0
    for _ in range(_ROUNDS):
        eta = matrix @ beta + off
        if not np.isfinite(eta).all() or (family.slope is not np.ones_like and np.abs(eta).max() > _FURTHEST):
            raise NotEstimable("the estimating equations have no finite solution with this working correlation")
        mean = family.mean(eta)
        if not (family.variance(mean) > 0).all():
            raise NotEstimable("the estimating equations run to a mean without variance")
        root = np.sqrt(family.variance(mean))
        residuals: Floats = np.asarray((y - mean) / root, dtype=np.float64)
        design = matrix * (family.slope(eta) / root)[:, None]
        scale = float((residuals**2).mean())
        alpha = clusters.alpha(residuals, scale)
        if clusters.structure == "exchangeable" and not -1 / max(int(clusters.sizes.max()) - 1, 1) < alpha < 1:
            raise NotEstimable(f"the working correlation {alpha:.3g} is impossible for clusters of this size")
        weighted = clusters.solve(design, alpha)
        information = design.T @ weighted
        if not np.isfinite(information).all() or np.linalg.cond(information / np.abs(information).max()) > 1e15:
            raise NotEstimable("the information of the estimating equations is singular")
        step = np.linalg.solve(information, weighted.T @ residuals)
        converged = bool((np.abs(step) <= 1e-12 * (np.abs(beta) + 1e-6)).all())
        if converged:
            break
        beta = beta + step
    inverse: Floats = np.asarray(np.linalg.inv(information), dtype=np.float64)
    sums = cluster_sums(weighted * residuals[:, None], clusters.code)
    corrected = _leverage_corrected(design, weighted, residuals, inverse, clusters)
    return GeeFit(
        beta, inverse @ sums.T @ sums @ inverse, inverse @ corrected.T @ corrected @ inverse, inverse * scale,
        alpha, scale, len(clusters.sizes), int(clusters.sizes.max()), converged and start.converged,
    )  # fmt: skip


def _leverage_corrected(
    design: Floats, weighted: Floats, residuals: Floats, inverse: Floats, clusters: Clusters
) -> Floats:
    """Scores of the clusters with their residuals divided by (identity - leverage)."""
    ends = np.cumsum(clusters.sizes)
    out = np.empty((len(ends), design.shape[1]))
    for place, (end, size) in enumerate(zip(ends, clusters.sizes, strict=True)):
        rows = slice(end - size, end)
        leverage = design[rows] @ inverse @ weighted[rows].T
        out[place] = np.linalg.solve(np.eye(size) - leverage, residuals[rows]) @ weighted[rows]
    return out

"""Whether the covariates separate the outcomes of a logistic model, and which coefficients then run to infinity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, Ints

_OVERLAP = 1e-7


@dataclass(frozen=True)
class Separation:
    """What separates.

    Attributes
    ----------
    kind : "none", "quasi-complete" (some patients are predicted without error) or "complete" (all are).
    rows : (n,) the patients whose outcome is predicted without error.
    infinite : (k,) coefficients that the other patients do not determine: no finite maximum likelihood estimate.
    sign : (k,) 1 or -1 where these run to plus or minus infinity, 0 where the direction is open or the estimate finite.
    """

    kind: str
    rows: Bools
    infinite: Bools
    sign: Ints


def separation(matrix: Floats, y: Floats) -> Separation:
    """Exact check by linear programming; `matrix` (n, k) holds the intercept and has independent columns.

    The programme finds every patient whom some combination of the columns places on the right side while placing
    nobody on the wrong one. Source: Konis 2007, Linear programming algorithms for detecting separated data (DPhil
    thesis, Oxford); Albert and Anderson 1984, Biometrika 71:1. Raises NotEstimable if the programme cannot be solved.
    """
    size = np.abs(matrix).max(axis=0)
    x = matrix / np.where(size > 0, size, 1.0)
    distinct, back = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    sides = np.where(distinct[:, -1:] == 1, distinct[:, :-1], -distinct[:, :-1])
    n, k = sides.shape
    # maximise sum z subject to sides @ b >= z, 0 <= z <= 1: b is free, so z is 1 for all patients who can be separated.
    found = linprog(
        np.concatenate([np.zeros(k), -np.ones(n)]),
        A_ub=np.hstack([-sides, np.eye(n)]),
        b_ub=np.zeros(n),
        bounds=[(None, None)] * k + [(0, 1)] * n,
        method="highs",
    )
    if found.status != 0:
        raise NotEstimable("whether the covariates separate the outcomes could not be decided")
    told = found.x[k:] > 0.5
    rows = told[back.ravel()]
    if not told.any():
        return Separation("none", rows, np.zeros(k, dtype=bool), np.zeros(k, dtype=np.intp))
    infinite = undetermined(sides[~told], k)
    direction = _signs(sides, infinite)
    return Separation("complete" if told.all() else "quasi-complete", rows, infinite, direction)


def undetermined(rest: Floats, k: int) -> Bools:
    """Which coefficients the patients that remain leave open: the null space of their rows has a component there."""
    if not len(rest):
        return np.ones(k, dtype=bool)
    _, values, right = np.linalg.svd(rest, full_matrices=True)
    rank = int((values > values.max(initial=0.0) * 1e-9).sum())
    return np.asarray(np.abs(right[rank:]).max(axis=0, initial=0.0) > _OVERLAP)


def _signs(sides: Floats, infinite: Bools) -> Ints:
    """The only sign that a coefficient has among all directions that separate, 0 if it can have both."""
    signs = np.zeros(len(infinite), dtype=np.intp)
    for j in np.flatnonzero(infinite):
        goal = np.zeros(len(infinite))
        goal[j] = 1.0
        reach = [
            -linprog(-s * goal, A_ub=-sides, b_ub=np.zeros(len(sides)), bounds=(-1, 1), method="highs").fun
            for s in (1, -1)
        ]
        up, down = (r > _OVERLAP for r in reach)
        signs[j] = int(up) - int(down)
    return signs

"""What an information matrix says of its coefficients: which are aliased, which run to infinity; a safe solution."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from neurohlh.stats.columns import Bools, Floats

_LOST = 1e-7  # share of the information at 0 below which a direction is flat
_NO_INFORMATION = 1e-10  # share of a column's information that other columns leave
_FAR_FROM_COLLINEAR = 1e-6


def solve(matrix: Floats, right: Floats) -> Floats:
    """The solution of a symmetric system, the shortest one where the matrix is singular."""
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.pinv(matrix, hermitian=True) @ right)


def without_information(information: Floats, at_zero: Floats) -> Bools:
    """Coefficients in whose direction nothing is left of the information there was at 0: they run to infinity."""
    shares, directions = eigh(information, at_zero)
    flat = np.abs(directions[:, shares < _LOST]) * np.sqrt(np.diag(at_zero))[:, None]
    if not flat.shape[1]:
        return np.zeros(len(at_zero), dtype=bool)
    return np.asarray((flat > 1e-3 * flat.max(axis=0)).any(axis=1))


def aliases(information: Floats) -> dict[int, list[int]]:
    """Columns without information beyond those before them: column -> the columns it is a combination of (none: no
    information at all). Columns are taken from left to right, as R does.
    """
    scale = np.diag(information).copy()
    if scale.min(initial=np.inf) > _NO_INFORMATION * scale.max(initial=0.0):
        spread = np.sqrt(scale)
        if np.linalg.eigvalsh(information / np.outer(spread, spread)).min(initial=1.0) > _FAR_FROM_COLLINEAR:
            return {}  # as nearly always: one decomposition instead of a solution per column
    kept: list[int] = []
    found: dict[int, list[int]] = {}
    for j in range(len(scale)):
        weights = solve(information[np.ix_(kept, kept)], information[kept, j])
        if scale[j] <= _NO_INFORMATION * scale.max(initial=0.0):
            found[j] = []
        elif scale[j] - information[j, kept] @ weights <= _NO_INFORMATION * scale[j]:
            found[j] = [k for k, w in zip(kept, weights, strict=True) if abs(w) > 1e-6]
        else:
            kept.append(j)
    return found

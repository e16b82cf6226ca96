"""Which coefficients of a model with log link run to minus infinity because nobody there has an event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools
from neurohlh.stats.glm.data import ModelData, aliased_columns
from neurohlh.stats.glm.separation import undetermined


@dataclass(frozen=True)
class Empty:
    """`rows` (n,) patients whose fitted mean is 0, `infinite` (k,) coefficients without a finite estimate, and the
    `columns` on which the other patients are fitted."""

    rows: Bools
    infinite: Bools
    columns: list[int]


def log_link_empty(data: ModelData) -> Empty:
    """Exact check by linear programming: combinations that are 0 for all with events and negative for some without.

    Source: Correia, Guimaraes and Zylkin 2019, arXiv 1903.01633; Silva and Tenreyro 2010, Econ Lett 107:310. Raises
    NotEstimable if the programme cannot be solved.
    """
    size = np.abs(data.matrix).max(axis=0)
    x = data.matrix / np.where(size > 0, size, 1.0)
    n, k = x.shape
    none = data.y == 0
    all_columns = list(range(k))
    clear = Empty(np.zeros(n, dtype=bool), np.zeros(k, dtype=bool), all_columns)
    some = x[~none]
    if not len(some):
        return Empty(none, np.ones(k, dtype=bool), [])
    _, values, right = np.linalg.svd(some, full_matrices=True)
    rank = int((values > values.max() * 1e-9).sum())
    if rank == k or not none.any():
        return clear  # those with events determine every coefficient
    free = np.unique(np.round(x[none] @ right[rank:].T, 12), axis=0)
    found = linprog(
        np.concatenate([np.zeros(free.shape[1]), -np.ones(len(free))]),
        A_ub=np.hstack([free, np.eye(len(free))]),
        b_ub=np.zeros(len(free)),
        bounds=[(None, None)] * free.shape[1] + [(0, 1)] * len(free),
        method="highs",
    )
    if found.status != 0:
        raise NotEstimable("whether every coefficient is finite could not be decided")
    told = found.x[free.shape[1] :] > 0.5
    if not told.any():
        return clear
    _, back = np.unique(np.round(x[none] @ right[rank:].T, 12), axis=0, return_inverse=True)
    rows = np.zeros(n, dtype=bool)
    rows[np.flatnonzero(none)[told[back.ravel()]]] = True
    infinite = undetermined(x[~rows], k)
    order = [int(j) for j in (*np.flatnonzero(~infinite), *np.flatnonzero(infinite))]
    aliases = aliased_columns(x[~rows][:, order])
    return Empty(rows, infinite, [j for place, j in enumerate(order) if place not in aliases])

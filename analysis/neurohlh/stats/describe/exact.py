"""The exact test of a table with any number of rows and columns (Freeman and Halton)."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints

LARGEST = 5_000_000
"""Partial tables looked at in one step; what needs more is left to the chi-square test."""


def freeman_halton(table: Ints) -> float:
    """Two-sided p: the probability of all tables with these margins that are no more likely than the one seen.

    Equal to R's fisher.test (relative tolerance 1e-7; Freeman and Halton 1951, Biometrika 38:141). Partial tables with
    equal remaining margins and equal probability are merged. Raises NotEstimable if there are too many of them.
    """
    counts = np.asarray(table)
    counts = counts[:, np.argsort(counts.sum(axis=0), kind="stable")]
    left, logs, weights = counts.sum(axis=1)[None, :], np.zeros(1), np.ones(1)
    for total in counts.sum(axis=0)[:-1]:
        # A split is fixed by all rows but the largest, so that this bounds their number before any is made.
        bound = np.prod(np.minimum(np.sort(counts.sum(axis=1))[:-1], total) + 1.0)
        if len(left) * bound > LARGEST:
            raise NotEstimable("too many tables for the exact test")
        left, logs, weights = _next(left, logs, weights, _splits(int(total), counts.sum(axis=1)))
    logs = logs - gammaln(left + 1).sum(axis=1)  # the last (largest) level takes whatever is left
    seen = -gammaln(counts + 1).sum()
    probability = weights * np.exp(logs - logs.max())
    return float(min(1.0, probability[logs <= seen + 1e-7].sum() / probability.sum()))


def _splits(total: int, rows: Ints) -> Ints:
    """All ways to share `total` among the rows without exceeding any."""
    found = np.zeros((1, 0), dtype=np.intp)
    for i, size in enumerate(rows):
        used = found.sum(axis=1)
        room = rows[i + 1 :].sum()
        values = np.arange(min(total, size) + 1)
        base, value = np.repeat(np.arange(len(found)), len(values)), np.tile(values, len(found))
        rest = total - used[base] - value
        fits = (rest >= 0) & (rest <= room)
        found = np.column_stack([found[base[fits]], value[fits]])
    return found


def _next(left: Ints, logs: Floats, weights: Floats, splits: Ints) -> tuple[Ints, Floats, Floats]:
    rest = left[:, None, :] - splits[None, :, :]
    fits = (rest >= 0).all(axis=2)
    value = (logs[:, None] - gammaln(splits + 1).sum(axis=1)[None, :])[fits]
    weight = np.broadcast_to(weights[:, None], fits.shape)[fits]
    rest = rest[fits]
    key = np.column_stack([rest, np.round(value * 1e9).astype(np.int64)])
    _, first, group = np.unique(key, axis=0, return_index=True, return_inverse=True)
    merged = np.bincount(group.ravel(), weights=weight).astype(np.float64)
    return rest[first], np.asarray(value[first]), merged

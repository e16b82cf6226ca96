"""Standardised mean differences, with "no overlap" where two groups share nothing instead of a small number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Floats

_OUTSIDE = 1e-8
_SINGULAR = 1e-10
"""Below this share of the largest eigenvalue a direction has no variance; rounding leaves about 1e-15 of it."""


@dataclass(frozen=True)
class Difference:
    """`value` is NaN where it does not exist; `note` then says why."""

    value: float
    note: str = ""


_NO_OVERLAP = Difference(float("nan"), "not estimable: no overlap between the groups")
_TOO_FEW = Difference(float("nan"), "not estimable: a group has fewer than two known values")
_NOBODY = Difference(float("nan"), "not estimable: a group has no known value")


def smd_numbers(a: Floats, b: Floats) -> Difference:
    """Difference of the means over the root of the mean of the two variances (denominator n - 1); signed, a minus b.

    Austin 2009, Stat Med 28:3083. Two constant groups give 0 if equal and "no overlap" if not.
    """
    if len(a) < 2 or len(b) < 2:
        return _TOO_FEW
    gap, spread = float(a.mean() - b.mean()), float(np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2))
    if spread > 0:
        return Difference(gap / spread)
    return Difference(0.0) if gap == 0 else _NO_OVERLAP


def smd_levels(a: Floats, b: Floats) -> Difference:
    """The Mahalanobis distance between two distributions over levels, from their counts (Yang and Dalton 2012).

    All levels enter with a generalised inverse, so that no level has to be left out; for two levels it equals the
    binary formula. Where the difference has a part that the pooled covariance does not span (groups without a shared
    level), the distance does not exist: leaving that part out would report such groups as balanced.
    """
    if a.sum() == 0 or b.sum() == 0:
        return _NOBODY
    p, q = a / a.sum(), b / b.sum()
    pooled = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    gap = p - q
    weights = np.linalg.pinv(pooled, rcond=_SINGULAR, hermitian=True) @ gap
    if np.linalg.norm(gap - pooled @ weights) > _OUTSIDE:
        return _NO_OVERLAP
    return Difference(float(np.sqrt(max(gap @ weights, 0.0))))

"""Standardised mean differences, with "no overlap" where two groups share nothing instead of a small number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from neurohlh.stats.columns import Floats

_OUTSIDE = 1e-8
_SINGULAR = 1e-10
"""Below this share of the largest eigenvalue a direction has no variance; rounding leaves about 1e-15 of it."""


SPREADS: dict[str, Callable[[float, float, int, int], float]] = {
    "mean variance": lambda v, w, n, m: (v + w) / 2,
    "pooled": lambda v, w, n, m: ((n - 1) * v + (m - 1) * w) / (n + m - 2),
    "first": lambda v, w, n, m: v,
    "second": lambda v, w, n, m: w,
}
"""The variance whose root is the unit: of variances v, w in groups of n, m. "pooled" is Cohen's d, one group's own
variance Glass' delta; all are named in what they make."""


@dataclass(frozen=True)
class Difference:
    """`value` is NaN where it does not exist; `note` then says why."""

    value: float
    note: str = ""


_NO_OVERLAP = Difference(float("nan"), "not estimable: no overlap between the groups")
_TOO_FEW = Difference(float("nan"), "not estimable: a group has fewer than two known values")
_NOBODY = Difference(float("nan"), "not estimable: a group has no known value")


def smd_numbers(a: Floats, b: Floats, *, spread: str = "mean variance") -> Difference:
    """Difference of the means over a standard deviation (variances with denominator n - 1); signed, a minus b.

    `spread` is a key of `SPREADS`; the default is that of Austin 2009, Stat Med 28:3083. Groups without any spread give
    0 if equal and "no overlap" if not. Raises ValueError for another `spread`.
    """
    _known(spread)
    if len(a) < 2 or len(b) < 2:
        return _TOO_FEW
    v, w = _variance(a), _variance(b)
    return _divided(float(a.mean() - b.mean()), SPREADS[spread](v, w, len(a), len(b)), max(abs(a).max(), 1e-300))


def weighted_smd_numbers(
    a: Floats, b: Floats, weights_a: Floats, weights_b: Floats, *, spread: str = "mean variance"
) -> Difference:
    """Difference of the weighted means over a standard deviation of the *unweighted* groups; signed, a minus b.

    The unit is that before weighting, so that balance before and after is measured with one ruler (Stuart 2010, Stat
    Sci 25:1). For levels hand the sums of the weights to `smd_levels`. Raises ValueError for negative
    weights, weights that sum to 0, or another `spread`.
    """
    _known(spread)
    if min(weights_a.min(initial=0), weights_b.min(initial=0)) < 0 or weights_a.sum() == 0 or weights_b.sum() == 0:
        raise ValueError("weights must not be negative, and some of each group above 0")
    if len(a) < 2 or len(b) < 2:
        return _TOO_FEW
    gap = float(np.average(a, weights=weights_a) - np.average(b, weights=weights_b))
    v, w = _variance(a), _variance(b)
    return _divided(gap, SPREADS[spread](v, w, len(a), len(b)), max(abs(a).max(), 1e-300))


def _variance(values: Floats) -> float:
    return 0.0 if np.ptp(values) == 0 else float(values.var(ddof=1))  # rounding would leave 1e-33 of a constant


def _known(spread: str) -> None:
    if spread not in SPREADS:
        raise ValueError(f"spread must be one of {', '.join(SPREADS)}, not {spread!r}")


def _divided(gap: float, variance: float, size: float) -> Difference:
    if variance > 0:
        return Difference(gap / float(np.sqrt(variance)))
    return Difference(0.0) if abs(gap) <= 1e-14 * size else _NO_OVERLAP


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


def smd_std_error(value: float, n: int, m: int) -> float:
    """The large-sample standard error of a standardised difference between `n` and `m` patients.

    Hedges and Olkin 1985; as in Yang and Dalton 2012 for levels.
    """
    return float(np.sqrt((n + m) / (n * m) + value**2 / (2 * (n + m))))


def between_groups(
    parts: Sequence[Floats], smd: Callable[[Floats, Floats], Difference], *, reference: int | None = None
) -> dict[tuple[int, int], Difference]:
    """The difference of every pair of groups (places in `parts`), or of every other group against `reference`."""
    if reference is None:
        return {(i, j): smd(parts[i], parts[j]) for i, j in combinations(range(len(parts)), 2)}
    return {(i, reference): smd(parts[i], parts[reference]) for i in range(len(parts)) if i != reference}


def largest(pairs: dict[tuple[int, int], Difference]) -> tuple[Difference, tuple[int, int]]:
    """The largest absolute difference and its pair; a pair that has none (no overlap) is larger than any number."""
    for pair, found in pairs.items():
        if found.note:
            return found, pair
    pair = max(pairs, key=lambda p: abs(pairs[p].value))
    return Difference(abs(pairs[pair].value)), pair

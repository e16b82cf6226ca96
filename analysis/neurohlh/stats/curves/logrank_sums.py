"""Observed against expected events under the weights of the log-rank family: arithmetic on arrays, strata included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.curves.influence import Weights, cluster_variance

TESTS = ("logrank", "gehan", "tarone-ware", "peto-peto", "modified-peto-peto", "fleming-harrington")


@dataclass(frozen=True)
class Family:
    """A member of the log-rank family: its name, and the exponents of Fleming and Harrington's."""

    test: str = "logrank"
    rho: float = 0.0
    gamma: float = 0.0

    def __post_init__(self) -> None:
        if self.test not in TESTS:
            raise ValueError(f"test must be one of {', '.join(TESTS)}, not {self.test!r}")
        if not (0 <= self.rho < np.inf and 0 <= self.gamma < np.inf):
            raise ValueError("rho and gamma must be numbers of at least 0")
        if self.test != "fleming-harrington" and (self.rho or self.gamma):
            raise ValueError("rho and gamma belong to the test 'fleming-harrington'")


@dataclass(frozen=True)
class Sample:
    """Rows to compare: follow-up, code of the group and of the stratum, and weights (None: each counts once)."""

    time: Floats
    event: Bools
    entry: Floats | None
    group: Ints
    stratum: Ints
    groups: int
    weights: Weights | None = None

    def only(self, rows: Bools, group: Ints, groups: int) -> Sample:
        """Some of the rows, with new codes of their groups."""
        entry = None if self.entry is None else self.entry[rows]
        weights = None if self.weights is None else self.weights.subset(rows)
        return Sample(self.time[rows], self.event[rows], entry, group, self.stratum[rows], groups, weights)


@dataclass(frozen=True)
class Sums:
    """Sums over the event times of all strata.

    Attributes
    ----------
    observed, expected : events of each group (by case weight), without the weights of the test.
    difference, variance : observed minus expected under the weights of the test, and its covariance.
    chance : the hypergeometric covariance (the same, unless the variance is robust).
    score : contribution of each row to the difference of its group; the same whatever group it is in.
    """

    observed: Floats
    expected: Floats
    difference: Floats
    variance: Floats
    chance: Floats
    score: Floats


@dataclass(frozen=True)
class _Moments:
    """Event times within strata, in order: at risk and events by group, and the weight of the test."""

    key: Ints
    at_risk: Floats
    died: Floats
    weight: Floats


def family_sums(sample: Sample, family: Family) -> Sums:
    """Observed and expected events of every group, summed within strata first.

    The variance is hypergeometric, ties included (Mantel 1966, Cancer Chemother Rep 50:163), or robust where the
    weights say so: the squares of each cluster's summed score residuals (Lin and Wei 1989, J Am Stat Assoc 84:1074).
    Raises NotEstimable without events.
    """
    if not sample.event.any():
        raise NotEstimable(f"no events among {len(sample.event)} patients")
    end, begin, origin = _keys(sample)
    moments = _moments(sample, family, end, begin)
    n, d = moments.at_risk.sum(axis=1), moments.died.sum(axis=1)
    share, k = moments.at_risk / n[:, None], moments.weight
    excess = moments.died - share * d[:, None]
    first = origin if begin is None else begin
    until, since = (np.searchsorted(moments.key, key, side="right") for key in (end, first))
    hazard = k * d / n
    passed = _between(hazard, since, until)
    own = np.where(sample.event, k[np.maximum(until - 1, 0)], 0.0)
    score = own - passed
    # A last patient alone adds no variance.
    spread = np.where(n > 1, k**2 * d * (n - d) / np.where(n > 1, n - 1, 1.0), 0.0)
    chance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    variance = chance
    if sample.weights is not None and sample.weights.robust:
        member = sample.group[:, None] == np.arange(sample.groups)
        drift = np.column_stack([_between(hazard * share[:, g], since, until) for g in range(sample.groups)])
        residual = member * score[:, None] - own[:, None] * share[np.maximum(until - 1, 0)] + drift
        # With no more clusters than degrees of freedom the statistic is the number of clusters, whatever the data.
        enough = len(np.unique(sample.weights.cluster)) >= sample.groups
        variance = cluster_variance(residual, sample.weights) if enough else np.zeros_like(chance)
    return Sums(moments.died.sum(axis=0), d @ share, k @ excess, variance, chance, score)


def _between(values: Floats, since: Ints, until: Ints) -> Floats:
    total = np.append(0.0, np.cumsum(values))
    return np.asarray(total[until] - total[since])


def _keys(sample: Sample) -> tuple[Ints, Ints | None, Ints]:
    """Whole numbers that order rows by stratum, then time: of their ends, their entries, and before all times."""
    parts = [sample.time] if sample.entry is None else [sample.time, sample.entry]
    distinct, rank = np.unique(np.concatenate(parts), return_inverse=True)
    origin = sample.stratum * (len(distinct) + 1)
    end = origin + rank[: len(sample.time)] + 1
    return end, None if sample.entry is None else origin + rank[len(sample.time) :] + 1, origin


def _moments(sample: Sample, family: Family, end: Ints, begin: Ints | None) -> _Moments:
    weight = None if sample.weights is None else sample.weights.weight
    keys = np.unique(end[sample.event])
    strata = _stratum_of(keys, sample, end)
    at_risk, died = np.zeros((len(keys), sample.groups)), np.zeros((len(keys), sample.groups))
    for g in range(sample.groups):
        own = sample.group == g
        mass = None if weight is None else weight[own]
        at_risk[:, g] = _later(keys, strata, end[own], sample.stratum[own], mass)
        if begin is not None:
            at_risk[:, g] -= _later(keys, strata, begin[own], sample.stratum[own], mass)
        lost = own & sample.event
        died[:, g] = np.bincount(
            np.searchsorted(keys, end[lost]), None if weight is None else weight[lost], minlength=len(keys)
        )
    return _Moments(keys, at_risk, died, _weight(at_risk.sum(axis=1), died.sum(axis=1), strata, family))


def _stratum_of(keys: Ints, sample: Sample, end: Ints) -> Ints:
    order = np.argsort(end)
    return sample.stratum[order][np.searchsorted(end[order], keys)]


def _later(keys: Ints, strata: Ints, own: Ints, own_stratum: Ints, mass: Floats | None) -> Floats:
    """The rows (or their mass) whose key is at least each of `keys`, within its stratum."""
    order = np.argsort(own)
    total = np.append(0.0, np.cumsum(np.ones(len(own)) if mass is None else mass[order]))
    last = np.searchsorted(own_stratum[order], strata, side="right")
    return np.asarray(total[last] - total[np.searchsorted(own[order], keys, side="left")])


def _weight(n: Floats, d: Floats, strata: Ints, family: Family) -> Floats:
    """The weight of every event time, from those at risk and the events of all groups in its stratum."""
    if family.test == "logrank":
        return np.ones(len(n))
    if family.test == "gehan":
        return n
    if family.test == "tarone-ware":
        return np.asarray(np.sqrt(n))
    if family.test == "fleming-harrington":
        staying = np.where(n > d, 1 - d / n, 0.0)
        survival = _within(staying, strata, lambda part: np.append(1.0, np.cumprod(part)[:-1]))
        return np.asarray(survival**family.rho * (1 - survival) ** family.gamma)
    tilde = _within(1 - d / (n + 1), strata, np.cumprod)
    return tilde if family.test == "peto-peto" else np.asarray(tilde * n / (n + 1))


def _within(values: Floats, strata: Ints, function: Callable[[Floats], Floats]) -> Floats:
    starts = np.flatnonzero(strata[1:] != strata[:-1]) + 1
    return np.concatenate([function(part) for part in np.split(values, starts)])


def chi_square(sums: Sums) -> tuple[float, int]:
    """The statistic of the test over all groups with expected events, and its degrees of freedom.

    Raises NotEstimable if fewer than two groups have patients at risk at an event, or they are never at risk together.
    """
    inside = np.flatnonzero(sums.expected > 0)
    if len(inside) < 2:
        raise NotEstimable("fewer than two groups have patients at risk at an event")
    free = inside[1:]  # the differences add up to zero
    difference, variance = sums.difference[free], sums.variance[np.ix_(free, free)]
    if np.linalg.matrix_rank(sums.chance[np.ix_(free, free)], hermitian=True) < len(free):
        raise NotEstimable("the groups are never at risk together, so that they cannot be compared")
    if np.linalg.matrix_rank(variance, hermitian=True) < len(free):
        raise NotEstimable("the clusters are too few for a robust variance")
    return float(difference @ np.linalg.solve(variance, difference)), len(free)

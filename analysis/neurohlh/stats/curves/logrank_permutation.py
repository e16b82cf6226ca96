"""The log-rank family's statistic under permutation of the groups, for groups too small for the chi-square."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints

_CELLS = 2_000_000
"""Numbers held at once."""
_TIE = 1e-9


def permutation_test(
    score: Floats, group: Ints, stratum: Ints, groups: int, permutations: int, rng: np.random.Generator
) -> tuple[float, float, str]:
    """Statistic, p value and kind ("exact" or "Monte Carlo") of the summed scores when groups are drawn anew.

    Groups are permuted within strata. The statistic is the quadratic form of the groups' sums of scores in their
    permutation covariance. Two groups of one stratum with no more than `permutations` allocations are enumerated,
    otherwise that many are drawn and p is (1 + as extreme) / (1 + drawn). Raises NotEstimable if all scores are equal.

    Heller and Venkatraman 1996, Biometrics 52:1204, discuss it; it needs equal censoring in the groups.
    """
    member = (group[:, None] == np.arange(groups)).astype(float)
    mean, covariance = _moments(score, member, stratum)
    if not np.trace(covariance) > 0:
        raise NotEstimable("no rows of the same stratum differ, so that permutation changes nothing")
    inverse = np.linalg.pinv(covariance, hermitian=True)

    def statistic(sums: Floats) -> Floats:
        return np.asarray(np.einsum("bi,ij,bj->b", sums - mean, inverse, sums - mean))

    observed = float(statistic((score @ member)[None, :])[0])
    small = groups == 2 and len(np.unique(stratum)) == 1
    first = int((group == 0).sum())
    if small and comb(len(score), first) <= permutations:
        chosen = np.array(list(combinations(range(len(score)), first)), dtype=np.intp).reshape(-1, first)
        one = score[chosen].sum(axis=1)
        drawn = statistic(np.column_stack([one, score.sum() - one]))
        return observed, float((drawn >= observed * (1 - _TIE)).mean()), "exact"
    extreme = 0
    for size in _chunks(permutations, len(score)):
        # Sorting random keys within strata permutes the rows of each stratum.
        order = np.lexsort((rng.random((size, len(score))), np.broadcast_to(stratum, (size, len(score)))))
        home = np.argsort(stratum, kind="stable")
        drawn = statistic(score[order] @ member[home])
        extreme += int((drawn >= observed * (1 - _TIE)).sum())
    return observed, (1 + extreme) / (1 + permutations), "Monte Carlo"


def _chunks(permutations: int, n: int) -> list[int]:
    size = max(1, _CELLS // n)
    whole, rest = divmod(permutations, size)
    return [size] * whole + ([rest] if rest else [])


def _moments(score: Floats, member: Floats, stratum: Ints) -> tuple[Floats, Floats]:
    """Mean and covariance of the groups' sums of scores over all permutations within strata."""
    blocks = np.unique(stratum, return_inverse=True)[1]
    size = np.bincount(blocks).astype(float)
    total = np.bincount(blocks, score)
    spread = np.bincount(blocks, (score - (total / size)[blocks]) ** 2) / np.maximum(size - 1, 1)
    of_group = np.column_stack([np.bincount(blocks, column) for column in member.T])
    mean = (total / size) @ of_group
    share = of_group / size[:, None]
    return mean, np.diag(spread @ of_group) - (of_group * spread[:, None]).T @ share

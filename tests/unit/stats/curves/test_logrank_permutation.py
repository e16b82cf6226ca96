from itertools import permutations

import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.curves.logrank_permutation import permutation_test

SCORE = np.array([3.0, 1, 0, -1, -3, 0.5])
GROUP = np.array([0, 0, 0, 1, 1, 1])
ONE = np.zeros(6, dtype=int)


def test_all_allocations_by_hand():
    # The sum of group 0 is 4; of the 20 choices of three, 3 + 1 + 0.5 = 4.5 and 4 are as large, and as many as small.
    statistic, p, kind = permutation_test(SCORE, GROUP, ONE, 2, 20, np.random.default_rng(1))
    centred = 4 - 3 * SCORE.mean()
    as_extreme = [abs(sum(SCORE[list(c)]) - 3 * SCORE.mean()) >= centred - 1e-9 for c in combos()]
    assert (p, kind) == (pytest.approx(np.mean(as_extreme)), "exact")
    assert statistic == pytest.approx(centred**2 / (SCORE.var(ddof=1) * 3 * 3 / 6))


def combos():
    return {tuple(sorted(order[:3])) for order in permutations(range(6))}


def test_drawn_permutations_come_near_the_exact_p_and_repeat_with_the_seed():
    rng = [np.random.default_rng(5) for _ in range(2)]
    one, two = (permutation_test(SCORE, GROUP, ONE, 2, 19, r) for r in rng)
    assert one == two
    assert one[2] == "Monte Carlo"
    score, group = np.tile(SCORE, 3), np.tile(GROUP, 3)
    exact = permutation_test(score, group, np.zeros(18, dtype=int), 2, 48620, np.random.default_rng(1))
    drawn = permutation_test(score, group, np.zeros(18, dtype=int), 2, 20000, np.random.default_rng(1))
    assert (exact[2], drawn[2]) == ("exact", "Monte Carlo")
    assert drawn[1] == pytest.approx(exact[1], abs=0.01)


def test_groups_are_permuted_within_strata():
    # Two pairs: each stratum has two orders, so that p can only be 1/2 or 1.
    score, group, stratum = np.array([9.0, 1, 10, -8]), np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    p = permutation_test(score, group, stratum, 2, 4000, np.random.default_rng(3))[1]
    assert p == pytest.approx(0.5, abs=0.03)


def test_scores_that_are_all_equal():
    with pytest.raises(NotEstimable, match="permutation changes nothing"):
        permutation_test(np.ones(6), GROUP, ONE, 2, 20, np.random.default_rng(1))

import numpy as np
import pytest

from neurohlh.stats.weights.nearest import nearest, optimal


def rows(score, exposed, **options):
    return nearest(np.array(score, dtype=float), np.array(exposed) == 1, **options).tolist()


def test_the_nearest_is_taken_and_nobody_twice():
    # largest first: 5.1 takes 5.05 (row 2), then 5.0 takes 4.9 (row 3)
    assert rows([5, 5.1, 5.05, 4.9, 8], [1, 1, 0, 0, 0]) == [[3], [2]]
    assert rows([5, 5.1, 5.05, 4.9, 8], [1, 1, 0, 0, 0], order="data") == [[2], [3]]
    assert rows([5, 5.1, 5.05, 4.9, 8], [1, 1, 0, 0, 0], replace=True) == [[2], [2]]


def test_ties_go_to_the_lower_score_and_then_to_the_neighbour():
    assert rows([5, 4, 6, 4, 6], [1, 0, 0, 0, 0]) == [[3]]
    assert rows([5, 5, 5, 9, 5], [0, 0, 0, 0, 1]) == [[2]]
    assert rows([5, 5, 5, 5, 5], [0, 0, 1, 0, 0]) == [[1]]


def test_the_caliper_is_inclusive_and_below_one():
    assert rows([5, 5.5, 3], [1, 0, 0], caliper=0.5) == [[1]]
    assert rows([5, 5.5, 3], [1, 0, 0], caliper=0.4) == [[-1]]


def test_nobody_gets_a_second_before_everybody_had_a_first():
    assert rows([5, 5.1, 5.05, 4.9, 8, 9], [1, 1, 0, 0, 0, 0], ratio=2) == [[3, 5], [2, 4]]


def naive(score, exposed, caliper, ratio):
    """The same rule without any search structure."""
    free, focal = set(np.flatnonzero(~exposed)), np.flatnonzero(exposed)
    found = np.full((len(focal), ratio), -1)
    for again in range(ratio):
        for place in np.argsort(-score[focal], kind="stable"):
            near = sorted((abs(score[j] - score[focal[place]]), score[j], j) for j in free)
            if near and near[0][0] <= caliper:
                found[place, again] = near[0][2]
                free.remove(near[0][2])
    return found


@pytest.mark.parametrize("seed", range(8))
def test_the_search_finds_what_looking_at_everybody_finds(seed):
    rng = np.random.default_rng(seed)
    score, exposed = rng.normal(size=60), rng.random(60) < 0.4
    found = nearest(score, exposed, caliper=0.5, ratio=1 + seed % 3)
    assert np.array_equal(found, naive(score, exposed, 0.5, 1 + seed % 3))


def test_optimal_pairs_have_the_smallest_sum():
    # 1-1.9 and 2-4 sum to 2.9, 1-4 and 2-1.9 to 3.1; within 1.0 only one pair is possible, and 2-1.9 is nearer
    score, exposed = np.array([1.0, 2.0, 1.9, 4.0]), np.array([True, True, False, False])
    assert optimal(score, exposed).tolist() == [[2], [3]]
    assert optimal(score, exposed, caliper=1.0).tolist() == [[-1], [2]]


def test_what_is_refused():
    with pytest.raises(ValueError, match="order must be one of largest"):
        rows([1, 2], [1, 0], order="best")
    with pytest.raises(ValueError, match="ratio must be at least 1"):
        rows([1, 2], [1, 0], ratio=0)

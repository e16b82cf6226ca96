import numpy as np
import pytest

from neurohlh.stats.glm.separation import separation


def with_intercept(*columns):
    return np.column_stack([np.ones(len(columns[0])), *columns]).astype(float)


def test_complete_separation_by_a_number():
    found = separation(with_intercept(np.arange(6)), np.array([0, 0, 0, 1, 1, 1.0]))
    assert found.kind == "complete"
    assert found.rows.all()
    assert found.sign.tolist() == [-1, 1]


def test_ties_at_the_threshold_are_quasi_complete():
    # Everybody below 2 is 0 and above 2 is 1; the two at 2 differ, so only the sum 'intercept + 2 x' is determined.
    found = separation(with_intercept([0, 1, 2, 2, 3, 4]), np.array([0, 0, 0, 1, 1, 1.0]))
    assert found.kind == "quasi-complete"
    assert found.rows.tolist() == [True, True, False, False, True, True]
    assert found.infinite.all()


def test_only_the_level_without_both_outcomes_is_named():
    level, other = np.array([1, 1, 0, 0, 0, 0, 0, 0]), np.array([0, 1, 0, 1, 0, 1, 0, 1])
    found = separation(with_intercept(level, other), np.array([1, 1, 0, 0, 1, 1, 0, 1.0]))
    assert found.kind == "quasi-complete"
    assert found.infinite.tolist() == [False, True, False]
    assert found.sign.tolist() == [0, 1, 0]


def test_overlap_has_no_separation():
    found = separation(with_intercept([0, 1, 2, 3]), np.array([0, 1, 0, 1.0]))
    assert found.kind == "none"
    assert not found.rows.any()
    assert not found.infinite.any()


@pytest.mark.parametrize("seed", range(6))
def test_the_verdict_is_that_of_firthmodels(seed):
    from firthmodels import detect_separation

    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, size=(14, 3))
    y = (rng.random(14) < 0.3 + 0.3 * (x[:, 0] > 1)).astype(float)
    y[:2] = 0, 1
    assert (separation(with_intercept(*x.T), y).kind != "none") == detect_separation(x.astype(float), y).separation

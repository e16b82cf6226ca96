import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.logistic_fit import fit_logistic


def two_groups(a, n, c, m):
    """`a` of `n` exposed and `c` of `m` unexposed with the outcome: matrix and outcome."""
    exposed = np.repeat([1.0, 0.0], [n, m])
    y = np.concatenate([np.repeat([1.0, 0.0], [a, n - a]), np.repeat([1.0, 0.0], [c, m - c])])
    return np.column_stack([np.ones(n + m), exposed]), y


def test_two_groups_by_hand():
    found = fit_logistic(*two_groups(8, 20, 3, 30))
    assert found.coef == pytest.approx([np.log(3 / 27), np.log(8 * 27 / (12 * 3))], rel=1e-12)
    assert found.cov[1, 1] == pytest.approx(1 / 8 + 1 / 12 + 1 / 3 + 1 / 27, rel=1e-12)
    assert found.loglik == pytest.approx(8 * np.log(0.4) + 12 * np.log(0.6) + 3 * np.log(0.1) + 27 * np.log(0.9))
    assert found.mean[[0, -1]] == pytest.approx([0.4, 0.1])
    assert found.converged
    assert not found.separated
    assert found.scores.sum(axis=0) == pytest.approx([0, 0], abs=1e-12)


def test_a_weight_is_a_repeated_row():
    matrix, y = two_groups(3, 5, 2, 6)
    weights = np.arange(11) % 3.0
    again = fit_logistic(np.repeat(matrix, weights.astype(int), axis=0), np.repeat(y, weights.astype(int)))
    found = fit_logistic(matrix, y, weights)
    assert found.coef == pytest.approx(again.coef)
    assert found.cov == pytest.approx(again.cov)
    assert found.loglik == pytest.approx(again.loglik)


def test_an_impossible_row_without_weight_does_not_count():
    matrix, y = two_groups(3, 5, 2, 6)
    far = np.vstack([matrix, [1.0, 60.0]])
    found = fit_logistic(far, np.append(y, 0.0), np.append(np.ones(11), 0.0))
    assert found.coef == pytest.approx(fit_logistic(matrix, y).coef)


def test_the_unit_of_a_covariate_does_not_matter():
    rng = np.random.default_rng(1)
    x = rng.normal(size=60)
    y = (rng.random(60) < 0.4).astype(float)
    plain = fit_logistic(np.column_stack([np.ones(60), x]), y)
    tiny = fit_logistic(np.column_stack([np.ones(60), x * 1e-9]), y)
    assert tiny.coef[1] * 1e-9 == pytest.approx(plain.coef[1], rel=1e-9)


def test_an_empty_cell_is_recognised():
    found = fit_logistic(*two_groups(0, 8, 4, 9))
    assert found.separated
    assert found.separation.sign.tolist() == [0, -1]


def test_one_outcome_only():
    with pytest.raises(NotEstimable, match="the outcome is the same in all patients used"):
        fit_logistic(np.ones((4, 1)), np.ones(4))

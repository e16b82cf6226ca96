import numpy as np
import pytest

from neurohlh.stats.competing.newton import maximise
from neurohlh.stats.information import aliases


def test_a_binomial_likelihood_by_hand():
    # 3 of 4: the log odds are log 3, the information 4 * 3/4 * 1/4, the score test at 0 (3 - 2)^2 / (4 / 4).
    def evaluate(b):
        p = 1 / (1 + np.exp(-b[0]))
        return 3 * np.log(p) + np.log(1 - p), np.array([3 - 4 * p]), np.array([[4 * p * (1 - p)]])

    found = maximise(evaluate, 1)
    assert found.coef == pytest.approx([np.log(3)])
    assert found.information[0, 0] == pytest.approx(0.75)
    assert found.score_test == pytest.approx(1)
    assert (found.converged, found.diverging.tolist()) == (True, [False])


def test_a_coefficient_that_runs_to_infinity_is_named():
    def evaluate(b):
        p = 1 / (1 + np.exp(-b))
        information = np.diag([4 * p[0] * (1 - p[0]), 4 * p[1] * (1 - p[1])])
        return (
            float(4 * np.log(p[0]) + 2 * np.log(p[1] * (1 - p[1]))),
            np.array([4 - 4 * p[0], 2 - 4 * p[1]]),
            information,
        )

    assert maximise(evaluate, 2).diverging.tolist() == [True, False]


def test_aliases():
    # The third column is empty, the fourth the sum of the first two.
    x = np.array([[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
    assert aliases(x.T @ x) == {2: [], 3: [0, 1]}

import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.families import POISSON
from neurohlh.stats.glm.gee_fit import Clusters, fit_gee


@pytest.mark.parametrize("structure", ["exchangeable", "ar1"])
def test_the_inverse_correlation_is_the_inverse(structure):
    code = np.array([0, 0, 0, 1, 2, 2])
    gap = np.abs(np.arange(6)[:, None] - np.arange(6))
    own = np.where(gap == 0, 1, 0.3) if structure == "exchangeable" else 0.3**gap
    full = np.where(code[:, None] == code, own, 0.0)
    assert Clusters(code, structure).solve(full, 0.3) == pytest.approx(np.eye(6))


def test_equations_without_a_finite_solution_are_refused():
    matrix = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    clusters = Clusters(np.array([0, 0, 1, 1, 2, 2]), "independence")
    with pytest.raises(NotEstimable, match="equations is singular"):
        fit_gee(matrix, np.array([1.0, 2, 1, 0, 0, 0]), POISSON, clusters)

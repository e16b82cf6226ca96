import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.firth_fit import fit_firth


def test_one_proportion_adds_a_half_to_events_and_to_the_others():
    found = fit_firth(np.ones((10, 1)), np.array([1.0] * 3 + [0.0] * 7))
    assert found.coef[0] == pytest.approx(np.log(3.5 / 7.5))
    assert found.converged


def test_a_column_twice_is_refused():
    x = np.array([0.0, 1, 0, 1])
    with pytest.raises(NotEstimable, match="singular"):
        fit_firth(np.column_stack([np.ones(4), x, x]), np.array([0.0, 1, 1, 0]))

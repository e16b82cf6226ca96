import numpy as np
import pytest

from neurohlh.stats.curves.hazard import cumulative_hazard
from neurohlh.stats.curves.influence import Weights

TIME, EVENT = np.array([1.0, 2, 2, 4]), np.array([True, True, True, False])


def test_nelson_and_aalen_by_hand():
    curve = cumulative_hazard(TIME, EVENT, None, z=1.96)
    assert curve.hazard.tolist() == pytest.approx([0, 1 / 4, 1 / 4 + 2 / 3, 1 / 4 + 2 / 3])
    assert curve.std_error[2] == pytest.approx(np.sqrt(1 / 16 + 2 / 9))


def test_tied_events_one_after_the_other_by_hand():
    curve = cumulative_hazard(TIME, EVENT, None, z=1.96, ties="fleming-harrington")
    assert curve.hazard[2] == pytest.approx(1 / 4 + 1 / 3 + 1 / 2)
    assert curve.std_error[2] == pytest.approx(np.sqrt(1 / 16 + 1 / 9 + 1 / 4))
    assert curve.survival[2] == pytest.approx(np.exp(-13 / 12))


def test_the_robust_variance_is_the_derivative_by_the_weights():
    w = np.array([0.5, 1.2, 1.0, 2.0])

    def hazard(weight):
        weights = Weights(weight, np.arange(4), robust=False)
        return cumulative_hazard(TIME, EVENT, None, z=1.96, ties="fleming-harrington", weights=weights).hazard

    slope = np.array([(hazard(w + h) - hazard(w - h)) / 2e-6 for h in 1e-6 * np.eye(4)])
    weights = Weights(w, np.arange(4), robust=True)
    robust = cumulative_hazard(TIME, EVENT, None, z=1.96, ties="fleming-harrington", weights=weights)
    np.testing.assert_allclose(robust.std_error, np.sqrt(((w[:, None] * slope) ** 2).sum(axis=0)), rtol=1e-6)


def test_unknown_ties():
    with pytest.raises(ValueError, match="ties must be one of nelson-aalen, fleming-harrington, not 'efron'"):
        cumulative_hazard(TIME, EVENT, None, z=1.96, ties="efron")

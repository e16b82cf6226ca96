import numpy as np
import pytest

from neurohlh.stats.glm.profile import profile_limit


def test_a_parabola_has_wald_limits():
    found = [profile_limit(lambda b: -((b - 1) ** 2) / (2 * 0.3**2), 1.0, 0.3, 0.0, 0.95, side) for side in (-1, 1)]
    assert found == pytest.approx([1 - 0.3 * 1.959963984540054, 1 + 0.3 * 1.959963984540054])


def test_a_flat_or_lost_profile_has_no_limit():
    assert np.isnan(profile_limit(lambda b: 0.0, 0.0, 1.0, 0.0, 0.95, 1))
    assert np.isnan(profile_limit(lambda b: float("nan"), 0.0, 1.0, 0.0, 0.95, 1))

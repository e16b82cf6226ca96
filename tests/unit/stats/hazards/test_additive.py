import numpy as np
import pytest

from neurohlh.stats.hazards.additive import additive_interaction


def test_ratios_of_two_three_and_six_by_hand():
    # RERI = 6 - 2 - 3 + 1 = 2, AP = 1/3, S = 5 / 3.
    found = additive_interaction(np.log([2.0, 3, 6]), np.diag([0.01, 0.02, 0.03]), 2.0)
    assert found["RERI"].estimate == pytest.approx(2)
    se = np.sqrt(4 * 0.01 + 9 * 0.02 + 36 * 0.03)
    assert found["RERI"].std_error == pytest.approx(se)
    assert found["RERI"].high == pytest.approx(2 + 2 * se)
    assert found["AP"].estimate == pytest.approx(1 / 3)
    # dAP: -2/6, -3/6, (2 + 3 - 1)/6.
    assert found["AP"].std_error == pytest.approx(np.sqrt(0.01 / 9 + 0.02 / 4 + 0.03 * 4 / 9))
    assert found["S"].estimate == pytest.approx(5 / 3)
    # d log S: -2/3, -3/3, 6/5.
    log_se = np.sqrt(0.01 * 4 / 9 + 0.02 + 0.03 * 36 / 25)
    assert found["S"].low == pytest.approx(5 / 3 * np.exp(-2 * log_se))


def test_no_synergy_index_without_excess_risk():
    found = additive_interaction(np.log([0.5, 0.8, 0.4]), np.eye(3), 2.0)
    assert np.isnan(found["S"].estimate)
    assert "code the exposures as risk factors" in found["S"].reason
    assert found["RERI"].estimate == pytest.approx(0.1)

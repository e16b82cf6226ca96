import numpy as np
import pytest

from neurohlh.stats.describe.arithmetic import inside_limits, log_symmetric, possible_counts, ratio_arithmetic, woolf


def test_limits_of_a_known_standard_error_give_it_back():
    se, z = 0.25, 1.959963984540054
    found = ratio_arithmetic(2, 2 * np.exp(-z * se), 2 * np.exp(z * se))
    assert found.std_error == pytest.approx(se)
    assert found.middle == pytest.approx(2)
    assert found.statistic == pytest.approx(np.log(2) / se)


def test_rounding_is_allowed_for_but_not_more():
    assert log_symmetric(0.98, 0.42, 2.31, decimals=2)
    assert not log_symmetric(1.1, 0.42, 2.31, decimals=2)
    assert log_symmetric(13, 2, 83, decimals=0)


def test_counts_behind_a_percentage():
    assert possible_counts(50, 4, decimals=0) == [2]
    assert possible_counts(33.3, 3, decimals=1) == [1]
    assert possible_counts(40, 3, decimals=0) == []
    # Two counts share a coarse percentage.
    assert possible_counts(50, 200, decimals=0) == [99, 100, 101]
    with pytest.raises(ValueError, match="n must be above 0"):
        possible_counts(50, 0, decimals=0)


def test_woolf_by_hand():
    odds, low, high = woolf(2, 1, 1, 2)
    assert odds == 4
    assert high / odds == pytest.approx(np.exp(1.959963984540054 * np.sqrt(3)))
    assert low * high == pytest.approx(16)
    with pytest.raises(ValueError, match="four counts above 0"):
        woolf(0, 1, 1, 1)


def test_impossible_ratios():
    assert not inside_limits(72.3, 50.3, 69.8)
    with pytest.raises(ValueError, match="0 < low < high"):
        ratio_arithmetic(1, 2, 1)
    with pytest.raises(ValueError, match="0 < low < high"):
        ratio_arithmetic(-1, 0.5, 2)

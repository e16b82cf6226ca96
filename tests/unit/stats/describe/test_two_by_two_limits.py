import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.two_by_two_limits import odds_ratio_wald, risk_ratio_wald, score_difference, score_ratio


def test_odds_and_risk_ratios_by_hand():
    assert odds_ratio_wald(8, 12, 3, 27)[0] == pytest.approx(6)
    assert odds_ratio_wald(0, 12, 3, 27, add=0.5)[0] == pytest.approx(0.5 * 27.5 / (12.5 * 3.5))
    estimate, low, high = risk_ratio_wald(8, 20, 3, 30)
    assert (estimate, low * high) == (pytest.approx(4), pytest.approx(16))
    assert np.log(high / 4) / 1.959963984540054 == pytest.approx(np.sqrt(1 / 8 - 1 / 20 + 1 / 3 - 1 / 30))


def test_score_limits_turn_with_the_groups():
    low, high = score_difference(8, 20, 3, 30)
    assert score_difference(3, 30, 8, 20) == pytest.approx((-high, -low))
    low, high = score_ratio(8, 20, 3, 30)
    assert score_ratio(3, 30, 8, 20) == pytest.approx((1 / high, 1 / low))


def test_what_zero_cells_leave():
    assert score_ratio(0, 9, 3, 9)[0] == 0
    assert np.isnan(score_ratio(3, 9, 0, 9)[1])
    with pytest.raises(NotEstimable, match="no events in either group"):
        score_ratio(0, 9, 0, 9)
    with pytest.raises(NotEstimable, match="an empty cell"):
        odds_ratio_wald(0, 9, 3, 6)
    with pytest.raises(NotEstimable, match="everybody has the outcome"):
        risk_ratio_wald(9, 9, 3, 3)

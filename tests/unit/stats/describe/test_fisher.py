import numpy as np
import pytest
from scipy.stats import fisher_exact
from scipy.stats.contingency import odds_ratio

from neurohlh.stats.describe.fisher import fisher


def test_the_lady_tasting_tea():
    # 3 of 4 right: the tables with 0, 1, 3, 4 right have 1 + 16 + 16 + 1 of 70 ways.
    found = fisher(3, 1, 1, 3)
    assert found.p_value == pytest.approx(34 / 70)
    assert found.mid_p == pytest.approx(26 / 70)
    # The expected cell is 3 where x^4 - 36 x^2 - 32 x - 3 = 0; R's root finder stops at 6.408309, 2e-6 away.
    assert found.estimate == pytest.approx(max(np.roots([1, 0, -36, -32, -3]).real), rel=1e-12)
    assert found.estimate == pytest.approx(6.408309, rel=1e-5)


def test_the_convictions_of_r():
    # help(fisher.test): p-value = 0.0005367 and limits printed from a root finder that stops at about 1e-4.
    found = fisher(2, 10, 15, 3)
    assert found.p_value == pytest.approx(0.0005367, abs=5e-8)
    assert found.estimate == pytest.approx(0.04693661, abs=2e-6)
    assert (found.conf_low, found.conf_high) == pytest.approx((0.003325764, 0.363182271), abs=2e-5)


@pytest.mark.parametrize("table", [(7, 14, 9, 77), (1, 9, 11, 3), (20, 30, 25, 15), (2, 60, 5, 300)])
def test_equal_to_an_independent_implementation(table):
    a, b, c, d = table
    ours = fisher(*table)
    assert ours.p_value == pytest.approx(fisher_exact([[a, b], [c, d]]).pvalue, rel=1e-9)
    theirs = odds_ratio([[a, b], [c, d]], kind="conditional")
    assert ours.estimate == pytest.approx(theirs.statistic, rel=1e-6)
    interval = theirs.confidence_interval(0.95)
    assert (ours.conf_low, ours.conf_high) == pytest.approx((interval.low, interval.high), rel=1e-6)


def test_empty_cells_leave_one_limit():
    none = fisher(0, 5, 3, 4)
    assert none.low_is_zero
    assert not none.high_is_infinite
    assert np.isnan([none.estimate, none.conf_low]).all()
    # Upper limit: P(0 events | odds) = 0.025.
    assert none.conf_high == pytest.approx(odds_ratio([[0, 5], [3, 4]]).confidence_interval().high, rel=1e-6)
    every = fisher(3, 0, 4, 5)
    assert every.high_is_infinite
    assert np.isnan(every.conf_high)


def test_an_empty_margin_says_nothing():
    found = fisher(0, 0, 3, 4)
    assert found.p_value == 1
    assert np.isnan([found.estimate, found.conf_low, found.conf_high]).all()


def test_negative_counts():
    with pytest.raises(ValueError, match="cannot be negative"):
        fisher(1, -1, 2, 3)

import numpy as np
import pytest
from scipy.stats import linregress

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.meta.small_study import begg, egger_lm, egger_rma, peters, trim_and_fill

Y = np.array([0.1, 0.3, 0.2, 0.9, 1.4])
V = np.array([0.01, 0.02, 0.03, 0.2, 0.4])


def test_eggers_line_is_the_unweighted_one_of_standard_normal_deviates():
    found = egger_lm(Y, V)
    # Egger's own form: effect/SE on 1/SE, whose intercept is the slope on SE.
    line = linregress(1 / np.sqrt(V), Y / np.sqrt(V))
    assert found.statistic == pytest.approx(line.intercept / line.intercept_stderr)
    assert found.limit == pytest.approx(line.slope)
    assert found.df == 3


def test_ranks_by_hand():
    # Without ties and in perfect order tau is 1 and two of the 120 orders are as extreme.
    found = begg(np.array([0.0, 1, 2, 3, 4]), np.array([1.0, 1.1, 1.2, 1.3, 1.4]))
    assert (found.statistic, found.p_value) == (pytest.approx(1), pytest.approx(2 / 120))


def test_trim_and_fill_mirrors_what_is_missing():
    # Around a centre just above 0 the effects 0.05, 0.1, 2, 2.1, 2.2 lie to the right with the ranks 2, 4, 6, 7, 8:
    # (4 * 27 - 8 * 9) / 15 = 2.4.
    y = np.array([-0.1, 0.1, -0.05, 0.05, 0, 2.0, 2.1, 2.2])
    v = np.array([0.01, 0.01, 0.005, 0.005, 0.002, 0.3, 0.31, 0.32])
    found = trim_and_fill(y, v, method="FE")
    assert (found.missing, found.side) == (2, "left")
    assert (found.effect + y[6:]) / 2 == pytest.approx(np.full(2, found.fit.coef[0]), abs=0.02)
    mirrored = trim_and_fill(-y, v, method="FE")
    assert (mirrored.missing, mirrored.side) == (2, "right")
    assert mirrored.fit.coef[0] == pytest.approx(-found.fit.coef[0])


def test_peters_needs_studies_of_different_size():
    with pytest.raises(NotEstimable, match="Peters' test needs at least 3 studies of different size"):
        peters(Y[:3], np.array([3.0, 4, 5]), np.full(3, 20.0))


@pytest.mark.parametrize("test", [egger_lm, begg, lambda y, v: egger_rma(y, v, "DL")])
def test_too_little_for_a_line(test):
    with pytest.raises(NotEstimable, match="2 studies; a test of the funnel's symmetry needs at least 3"):
        test(Y[:2], V[:2])
    with pytest.raises(NotEstimable, match="the same standard error"):
        test(Y[:3], np.full(3, 0.1))


def test_ranks_of_equal_effects():
    with pytest.raises(NotEstimable, match="all standardised effects are equal"):
        begg(np.zeros(3), np.array([0.1, 0.2, 0.3]))

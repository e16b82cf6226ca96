import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.meta.stratified import (
    breslow_day_tarone,
    cochran_mantel_haenszel,
    mantel_haenszel_tables,
    peto_heterogeneity,
    peto_tables,
)


def tables(*values):
    return [np.array(v, dtype=float) for v in values]


ONE = tables([10], [100], [20], [100])


def test_one_study_gives_its_own_effect():
    odds = mantel_haenszel_tables(*ONE, "OR")
    assert np.exp(odds.coef) == pytest.approx(10 * 80 / (90 * 20))
    # For one table Robins, Breslow and Greenland's variance is Woolf's.
    assert odds.std_error**2 == pytest.approx(1 / 10 + 1 / 90 + 1 / 20 + 1 / 80)
    risk = mantel_haenszel_tables(*ONE, "RR")
    assert (np.exp(risk.coef), risk.std_error**2) == pytest.approx((0.5, 1 / 10 - 1 / 100 + 1 / 20 - 1 / 100))
    assert mantel_haenszel_tables(*ONE, "RD").coef == pytest.approx(-0.1)


def test_two_studies_by_hand():
    a, n, c, m = tables([10, 2], [100, 20], [20, 1], [100, 20])
    # Numerators a(m-c)/N: 10*80/200 and 2*19/40; denominators (n-a)c/N: 90*20/200 and 18*1/40.
    found = mantel_haenszel_tables(a, n, c, m, "OR")
    assert np.exp(found.coef) == pytest.approx((4 + 0.95) / (9 + 0.45))
    assert found.weights == pytest.approx([9 / 9.45, 0.45 / 9.45])


def test_peto_by_hand():
    found = peto_tables(*ONE)
    # Expected 15, variance 30*170*100*100/(200^2*199).
    variance = 30 * 170 * 100 * 100 / (200**2 * 199)
    assert (found.coef, found.std_error) == pytest.approx((-5 / variance, variance**-0.5))
    plain, corrected = (cochran_mantel_haenszel(*ONE, correct=c)[0] for c in (False, True))
    assert (plain, corrected) == pytest.approx((25 / variance, 4.5**2 / variance))


def test_empty_cells_need_no_correction_and_empty_studies_no_place():
    a, n, c, m = tables([0, 3, 0], [50, 50, 40], [4, 9, 0], [50, 50, 40])
    with_it, without = (mantel_haenszel_tables(*(v[:k] for v in (a, n, c, m)), "OR") for k in (3, 2))
    assert with_it.coef == pytest.approx(without.coef)
    assert peto_tables(a, n, c, m).coef == pytest.approx(peto_tables(a[:2], n[:2], c[:2], m[:2]).coef)
    assert peto_heterogeneity(a, n, c, m)[1] == 1


def test_equal_odds_ratios_fit_exactly():
    a, n, c, m = tables([10, 20], [30, 60], [5, 10], [25, 50])
    log_or = mantel_haenszel_tables(a, n, c, m, "OR").coef
    assert breslow_day_tarone(a, n, c, m, log_or)[:2] == (pytest.approx(0, abs=1e-10), 1)
    assert np.isnan(breslow_day_tarone(*ONE, 0.0)[0])
    assert np.isnan(peto_heterogeneity(*ONE)[0])


def test_what_does_not_exist():
    nobody = tables([0], [9], [3], [9])
    with pytest.raises(NotEstimable, match="no study has what the ratio needs in both groups"):
        mantel_haenszel_tables(*nobody, "RR")
    with pytest.raises(NotEstimable, match="in every study nobody or everybody had the event"):
        peto_tables(*tables([0], [9], [0], [9]))
    with pytest.raises(ValueError, match="pools OR, RR or RD, not 'HR'"):
        mantel_haenszel_tables(*ONE, "HR")
    assert np.isnan(cochran_mantel_haenszel(*tables([0], [9], [0], [9]), correct=True)).all()


def test_a_difference_without_spread_has_no_standard_error():
    found = mantel_haenszel_tables(*tables([7, 9], [7, 9], [0, 0], [13, 4]), "RD")
    assert (found.coef, found.std_error) == (pytest.approx(1), 0)

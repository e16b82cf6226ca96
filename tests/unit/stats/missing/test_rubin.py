import numpy as np
import pytest

from neurohlh.stats.missing.rubin import barnard_rubin, pool_estimates, pool_r_squared, pool_scalar


def test_two_imputations_by_hand():
    found = pool_scalar([1.0, 3.0], [1.0, 3.0])
    # mean 2; within 2; between (1 + 1) / 1 = 2; total 2 + 1.5 * 2 = 5; riv 3 / 2; lambda 3 / 5; df 1 / 0.36
    assert (found.qbar, found.ubar, found.b, found.t) == (2, 2, 2, 5)
    assert (found.r, found.share, found.df) == pytest.approx((1.5, 0.6, 1 / 0.36))
    assert found.fmi == pytest.approx((1.5 + 2 / (1 / 0.36 + 3)) / 2.5)


def test_barnard_and_rubin_by_hand():
    # old 1 / 0.25 = 4; observed 11 / 13 * 10 * 0.5; both in harmony
    observed = 11 / 13 * 10 * 0.5
    assert barnard_rubin(2, np.array([0.5]), 10)[0] == pytest.approx(4 * observed / (4 + observed))


def test_equal_imputations_keep_the_variance_of_one_of_them():
    found = pool_estimates(np.full((5, 1), 2.0), np.full((5, 1), 0.25))
    assert (found.t[0], found.b[0], found.fmi[0]) == pytest.approx((0.25, 0, 0), abs=1e-7)
    assert found.limits(0.95)[0][0] == pytest.approx(2 - 1.959964 * 0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("q", "u"), [([1.0], [1.0]), ([1.0, 2.0], [1.0]), ([1.0, np.nan], [1.0, 1.0]), ([1.0, 2.0], [1.0, 0.0])]
)
def test_numbers_that_cannot_be_pooled(q, u):
    with pytest.raises(ValueError, match=r"at least two imputations|finite numbers"):
        pool_scalar(q, u)


def test_degrees_of_freedom_must_be_left():
    with pytest.raises(ValueError, match="must be above 0, not 0"):
        pool_scalar([1.0, 2.0], [1.0, 1.0], n=4, k=4)


def test_r_squared_by_fishers_z():
    # all imputations alike: the pooled value is the common one, and its lower limit is not below 0
    found = pool_r_squared([0.25, 0.25], [10, 10])
    assert found["estimate"] == pytest.approx(0.25)
    assert found["conf_low"] == 0
    assert found["conf_high"] == pytest.approx(np.tanh(np.arctanh(0.5) + 1.959964 / np.sqrt(7)) ** 2, rel=1e-6)
    with pytest.raises(ValueError, match="R2 must lie"):
        pool_r_squared([1.0, 0.5], [10, 10])

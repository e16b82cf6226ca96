import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.meta.fit import fit_meta, moderator_test, prediction_interval

Y, V = np.array([0.0, 3, 6]), np.ones(3)


def test_the_common_effect_by_hand():
    fit = fit_meta(np.array([1.0, 2]), np.array([0.25, 1]), method="FE")
    # Weights 4 and 1: mean 6/5, variance 1/5, Q = 4 * 0.04 + 0.64.
    assert (fit.coef[0], fit.std_error[0] ** 2, fit.q) == pytest.approx((1.2, 0.2, 0.8))
    assert fit.weights == pytest.approx([0.8, 0.2])


def test_random_effects_by_hand():
    fit = fit_meta(Y, V, method="DL")
    # tau2 = 8, so every study has variance 9 and the mean 3.
    assert (fit.coef[0], fit.covariance[0, 0], fit.q, fit.i2, fit.h2) == pytest.approx((3, 3, 18, 8 / 9, 9))


def test_knapp_and_hartung_by_hand():
    fit = fit_meta(Y, V, method="DL", knapp_hartung="plain")
    # q = (18/9)/2 = 1, so that the variance stays and the distribution becomes t with 2 df.
    assert (fit.kh_factor, fit.covariance[0, 0], fit.df) == pytest.approx((1, 3, 2))
    assert fit.quantile(0.95) == pytest.approx(4.302653, abs=1e-6)
    close = np.array([0.0, 0.1, 0.2])
    plain, never = (fit_meta(close, V, method="DL", knapp_hartung=kh) for kh in ("plain", "ad hoc"))
    assert plain.covariance[0, 0] == pytest.approx(0.01 / 3)
    assert never.covariance[0, 0] == pytest.approx(1 / 3)


def test_the_prediction_interval_by_hand():
    low, high = prediction_interval(3, 3, 8, 3, "t_k-2", 0.95)
    assert (low, high) == pytest.approx((3 - 12.706205 * np.sqrt(11), 3 + 12.706205 * np.sqrt(11)), rel=1e-6)
    assert np.isnan(prediction_interval(3, 3, 8, 2, "t_k-2", 0.95)).all()
    assert prediction_interval(0, 0, 1, 2, "z", 0.95)[1] == pytest.approx(1.959964, abs=1e-6)


def test_a_moderator_that_explains_everything():
    x = np.column_stack([np.ones(4), [0.0, 0, 1, 1]])
    fit = fit_meta(np.array([0.0, 2, 5, 7]), np.ones(4), x, method="FE")
    # Means 1 and 6, variances 1/2 each: difference 5 with variance 1.
    assert fit.coef == pytest.approx([1, 5])
    statistic, p, df2 = moderator_test(fit, [1])
    assert (statistic, np.isnan(df2)) == (pytest.approx(25), True)
    assert p == pytest.approx(5.733e-7, rel=1e-3)


@pytest.mark.parametrize(
    ("y", "x", "message"),
    [
        ([], None, "there is no study to pool"),
        ([1.0], None, "a single study: nothing is left"),
        ([1.0, 2], [[1, 0], [1, 1]], "2 studies for 2 coefficients"),
        ([1.0, 2, 3], [[1, 1], [1, 1], [1, 1]], "cannot be told apart"),
    ],
)
def test_what_cannot_be_fitted(y, x, message):
    design = None if x is None else np.array(x, dtype=float)
    with pytest.raises(NotEstimable, match=message):
        fit_meta(np.array(y), np.ones(len(y)), design)


def test_unknown_choices():
    with pytest.raises(ValueError, match="method must be one of REML, ML, DL"):
        fit_meta(Y, V, method="Bayes")
    with pytest.raises(ValueError, match="prediction must be one of"):
        prediction_interval(0, 1, 1, 5, "normal", 0.95)

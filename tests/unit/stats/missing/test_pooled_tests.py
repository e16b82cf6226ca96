import numpy as np
import pytest
from scipy.stats import chi2, f

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.fit import SortedDesign, fit
from neurohlh.stats.missing.pooled_tests import cox_likelihood, d1, d2, d3, linear_likelihood, logistic_likelihood


def test_d1_of_one_parameter_by_hand():
    # mean 2, within 2, between 2, riv 1.5 * 2 / 2 = 1.5; F = 4 / 2 / 2.5; t = 1: df = 1 * 2 * (1 + 1/1.5)^2 / 2
    found = d1(np.array([[1.0], [3.0]]), np.array([[[1.0]], [[3.0]]]))
    assert (found.statistic, found.riv, found.df1) == pytest.approx((0.8, 1.5, 1))
    assert found.df2 == pytest.approx((5 / 3) ** 2)
    assert found.p_value == pytest.approx(f.sf(0.8, 1, 25 / 9))


def test_equal_imputations_give_the_test_of_one_of_them():
    q, cov = np.tile([1.0, -2.0], (4, 1)), np.tile(np.diag([0.5, 2.0]), (4, 1, 1))
    found = d1(q, cov)
    assert found.statistic * 2 == pytest.approx(1 / 0.5 + 4 / 2)
    assert found.p_value == pytest.approx(chi2.sf(4, 2))
    assert d2([4.0] * 4, 2).p_value == pytest.approx(chi2.sf(4, 2))


def test_d1_does_not_depend_on_the_units_of_the_parameters():
    rng = np.random.default_rng(1)
    q, a = rng.normal(size=(6, 3)), np.diag([1.0, 10.0, 0.01])
    cov = np.array([np.diag(v) for v in rng.uniform(1, 2, (6, 3))])
    once, other = d1(q, cov, dfcom=50), d1(q @ a, a @ cov @ a, dfcom=50)
    assert (once.statistic, once.df2) == pytest.approx((other.statistic, other.df2))


def test_reiters_degrees_of_freedom_reach_the_large_sample_ones():
    rng = np.random.default_rng(2)
    q, cov = rng.normal(size=(10, 2)), np.tile(np.eye(2), (10, 1, 1))
    t = 2 * 9
    riv = d1(q, cov).riv
    # Reiter 2007: for infinite dfcom the formula gives 4 + (t - 4) (1 + 1/a)^2, a = riv t / (t - 2)
    assert d1(q, cov, dfcom=1e12).df2 == pytest.approx(4 + (t - 4) * (1 + (t - 2) / (riv * t)) ** 2, rel=1e-6)
    assert d1(q, cov, dfcom=1e12).df2 == pytest.approx(d1(q, cov).df2, rel=1e-6)


def test_too_few_imputations_for_a_small_sample():
    with pytest.raises(NotEstimable, match="make more imputations"):
        d1(np.array([[1.0], [3.0]]), np.ones((2, 1, 1)), dfcom=20)


def test_d2_by_hand():
    # square roots 1 and 3: variance 2, riv 3; mean 5; (5 - 3 * 3) / 4 = -1: no evidence at all
    found = d2([1.0, 9.0], 1)
    assert (found.statistic, found.riv, found.p_value) == pytest.approx((-1, 3, 1))
    with pytest.raises(ValueError, match="none negative"):
        d2([1.0, -1.0], 1)


def _regressions(kind):
    rng = np.random.default_rng(3)
    for _ in range(3):
        x = np.column_stack([np.ones(60), rng.normal(size=(60, 2))])
        y = x[:, 1] + rng.normal(size=60)
        yield x, (y if kind == "linear" else (y > 0).astype(float))


def test_likelihoods_at_their_own_maximum():
    import statsmodels.api as sm

    for x, y in _regressions("linear"):
        fitted = sm.OLS(y, x).fit()
        assert linear_likelihood(x, y)(fitted.params) == pytest.approx(fitted.llf, rel=1e-10)
    for x, y in _regressions("logistic"):
        fitted = sm.Logit(y, x).fit(disp=0)
        assert logistic_likelihood(x, y)(fitted.params) == pytest.approx(fitted.llf, rel=1e-8)


def test_the_partial_likelihood_at_its_own_maximum():
    rng = np.random.default_rng(4)
    design = SortedDesign.of(rng.normal(5, 3, (50, 2)), rng.integers(1, 20, 50).astype(float), rng.random(50) < 0.7)
    found, at = fit(design), cox_likelihood(design)
    assert at(found.coef) == pytest.approx(found.loglik, rel=1e-9)
    assert at(np.zeros(2)) == pytest.approx(found.loglik_null, rel=1e-9)


def test_d3_of_equal_imputations_is_the_likelihood_ratio_test():
    import statsmodels.api as sm

    x, y = next(_regressions("logistic"))
    full, null = sm.Logit(y, x).fit(disp=0), sm.Logit(y, x[:, :2]).fit(disp=0)
    at = [logistic_likelihood(x, y)] * 3, [logistic_likelihood(x[:, :2], y)] * 3
    found = d3(np.tile(full.params, (3, 1)), np.tile(null.params, (3, 1)), *at)
    assert found.statistic == pytest.approx(2 * (full.llf - null.llf), rel=1e-6)
    with pytest.raises(ValueError, match="more coefficients"):
        d3(np.ones((3, 1)), np.ones((3, 1)), *at)


def test_wrong_shapes_and_an_outcome_that_never_differs():
    with pytest.raises(ValueError, match="covariances must have the shape"):
        d1(np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(NotEstimable, match="with and without the outcome"):
        logistic_likelihood(np.ones((3, 1)), np.ones(3))

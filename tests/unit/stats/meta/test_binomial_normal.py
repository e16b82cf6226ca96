import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom, norm

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.meta.binomial_normal import binomial_normal, log_likelihood, profile_limits


def test_without_variance_between_studies_it_is_the_pooled_proportion():
    x, n = np.array([2.0, 4, 3]), np.array([20.0, 40, 30])
    fit = binomial_normal(x, n)
    assert (fit.coef, fit.tau2) == (pytest.approx(np.log(9 / 81)), 0)
    assert fit.std_error == pytest.approx(np.sqrt(1 / 9 + 1 / 81))
    assert (fit.q, fit.q_p) == (pytest.approx(0, abs=1e-9), pytest.approx(1))


def test_the_likelihood_is_the_integral():
    x, n, mu, tau = np.array([0.0, 3, 9]), np.array([12.0, 20, 15]), -0.8, 0.7

    def integrand(u, i):
        return binom.pmf(x[i], n[i], 1 / (1 + np.exp(-mu - tau * u))) * norm.pdf(u)

    expected = sum(np.log(quad(integrand, -12, 12, args=(i,))[0]) for i in range(3))
    assert log_likelihood(mu, tau, x, n) == pytest.approx(expected, abs=1e-5)
    assert log_likelihood(mu, 0, x, n) == pytest.approx(binom.logpmf(x, n, 1 / (1 + np.exp(0.8))).sum())


def test_profile_limits_of_one_proportion():
    # Equal shares: the profile over tau stays near tau = 0 and is never below the binomial likelihood's.
    x, n = np.array([2.0, 4, 3]), np.array([20.0, 40, 30])
    fit = binomial_normal(x, n)
    low, high = profile_limits(fit, x, n, 0.95)
    pooled = [log_likelihood(m, 0, x, n) for m in (low, high)]
    assert low < fit.coef < high
    assert all(fit.log_likelihood - value >= 1.92 for value in pooled)


@pytest.mark.parametrize("x", [[0.0, 0], [5.0, 7]])
def test_nobody_or_everybody(x):
    with pytest.raises(NotEstimable, match="nobody or everybody had the event"):
        binomial_normal(np.array(x), np.array([5.0, 7]))


def test_one_study():
    with pytest.raises(NotEstimable, match="one study"):
        binomial_normal(np.array([1.0]), np.array([5.0]))

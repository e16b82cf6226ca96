import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import kstest

from neurohlh.stats.glm.logistic_fit import fit_logistic
from neurohlh.stats.missing.draws import (
    draw_categories,
    draw_donors,
    draw_linear,
    fit_multinomial,
    linear_posterior,
    nearest_donors,
)


def test_the_posterior_has_the_mean_and_variance_of_theory():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(25, 1))
    y = 2 + 3 * x[:, 0] + rng.normal(size=25)
    design = np.column_stack([np.ones(25), x])
    ols = np.linalg.solve(design.T @ design, design.T @ y)
    rest = ((y - design @ ols) ** 2).sum()
    draws = [linear_posterior(x, y, rng) for _ in range(4000)]
    beta, sigma = np.array([d.drawn for d in draws]), np.array([d.sigma for d in draws])
    # sigma^2 = rest / chi2(23) has the mean rest / 21; beta has the covariance of that mean
    cov = rest / 21 * np.linalg.inv(design.T @ design)
    assert (sigma**2).mean() == pytest.approx(rest / 21, rel=0.03)
    assert beta.mean(axis=0) == pytest.approx(ols, abs=4 * np.sqrt(cov.diagonal().max() / 4000))
    assert np.cov(beta.T) == pytest.approx(cov, rel=0.1, abs=0.005)


def test_linear_draws_follow_the_predictive_t_distribution():
    rng = np.random.default_rng(2)
    y = rng.normal(5, 2, 12)
    x, target = np.empty((12, 0)), np.empty((1, 0))
    drawn = np.array([draw_linear(x, y, target, rng)[0] for _ in range(3000)])
    scale = y.std(ddof=1) * np.sqrt(1 + 1 / 12)
    assert kstest((drawn - y.mean()) / scale, "t", args=(11,)).pvalue > 0.01


def test_draws_stay_within_their_limits():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(30, 1)), rng.normal(size=30)
    low, high = np.array([-np.inf, 0.5, 8.0]), np.array([-1.0, 0.6, 9.0])
    for _ in range(50):
        drawn = draw_linear(x, y, np.zeros((3, 1)), rng, low, high)
        assert ((drawn >= low) & (drawn <= high)).all()


def test_donors_are_the_nearest():
    have, want = np.array([10.0, 1.0, 2.0, 3.0, 50.0]), np.array([2.1, 100.0])
    rng = np.random.default_rng(4)
    found = np.array([nearest_donors(have, want, rng, 3) for _ in range(300)])
    assert set(found[:, 0]) == {1, 2, 3}
    assert set(found[:, 1]) == {4, 0, 3}
    assert set(nearest_donors(have, want, rng, 99)) <= set(range(5))


def test_among_equal_predictions_every_patient_is_a_donor():
    found = nearest_donors(np.zeros(40), np.zeros(4000), np.random.default_rng(5), 5)
    counts = np.bincount(found, minlength=40)
    assert (counts > 0).all()


def test_matching_gives_observed_values_only():
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(40, 2)), rng.integers(0, 9, 40) * 1.5
    assert set(draw_donors(x, y, rng.normal(size=(200, 2)), rng, 5)) <= set(y)


def test_without_predictors_the_share_of_each_level_is_kept():
    rng = np.random.default_rng(7)
    codes = np.repeat([0, 1, 2], [50, 30, 20])
    drawn = np.concatenate([draw_categories(np.empty((100, 0)), codes, np.empty((50, 0)), 3, rng) for _ in range(200)])
    assert np.bincount(drawn) / len(drawn) == pytest.approx([0.5, 0.3, 0.2], abs=0.02)


def test_the_multinomial_fit_is_that_of_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(8)
    x = np.column_stack([np.ones(200), rng.normal(size=(200, 2))])
    codes = rng.integers(0, 3, 200)
    coef, information = fit_multinomial(x, codes, np.ones(200), 3)
    fitted = sm.MNLogit(codes, x).fit(disp=0)
    # the ridge of 1e-5 moves no more than this
    assert coef.ravel() == pytest.approx(fitted.params.T.ravel(), abs=1e-4)
    assert np.linalg.inv(information).diagonal() == pytest.approx(fitted.cov_params().diagonal(), rel=1e-4)


def test_two_levels_are_logistic_regression():
    rng = np.random.default_rng(11)
    x, weights = np.column_stack([np.ones(150), rng.normal(size=(150, 2))]), rng.uniform(0.5, 2, 150)
    codes = (rng.random(150) < 0.4).astype(int)
    coef, _ = fit_multinomial(x, codes, weights, 2)
    assert coef.ravel() == pytest.approx(fit_logistic(x, codes.astype(float), weights).coef, rel=1e-6)


def test_separated_levels_are_drawn_with_finite_coefficients():
    rng = np.random.default_rng(9)
    x = np.linspace(-1, 1, 60)[:, None]
    codes = (x[:, 0] > 0).astype(int)
    ends = np.concatenate([draw_categories(x, codes, np.array([[-1.0], [1.0]]), 2, rng) for _ in range(100)])
    assert ends[::2].mean() < 0.1
    assert ends[1::2].mean() > 0.9


def test_a_shift_moves_the_log_odds():
    rng = np.random.default_rng(10)
    codes = np.repeat([0, 1], 500)
    drawn = draw_categories(np.empty((1000, 0)), codes, np.empty((20000, 0)), 2, rng, shift=1.0)
    assert drawn.mean() == pytest.approx(expit(1.0), abs=0.04)

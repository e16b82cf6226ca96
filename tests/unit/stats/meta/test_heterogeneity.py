import numpy as np
import pytest

from neurohlh.stats.meta.heterogeneity import (
    ESTIMATORS,
    log_likelihood,
    projection,
    q_profile,
    tau2,
    tau2_std_error,
    typical_variance,
)

# Three studies of equal variance 1 with effects 0, 3, 6: mean 3, squared deviations 18, so Q = 18 and the sample
# variance is 9. With equal variances DL, REML, PM, EB and HE all give 9 - 1 = 8, ML 18/3 - 1 = 5, HS (18 - 3)/3 = 5.
Y, V, ONES = np.array([0.0, 3, 6]), np.ones(3), np.ones((3, 1))


@pytest.mark.parametrize(
    ("method", "expected"),
    [("DL", 8), ("REML", 8), ("PM", 8), ("EB", 8), ("HE", 8), ("ML", 5), ("HS", 5), ("FE", 0)],
)
def test_equal_variances_by_hand(method, expected):
    assert tau2(Y, V, ONES, method) == pytest.approx(expected, abs=1e-12)


def test_sidik_and_jonkman_by_hand():
    # Start: population variance 6; weights 1/7; Q = 18/7; estimate 6 * (18/7) / 2.
    assert tau2(Y, V, ONES, "SJ") == pytest.approx(6 * 18 / 7 / 2)


def test_standard_errors_by_hand():
    # One variance v = 1 + tau2 for all: REML sqrt(2 v^2 / 2), ML sqrt(2 v^2 / 3).
    assert tau2_std_error(Y, V, ONES, "REML", 8.0) == pytest.approx(9)
    assert tau2_std_error(Y, V, ONES, "ML", 5.0) == pytest.approx(6 * np.sqrt(2 / 3))
    # DL of equal variances is the sample variance - 1, whose variance is 2 v^2 / (k - 1).
    assert tau2_std_error(Y, V, ONES, "DL", 8.0) == pytest.approx(9)
    assert np.isnan(tau2_std_error(Y, V, ONES, "FE", 0.0))


@pytest.mark.parametrize("method", ESTIMATORS)
def test_identical_effects_have_no_variance_between_them(method):
    assert tau2(np.full(4, 0.3), np.array([0.1, 0.2, 0.3, 0.4]), np.ones((4, 1)), method) == 0


def test_the_q_profile_by_hand():
    # Q(t) = 18 / (1 + t), so the limits are 18 / quantile - 1 with 2 degrees of freedom: chi2 = -2 log(tail).
    low, high = q_profile(Y, V, ONES, 0.95)
    assert low == pytest.approx(18 / (-2 * np.log(0.025)) - 1)
    assert high == pytest.approx(18 / (-2 * np.log(0.975)) - 1)


def test_studies_that_agree_too_closely_have_no_q_profile():
    assert np.isnan(q_profile(np.array([0, 1e-4, 2e-4]), V, ONES, 0.95)).all()


def test_the_highest_of_two_peaks_is_found():
    rng = np.random.default_rng(3)
    y, v = rng.normal(0, 1, 6), rng.choice([0.001, 2.0], 6)
    found = tau2(y, v, np.ones((6, 1)), "REML")
    grid = [log_likelihood(y, v, np.ones((6, 1)), t, True) for t in np.geomspace(1e-6, 50, 2000)]
    assert log_likelihood(y, v, np.ones((6, 1)), found, True) >= max(grid) - 1e-9


def test_the_typical_variance_of_equal_variances_is_theirs():
    assert typical_variance(np.full(5, 0.2), np.ones((5, 1))) == pytest.approx(0.2)


def test_the_projection_is_what_its_products_say():
    rng = np.random.default_rng(1)
    x, v, y = np.column_stack([np.ones(6), rng.normal(size=6)]), rng.uniform(0.1, 1, 6), rng.normal(size=6)
    found = projection(v, x, 0.3)
    p = found.matrix()
    assert found.trace() == pytest.approx(np.trace(p))
    assert found.q(y) == pytest.approx(y @ p @ y)
    assert found.residuals(y) == pytest.approx(p @ y)
    assert p @ x == pytest.approx(np.zeros((6, 2)), abs=1e-12)

import time

import numpy as np
import pytest

from neurohlh.stats.hazards.firth_fit import PenalisedLikelihood, firth_fit
from neurohlh.stats.hazards.sorted_design import SortedDesign


def test_one_event_by_hand():
    # Two patients, the one with x = 1 dies first. l + log(I)/2 = log p + log(p (1 - p)) / 2: largest at p = 3/4.
    found = firth_fit(SortedDesign.of(np.array([[1.0], [0.0]]), np.array([1.0, 2.0]), np.array([True, False])))
    assert found.coef[0] == pytest.approx(np.log(3), rel=1e-9)
    assert found.cov[0, 0] == pytest.approx(16 / 3, rel=1e-9)
    assert found.loglik == pytest.approx(np.log(0.75) + np.log(3 / 16) / 2, rel=1e-12)
    assert found.loglik_null == pytest.approx(np.log(0.5) + np.log(0.25) / 2, rel=1e-12)
    assert found.chi_square[0] == pytest.approx(2 * (found.loglik - found.loglik_null), rel=1e-9)


def data(n=50, p=3, seed=1):
    rng = np.random.default_rng(seed)
    x, end = rng.normal(size=(n, p)), rng.integers(2, 12, n).astype(float)
    return x, end, rng.random(n) < 0.6, np.maximum(end - rng.integers(1, 9, n), 0.0), rng.integers(0, 2, n), rng


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_score_is_the_derivative_of_the_penalised_likelihood(ties):
    x, end, event, entry, strata, rng = data()
    weights = rng.random(len(x)) + 0.5
    penalised = PenalisedLikelihood(
        SortedDesign.of(x, end, event, entry=entry, strata=strata, weights=weights, ties=ties)
    )
    at, h = rng.normal(size=3) / 2, 1e-5
    slopes = [(penalised.at(at + h * e).loglik - penalised.at(at - h * e).loglik) / (2 * h) for e in np.eye(3)]
    np.testing.assert_allclose(penalised.at(at).score, slopes, rtol=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_limits_lie_where_the_profile_is_at_the_quantile(ties):
    x, end, event, *_ = data(p=1)
    design = SortedDesign.of(x, end, event, ties=ties)
    found, penalised = firth_fit(design), PenalisedLikelihood(design)
    top = penalised.at(found.coef * design.unit).loglik
    for limit in (found.low, found.high):
        assert 2 * (top - penalised.at(limit * design.unit).loglik) == pytest.approx(3.841458820694124, rel=1e-8)
    assert found.low[0] < found.coef[0] < found.high[0]


def test_separated_data_have_an_estimate_in_any_unit():
    x = np.r_[np.linspace(9, 6, 10), np.linspace(2, 1, 10)][:, None]
    end, event = np.arange(1.0, 21), np.r_[np.ones(10, dtype=bool), np.zeros(10, dtype=bool)]
    found = firth_fit(SortedDesign.of(x, end, event))
    scaled = firth_fit(SortedDesign.of(x * 1e6 + 1e7, end, event))
    assert found.converged
    assert np.isfinite([found.coef, found.low]).all()
    np.testing.assert_allclose(scaled.coef * 1e6, found.coef, rtol=1e-6)
    np.testing.assert_allclose(scaled.chi_square, found.chi_square, rtol=1e-6)


def test_collinear_columns_are_refused():
    x, end, event, *_ = data()
    with pytest.raises(ValueError, match="collinear"):
        firth_fit(SortedDesign.of(np.column_stack([x, np.ones(len(x))]), end, event))


def test_a_small_cohort_takes_well_under_a_second():
    x, end, event, *_ = data(300, 8)
    start = time.process_time()
    assert firth_fit(SortedDesign.of(x, end, event)).converged
    assert time.process_time() - start < 2

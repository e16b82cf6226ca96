import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg

from neurohlh.stats.cox.fit import SortedDesign, aliased, fit
from neurohlh.stats.cox.model import score_residuals


@pytest.fixture
def sample():
    rng = np.random.default_rng(3)
    n = 120
    x = rng.normal(size=(n, 3))
    time = np.ceil(rng.exponential(10 * np.exp(-0.4 * x[:, 0])))
    return x, time, rng.random(n) < 0.7, rng.integers(0, 4, n)


def loglik(x, time, event, beta):
    """Efron's log partial likelihood as it is written in the books."""
    total, risk = 0.0, np.exp(x @ beta)
    for t in np.unique(time[event]):
        dead = event & (time == t)
        at_risk, tied = risk[time >= t].sum(), risk[dead].sum()
        d = dead.sum()
        total += (x[dead] @ beta).sum() - sum(np.log(at_risk - k / d * tied) for k in range(d))
    return total


def test_the_maximum_of_the_likelihood_as_it_is_written_in_the_books(sample):
    x, time, event, _ = sample
    found = fit(SortedDesign.of(x, time, event))
    assert found.loglik == pytest.approx(loglik(x, time, event, found.coef), rel=1e-12)
    assert found.loglik_null == pytest.approx(loglik(x, time, event, np.zeros(3)), rel=1e-12)
    for j in range(3):
        for sign in (-1, 1):
            near = found.coef + sign * 1e-4 * np.eye(3)[j]
            assert loglik(x, time, event, near) < found.loglik


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_equal_to_an_independent_implementation(sample, ties):
    x, time, event, strata = sample
    ours = fit(SortedDesign.of(x, time, event, strata=strata, ties=ties))
    theirs = PHReg(time, x, status=event.astype(int), strata=strata, ties=ties).fit()
    np.testing.assert_allclose(ours.coef, theirs.params, rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.cov)), theirs.bse, rtol=1e-6)


def test_score_residuals_add_up_to_a_score_of_zero(sample):
    x, time, event, strata = sample
    design = SortedDesign.of(x, time, event, strata=strata)
    np.testing.assert_allclose(score_residuals(design, fit(design).coef).sum(axis=0), 0, atol=1e-9)


def test_columns_of_very_different_size(sample):
    x, time, event, _ = sample
    plain = fit(SortedDesign.of(x, time, event))
    wide = fit(SortedDesign.of(x * [1e8, 1, 1e-8] + [1e9, 0, 1], time, event))
    np.testing.assert_allclose(wide.coef * [1e8, 1, 1e-8], plain.coef, rtol=1e-5)


def test_aliased_columns_name_what_they_are_made_of(sample):
    x, time, event, strata = sample
    matrix = np.column_stack([x[:, 0], x[:, 1], 2 * x[:, 0] - x[:, 1] + 5, x[:, 2]])
    assert aliased(SortedDesign.of(matrix, time, event)) == {2: [0, 1]}
    levels = pd.get_dummies(pd.Series(strata)).to_numpy(float)
    assert aliased(SortedDesign.of(levels, time, event)) == {3: [0, 1, 2]}


def test_what_never_differs_within_a_stratum_has_no_information(sample):
    x, time, event, strata = sample
    matrix = np.column_stack([x[:, 0], strata, x[:, 1]])
    assert aliased(SortedDesign.of(matrix, time, event, strata=strata)) == {1: []}


def test_unknown_ties(sample):
    with pytest.raises(ValueError, match="ties must be"):
        SortedDesign.of(*sample[:3], ties="exakt")

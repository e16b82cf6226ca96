import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.fit import SortedDesign, aliased, fit
from neurohlh.stats.hazards.model import score_residuals
from neurohlh.stats.hazards.partial_likelihood import PartialLikelihood
from neurohlh.stats.hazards.risk_sums import NestedSums


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


def test_small_risk_sets_before_large_ones_keep_their_digits():
    # Those at risk early have hazards e^35 times lower than those who enter late: running sums would leave nothing.
    rng = np.random.default_rng(21)
    n = 200
    late = np.arange(n) >= n // 2
    x = np.column_stack([np.where(late, 35.0, 0.0) + rng.normal(size=n) / 3, rng.normal(size=n)])
    time, entry = np.where(late, 5, 0) + rng.uniform(0.1, 4, n), np.where(late, 4.5, 0.0)
    event, beta = rng.random(n) < 0.7, np.array([1.0, 0.3])
    design = SortedDesign.of(x, time, event, entry=entry)
    likelihood = PartialLikelihood(design)
    found = likelihood.at(design.x @ (beta * design.unit))
    assert isinstance(likelihood.sums, NestedSums)
    score, total, risk = np.zeros(2), 0.0, np.exp(x @ beta)
    for i in np.flatnonzero(event):
        at_risk = (entry < time[i]) & (time[i] <= time)
        total += np.log(risk[i] / risk[at_risk].sum())
        score += x[i] - risk[at_risk] @ x[at_risk] / risk[at_risk].sum()
    assert found.loglik == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(found.score() * design.unit, score, rtol=1e-9)


def test_aliased_columns_have_no_coefficient(sample):
    x, time, event, _ = sample
    found = fit(SortedDesign.of(np.column_stack([x[:, 0], 2 * x[:, 0], x[:, 1]]), time, event))
    alone = fit(SortedDesign.of(x[:, :2], time, event))
    assert np.isnan(found.coef[1])
    assert found.diverging.tolist() == [False, True, False]
    np.testing.assert_allclose(found.coef[[0, 2]], alone.coef, rtol=1e-10)


def test_a_start_changes_the_way_but_not_the_end(sample):
    x, time, event, _ = sample
    design = SortedDesign.of(x, time, event)
    cold = fit(design)
    warm = fit(design, start=cold.coef)
    np.testing.assert_allclose(warm.coef, cold.coef, rtol=1e-10)
    assert warm.iterations < cold.iterations
    assert warm.loglik_null == cold.loglik_null


def test_no_event(sample):
    x, time, event, _ = sample
    with pytest.raises(NotEstimable, match="no event among the rows"):
        fit(SortedDesign.of(x, time, np.zeros_like(event)))

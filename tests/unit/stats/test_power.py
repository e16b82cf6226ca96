import numpy as np
import pytest
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.stats import power
from neurohlh.stats.describe.proportions import wilson


def test_events_by_hand():
    # (1.959964 + 0.841621)^2 = 7.848880; p (1 - p) log(2)^2 = 0.25 * 0.480453.
    assert power.schoenfeld_events(2, 0.5) == pytest.approx(7.848880 / (0.25 * 0.480453), rel=1e-5)
    assert power.schoenfeld_events(2, 0.5, r2=0.5) == pytest.approx(2 * power.schoenfeld_events(2, 0.5))


@pytest.mark.parametrize("hazard_ratio", [0.6, 1.8])
def test_events_power_and_detectable_ratio_are_one_formula(hazard_ratio):
    events = power.schoenfeld_events(hazard_ratio, 0.3, power=0.85, r2=0.1)
    assert power.schoenfeld_power(events, hazard_ratio, 0.3, r2=0.1) == pytest.approx(0.85)
    least = power.detectable_hazard_ratio(events, 0.3, power=0.85, r2=0.1)
    assert least == pytest.approx(max(hazard_ratio, 1 / hazard_ratio))


def test_a_ratio_and_its_inverse_need_the_same_events():
    assert power.schoenfeld_events(2, 0.3) == pytest.approx(power.schoenfeld_events(0.5, 0.7))


def test_who_has_an_event_by_the_end():
    assert power.event_probability(0.1, 0, 10) == pytest.approx(1 - np.exp(-1))
    times = 10 + 5 * (np.arange(10_000) + 0.5) / 10_000  # recruited evenly over 5, followed for 10 to 15
    assert power.event_probability(0.1, 5, 10) == pytest.approx(np.mean(1 - np.exp(-0.1 * times)), abs=1e-8)
    assert power.event_probability(1.2, 60, 120) == pytest.approx(power.event_probability(1.2 * 12, 5, 10))


def test_logistic_by_hand():
    assert power.logistic_continuous(0.5, np.e) == pytest.approx(7.848880 / 0.25, rel=1e-5)
    # A balanced factor is the comparison of two proportions: twice the patients per group.
    assert power.logistic_binary(0.3, 0.2, 0.5) == pytest.approx(2 * power.two_proportions_size(0.3, 0.2))
    assert power.logistic_binary(0.3, 0.2, 0.5, r2=0.2) == pytest.approx(power.logistic_binary(0.3, 0.2, 0.5) / 0.8)


def test_size_and_power_undo_each_other():
    n = power.two_proportions_size(0.3, 0.2, power=0.9)
    assert power.two_proportions_power(n, 0.2, 0.3) == pytest.approx(0.9)
    n = power.t_test_size(0.4, sd=1.3, power=0.9, alpha=0.01)
    assert power.t_test_power(n, -0.4, sd=1.3, alpha=0.01) == pytest.approx(0.9)
    assert power.t_test_power(50, 0) == pytest.approx(0.025)  # one tail, as in R


def test_the_fewest_patients_for_a_wilson_interval():
    n = power.proportion_precision(0.1, 0.05)
    low, high = wilson(round(n * 0.1), n)
    assert high - low <= 0.1
    low, high = wilson(round((n - 1) * 0.1), n - 1)
    assert high - low > 0.1


def test_precision_by_hand():
    z2 = norm.ppf(0.975) ** 2
    assert power.survival_precision(0.5, 0.1) == pytest.approx(z2 * 0.25 / 0.01)
    assert power.survival_precision(0.5, 0.1, observed=0.5) == pytest.approx(z2 * 0.5 / 0.01)
    # Without agreement and at 50 % the variance is 1/n.
    assert power.kappa_precision(0, 0.5, 0.1) == pytest.approx(z2 / 0.01)
    assert power.kappa_precision(0.6, 0.1, 0.1) > power.kappa_precision(0.6, 0.5, 0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: power.schoenfeld_events(1, 0.5), "hazard_ratio must be above 0 and not 1"),
        (lambda: power.schoenfeld_events(2, 0), "exposed must lie between 0 and 1"),
        (lambda: power.schoenfeld_events(2, 0.5, r2=1), "r2 must lie between 0 and 1"),
        (lambda: power.schoenfeld_events(2, 0.5, power=0.02), "power between alpha/2 and 1"),
        (lambda: power.schoenfeld_power(0, 2, 0.5), "events must be above 0"),
        (lambda: power.detectable_hazard_ratio(-1, 0.5), "events must be above 0"),
        (lambda: power.event_probability(0, 1, 1), "the hazard must be above 0"),
        (lambda: power.logistic_binary(0.2, 0.2, 0.5), "the two risks must differ"),
        (lambda: power.logistic_continuous(0.2, -1), "odds_ratio must be above 0"),
        (lambda: power.two_proportions_size(0.2, 0.2), "the two proportions must differ"),
        (lambda: power.two_proportions_power(0, 0.2, 0.3), "n must be above 0"),
        (lambda: power.t_test_size(0), "the difference must not be 0"),
        (lambda: power.t_test_power(1, 1), "n must be at least 2"),
        (lambda: power.proportion_precision(1.2, 0.1), "the proportion must lie between 0 and 1"),
        (lambda: power.survival_precision(0.5, 0.1, observed=0), "observed must be above 0"),
        (lambda: power.kappa_precision(1, 0.5, 0.1), "kappa must be at least 0 and below 1"),
    ],
)
def test_values_that_cannot_be(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_differences_too_large_to_plan_for():
    with pytest.raises(NotEstimable, match="two patients per group are enough"):
        power.t_test_size(500)

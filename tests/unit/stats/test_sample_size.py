import pytest

from neurohlh.core.result import Result
from neurohlh.stats import power
from neurohlh.stats import sample_size as plan


def row(result, term):
    return result.tidy[result.tidy["term"] == term].iloc[0]


def test_events_and_patients():
    result = plan.sample_size_survival(2, 0.5, event_share=0.4)
    events = row(result, "events")
    assert events["estimate"] == pytest.approx(65.3454, abs=1e-3)
    assert (events["n"], row(result, "patients")["n"]) == (66, 164)
    assert result.method["assumptions"]["hazard ratio"] == 2
    assert Result.from_json(result.to_json()).tidy.equals(result.tidy)


def test_patients_by_accrual_and_follow_up():
    result = plan.sample_size_survival(2, 0.25, hazard=0.1, accrual=2, follow_up=3)
    share = 0.75 * power.event_probability(0.1, 2, 3) + 0.25 * power.event_probability(0.2, 2, 3)
    assert row(result, "event share")["estimate"] == pytest.approx(share)
    assert "patients" not in set(plan.sample_size_survival(2, 0.25).tidy["term"])


def test_what_a_number_of_events_can_show():
    result = plan.power_survival(66, 0.5, [2.0])
    assert row(result, "power")["estimate"] == pytest.approx(0.8, abs=0.01)
    above, below = (row(result, f"detectable hazard ratio {side} 1")["estimate"] for side in ("above", "below"))
    assert above * below == pytest.approx(1)


def test_two_groups():
    assert row(plan.sample_size_proportions(0.3, 0.2), "patients per group")["n"] == 294
    assert row(plan.sample_size_proportions(0.3, 0.2), "patients")["n"] == 588
    assert row(plan.sample_size_means(0.5), "patients per group")["n"] == 64


def test_logistic_and_precision_and_prediction():
    factor = plan.sample_size_logistic(risk_unexposed=0.3, risk_exposed=0.2, exposed=0.5)
    assert row(factor, "patients")["estimate"] == pytest.approx(2 * power.two_proportions_size(0.3, 0.2))
    per_sd = plan.sample_size_logistic(odds_ratio=2, event_risk=0.3)
    assert row(per_sd, "patients")["estimate"] == pytest.approx(power.logistic_continuous(0.3, 2))
    assert row(plan.sample_size_precision(half_width=0.05, proportion=0.1), "patients")["n"] == 141
    assert row(plan.sample_size_precision(half_width=0.1, survival=0.5), "patients")["n"] == 97
    assert row(plan.sample_size_precision(half_width=0.1, kappa=0.0), "patients")["n"] == 385
    model = plan.sample_size_prediction(24, 0.288, prevalence=0.174)
    assert row(model, "patients")["n"] == 662
    assert row(model, "events per parameter")["estimate"] == pytest.approx(662 * 0.174 / 24)
    timed = plan.sample_size_prediction(30, 0.051, rate=0.065, mean_follow_up=2.07, horizon=2)
    assert row(timed, "patients")["n"] == 5143


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plan.sample_size_survival(2, 0.5, event_share=1.2), "event_share must be above 0"),
        (lambda: plan.sample_size_survival(2, 0.5, hazard=0.1), "give event_share, or hazard with accrual"),
        (lambda: plan.sample_size_logistic(odds_ratio=2), "give odds_ratio and event_risk, or risk_unexposed"),
        (lambda: plan.sample_size_precision(half_width=0.1), "give exactly one of proportion, survival and kappa"),
        (lambda: plan.sample_size_prediction(9, 0.1), "give prevalence, or rate, mean_follow_up and horizon"),
    ],
)
def test_contradictions(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""Optimism at a horizon; that it equals R's on the same samples is held in tests/reference (validation_at_lung)."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.predict.calibration import calibration
from neurohlh.stats.predict.decision import decision_curve
from neurohlh.stats.predict.horizon import at_horizon, net_benefit, observed_risk, smooth_risk
from neurohlh.stats.predict.scores import prediction_scores
from neurohlh.stats.predict.validation_at import validate_cox_at

NOTHING = np.array([])


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    n = 160
    age, sex = rng.normal(5, 2, n), rng.integers(0, 2, n)
    time = np.ceil(rng.exponential(60 * np.exp(-0.5 * (age - 5))))
    data = pd.DataFrame({"days": time, "died": rng.random(n) < 0.7, "age": age, "sex": sex})
    return data.assign(**{f"noise{k}": rng.normal(size=n) for k in range(6)})


def table(result, column="estimate"):
    tidy = result.tidy
    key = tidy["group"] + tidy["contrast"]
    return tidy.assign(key=key).set_index(["key", "measure", "level", "term"])[column].sort_index()


def test_four_patients_by_hand():
    # By day 10 the first two have died, nobody is censored before it: observed 1/2, expected (.8+.4+.6+.2)/4 = 1/2.
    risk, time = np.array([0.8, 0.4, 0.6, 0.2]), np.array([3.0, 8.0, 20.0, 30.0])
    event = np.array([True, True, False, False])
    found = at_horizon(risk, time, event, 10.0, np.array([0.5]), NOTHING)
    concordance, auc, brier, ipa, ratio = found.measures
    assert auc == pytest.approx(3 / 4)  # of the four pairs of a dead and a living one, .4 against .6 is the wrong way
    assert concordance == pytest.approx(4 / 5)  # the same four, and the pair of the two dead
    assert brier == pytest.approx((0.04 + 0.36 + 0.36 + 0.04) / 4)
    assert ipa == pytest.approx(1 - brier / 0.25)
    assert ratio == pytest.approx(1)
    # At one half two are treated, one of them in need: 1/4 - 1/4 * odds of 1.
    assert found.net_benefit == pytest.approx([0.0])


def test_observed_risk_is_not_known_beyond_the_follow_up():
    assert np.isnan(observed_risk(np.array([1.0, 2.0]), np.array([True, False]), 5.0))
    assert observed_risk(np.array([1.0, 2.0]), np.array([True, True]), 5.0) == 1


def test_the_measures_are_those_of_the_verbs(frame):
    risk = np.clip(0.1 + 0.08 * frame["age"].to_numpy(), 0.02, 0.98)
    data = frame.assign(risk=risk)
    time, event = data["days"].to_numpy(), data["died"].to_numpy()
    cuts, grid = np.array([0.3, 0.4, 0.5]), np.unique(risk)
    found = at_horizon(risk, time, event, 40.0, cuts, grid)
    scores = prediction_scores(data, "days", "died", {"m": "risk"}, times=[40]).tidy
    own = scores[scores["group"] == "m"].set_index("measure")["estimate"]
    assert found.measures[1:4] == pytest.approx(own[["AUC", "Brier score", "IPA"]].to_numpy())
    calibrated = calibration(data, "days", "died", "risk", horizon=40)
    assert found.measures[4] == pytest.approx(calibrated.tidy.set_index("term").loc["observed/expected", "estimate"])
    assert found.smooth == pytest.approx(calibrated.curves["observed"].to_numpy(), abs=1e-9)
    curve = decision_curve(data, "died", ["risk"], time="days", horizon=40, thresholds=cuts).curves
    assert found.net_benefit == pytest.approx(curve[curve["group"] == "risk"]["net_benefit"].to_numpy())


def test_the_net_benefit_of_many_thresholds_is_that_of_each_alone():
    rng = np.random.default_rng(3)
    risk, time, event = rng.random(90), rng.integers(1, 30, 90).astype(float), rng.random(90) < 0.5  # many ties
    cuts = np.array([0.1, 0.4, 0.6, 0.8, 0.95])
    for cut, found in zip(cuts, net_benefit(risk, time, event, 12.0, cuts), strict=True):
        own = risk >= cut
        died = observed_risk(time[own], event[own], 12.0)
        assert found == pytest.approx(own.mean() * (died - (1 - died) * cut / (1 - cut)))


def test_nobody_above_the_threshold_has_no_benefit_and_no_harm():
    assert net_benefit(np.array([0.1, 0.2]), np.array([1.0, 2.0]), np.array([True, False]), 1.5, np.array([0.9])) == [0]


def test_a_smooth_curve_without_a_model_is_empty():
    time, event = np.arange(1.0, 7.0), np.array([True, False] * 3)
    for risk in (np.full(6, 0.3), np.array([0.0, 0.2, 0.3, 0.4, 0.5, 0.6])):
        assert np.isnan(smooth_risk(risk, time, event, 4.0, np.array([0.2, 0.3]))).all()


def test_samples_that_are_the_original_leave_no_optimism(frame):
    rng = np.random.default_rng(1)
    same = np.stack([np.arange(len(frame)), rng.permutation(len(frame))])
    models = {"both": ["age", "sex"], "age": ["age"]}
    found = table(validate_cox_at(frame, "days", "died", models, horizon=40, seed=1, rows=same, thresholds=[0.4]))
    optimism, corrected, apparent = (found.xs(term, level="term") for term in ("optimism", "corrected", "apparent"))
    np.testing.assert_allclose(optimism, 0, atol=1e-9)
    np.testing.assert_allclose(corrected, apparent, atol=1e-9)


def test_a_difference_is_that_of_the_two_models(frame):
    models = {"both": ["age", "sex"], "age": ["age"]}
    found = table(validate_cox_at(frame, "days", "died", models, horizon=40, seed=1, replicates=20, thresholds=[0.4]))
    for measure, level in (("AUC", ""), ("concordance", "all follow-up"), ("Brier score", ""), ("net benefit", "0.4")):
        for term in ("apparent", "optimism", "corrected"):
            apart = found["both", measure, level, term] - found["age", measure, level, term]
            assert found["both - age", f"{measure} difference", level, term] == pytest.approx(apart)


def test_what_noise_adds_is_taken_off(frame):
    models = {"noisy": ["age", *(f"noise{k}" for k in range(6))], "age": ["age"]}
    found = table(validate_cox_at(frame, "days", "died", models, horizon=40, seed=2, replicates=60))
    key = "noisy - age"
    assert (
        found[key, "concordance difference", "all follow-up", "corrected"]
        < found[key, "concordance difference", "all follow-up", "apparent"]
    )
    assert found["noisy", "Brier score", "", "optimism"] < 0  # errors look smaller than they are


def test_the_corrected_curve_of_a_noisy_model_is_flatter(frame):
    noise = {"noise": [f"noise{k}" for k in range(6)]}
    curves = validate_cox_at(frame, "days", "died", noise, horizon=40, seed=2, replicates=60).curves
    assert np.ptp(curves["observed"]) < np.ptp(curves["apparent"])


def test_the_order_of_the_rows_and_the_workers_do_not_matter(frame):
    models = {"m": ["age", "sex"]}
    one, two, other = (
        table(validate_cox_at(frame, "days", "died", models, horizon=40, seed=seed, replicates=8, n_jobs=jobs))
        for seed, jobs in ((3, None), (3, 2), (4, None))
    )
    pd.testing.assert_series_equal(one, two)
    assert (one != other).any()
    turned = np.arange(len(frame))[::-1]
    samples = np.random.default_rng(1).integers(0, len(frame), (6, len(frame)))
    straight = table(validate_cox_at(frame, "days", "died", models, horizon=40, seed=1, rows=samples))
    back = frame.iloc[turned]
    reverse = table(validate_cox_at(back, "days", "died", models, horizon=40, seed=1, rows=len(frame) - 1 - samples))
    np.testing.assert_allclose(straight, reverse, rtol=1e-8)


def test_the_unit_of_time_does_not_matter(frame):
    samples = np.random.default_rng(1).integers(0, len(frame), (6, len(frame)))
    days = table(validate_cox_at(frame, "days", "died", {"m": ["age"]}, horizon=40, seed=1, rows=samples))
    weeks = frame.assign(days=frame["days"] / 7)
    other = table(validate_cox_at(weeks, "days", "died", {"m": ["age"]}, horizon=40 / 7, seed=1, rows=samples))
    np.testing.assert_allclose(days, other, rtol=1e-8)


def test_all_models_are_judged_on_the_same_patients(frame):
    holes = frame.assign(sex=frame["sex"].where(frame.index % 4 > 0).astype(float))
    found = validate_cox_at(holes, "days", "died", {"both": ["age", "sex"], "age": ["age"]}, horizon=40, seed=1,
                            replicates=5)  # fmt: skip
    assert (found.counts["used"], found.counts["dropped"]) == (120, {"missing sex": 40})
    assert set(found.tidy["n"]) == {120}


def test_a_score_made_elsewhere_keeps_its_order(frame):
    # Turned round, a model of the score would find its order again; the score itself stays wrong.
    data = frame.assign(wrong=-frame["age"])
    rows = np.random.default_rng(1).integers(0, len(frame), (30, len(frame)))
    models = {"as it is": "wrong", "model": ["wrong"]}
    found = table(validate_cox_at(data, "days", "died", models, horizon=40, seed=1, rows=rows))
    for measure, level in (("concordance", "all follow-up"), ("AUC", "")):
        score, model = (found[name, measure, level] for name in models)
        assert score["apparent"] == pytest.approx(1 - model["apparent"])
        assert score["apparent"] < 0.5 < model["corrected"]
    assert found["as it is", "Brier score", "", "corrected"] == found["model", "Brier score", "", "corrected"]


def test_limits_of_a_difference_lie_around_the_corrected_one(frame):
    # A model of seven noisy terms against a score that costs nothing: its optimism must not stay in the limits.
    models = {"noisy": ["age", *(f"noise{k}" for k in range(6))], "score": "age"}
    tidy = validate_cox_at(frame, "days", "died", models, horizon=40, seed=2, replicates=80, curve=False).tidy
    own = tidy[(tidy["measure"] == "concordance difference") & (tidy["term"] == "corrected")].iloc[0]
    assert own["conf_low"] < own["estimate"] < own["conf_high"]
    below, above = own["estimate"] - own["conf_low"], own["conf_high"] - own["estimate"]
    assert 0.4 < below / above < 2.5


def test_without_the_curve_the_numbers_are_the_same(frame):
    options = {"horizon": 40, "seed": 1, "replicates": 6, "thresholds": [0.4]}
    one, two = (validate_cox_at(frame, "days", "died", {"m": ["age"]}, curve=c, **options) for c in (True, False))
    pd.testing.assert_frame_equal(one.tidy, two.tidy)
    assert (len(one.curves), len(two.curves)) == (40, 0)


def test_concordance_counts_every_death_and_the_rest_those_by_the_horizon(frame):
    tidy = validate_cox_at(frame, "days", "died", {"m": ["age"]}, horizon=40, seed=1, replicates=4).tidy
    events = tidy.drop_duplicates("measure").set_index("measure")["events"]
    assert events["concordance"] == frame["died"].sum()
    assert events["AUC"] == (frame["died"] & (frame["days"] <= 40)).sum() < events["concordance"]


def test_a_reference_level_belongs_to_the_models_that_hold_its_variable(frame):
    named = frame.assign(sex=frame["sex"].map({0: "F", 1: "M"}))
    models = {"both": ["age", "sex"], "age": ["age"]}
    one, two = (
        table(
            validate_cox_at(named, "days", "died", models, horizon=40, seed=1, replicates=4, reference={"sex": level})
        )
        for level in "FM"
    )
    np.testing.assert_allclose(one, two, atol=1e-9)  # which level is the reference changes no prediction


def test_what_cannot_be_validated_says_why(frame):
    models = {"m": ["age"]}
    with pytest.raises(ValueError, match="horizon must be"):
        validate_cox_at(frame, "days", "died", models, horizon=0, seed=1)
    with pytest.raises(ValueError, match="thresholds must lie"):
        validate_cox_at(frame, "days", "died", models, horizon=40, seed=1, thresholds=[1.0])
    with pytest.raises(ValueError, match="at least one model"):
        validate_cox_at(frame, "days", "died", {"m": []}, horizon=40, seed=1)
    with pytest.raises(ValueError, match="rows must be"):
        validate_cox_at(frame, "days", "died", models, horizon=40, seed=1, rows=np.zeros((2, 3), dtype=int))
    with pytest.raises(NotEstimable, match="nobody is followed beyond"):
        validate_cox_at(frame, "days", "died", models, horizon=1e6, seed=1)
    with pytest.raises(NotEstimable, match=r"no events by 0\.5"):
        validate_cox_at(frame, "days", "died", models, horizon=0.5, seed=1)
    spared = frame.assign(spared=frame["died"].map({True: "a", False: "b"}))
    with pytest.raises(NotEstimable, match="runs to infinity"):
        validate_cox_at(spared, "days", "died", {"m": ["spared"]}, horizon=40, seed=1)

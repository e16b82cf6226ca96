import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.predict.scores import prediction_scores


@pytest.fixture
def frame():
    rng = np.random.default_rng(11)
    n = 400
    lp = rng.normal(0, 1, n)
    time = rng.exponential(20 * np.exp(-lp)).round(1) + 0.1
    limit = rng.uniform(5, 60, n).round(1)
    frame = pd.DataFrame({"days": np.minimum(time, limit), "died": (time <= limit).astype(int)})
    frame["good"] = 1 / (1 + np.exp(-lp))
    return frame.assign(coin=0.5, same=frame["good"])


def rows(result, measure):
    return result.tidy[result.tidy["measure"] == measure]


def test_the_better_model_is_told_from_the_coin(frame):
    result = prediction_scores(frame, "days", "died", {"model": "good", "coin": "coin"}, times=[15])
    auc = rows(result, "AUC").set_index("group")
    assert auc.loc["model", "conf_low"] > 0.5
    assert auc.loc["coin", "estimate"] == pytest.approx(0.5)
    difference = rows(result, "AUC difference").iloc[0]
    assert difference["contrast"] == "model - coin"
    assert difference["estimate"] == pytest.approx(auc.loc["model", "estimate"] - auc.loc["coin", "estimate"])
    assert difference["p_value"] < 0.05


def test_the_accuracy_index_sets_the_score_against_nobody(frame):
    result = prediction_scores(frame, "days", "died", {"model": "good"}, times=[15])
    score = rows(result, "Brier score").set_index("group")["estimate"]
    assert rows(result, "IPA")["estimate"].item() == pytest.approx(1 - score["model"] / score["null model"])


def test_models_that_order_alike_have_no_difference_to_test(frame):
    result = prediction_scores(frame, "days", "died", {"a": "good", "b": "same"}, times=[15])
    row = rows(result, "AUC difference").iloc[0]
    assert row["estimate"] == 0
    assert np.isnan(row["p_value"])
    assert "do not differ" in row["note"]


def test_beyond_the_last_follow_up_nothing_is_estimated(frame):
    result = prediction_scores(frame, "days", "died", {"a": "good"}, times=[1000])
    assert result.tidy["estimate"].isna().all()
    assert result.tidy["note"].str.contains("nobody is followed beyond 1000").all()


def test_rows_that_cannot_be_used_are_counted(frame):
    frame.loc[0, "good"] = np.nan
    frame.loc[1, "days"] = np.nan
    result = prediction_scores(frame, "days", "died", {"a": "good"}, times=[15])
    assert result.counts["dropped"] == {"missing days": 1, "missing good": 1}
    assert result.counts["used"] == len(frame) - 2


@pytest.mark.parametrize(
    ("change", "risks", "message"),
    [
        ({}, {"a": ["good", "coin"]}, "2 columns of predicted risk for 1 times"),
        ({"good": 1.5}, {"a": "good"}, "predicted risks lie outside 0 to 1"),
        ({"died": 0.5}, {"a": "good"}, "0 for censored and whole numbers"),
        ({"days": -1.0}, {"a": "good"}, "negative"),
        ({}, {"null model": "good"}, "none 'null model'"),
        ({}, {}, "at least one model"),
    ],
)
def test_faults_of_the_input(frame, change, risks, message):
    with pytest.raises(ValueError, match=message):
        prediction_scores(frame.assign(**change), "days", "died", risks, times=[15])


def test_without_a_usable_row(frame):
    with pytest.raises(NotEstimable, match="no row has follow-up"):
        prediction_scores(frame.assign(good=np.nan), "days", "died", {"a": "good"}, times=[15])


def test_the_integrated_score_is_the_mean_over_the_range_of_the_times(frame):
    result = prediction_scores(frame, "days", "died", {"model": ["good"] * 3}, times=[20, 5, 10])
    b = rows(result, "Brier score").set_index(["group", "time"])["estimate"]["model"]
    row = rows(result, "integrated Brier score").set_index("group").loc["model"]
    assert row["estimate"] == pytest.approx((5 * (b[5] + b[10]) / 2 + 10 * (b[10] + b[20]) / 2) / 15)
    assert row["term"] == "5 to 20"


def test_the_integrated_score_is_empty_where_follow_up_ends_before(frame):
    result = prediction_scores(frame, "days", "died", {"model": ["good"] * 3}, times=[5, 10, 1000])
    row = rows(result, "integrated Brier score").set_index("group").loc["model"]
    assert np.isnan(row["estimate"])
    assert "missing at one of the times" in row["note"]


@pytest.mark.parametrize("times", [[], [0], [np.nan], [np.inf], [5, 5]])
def test_times_must_be_times(frame, times):
    with pytest.raises(ValueError, match="times must name"):
        prediction_scores(frame, "days", "died", {"model": ["good"] * len(times)}, times=times)

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.agreement import agreement_of_many, kappa


@pytest.fixture
def readings():
    cells = {("met", "met"): 20, ("met", "not_met"): 5, ("not_met", "met"): 10, ("not_met", "not_met"): 15}
    rows = [pair for pair, count in cells.items() for _ in range(count)]
    rows += [("indeterminate", "met"), ("indeterminate", "indeterminate"), (None, "met"), ("not_applicable", "met")]
    return pd.DataFrame(rows, columns=["a", "b"])


def row(result, term):
    return result.tidy[result.tidy["term"] == term].iloc[0]


def test_two_readings_without_the_undecided(readings):
    result = kappa(readings, "a", "b", undecided="left out")
    assert row(result, "kappa")["estimate"] == pytest.approx(0.4)
    assert row(result, "agreement")["estimate"] == pytest.approx(0.7)
    assert row(result, "prevalence index")["estimate"] == pytest.approx((20 - 15) / 50)
    assert row(result, "bias index")["estimate"] == pytest.approx((5 - 10) / 50)
    assert result.counts["dropped"] == {"missing a": 1, "a not applicable": 1, "a undecided": 2}
    cells = result.tidy[result.tidy["term"] == "cell"].set_index("level")["estimate"]
    assert cells["met / not_met"] == 5


def test_agreement_on_each_category(readings):
    """20 both met; 25 and 30 met in all: 2 x 20 / 55. 15 both not met; 25 and 20 in all: 2 x 15 / 45."""
    tidy = kappa(readings, "a", "b", undecided="left out").tidy
    found = tidy[tidy["term"] == "specific agreement"].set_index("level")["estimate"]
    assert found.to_dict() == pytest.approx({"met": 40 / 55, "not_met": 30 / 45})


def test_the_undecided_as_a_category_of_their_own(readings):
    result = kappa(readings, "a", "b")
    assert result.counts["used"] == 52
    assert row(result, "agreement")["events"] == 36
    assert "prevalence index" not in set(result.tidy["term"])


def test_a_rare_finding_is_remarked():
    frame = pd.DataFrame({"a": [True] + [False] * 29, "b": [False] * 29 + [True]})
    result = kappa(frame, "a", "b")
    assert result.checks.loc[0, "verdict"] == "attention"
    assert result.checks.loc[0, "note"].startswith("false makes up 97% of the readings")
    assert row(result, "kappa")["estimate"] < 0 < row(result, "AC1")["estimate"]


def test_one_word_only():
    result = kappa(pd.DataFrame({"a": ["x"] * 4, "b": ["x"] * 4}), "a", "b")
    assert row(result, "kappa")["note"].startswith("not estimable: both readings use one and the same category")
    assert np.isnan(row(result, "kappa")["estimate"])
    assert row(result, "agreement")["estimate"] == 1


def test_weights_need_an_order():
    frame = pd.DataFrame({"a": ["low", "mid", "high", "low"], "b": ["low", "high", "high", "mid"]})
    with pytest.raises(ValueError, match="weights need the order"):
        kappa(frame, "a", "b", weights="linear")
    with pytest.raises(ValueError, match="the order lacks the categories mid"):
        kappa(frame, "a", "b", weights="linear", order=["low", "high"])
    one = kappa(frame, "a", "b", weights="linear", order=["low", "mid", "high"])
    two = kappa(frame, "a", "b", weights="linear", order=["high", "mid", "low"])
    assert row(one, "kappa")["estimate"] == pytest.approx(row(two, "kappa")["estimate"])
    assert row(one, "kappa")["conf_high"] <= 1


def test_the_names_and_the_order_of_patients_and_readings(readings):
    one = row(kappa(readings, "a", "b"), "kappa")
    renamed = readings.replace({"met": "yes", "not_met": "no"}).sample(frac=1, random_state=np.random.default_rng(1))
    for two in (row(kappa(renamed, "a", "b"), "kappa"), row(kappa(readings, "b", "a"), "kappa")):
        assert two[["estimate", "std_error", "p_value"]].tolist() == pytest.approx(
            one[["estimate", "std_error", "p_value"]].tolist()
        )


def test_many_readings():
    frame = pd.DataFrame({"a": list("xyxyx"), "b": list("xyyyx"), "c": ["x", "x", "y", "y", None]})
    result = agreement_of_many(frame, ["a", "b", "c"])
    # Agreeing pairs of four patients: 1, 1/3, 1/3, 1.
    assert row(result, "agreement")["estimate"] == pytest.approx(2 / 3)
    assert row(result, "Fleiss' kappa")["estimate"] == pytest.approx((2 / 3 - 74 / 144) / (1 - 74 / 144))
    assert result.counts["dropped"] == {"missing c": 1}
    three = agreement_of_many(frame.assign(c=list("zxyyx")), ["a", "b", "c"])
    assert three.tidy["term"].tolist().count("category") == 3


def test_wrong_arguments(readings):
    with pytest.raises(ValueError, match="undecided must be one of own category, left out"):
        kappa(readings, "a", "b", undecided="no")
    with pytest.raises(ValueError, match="at least two readings"):
        agreement_of_many(readings, ["a"])
    with pytest.raises(NotEstimable, match="no patient has all readings"):
        kappa(readings.assign(a=None), "a", "b")


def test_a_reading_that_never_varies_has_a_kappa_of_0_and_no_test():
    frame = pd.DataFrame({"a": ["x", "x", "x", "x"], "b": ["x", "x", "y", "x"]})
    found = row(kappa(frame, "a", "b"), "kappa")
    assert (found["estimate"], found["note"]) == (0, "test not estimable: one reading is always the same")
    assert np.isnan(found["p_value"])

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.predict.roc import roc

FRAME = pd.DataFrame({"died": [1, 1, 1, 0, 0, 0, 0], "a": [5.0, 3, 2, 4, 1, 2, 0], "b": [1.0, 2, 3, 1, 2, 3, 4]})


def areas(result):
    return result.tidy[result.tidy["measure"] == "AUC"].set_index("group")


def test_the_area_by_hand():
    # Case 5 is above all 4, case 3 above 3, case 2 above 2 and equal to one: 9.5 of 12 pairs.
    assert areas(roc(FRAME, "died", ["a"])).loc["a", "estimate"] == pytest.approx(9.5 / 12)


def test_delongs_variance_by_hand():
    # Shares of controls below the cases: 1, 3/4, 5/8; of cases above the controls: 1/3, 1, 5/6, 1.
    variance = np.var([1, 0.75, 0.625], ddof=1) / 3 + np.var([1 / 3, 1, 5 / 6, 1], ddof=1) / 4
    assert areas(roc(FRAME, "died", ["a"])).loc["a", "std_error"] == pytest.approx(np.sqrt(variance))


def test_the_curve_and_its_best_cut_by_hand():
    result = roc(FRAME, "died", ["a"])
    curve = result.curves.set_index("threshold")
    assert curve.loc[2.5, "sensitivity"] == pytest.approx(2 / 3)
    assert curve.loc[2.5, "specificity"] == pytest.approx(3 / 4)
    best = result.tidy[result.tidy["term"] != ""].set_index("measure")["estimate"]
    # Above 1.5: all cases and two of four controls; above 2.5: two of three and three of four.
    assert best["threshold"] == 1.5
    assert curve.loc[-np.inf, "sensitivity"] == 1


def test_a_marker_turned_round_is_its_own_complement():
    two = areas(roc(FRAME.assign(c=-FRAME["a"]), "died", ["a", "c"]))
    assert two.loc["a", "estimate"] + two.loc["c", "estimate"] == pytest.approx(1)
    assert two.loc["a", "std_error"] == pytest.approx(two.loc["c", "std_error"])
    assert "lower values speak for the outcome" in roc(FRAME.assign(c=-FRAME["a"]), "died", ["c"]).notes[0]


def test_a_marker_against_itself_does_not_differ():
    row = roc(FRAME.assign(c=2 * FRAME["a"] + 1), "died", ["a", "c"]).tidy.iloc[-1]
    assert row["estimate"] == 0
    assert "do not differ" in row["note"]


def test_perfect_separation_has_an_area_but_no_limits():
    row = areas(roc(FRAME.assign(a=FRAME["died"] * 2.0), "died", ["a"])).loc["a"]
    assert row["estimate"] == 1
    assert np.isnan(row["std_error"])
    assert "not estimable" in row["note"]


def test_faults():
    with pytest.raises(NotEstimable, match="the same in all 7"):
        roc(FRAME.assign(died=1), "died", ["a"])
    with pytest.raises(ValueError, match="each named once"):
        roc(FRAME, "died", ["a", "a"])
    assert roc(FRAME.assign(a=[np.nan, 3, 2, 4, 1, 2, 0]), "died", ["a"]).counts["dropped"] == {"missing a": 1}

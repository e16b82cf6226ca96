import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.curves.rmst import rmst


def test_without_censoring_it_is_the_mean_of_the_cut_times():
    times = np.array([1.0, 2, 3, 4, 10])
    frame = pd.DataFrame({"t": times, "e": 1})
    row = rmst(frame, "t", "e", tau=5).tidy.iloc[0]
    cut = np.minimum(times, 5)
    assert row["estimate"] == pytest.approx(cut.mean())
    # Greenwood's variance without censoring: the population variance over n.
    assert row["std_error"] == pytest.approx(cut.std() / np.sqrt(5))


def test_the_difference_is_to_the_first_group():
    frame = pd.DataFrame({"t": [1, 2, 3, 4, 2, 4, 6, 8], "e": 1, "g": ["a"] * 4 + ["b"] * 4})
    row = rmst(frame, "t", "e", tau=8, by="g").tidy.iloc[2]
    assert (row["contrast"], row["estimate"]) == ("b vs a", pytest.approx(2.5))


def test_a_group_followed_too_briefly_is_not_estimable():
    frame = pd.DataFrame({"t": [1, 2, 9, 9], "e": [1, 0, 1, 0], "g": list("aabb")})
    tidy = rmst(frame, "t", "e", tau=5, by="g").tidy
    assert tidy.loc[0, "note"] == "not estimable: follow-up ends at 2, before 5"
    assert np.isnan(tidy.loc[[0, 2], "estimate"]).all()
    assert tidy.loc[1, "estimate"] == 5
    assert np.isnan(tidy.loc[1, "conf_low"])


def test_tau_must_be_a_time():
    with pytest.raises(ValueError, match="tau must be a time above 0"):
        rmst(pd.DataFrame({"t": [1], "e": [1]}), "t", "e", tau=0)


def test_ratios_by_hand():
    frame = pd.DataFrame({"t": [1, 2, 3, 4, 2, 4, 6, 8], "e": 1, "g": ["a"] * 4 + ["b"] * 4})
    result = rmst(frame, "t", "e", tau=8, by="g")
    tidy = result.tidy.set_index("measure")
    a, b = np.array([1.0, 2, 3, 4]), np.array([2.0, 4, 6, 8])
    se = np.sqrt((a.var() / a.mean() ** 2 + b.var() / b.mean() ** 2) / 4)
    ratio = tidy.loc["RMST ratio"]
    assert (ratio["estimate"], ratio["std_error"]) == (pytest.approx(2), pytest.approx(se))
    assert ratio["conf_low"] == pytest.approx(2 * np.exp(-1.959963984540054 * se))
    lost = tidy.loc["RMTL ratio"]
    assert lost["estimate"] == pytest.approx((8 - b.mean()) / (8 - a.mean()))
    assert lost["coef"] == pytest.approx(np.log(lost["estimate"]))
    assert result.method["tau_rule"] == "given"


def test_tau_is_by_default_the_smallest_last_follow_up_and_says_so():
    frame = pd.DataFrame({"t": [1, 2, 9, 3, 4, 6], "e": [1, 0, 1, 1, 0, 0], "g": list("aaabbb")})
    result = rmst(frame, "t", "e", by="g")
    assert result.tidy["time"].unique().tolist() == [6]
    assert result.notes == ("tau is the smallest of the groups' last follow-ups (6).",)


def test_delayed_entry_by_hand():
    frame = pd.DataFrame({"s": [0, 0, 2, 3], "t": [2, 5, 4, 6], "e": [1, 1, 1, 0]})
    # S is 1/2 from 2, 1/2 * 2/3 from 4 (three at risk), half of that from 5.
    row = rmst(frame, "t", "e", tau=6, entry="s").tidy.iloc[0]
    assert row["estimate"] == pytest.approx(2 + 2 / 2 + 1 / 3 + 1 / 6)


def test_weights_have_the_robust_variance_of_their_influences():
    frame = pd.DataFrame({"t": [1.0, 2, 3], "e": [1, 0, 0], "w": [0.5, 1.0, 1.0]})
    row = rmst(frame, "t", "e", tau=3, weights="w").tidy.iloc[0]
    # S(1) = 2/2.5; the area beyond 1 is 2 S(1); dS/dw = -2/6.25 for the first and 0.5/6.25 for the others.
    assert row["estimate"] == pytest.approx(1 + 2 * 0.8)
    squares = (0.5 * 2 * 2 / 6.25) ** 2 + 2 * (2 * 0.5 / 6.25) ** 2
    assert row["std_error"] == pytest.approx(np.sqrt(squares))


def test_a_group_that_loses_no_time_has_no_ratio_of_time_lost():
    frame = pd.DataFrame({"t": [1, 9, 9, 9], "e": [1, 0, 0, 0], "g": list("aabb")})
    tidy = rmst(frame, "t", "e", tau=5, by="g").tidy.set_index("measure")
    assert tidy.loc["RMTL ratio", "note"] == "not estimable: a group lost no time before tau"
    assert tidy.loc["RMST ratio", "note"] == "limits not estimable: a group without an event before tau"


def test_patients_who_change_groups_are_refused():
    frame = pd.DataFrame({"id": [1, 1, 2], "s": [0, 2, 0], "t": [2, 5, 6], "e": [0, 1, 1], "g": list("aba")})
    with pytest.raises(ValueError, match="patients change between groups"):
        rmst(frame, "t", "e", tau=2, by="g", id="id", entry="s")


def test_all_pairs_with_a_named_correction():
    frame = pd.DataFrame({"t": [1, 2, 3, 4, 2, 4, 6, 8, 3, 5, 7, 9], "e": 1, "g": list("aaaabbbbcccc")})
    result = rmst(frame, "t", "e", tau=8, by="g", pairs="all", correction="bonferroni")
    plain = result.tidy[result.tidy["term"] == "difference"]
    assert plain["contrast"].tolist() == ["b vs a", "c vs a", "c vs b"]
    fair = result.tidy[result.tidy["term"] == "difference, adjusted"]
    np.testing.assert_allclose(fair["p_value"], np.minimum(3 * plain["p_value"], 1))
    assert result.method["correction"] == "bonferroni"
    with pytest.raises(ValueError, match="correction must be one of"):
        rmst(frame, "t", "e", tau=8, by="g", correction="tukey")

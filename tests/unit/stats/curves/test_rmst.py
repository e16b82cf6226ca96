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

import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.competing.cumulative_incidence import cumulative_incidence

FRAME = pd.DataFrame({"t": [1, 2, 2, 3, 4], "e": [1, 2, 0, 1, 0]})


def test_incidence_by_hand():
    # 5 at risk: 1/5. At 2, 4 at risk, survival 4/5: competing 4/5 * 1/4 = 1/5, survival 3/5.
    # At 3, 2 at risk: 3/5 * 1/2 = 3/10. The cause: 1/5 + 3/10.
    tidy = cumulative_incidence(FRAME, "t", "e", cause=1, censored=0, times=[1, 3], tau=4).tidy
    at = tidy[tidy["term"] == "incidence at time"].set_index(["level", "time"])["estimate"]
    assert at.to_numpy() == pytest.approx([0.2, 0.5, 0.0, 0.2])
    # Lost up to 4: 1/5 over 2 units, 1/2 over 1; competing 1/5 over 2.
    assert tidy.loc[tidy["term"] == "mean time lost", "estimate"].to_numpy() == pytest.approx([0.9, 0.4])


def test_without_censoring_the_variance_is_binomial():
    frame = pd.DataFrame({"t": np.arange(1, 11), "e": [1, 2] * 5})
    tidy = cumulative_incidence(frame, "t", "e", cause=1, censored=0, competing=[2], times=[10]).tidy
    row = tidy[(tidy["term"] == "incidence at time") & (tidy["level"] == "1")].iloc[0]
    assert (row["estimate"], row["std_error"]) == (pytest.approx(0.5), pytest.approx(np.sqrt(0.25 / 10)))


def test_unknown_status_is_counted_and_beyond_follow_up_is_empty():
    frame = pd.concat([FRAME, pd.DataFrame({"t": [2], "e": [np.nan]})])
    found = cumulative_incidence(frame, "t", "e", cause=1, censored=0, times=[9])
    assert found.counts["dropped"] == {"missing e": 1}
    row = found.tidy[found.tidy["term"] == "incidence at time"].iloc[0]
    assert np.isnan(row["estimate"])
    assert row["note"].startswith("not estimable: beyond the last follow-up")


def test_differences_without_censoring_are_those_of_means():
    # Nobody is censored: an incidence is a share, the time lost up to 5 the mean of 5 - t over those with the cause.
    frame = pd.DataFrame({"t": [1, 2, 3, 4, 1, 2, 3, 4, 5], "e": [1, 1, 2, 1, 2, 1, 2, 1, 1], "g": list("aaaabbbbb")})
    frame.loc[9] = [9, 0, "b"]
    tidy = cumulative_incidence(frame, "t", "e", cause=1, censored=0, by="g", times=[4], tau=5).tidy
    own = tidy[(tidy["term"] == "difference") & (tidy["level"] == "1")].set_index("measure")
    shares = np.array([3 / 4, 2 / 6])
    gap, se = shares[1] - shares[0], np.sqrt((shares * (1 - shares) / [4, 6]).sum())
    found = own.loc["incidence difference"]
    assert [found["estimate"], found["std_error"]] == pytest.approx([gap, se])
    assert [found["conf_low"], found["conf_high"]] == pytest.approx([gap - 1.959964 * se, gap + 1.959964 * se])
    assert found["contrast"] == "b vs a"
    lost = [np.array([4, 3, 0, 1.0]), np.array([0, 3, 0, 1, 0, 0.0])]
    found = own.loc["time lost difference"]
    assert found["estimate"] == pytest.approx(4 / 6 - 8 / 4)
    assert found["std_error"] == pytest.approx(np.sqrt(sum(v.var() / len(v) for v in lost)))
    # Ratios: the variance of the log of a share is (1 - share) / (n share), of a mean its own over the mean squared.
    own = tidy[(tidy["term"] == "ratio") & (tidy["level"] == "1")].set_index("measure")
    found, se = own.loc["incidence ratio"], np.sqrt(((1 - shares) / (shares * [4, 6])).sum())
    assert [found["estimate"], found["std_error"]] == pytest.approx([4 / 9, se])
    assert found["conf_low"] == pytest.approx(4 / 9 * np.exp(-1.959964 * se))
    found, se = own.loc["time lost ratio"], np.sqrt(sum(v.var() / len(v) / v.mean() ** 2 for v in lost))
    assert [found["estimate"], found["std_error"]] == pytest.approx([1 / 3, se])


def test_a_difference_needs_limits_in_both_groups():
    frame = pd.DataFrame({"t": [1, 2, 3, 1, 2, 3], "e": [1, 2, 0, 2, 2, 0], "g": list("aaabbb")})
    tidy = cumulative_incidence(frame, "t", "e", cause=1, censored=0, by="g", times=[2]).tidy
    rows = tidy[tidy["term"].isin(["difference", "ratio"]) & (tidy["level"] == "1")]
    assert rows["estimate"].isna().tolist() == [True, True]
    assert rows["note"].str.startswith("not estimable").all()


def test_a_contrast_without_variance_has_no_limits():
    # Everybody in both groups has had the cause by 3: 1 against 1, and no variance.
    frame = pd.DataFrame({"t": [1, 2, 3, 1, 2, 3, 9], "e": [1, 1, 1, 1, 1, 1, 0], "g": list("aaabbbc")})
    tidy = cumulative_incidence(frame, "t", "e", cause=1, censored=0, by="g", times=[3]).tidy
    rows = tidy[tidy["contrast"] == "b vs a"]
    assert rows["estimate"].tolist() == pytest.approx([0, 1])
    assert rows[["conf_low", "conf_high", "p_value"]].isna().all(axis=None)
    assert (rows["note"] == "limits not estimable: an estimate without variance in a group").all()


def test_one_group_without_variance_gives_no_limits():
    """Everybody of group a has the event at 1 (incidence 1, no variance); of b two of four."""
    frame = pd.DataFrame({"t": [1, 1, 1, 1, 2, 3, 4], "e": [1, 1, 1, 1, 1, 0, 2], "g": list("aaabbbb")})
    tidy = cumulative_incidence(frame, "t", "e", cause=1, censored=0, by="g", times=[3.5]).tidy
    rows = tidy[tidy["term"].isin(["difference", "ratio"]) & (tidy["level"] == "1")]
    assert len(rows) >= 2
    assert rows[["conf_low", "conf_high", "std_error", "p_value"]].isna().all(axis=None)
    assert rows["note"].str.contains("not estimable").all()

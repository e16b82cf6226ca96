import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.competing.cause_specific import cause_specific_cif
from neurohlh.stats.competing.cumulative_incidence import cumulative_incidence
from neurohlh.stats.competing.fine_gray import fine_gray
from neurohlh.stats.competing.gray_test import gray_test

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


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ({"cause": 1, "censored": 9}, "no row of 'e' holds the censoring code '9'"),
        ({"cause": 5, "censored": 0}, "cause '5' does not occur"),
        ({"cause": 1, "censored": 1}, "are both '1'"),
        ({"cause": 1, "censored": 0, "competing": [3]}, "not declared: 2"),
    ],
)
def test_codes_are_never_guessed(codes, message):
    with pytest.raises(ValueError, match=message):
        cumulative_incidence(FRAME, "t", "e", **codes)


def test_unknown_status_is_counted_and_beyond_follow_up_is_empty():
    frame = pd.concat([FRAME, pd.DataFrame({"t": [2], "e": [np.nan]})])
    found = cumulative_incidence(frame, "t", "e", cause=1, censored=0, times=[9])
    assert found.counts["dropped"] == {"missing e": 1}
    row = found.tidy[found.tidy["term"] == "incidence at time"].iloc[0]
    assert np.isnan(row["estimate"])
    assert row["note"].startswith("not estimable: beyond the last follow-up")


def test_gray_without_events_of_the_cause_is_not_estimable():
    frame = FRAME.assign(e=[3, 2, 0, 2, 0], g=list("ababa"))
    row = gray_test(frame, "t", "e", "g", cause=1, censored=0, competing=[2, 3]).tidy.iloc[0]
    assert np.isnan(row["statistic"])
    assert row["note"].startswith("not estimable")
    with pytest.raises(NotEstimable, match="fewer than two groups"):
        gray_test(FRAME.assign(g="a"), "t", "e", "g", cause=1, censored=0)


def test_gray_by_hand_without_censoring_or_competition_at_the_first_event():
    # One event in group a among 2 + 2: expected 1/2, variance 1/4, chi-square (1/2)^2 / (1/4) = 1.
    frame = pd.DataFrame({"t": [1, 2, 2, 2], "e": [1, 0, 0, 0], "g": list("aabb")})
    row = gray_test(frame, "t", "e", "g", cause=1, censored=0).tidy.iloc[0]
    assert row["statistic"] == pytest.approx(1)


def test_fine_gray_by_hand():
    # Nobody is censored before the events: at 1 everybody is at risk (2 exposed, 2 not), at 3 the competing one too.
    # Score: 1 - 2r/(2r+2) + 0 - r/(r+2) = 0, so 1/(1+r) = r/(r+2) and r = sqrt(2).
    frame = pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 2, 1, 0], "x": [1.0, 1.0, 0.0, 0.0]})
    row = fine_gray(frame, "t", "e", ["x"], cause=1, censored=0).tidy.iloc[0]
    assert row["estimate"] == pytest.approx(np.sqrt(2))


def test_fine_gray_says_when_the_likelihood_is_monotone():
    frame = pd.DataFrame({"t": range(1, 9), "e": [1, 1, 1, 2, 0, 2, 0, 0], "x": [1.0] * 3 + [0.0] * 5})
    row = fine_gray(frame, "t", "e", ["x"], cause=1, censored=0).tidy.iloc[0]
    assert np.isnan(row["estimate"])
    assert "monotone likelihood" in row["note"]


def test_fine_gray_refuses():
    frame = FRAME.assign(x=[1.0, 2, 3, 2, 1])
    with pytest.raises(ValueError, match="variance must be one of"):
        fine_gray(frame, "t", "e", ["x"], cause=1, censored=0, variance="x")
    with pytest.raises(NotEstimable, match="no event of the cause"):
        cause_specific_cif(
            frame.assign(e=[2, 2, 0, 2, 0]), "t", "e", ["x"], frame, [1], cause=1, censored=0, competing=[2]
        )

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.competing.gray_test import gray_test

FRAME = pd.DataFrame({"t": [1, 2, 2, 3, 4], "e": [1, 2, 0, 1, 0]})


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

import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.landmarks import landmark


def test_only_those_at_risk_after_the_landmark_remain():
    frame = pd.DataFrame({"id": list("abcdef"), "t": [5, 14, 14, 15, 100, np.nan], "e": [1, 1, 0, 1, 0, 1]})
    found = landmark(frame, "t", "e", 14)
    assert found.frame["id"].tolist() == ["d", "e"]
    assert found.frame["t"].tolist() == [1, 86]
    assert found.counts == {
        "supplied": 6, "dropped": {"missing t": 1}, "events_before": 2, "censored_before": 1, "used": 2
    }  # fmt: skip
    assert frame["t"].tolist()[:2] == [5, 14]


def test_day_zero_leaves_out_who_dies_on_it():
    frame = pd.DataFrame({"t": [0, 1], "e": [1, 1]})
    assert landmark(frame, "t", "e", 0).counts["events_before"] == 1


def test_a_negative_landmark():
    with pytest.raises(ValueError, match="at least 0"):
        landmark(pd.DataFrame({"t": [1], "e": [1]}), "t", "e", -1)

"""What the time axis says: the same ticks in days, months or years."""

import pandas as pd
import pytest

from neurohlh.core.result import Result, tidy_frame
from neurohlh.report.figures.time_axis import risk_ticks, tick_words, time_axis, unit_of
from neurohlh.report.names import Names


@pytest.mark.parametrize(
    ("ticks", "unit", "words"),
    [
        ([0, 365.25, 730.5], "auto", (("0", "1", "2"), "Years")),
        ([0, 182.5, 365, 730], "auto", (("0", "0.5", "1", "2"), "Years")),
        ([0, 30, 180, 365], "auto", (("0", "30", "180", "365"), "Days")),
        ([0, 500, 1000], "auto", (("0", "500", "1000"), "Days")),
        ([0, 365.25, 730.5], "months", (("0", "12", "24"), "Months")),
        ([0, 182.5, 365], "months", (("0", "6", "12"), "Months")),
        ([0, 365.25, 730.5], "days", (("0", "365.25", "730.5"), "Days")),
        ([0, 500, 1000], "years", (("0", "1.37", "2.74"), "Years")),
    ],
)
def test_ticks_in_each_unit(ticks, unit, words):
    texts, word = tick_words([float(t) for t in ticks], unit)
    assert (texts, word) == words


def test_a_unit_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="unit must be one of auto, days, months, years, not 'weeks'"):
        unit_of([0.0, 1.0], "weeks")


def test_the_label_says_since_when():
    said = {"ticks": [0, 365.25, 730.5], "time_zero": "since the diagnosis of HLH"}
    result = Result("kaplan_meier", tidy_frame([{"term": "a", "estimate": 1.0}]), method=said)
    assert time_axis(result, "auto", None, Names())[2] == "Years since the diagnosis of HLH"
    assert time_axis(result, "days", "since birth", Names())[2] == "Days since birth"


def test_a_result_without_ticks_gets_round_ones_within_its_curves():
    curves = pd.DataFrame({"group": "a", "time": [0.0, 1100.0], "survival": [1.0, 0.5]})
    result = Result("standardised_survival", tidy_frame([{"term": "a", "estimate": 1.0}]), curves=curves)
    ticks = risk_ticks(result)
    assert ticks[0] == 0
    assert ticks[-1] <= 1100
    assert 3 <= len(ticks) <= 7

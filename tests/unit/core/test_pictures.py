"""Bins with few patients are joined, and nobody is lost by it."""

import pandas as pd
import pytest

from neurohlh.core.pictures import merged_bins

BINS = pd.DataFrame({"low": [0, 1, 2, 3, 4], "high": [1, 2, 3, 4, 5], "n": [2, 4, 0, 7, 3]})


def test_neighbours_are_joined_until_each_bin_holds_enough():
    assert merged_bins(BINS, 5).to_dict("list") == {"low": [0, 2], "high": [2, 5], "n": [6, 10]}


@pytest.mark.parametrize("least", [0, 1, 3, 8, 16])
def test_joining_keeps_every_patient_and_the_whole_range(least):
    joined = merged_bins(BINS, least)
    assert joined["n"].sum() == 16
    assert (joined["low"].iloc[0], joined["high"].iloc[-1]) == (0, 5)
    assert joined["high"].tolist()[:-1] == joined["low"].tolist()[1:]
    assert joined["n"].min() >= least


def test_fewer_patients_than_one_bin_may_hold_leave_no_bin():
    assert merged_bins(BINS, 17).empty

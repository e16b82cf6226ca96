"""Suppressed is a state: no arithmetic, comparison, file or display turns it back into a number."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pandas as pd
import pytest

from neurohlh.core import format as fmt
from neurohlh.core.result import Result, tidy_frame
from neurohlh.core.suppression import SUPPRESSED, is_suppressed, restored, written
from neurohlh.study.outputs import write_csv


def test_arithmetic_stays_suppressed():
    found = [SUPPRESSED + 1, 7 - SUPPRESSED, 2.5 * SUPPRESSED, SUPPRESSED / 3, 3 / SUPPRESSED, -SUPPRESSED]
    assert all(is_suppressed(v) for v in [*found, abs(SUPPRESSED), sum([4, SUPPRESSED, 2])])


def test_no_comparison_is_true():
    assert not any([SUPPRESSED == SUPPRESSED, SUPPRESSED != 3, SUPPRESSED > 0, SUPPRESSED > 5, SUPPRESSED <= 2.0])


def test_it_cannot_become_a_whole_number():
    for turn in (int, round, math.floor):
        with pytest.raises(ValueError, match=r"NaN|suppressed"):
            turn(SUPPRESSED)
    assert math.isnan(float(SUPPRESSED))
    assert np.isnan(np.array([1, SUPPRESSED], dtype=float)[1])


def test_it_survives_the_ways_of_a_frame():
    frame = pd.DataFrame({"n": [SUPPRESSED, 3.0]}, dtype=object)
    for held in (
        frame.to_dict("records")[0]["n"],
        frame["n"].tolist()[0],
        next(frame.itertuples()).n,
        frame.loc[0, "n"],
    ):
        assert is_suppressed(held)
    assert is_suppressed(np.float64(2) * frame["n"].iloc[0])
    assert is_suppressed(pd.concat([frame, frame]).reset_index(drop=True)["n"].iloc[2])
    assert np.isnan(pd.to_numeric(frame["n"], errors="coerce")).tolist() == [True, False]


def test_there_is_one_state():
    assert pickle.loads(pickle.dumps(SUPPRESSED)) is SUPPRESSED
    assert copy.deepcopy({"n": SUPPRESSED})["n"] is SUPPRESSED


def test_it_is_not_missing_and_shows_its_name():
    assert not fmt.is_missing(SUPPRESSED)
    assert not pd.isna(SUPPRESSED)
    assert fmt.integer(SUPPRESSED) == fmt.count_of(SUPPRESSED, 40) == fmt.p_value(SUPPRESSED) == "suppressed"
    assert f"{SUPPRESSED:.2f}" == str(SUPPRESSED) == "suppressed"


def test_a_result_keeps_the_state_through_json():
    tidy = tidy_frame([{"n": SUPPRESSED, "events": 7, "note": "suppressed"}, {"n": 40, "estimate": 0.1 + 0.2}])
    counts = {"used": 40, "dropped": {"unknown": SUPPRESSED}}
    back = Result.from_json(Result("table1", tidy, counts=counts).to_json())
    assert is_suppressed(back.tidy.loc[0, "n"])
    assert is_suppressed(back.counts["dropped"]["unknown"])
    assert back.tidy.loc[0, "note"] == "suppressed"
    assert not is_suppressed(back.tidy.loc[0, "note"])
    assert back.tidy.loc[1, "n"] == 40
    assert back.tidy.loc[1, "estimate"] == 0.1 + 0.2
    assert math.isnan(back.tidy.loc[0, "estimate"])
    assert back.tidy["events"].dtype == float
    assert back.to_json() == Result("table1", tidy, counts=counts).to_json()


def test_a_file_says_suppressed(tmp_path):
    write_csv(tidy_frame([{"n": SUPPRESSED, "events": 7}, {"events": 3}]), tmp_path / "t.csv")
    read = pd.read_csv(tmp_path / "t.csv", dtype=str, keep_default_na=False)
    assert read["n"].tolist() == ["suppressed", ""]
    assert read["events"].tolist() == ["7", "3"]


def test_the_word_and_the_state_turn_into_each_other():
    held = {"a": SUPPRESSED, "b": [1, {"c": SUPPRESSED}], "d": "as it is"}
    assert written(held) == {"a": "suppressed", "b": [1, {"c": "suppressed"}], "d": "as it is"}
    assert is_suppressed(restored(written(held))["b"][1]["c"])

"""A Result keeps its numbers to the last digit, through JSON and back, and shows itself."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.result import CHECK_COLUMNS, TIDY_COLUMNS, Result, check_frame, tidy_frame

ROWS = [
    {
        "analysis": "cox",
        "variable": "cns",
        "level": "met",
        "measure": "HR",
        "estimate": 1 / 3,
        "n": 12,
        "p_value": 1e-300,
    },
    {"analysis": "cox", "variable": "cns", "level": "not_met", "is_reference": True, "note": "reference 中文 “quoted”"},
    {"analysis": "cox", "variable": "age", "estimate": 1.7976931348623157e308, "conf_low": -0.1, "coef": 5e-324},
]


@pytest.fixture
def result():
    return Result(
        kind="cox",
        tidy=tidy_frame(ROWS),
        curves=pd.DataFrame(
            {
                "group": ["met", "met", "not_met"],
                "time": [0.0, 0.1 + 0.2, np.nan],
                "at_risk": [3, 2, 1],
                "censored": [True, False, True],
            }
        ),
        checks=check_frame([{"check": "Schoenfeld", "term": "age", "statistic": math.pi, "verdict": "ok"}]),
        method={"ties": "Efron", "conf_level": 0.95, "times": [30, 180]},
        counts={"supplied": 3, "dropped": {"unknown": 1}},
        notes=("first", "second"),
        origin={"seed": 1},
    )


def same(a, b):
    assert a.dtypes.tolist() == b.dtypes.tolist()
    pd.testing.assert_frame_equal(a.fillna(-9), b.fillna(-9), check_exact=True)


def test_the_tidy_frame_has_the_whole_vocabulary_in_its_order():
    frame = tidy_frame(ROWS)
    assert tuple(frame.columns) == TIDY_COLUMNS
    assert frame["is_reference"].tolist() == [False, True, False]
    assert frame["level"].tolist() == ["met", "not_met", ""]
    assert frame["estimate"].dtype == np.float64
    assert np.isnan(frame["estimate"][1])
    assert frame["n"].tolist()[0] == 12.0


def test_no_rows_are_a_frame_without_rows():
    frame = tidy_frame([])
    assert tuple(frame.columns) == TIDY_COLUMNS
    assert frame.empty
    assert tuple(check_frame([]).columns) == CHECK_COLUMNS


def test_a_word_outside_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match="hazard_ratio"):
        tidy_frame([{"hazard_ratio": 2.0}])


def test_a_text_where_a_number_belongs_is_refused():
    with pytest.raises(ValueError, match="HR 2"):
        tidy_frame([{"estimate": "HR 2"}])


def test_a_result_takes_any_frame_of_the_vocabulary():
    made = Result("cox", pd.DataFrame({"estimate": [2.0], "variable": ["cns"]}, index=[7]))
    assert tuple(made.tidy.columns) == TIDY_COLUMNS
    assert made.tidy.index.tolist() == [0]


def test_it_comes_back_from_json_whole(result):
    back = Result.from_json(result.to_json())
    assert back.kind == "cox"
    same(back.tidy, result.tidy)
    same(back.curves, result.curves)
    same(back.checks, result.checks)
    assert back.method == result.method
    assert back.counts == result.counts
    assert back.notes == result.notes
    assert back.origin == result.origin
    assert back.to_json() == result.to_json()


@pytest.mark.parametrize(
    "number", [0.1, 1 / 3, 123456.78901234567, 1e-17, 2.5e-8, 1e22, -0.0, 0.30000000000000004, math.inf, -math.inf]
)
def test_no_digit_is_lost_on_the_way(number):
    back = Result.from_json(Result("x", tidy_frame([{"estimate": number}])).to_json())
    assert back.tidy["estimate"][0].hex() == float(number).hex()


def test_empty_parts_come_back_empty():
    back = Result.from_json(Result("x", tidy_frame([])).to_json())
    assert back.tidy.empty
    assert tuple(back.tidy.columns) == TIDY_COLUMNS
    assert back.curves.empty
    assert len(back.curves.columns) == 0
    assert tuple(back.checks.columns) == CHECK_COLUMNS


def test_the_json_is_strict_and_holds_numbers_as_numbers(result):
    def refuse(constant):
        raise AssertionError(constant)

    data = json.loads(result.to_json(), parse_constant=refuse)  # NaN and Infinity are no JSON
    assert data["method"]["conf_level"] == 0.95
    assert "中文" in result.to_json()


def test_numbers_of_numpy_and_dates_become_plain():
    made = Result(
        "x", tidy_frame([]), counts={"used": np.int64(3), "share": np.float64(0.5)}, origin={"on": pd.Timestamp(0)}
    )
    back = Result.from_json(made.to_json())
    assert back.counts == {"used": 3, "share": 0.5}
    assert back.origin == {"on": "1970-01-01T00:00:00"}


def test_a_copy_with_other_notes_leaves_the_original(result):
    other = result.with_(notes=())
    assert other.notes == ()
    assert result.notes == ("first", "second")
    assert other.tidy is result.tidy


def test_it_shows_itself_as_a_table_with_its_notes():
    made = Result(
        "my_own_kind", tidy_frame([{"variable": "cns", "estimate": 0.25, "n": 8}]), notes=("Only eight & few.",)
    )
    page = made._repr_html_()
    assert "<table" in page
    assert "My own kind" in page
    assert "0.25" in page
    assert "Only eight &amp; few." in page
    assert "nan" not in page.casefold()

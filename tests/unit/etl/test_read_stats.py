"""SPSS, Stata and Parquet files: codes, labels, dates, and values that the file declares missing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from neurohlh.core.errors import InputError
from neurohlh.etl.read import read_table
from neurohlh.etl.table import Kind


def cells(table, header):
    found = next(c for c in table.columns if c.header == header).cells
    return [(found.texts[code], found.kinds[code]) if code >= 0 else None for code in found.codes]


FRAME = pd.DataFrame(
    {
        "patient_id": ["P1", "P2 ", ""],
        "sex": [1.0, 2.0, None],
        "ferritin": [900.5, 1200.0, 9999.0],
        "seen": [dt.date(2021, 3, 5), None, dt.date(2020, 1, 1)],
    }
)


@pytest.fixture
def spss(tmp_path):
    path = tmp_path / "ward.sav"
    pyreadstat.write_sav(
        FRAME,
        str(path),
        column_labels=["病例号", "性别", "铁蛋白", ""],
        variable_value_labels={"sex": {1: "男", 2: "女"}},
        missing_ranges={"ferritin": [9999]},
    )
    return path


def test_spss_codes_labels_and_dates(spss):
    table = read_table(spss)
    assert cells(table, "patient_id") == [("P1", Kind.TEXT), ("P2", Kind.TEXT), None]
    assert cells(table, "sex") == [("1", Kind.NUMBER), ("2", Kind.NUMBER), None]
    assert cells(table, "seen") == [("2021-03-05", Kind.DATE), None, ("2020-01-01", Kind.DATE)]
    assert [c.label for c in table.columns] == ["病例号", "性别", "铁蛋白", ""]
    assert table.value_labels["sex"] == {"1": "男", "2": "女"}
    assert len(table.sha256) == 64


def test_spss_values_declared_missing_are_kept_and_labelled(spss):
    table = read_table(spss)
    assert cells(table, "ferritin") == [("900.5", Kind.NUMBER), ("1200", Kind.NUMBER), ("9999", Kind.NUMBER)]
    assert "missing" in table.value_labels["ferritin"]["9999"]
    assert any("'ferritin'" in note for note in table.notes)


def test_rows_are_counted_below_a_row_of_names(spss):
    table = read_table(spss)
    assert table.header_rows == (1,)
    assert table.rows.tolist() == [2, 3, 4]
    assert any("row 2" in note for note in table.notes)


def test_stata_codes_labels_and_dates(tmp_path):
    path = tmp_path / "ward.dta"
    pyreadstat.write_dta(
        FRAME,
        str(path),
        column_labels=["case", "sex of patient", "ferritin", "seen"],
        variable_value_labels={"sex": {1: "male", 2: "female"}},
    )
    table = read_table(path)
    assert cells(table, "sex") == [("1", Kind.NUMBER), ("2", Kind.NUMBER), None]
    assert cells(table, "seen") == [("2021-03-05", Kind.DATE), None, ("2020-01-01", Kind.DATE)]
    assert table.columns[1].label == "sex of patient"
    assert table.value_labels["sex"] == {"1": "male", "2": "female"}


def test_stata_extended_missing_values_stay_as_letters(tmp_path):
    path = tmp_path / "ward.dta"
    frame = pd.DataFrame({"patient_id": ["P1", "P2"], "score": [3.0, "a"]})
    pyreadstat.write_dta(frame, str(path), missing_user_values={"score": ["a"]})
    assert cells(read_table(path), "score") == [("3", Kind.NUMBER), ("a", Kind.TEXT)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(["a ", None, "\u3000"]), [("a", Kind.TEXT), None, None]),
        (pa.array(["x", None, "x"]).dictionary_encode(), [("x", Kind.TEXT), None, ("x", Kind.TEXT)]),
        (pa.array([1, None, 2]), [("1", Kind.NUMBER), None, ("2", Kind.NUMBER)]),
        (pa.array([1.5, float("nan"), 2.0]), [("1.5", Kind.NUMBER), None, ("2", Kind.NUMBER)]),
        (pa.array([38.1, None, 2.0], pa.float32()), [("38.1", Kind.NUMBER), None, ("2", Kind.NUMBER)]),
        (pa.array([True, None, False]), [("TRUE", Kind.BOOL), None, ("FALSE", Kind.BOOL)]),
        (pa.array([dt.date(2021, 3, 5), None, None]), [("2021-03-05", Kind.DATE), None, None]),
        (
            pa.array([dt.datetime(2021, 3, 5, 14, 30), None, dt.datetime(2021, 3, 5)], pa.timestamp("ns")),
            [("2021-03-05T14:30:00", Kind.DATE), None, ("2021-03-05", Kind.DATE)],
        ),
        (pa.array([Decimal("1.50"), None, Decimal("2.00")]), [("1.50", Kind.NUMBER), None, ("2.00", Kind.NUMBER)]),
        (pa.array([["EBV", "CMV"], None, []]), [('["EBV", "CMV"]', Kind.TEXT), None, ("[]", Kind.TEXT)]),
        (pa.array([{"a": 1}, None, {"a": 2}]), [('{"a": 1}', Kind.TEXT), None, ('{"a": 2}', Kind.TEXT)]),
        (pa.array([b"x", None, b"y"]), [("x", Kind.TEXT), None, ("y", Kind.TEXT)]),
        (pa.nulls(3), [None, None, None]),
    ],
)
def test_parquet_types_as_text(tmp_path, values, expected):
    path = tmp_path / "ward.parquet"
    pq.write_table(pa.table({"patient_id": ["P1", "P2", "P3"], "x": values}), path)
    assert cells(read_table(path), "x") == expected


def test_rows_without_anything_are_named(tmp_path):
    path = tmp_path / "ward.parquet"
    pq.write_table(pa.table({"patient_id": ["P1", None, "P3"], "x": [1, None, 3]}), path)
    table = read_table(path)
    assert table.rows.tolist() == [2, 4]
    assert [(row.row, row.kind) for row in table.set_aside] == [(3, "empty")]


def test_a_header_row_cannot_be_given(spss):
    with pytest.raises(InputError, match="header_row"):
        read_table(spss, header_row=2)

"""Files are written whole or not at all, and every kind of value is written one way."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import InputError
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.outputs import as_text, write_csv, write_folder, write_record, write_results

COLUMNS = {
    "whole floats": (pd.Series([1.0, -2.0, 40000.0]), ["1", "-2", "40000"]),
    "floats": (pd.Series([0.1, 1 / 3, np.nan]), ["0.1", "0.3333333333333333", ""]),
    "integers": (pd.Series([3, -4], dtype="int64"), ["3", "-4"]),
    "integers with gaps": (pd.Series([3, None], dtype="Int64"), ["3", ""]),
    "floats with pandas' gaps": (pd.Series([0.5, None], dtype="Float64"), ["0.5", ""]),
    "yes and no": (pd.Series([True, False]), ["true", "false"]),
    "yes, no and unknown": (pd.Series([True, False, None], dtype="boolean"), ["true", "false", ""]),
    "yes and no among objects": (pd.Series([True, False, None, np.True_], dtype=object), ["true", "false", "", "true"]),
    "seconds": (pd.Series(pd.to_datetime(["2020-03-05", None])).astype("datetime64[s]"), ["2020-03-05", ""]),
    "nanoseconds": (pd.Series(pd.to_datetime(["1999-12-31 23:59", None])), ["1999-12-31", ""]),
    "dates among objects": (pd.Series([dt.date(2020, 3, 5), None], dtype=object), ["2020-03-05", ""]),
    "texts": (pd.Series(["M", None, "a,b", "有"], dtype=object), ["M", "", "a,b", "有"]),
    "pandas' texts": (pd.Series(["M", None], dtype="string"), ["M", ""]),
    "categories": (pd.Series(["met", None, "not_met"], dtype="category"), ["met", "", "not_met"]),
    "nothing at all": (pd.Series([np.nan, np.nan]), ["", ""]),
    "no rows": (pd.Series([], dtype="float64"), []),
    "no texts": (pd.Series([], dtype=object), []),
}  # fmt: skip


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_as_text(kind):
    column, text = COLUMNS[kind]
    assert as_text(column).tolist() == text


def test_the_rows_keep_their_labels():
    column = pd.Series([1.0, np.nan], index=[7, 3])
    assert as_text(column).index.tolist() == [7, 3]


def test_a_number_reads_back_as_the_same_number():
    values = [0.1, 1 / 3, 1e-7, 123456789.123, 2.0**60, 5e-324]
    assert [float(t) for t in as_text(pd.Series(values))] == values


def test_a_csv_holds_commas_quotes_lines_and_chinese(tmp_path):
    frame = pd.DataFrame({"a": ['x,"y"', "line\nbreak", "有"], "n": [1.0, np.nan, 0.25]})
    write_csv(frame, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"a,n\n")
    back = pd.read_csv(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(back, frame)


def fill_with(text):
    def fill(folder):
        (folder / "run.json").write_text(text)

    return fill


def test_a_new_folder_is_made_with_the_folders_above_it(tmp_path):
    out = tmp_path / "deep" / "er" / "out"
    assert write_folder(out, fill_with("1")) == out
    assert (out / "run.json").read_text() == "1"
    assert [p.name for p in out.parent.iterdir()] == ["out"]
    assert out.stat().st_mode & 0o777 == 0o755


def test_an_empty_folder_is_filled(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write_folder(out, fill_with("1"))
    assert (out / "run.json").read_text() == "1"


def test_an_earlier_run_is_replaced_whole(tmp_path):
    out = write_folder(tmp_path / "out", fill_with("1"))
    (out / "old.csv").write_text("old")
    write_folder(out, fill_with("2"))
    assert [p.name for p in out.iterdir()] == ["run.json"]
    assert (out / "run.json").read_text() == "2"


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_a_stop_while_filling_leaves_the_earlier_run_and_nothing_else(tmp_path, stop):
    out = write_folder(tmp_path / "out", fill_with("1"))

    def half(folder):
        (folder / "report.html").write_text("half a page")
        raise stop

    with pytest.raises(stop):
        write_folder(out, half)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert [p.name for p in out.iterdir()] == ["run.json"]
    assert (out / "run.json").read_text() == "1"


def test_a_first_run_that_stops_leaves_nothing(tmp_path):
    def half(folder):
        (folder / "report.html").write_text("half a page")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        write_folder(tmp_path / "out", half)
    assert list(tmp_path.iterdir()) == []


def test_the_earlier_run_stands_until_the_new_one_is_whole(tmp_path):
    out = write_folder(tmp_path / "out", fill_with("1"))
    seen = []

    def look(folder):
        seen.append((out / "run.json").read_text())
        fill_with("2")(folder)

    write_folder(out, look)
    assert seen == ["1"]


def test_what_is_no_earlier_run_is_not_touched(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("years")
    with pytest.raises(InputError, match="not empty"):
        write_folder(tmp_path / "out", fill_with("1"))
    (tmp_path / "file").write_text("a file")
    with pytest.raises(InputError, match="is a file"):
        write_folder(tmp_path / "file", fill_with("1"))
    assert (tmp_path / "out" / "thesis.docx").read_text() == "years"
    assert (tmp_path / "file").read_text() == "a file"
    assert len(list(tmp_path.iterdir())) == 2


def test_results_are_written_as_table_and_with_their_recipe(tmp_path):
    result = Result(
        "frequency", tidy_frame([{"variable": "cns", "estimate": 1 / 3, "n": 9}]), method={"interval": "Wilson"}
    )
    write_results({"frequency": result}, tmp_path / "tables")
    table = pd.read_csv(tmp_path / "tables/frequency.csv")
    assert table["estimate"].tolist() == [1 / 3]
    back = Result.from_json((tmp_path / "tables/frequency.json").read_text(encoding="utf-8"))
    assert back.method == {"interval": "Wilson"}
    assert back.tidy["estimate"].tolist() == [1 / 3]


def test_the_record_is_json_that_a_person_can_read(tmp_path):
    write_record({"标题": "有", "when": dt.date(2020, 3, 5), "n": 1}, tmp_path)
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"标题": "有", "when": "2020-03-05", "n": 1}
    assert "标题" in text
    assert text.count("\n") > 3

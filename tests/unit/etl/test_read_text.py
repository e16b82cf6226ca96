"""Text tables: what stands in the file is what stands in the table, by either of the two readers."""

from __future__ import annotations

import csv
import hashlib
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurohlh.etl import read_text
from neurohlh.etl.read import read_table
from neurohlh.etl.table import Kind, RawTable

KNOWN = {"patient_id", "age", "sex", "ferritin", "death", "住院号", "年龄", "铁蛋白"}


def known(text):
    return text in KNOWN


def write(tmp_path, content, name="ward.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def column(table: RawTable, header: str) -> list[str | None]:
    cells = next(c for c in table.columns if c.header == header).cells
    return [cells.texts[code] if code >= 0 else None for code in cells.codes]


def test_cells_keep_their_text_row_and_column(tmp_path):
    table = read_table(write(tmp_path, "patient_id,age,ferritin\nP1, 3 ,>40000\nP2,,\n"), known_headers=known)
    assert table.rows.tolist() == [2, 3]
    assert table.rows.dtype == np.int64
    assert column(table, "age") == ["3", None]
    assert column(table, "ferritin") == [">40000", None]
    assert [c.position for c in table.columns] == [0, 1, 2]
    assert (table.source, table.sheet, table.header_rows) == ("ward.csv", "", (1,))


def test_distinct_texts_are_stored_once_in_order_of_appearance(tmp_path):
    table = read_table(write(tmp_path, "patient_id,sex\nP1,F\nP2,M\nP3,F \nP4,\n"))
    cells = table.columns[1].cells
    assert cells.texts == ["F", "M"]
    assert cells.codes.tolist() == [0, 1, 0, -1]
    assert cells.codes.dtype == np.int32
    assert set(cells.kinds) == {Kind.TEXT}


@pytest.mark.parametrize("outer", [" ", "\u3000", "\xa0", "\u200b", "\ufeff", "\t \u3000"])
def test_outer_white_space_of_every_width_is_stripped_and_a_blank_cell_is_empty(tmp_path, outer):
    text = f"patient_id;age;sex\nP1;{outer}3 岁{outer};{outer}\n"
    table = read_table(write(tmp_path, text), known_headers=known)
    assert column(table, "age") == ["3 岁"]
    assert column(table, "sex") == [None]
    assert table.empty_columns == ("sex",)


@pytest.mark.parametrize(
    ("encoding", "recorded"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030 (guessed)"), ("utf-16", "utf-16")],
)
def test_chinese_tables_are_read_in_their_encoding(tmp_path, encoding, recorded):
    text = "住院号,年龄,铁蛋白\n病例1,３岁２月,＞２０００\n病例2,不详,未查\n"
    table = read_table(write(tmp_path, text, encoding=encoding), known_headers=known)
    assert table.encoding == recorded
    assert column(table, "年龄") == ["３岁２月", "不详"]
    assert table.columns[0].header == "住院号"


@pytest.mark.parametrize("note", ["Größe 3 µm, Müller", "fièvre à 39 °C", "naïve; señor – “x”", "Ångström ±2"])
def test_western_tables_are_recognised_as_cp1252(tmp_path, note):
    text = f'patient_id,age,note\nP1,3,"{note}"\n'
    table = read_table(write(tmp_path, text, encoding="cp1252"), known_headers=known)
    assert table.encoding == "cp1252 (guessed)"
    assert column(table, "note") == [note]


@pytest.mark.parametrize("sign", ["μ", "℃", "（＋）", "≥", "Ⅱ"])
def test_a_single_chinese_sign_is_enough_to_recognise_gb18030(tmp_path, sign):
    table = read_table(write(tmp_path, f"patient_id,note\nP1,3{sign}\n", encoding="gb18030"))
    assert table.encoding == "gb18030 (guessed)"
    assert column(table, "note") == [f"3{sign}"]


@pytest.mark.parametrize("header", ["WBC (10³/µL)", "max_temp (°C)", "fibrinogène", "Größe"])
def test_a_single_western_sign_is_enough_to_recognise_cp1252(tmp_path, header):
    table = read_table(write(tmp_path, f"patient_id,{header}\nP1,3\n", encoding="cp1252"))
    assert table.encoding == "cp1252 (guessed)"
    assert table.columns[1].header == header


def test_tab_comes_first_in_a_tsv(tmp_path):
    table = read_table(write(tmp_path, "name\tnote\nWu\ta,b\nLi\tc,d\n", "ward.tsv"))
    assert column(table, "note") == ["a,b", "c,d"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_recognised_beside_decimal_commas(tmp_path, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(
        [["patient_id", "age", "ferritin"], ["P1", "3,5", "1200,5"], ["P2", "0,1", "800,0"]]
    )
    table = read_table(write(tmp_path, out.getvalue()), known_headers=known)
    assert column(table, "age") == ["3,5", "0,1"]
    assert column(table, "ferritin") == ["1200,5", "800,0"]


def test_a_line_that_names_the_separator_is_obeyed_and_not_counted(tmp_path):
    table = read_table(write(tmp_path, "sep=;\r\npatient_id;age\r\nP1;3\r\n"), known_headers=known)
    assert table.rows.tolist() == [2]
    assert column(table, "age") == ["3"]


def test_a_quoted_line_break_is_one_cell_of_one_row(tmp_path):
    table = read_table(write(tmp_path, 'patient_id,note\nP1,"a\nb, ""c"""\nP2,x\n'))
    assert column(table, "note") == ['a\nb, "c"', "x"]
    assert table.rows.tolist() == [2, 3]


def test_blank_lines_count_as_rows_and_are_named(tmp_path):
    table = read_table(write(tmp_path, "patient_id,age\nP1,3\n\nP2,4\n\n\n"), known_headers=known)
    assert table.rows.tolist() == [2, 4]
    assert [(row.row, row.kind, row.cells) for row in table.set_aside] == [(3, "empty", ())]


def test_cells_beyond_the_header_may_be_empty(tmp_path):
    table = read_table(write(tmp_path, "patient_id,age\nP1,3,,\nP2,4\n"), known_headers=known)
    assert column(table, "age") == ["3", "4"]


def test_fingerprint_is_that_of_the_bytes(tmp_path):
    content = "patient_id,年龄\nP1,3\n".encode("gb18030")
    assert read_table(write(tmp_path, content)).sha256 == hashlib.sha256(content).hexdigest()


def test_a_column_that_is_never_asked_for_is_never_encoded(tmp_path, monkeypatch):
    table = read_table(write(tmp_path, "patient_id,age\nP1,3\n"))
    asked = []
    monkeypatch.setattr("neurohlh.etl.read_grid.tidy", lambda *a: asked.append(a) or "cells")
    assert table.columns[1].cells == "cells"
    assert len(asked) == 1


def test_columns_without_header_and_headers_without_values(tmp_path):
    table = read_table(write(tmp_path, "patient_id,,age,death,\nP1,x,3,,\nP2,,4,,\n"), known_headers=known)
    assert [c.levels for c in table.columns] == [("patient_id",), ("",), ("age",), ("death",)]
    assert table.empty_columns == ("death", "column E")
    assert any("column B" in note for note in table.notes)


def test_repeated_headers_are_kept_as_they_are(tmp_path):
    table = read_table(write(tmp_path, "patient_id,ferritin,ferritin\nP1,1,2\n"), known_headers=known)
    assert [c.header for c in table.columns] == ["patient_id", "ferritin", "ferritin"]
    assert [c.cells.texts for c in table.columns] == [["P1"], ["1"], ["2"]]


cell = st.text(st.sampled_from('ab1,";\n\r \u3000é合计总'), max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=8),
    style=st.sampled_from([(csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_MINIMAL, "\r\n")]),
)
def test_both_readers_give_the_same_table(tmp_path, rows, style):
    quoting, end = style
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator=end)
    writer.writerows([["patient_id", "age", "sex"], ["P1", "3", "F"], *rows])
    path = write(tmp_path, out.getvalue())
    fast = read_table(path, known_headers=known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read_text, "_fast", lambda *a: None)
        careful = read_table(path, known_headers=known)
    assert fast.rows.tolist() == careful.rows.tolist()
    assert (fast.set_aside, fast.empty_columns, fast.notes) == (careful.set_aside, careful.empty_columns, careful.notes)
    for one, other in zip(fast.columns, careful.columns, strict=True):
        assert (one.levels, one.position) == (other.levels, other.position)
        assert (one.cells.texts, one.cells.kinds) == (other.cells.texts, other.cells.kinds)
        assert one.cells.codes.tolist() == other.cells.codes.tolist()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(cell, cell), min_size=1, max_size=8))
def test_every_cell_comes_back_from_its_row_and_column(tmp_path, rows):
    """Every non-empty cell is in the data or in a row set aside, in the row where it was written."""
    out = io.StringIO()
    written = [["patient_id", "age", "sex"], *[[f"P{i}", *row] for i, row in enumerate(rows)]]
    csv.writer(out).writerows(written)
    table = read_table(write(tmp_path, out.getvalue()), known_headers=known)
    seen = {
        (row, c.position, text)
        for c in table.columns
        for row, code in zip(table.rows.tolist(), c.cells.codes.tolist(), strict=True)
        if code >= 0
        for text in [c.cells.texts[code]]
    }
    expected = {
        (i + 1, j, text.strip())
        for i, row in enumerate(written)
        for j, text in enumerate(row)
        if i > 0 and text.strip()
    }
    assert seen == expected
    assert not table.set_aside


def test_a_long_table_is_read_the_same_across_the_blocks_of_the_reader(tmp_path, monkeypatch):
    monkeypatch.setattr(read_text, "_BLOCK", 4096)
    lines = [f'P{i},{i % 7},"a{"x" * (i % 13)}\n{i}"' for i in range(3000)]
    table = read_table(write(tmp_path, "patient_id,age,note\n" + "\n".join(lines) + "\n"), known_headers=known)
    assert column(table, "patient_id") == [f"P{i}" for i in range(3000)]
    assert column(table, "age") == [str(i % 7) for i in range(3000)]
    assert column(table, "note") == [f"a{'x' * (i % 13)}\n{i}" for i in range(3000)]
    assert table.rows[-1] == 3001


def test_titles_above_a_regular_table_do_not_disturb_the_fast_reader(tmp_path):
    text = "Ward 3, haematology\n\npatient_id,age,sex\nP1,3,F\nP2,4,M\n"
    table = read_table(write(tmp_path, text), known_headers=known)
    assert table.header_rows == (3,)
    assert table.rows.tolist() == [4, 5]
    kinds = [(row.row, row.kind, [text for _, text in row.cells]) for row in table.set_aside]
    assert kinds == [(1, "title", ["Ward 3", "haematology"]), (2, "empty", [])]


def test_a_header_far_below_is_found_where_it_is_given(tmp_path):
    text = "a remark\n" * 99 + "patient_id,age\nP1,3\n"
    table = read_table(write(tmp_path, text), known_headers=known, header_row=100)
    assert table.header_rows == (100,)
    assert table.rows.tolist() == [101]
    assert {row.kind for row in table.set_aside} == {"title"}
    assert len(table.set_aside) == 99

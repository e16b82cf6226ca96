"""Workbooks: typed cells as text, errors, merged headers, hidden parts, date systems."""

from __future__ import annotations

import datetime as dt
import re
import zipfile

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from neurohlh.etl.read import read_table
from neurohlh.etl.table import Kind

KNOWN = {"patient_id", "age", "ferritin", "住院号", "性别", "年龄", "铁蛋白", "血小板"}


def known(text):
    return text in KNOWN


def book_of(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book


def saved(tmp_path, book, name="ward.xlsx"):
    book.save(tmp_path / name)
    return tmp_path / name


def read(tmp_path, book, **arguments):
    return read_table(saved(tmp_path, book), known_headers=known, **arguments)


def cells(table, position):
    found = next(c for c in table.columns if c.position == position).cells
    return [(found.texts[code], found.kinds[code]) if code >= 0 else None for code in found.codes]


def patched(path, part, pattern, replacement):
    """Rewrite one part of a workbook, as other programs would have written it."""
    other = path.with_name("patched.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == part:
                text, changed = re.subn(pattern, replacement, text, flags=re.DOTALL)
                assert changed
            new.writestr(name, text)
    return other


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        (38.5, "38.5", Kind.NUMBER),
        (3, "3", Kind.NUMBER),
        (1200.0, "1200", Kind.NUMBER),
        (0.1 + 0.2, "0.3", Kind.NUMBER),
        (1e-6, "1e-06", Kind.NUMBER),
        (123456789012345, "123456789012345", Kind.NUMBER),
        (-2.25, "-2.25", Kind.NUMBER),
        ("38.5", "38.5", Kind.TEXT),
        (" ＞2000\u3000", "＞2000", Kind.TEXT),
        (dt.date(2021, 3, 5), "2021-03-05", Kind.DATE),
        (dt.datetime(2021, 3, 5, 14, 30), "2021-03-05T14:30:00", Kind.DATE),
        (dt.datetime(2021, 3, 5), "2021-03-05", Kind.DATE),
        (dt.time(14, 30), "14:30:00", Kind.TEXT),
        (dt.timedelta(hours=30), "30:00:00", Kind.TEXT),
        (True, "TRUE", Kind.BOOL),
        (False, "FALSE", Kind.BOOL),
    ],
)
def test_typed_cells_as_text(tmp_path, value, text, kind):
    table = read(tmp_path, book_of([["patient_id", "age"], ["P1", value]]))
    assert cells(table, 1) == [(text, kind)]


def test_one_text_typed_in_two_ways_stands_twice(tmp_path):
    table = read(
        tmp_path, book_of([["patient_id", "age"], ["P1", 3], ["P2", "3"], ["P3", 1], ["P4", True], ["P5", 3.0]])
    )
    assert cells(table, 1) == [
        ("3", Kind.NUMBER),
        ("3", Kind.TEXT),
        ("1", Kind.NUMBER),
        ("TRUE", Kind.BOOL),
        ("3", Kind.NUMBER),
    ]


def test_error_cells_in_a_numeric_column_keep_their_text(tmp_path):
    book = book_of(
        [["patient_id", "age", "ferritin"], ["P1", 3, 900], ["P2", 4, "#REF!"], ["P3", 5, 40], ["P4", "#N/A", None]]
    )
    assert book.active["C3"].data_type == "e"
    table = read(tmp_path, book)
    assert cells(table, 2) == [("900", Kind.NUMBER), ("#REF!", Kind.ERROR), ("40", Kind.NUMBER), None]
    assert cells(table, 1)[3] == ("#N/A", Kind.ERROR)
    assert any("2 error cells" in note for note in table.notes)


def test_an_error_beyond_the_last_value_is_not_lost(tmp_path):
    table = read(tmp_path, book_of([["patient_id", "age", "ferritin"], ["P1", 3], ["P2", None, "#DIV/0!"]]))
    assert cells(table, 2) == [None, ("#DIV/0!", Kind.ERROR)]


def test_a_text_that_looks_like_an_error_is_text(tmp_path):
    book = book_of([["patient_id", "age"], ["P1", "x"]])
    book.active["B2"].value = "#REF!"
    book.active["B2"].data_type = "s"
    assert cells(read(tmp_path, book), 1) == [("#REF!", Kind.TEXT)]


def test_error_cells_without_references_are_found(tmp_path):
    path = saved(tmp_path, book_of([["patient_id", "age"], ["P1", 3], ["P2", "#REF!"]]))
    path = patched(path, "xl/worksheets/sheet1.xml", rb'<c r="[A-Z]+\d+"', b"<c")
    assert cells(read_table(path, known_headers=known), 1) == [("3", Kind.NUMBER), ("#REF!", Kind.ERROR)]


def test_a_formula_without_a_stored_result_is_no_empty_cell(tmp_path):
    table = read(tmp_path, book_of([["patient_id", "age"], ["P1", 3], ["P2", "=B2+1"]]))
    assert cells(table, 1) == [("3", Kind.NUMBER), ("=B2+1", Kind.ERROR)]
    assert any("without a stored result" in note for note in table.notes)


def test_a_formula_with_its_result_is_its_result(tmp_path):
    path = saved(tmp_path, book_of([["patient_id", "age"], ["P1", 3], ["P2", "=B2+1"]]))
    path = patched(path, "xl/worksheets/sheet1.xml", rb"</f><v\s*/>|</f><v></v>", b"</f><v>4</v>")
    assert cells(read_table(path, known_headers=known), 1) == [("3", Kind.NUMBER), ("4", Kind.NUMBER)]


@pytest.mark.parametrize("shown", ["0%", "0.0%", "0.00%;[Red]-0.00%"])
def test_percentages_are_read_as_they_are_shown(tmp_path, shown):
    book = book_of([["patient_id", "age"], ["P1", 0.85], ["P2", 0.07], ["P3", 3]])
    for row in (2, 3):
        book.active.cell(row, 2).number_format = shown
    assert cells(read(tmp_path, book), 1) == [("85%", Kind.TEXT), ("7%", Kind.TEXT), ("3", Kind.NUMBER)]


def test_both_date_systems_give_the_same_day(tmp_path):
    rows = [["patient_id", "age"], ["P1", dt.date(2021, 1, 1)]]
    book = book_of(rows)
    assert read(tmp_path, book).date1904 is False
    old = book_of(rows)
    old.epoch = CALENDAR_MAC_1904
    table = read(tmp_path, old)
    assert table.date1904 is True
    assert cells(table, 1) == [("2021-01-01", Kind.DATE)]


def test_merged_header_in_two_rows_under_a_title(tmp_path):
    book = book_of(
        [
            ["某医院噬血细胞综合征登记表"],
            ["住院号", "性别", "实验室检查", None, "年龄"],
            [None, None, "铁蛋白(ng/ml)", "血小板", None],
            [10001, "男", ">2000", 40, "3岁"],
            [10002, "女", 800, 12, "18d"],
            ["合计", None, 2800, 52, None],
            ["注：未查为空"],
        ]
    )
    for area in ("A1:E1", "A2:A3", "B2:B3", "C2:D2", "E2:E3"):
        book.active.merge_cells(area)
    table = read(tmp_path, book)
    assert table.header_rows == (2, 3)
    assert [c.levels for c in table.columns] == [
        ("住院号",),
        ("性别",),
        ("实验室检查", "铁蛋白(ng/ml)"),
        ("实验室检查", "血小板"),
        ("年龄",),
    ]
    assert table.rows.tolist() == [4, 5]
    assert [(row.row, row.kind) for row in table.set_aside] == [(1, "title"), (6, "totals"), (7, "note")]
    assert table.set_aside[1].cells[1] == ("实验室检查 / 铁蛋白(ng/ml)", "2800")


def test_rows_and_columns_are_counted_from_the_sheets_corner(tmp_path):
    book = openpyxl.Workbook()
    for place, value in {"C5": "patient_id", "D5": "age", "C6": "P1", "D6": 3}.items():
        book.active[place] = value
    table = read(tmp_path, book)
    assert table.header_rows == (5,)
    assert table.rows.tolist() == [6]
    assert [c.position for c in table.columns] == [2, 3]


def test_hidden_rows_and_columns_are_read_and_named(tmp_path):
    book = book_of([["patient_id", "age", "ferritin"], ["P1", 3, 1], ["P2", 4, 2]])
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["C"].hidden = True
    table = read(tmp_path, book)
    assert table.rows.tolist() == [2, 3]
    assert cells(table, 2) == [("1", Kind.NUMBER), ("2", Kind.NUMBER)]
    assert any("hidden rows" in note and "3" in note for note in table.notes)
    assert any("hidden columns" in note and "C" in note for note in table.notes)


def test_the_first_sheet_is_read_and_the_others_named(tmp_path):
    book = book_of([["patient_id", "age"], ["P1", 3]])
    book.active.title = "基线"
    book.create_sheet("随访").append(["patient_id"])
    book["随访"].append(["P9"])
    table = read(tmp_path, book)
    assert table.sheet == "基线"
    assert any("随访" in note for note in table.notes)
    assert cells(read(tmp_path, book, sheet="随访"), 0) == [("P9", Kind.TEXT)]


def test_cells_merged_downwards_in_the_data_are_named(tmp_path):
    book = book_of([["patient_id", "age"], ["P1", 3], [None, 4]])
    book.active.merge_cells("A2:A3")
    assert any("merged downwards" in note and "2" in note for note in read(tmp_path, book).notes)


def test_a_workbook_with_macros_is_read(tmp_path):
    path = saved(tmp_path, book_of([["patient_id", "age"], ["P1", 3]]), "ward.xlsm")
    assert cells(read_table(path), 1) == [("3", Kind.NUMBER)]


def test_blank_columns_at_the_edge_and_in_between(tmp_path):
    table = read(tmp_path, book_of([["patient_id", None, "age", "ferritin"], ["P1", None, 3, " "]]))
    assert [c.header for c in table.columns] == ["patient_id", "age", "ferritin"]
    assert table.empty_columns == ("column B", "ferritin")

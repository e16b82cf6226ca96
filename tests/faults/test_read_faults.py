"""Tables that must not be read: each is refused with one message that says what, where, why and what to do."""

from __future__ import annotations

import datetime as dt
import io
import re

import msoffcrypto.format.ooxml as ooxml
import openpyxl
import pytest

from neurohlh.core.errors import InputError
from neurohlh.etl.read import read_table

KNOWN = {"patient_id", "age", "sex", "ferritin", "death", "platelets", "住院号", "年龄"}
SECRET = "ZhangSan"


def known(text):
    return text in KNOWN


def refused(path, **arguments) -> InputError:
    with pytest.raises(InputError) as caught:
        read_table(path, known_headers=known, **arguments)
    error = caught.value
    assert error.what
    assert error.do, "says what to do"
    assert path.name in str(error), "says where"
    assert SECRET not in str(error), "holds no patient's value"
    return error


def text_file(tmp_path, content, name="ward.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def workbook(tmp_path, rows, name="ward.xlsx", title="Sheet1"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / name)
    return tmp_path / name


TABLE = f"patient_id,age,sex\n{SECRET}1,3,F\n{SECRET}2,4,M\n"


def test_missing_file_names_the_tables_beside_it(tmp_path):
    text_file(tmp_path, TABLE, "wards.csv")
    assert "wards.csv" in refused(tmp_path / "ward.csv").do


def test_folder(tmp_path):
    (tmp_path / "ward.csv").mkdir()
    assert "folder" in refused(tmp_path / "ward.csv").what


def test_missing_folder(tmp_path):
    assert "no such file" in refused(tmp_path / "nowhere" / "ward.csv").what


@pytest.mark.parametrize("name", ["ward.csv", "ward.xlsx", "ward.sav", "ward.parquet"])
def test_empty_file(tmp_path, name):
    assert "empty" in refused(text_file(tmp_path, b"", name)).what


@pytest.mark.parametrize("content", ["\n\n\n", "   \n", "\ufeff\n", " "])
def test_blank_file(tmp_path, content):
    assert re.search("blank|empty|nothing", refused(text_file(tmp_path, content)).what)


@pytest.mark.parametrize(
    "content", ["patient_id,age,sex\n", "patient_id,age,sex", "patient_id,age,sex\n,,\n合计,0,0\n"]
)
def test_header_without_patients(tmp_path, content):
    assert "no patient" in refused(text_file(tmp_path, content)).what


def test_header_without_patients_in_a_workbook(tmp_path):
    assert "no patient" in refused(workbook(tmp_path, [["patient_id", "age"]])).what


def test_no_header(tmp_path):
    error = refused(text_file(tmp_path, "P1,3.5,F,2020-01-02\nP2,4,M,2020-02-03\n"))
    assert "no header" in error.what
    assert error.where.row == 1


def test_no_header_in_a_workbook(tmp_path):
    rows = [["P1", 3.5, "F", dt.date(2020, 1, 2)], ["P2", 4, "M", dt.date(2020, 2, 3)]]
    assert "no header" in refused(workbook(tmp_path, rows)).what


@pytest.mark.parametrize(
    "content",
    [b"\x00\x01\x02" * 100, b"\x89PNG\r\n\x1a\n" + b"\xff" * 99, TABLE.encode(), b"PK\x03\x04" + b"x" * 500],
)
def test_something_else_named_xlsx(tmp_path, content):
    assert refused(text_file(tmp_path, content, "ward.xlsx")).why


@pytest.mark.parametrize("content", ["<html><table><tr><td>1</td></tr></table></html>", TABLE])
def test_a_web_page_or_text_named_xls(tmp_path, content):
    assert "no workbook" in refused(text_file(tmp_path, content, "ward.xls")).what


def test_old_workbook_named_xlsx(tmp_path):
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert "old .xls" in refused(text_file(tmp_path, old, "ward.xlsx")).what
    assert "damaged" in refused(text_file(tmp_path, old, "ward.xls")).what


def test_binary_named_csv(tmp_path):
    assert "zero" in refused(text_file(tmp_path, b"patient_id,age\nP1,\x00\x00\x013\n")).what


def test_workbook_named_csv(tmp_path):
    workbook(tmp_path, [["patient_id", "age"], ["P1", 3]]).rename(tmp_path / "ward.csv")
    assert "xlsx" in refused(tmp_path / "ward.csv").what


@pytest.mark.parametrize("name", ["ward.sav", "ward.dta", "ward.parquet"])
def test_something_else_named_as_a_statistics_file(tmp_path, name):
    assert "damaged" in refused(text_file(tmp_path, TABLE * 50, name)).what


def test_password_protected_workbook(tmp_path):
    plain = workbook(tmp_path, [["patient_id", "age"], ["P1", 3]], "plain.xlsx")
    locked = io.BytesIO()
    with plain.open("rb") as file:
        ooxml.OOXMLFile(file).encrypt("secret", locked)
    error = refused(text_file(tmp_path, locked.getvalue(), "ward.xlsx"))
    assert "password" in error.what


def test_truncated_workbook(tmp_path):
    whole = workbook(tmp_path, [["patient_id", "age"], *[[f"P{i}", i] for i in range(500)]]).read_bytes()
    assert "damaged" in refused(text_file(tmp_path, whole[: len(whole) // 2], "cut.xlsx")).what


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 8])
def test_csv_cut_in_the_middle_of_a_row(tmp_path, cut):
    """Wherever the last record is cut before its last cell, the file is refused."""
    whole = "patient_id,age,sex,death\nP001,3,F,no\nP002,4,M,yes"
    error = refused(text_file(tmp_path, whole[: len(whole) - 3 - cut]))
    assert "ends in the middle of a row" in error.what
    assert error.where.row == 3


def test_csv_cut_in_a_quoted_cell(tmp_path):
    error = refused(text_file(tmp_path, 'patient_id,age,sex\nP1,3,F\nP2,"4'))
    assert "never closed" in error.what
    assert error.where.row == 3


def test_csv_with_a_stray_quote_that_swallows_the_rest(tmp_path):
    rows = "".join(f"P{i},{i},F\n" for i in range(40_000))
    error = refused(text_file(tmp_path, 'patient_id,age,sex\nP,"3,F\n' + rows))
    assert "never closed" in error.what
    assert error.where.row == 2


def test_csv_cut_within_a_character(tmp_path):
    whole = "住院号,年龄\n病例一,三岁\n病例二,四岁".encode()
    assert "middle" in refused(text_file(tmp_path, whole[:-1])).what


def test_two_records_run_together(tmp_path):
    lines = ["patient_id,age,sex", *[f"P{i},3,F" for i in range(500)]]
    lines[200] += lines.pop(201)
    error = refused(text_file(tmp_path, "\n".join(lines) + "\n"))
    assert "5 cells" in error.what
    assert "3" in error.what
    assert error.where.row == 201


def test_a_short_row_in_the_middle(tmp_path):
    error = refused(text_file(tmp_path, "patient_id,age,sex\nP1,3,F\nP2,4\nP3,5,M\n"))
    assert "2 cells" in error.what
    assert error.where.row == 3


def test_a_short_last_row_with_its_line_end(tmp_path):
    assert refused(text_file(tmp_path, "patient_id,age,sex\nP1,3,F\nP2,4\n")).where.row == 3


def test_ten_thousand_columns(tmp_path):
    line = ",".join(f"v{i}" for i in range(10_000))
    error = refused(text_file(tmp_path, line + "\n" + ",".join("1" for _ in range(10_000)) + "\n"))
    assert "10,000 columns" in error.what
    assert "transpose" in error.do


def test_ten_thousand_columns_in_a_workbook(tmp_path):
    error = refused(workbook(tmp_path, [[f"v{i}" for i in range(10_000)], list(range(10_000))]))
    assert "10,000 columns" in error.what


def test_patients_as_columns(tmp_path):
    rows = "item,Case 1,Case 2,Case 3\nage,3,4,5\nsex,F,M,F\nferritin,900,1200,>40000\ndeath,no,no,yes\n"
    error = refused(text_file(tmp_path, rows))
    assert "patients stand as columns" in error.what
    assert "transpose" in error.do


def test_wrong_sheet_lists_the_sheets_and_the_nearest(tmp_path):
    path = workbook(tmp_path, [["patient_id"], ["P1"]], title="Baseline")
    error = refused(path, sheet="Basline")
    assert "'Baseline'" in error.do
    assert "Did you mean" in error.do


def test_sheet_of_a_file_without_sheets(tmp_path):
    assert "sheet" in refused(text_file(tmp_path, TABLE), sheet="A").what


def test_empty_sheet_names_the_others(tmp_path):
    book = openpyxl.Workbook()
    book.create_sheet("Data").append(["patient_id"])
    book.save(tmp_path / "ward.xlsx")
    assert "'Data'" in refused(tmp_path / "ward.xlsx").do


@pytest.mark.parametrize("encoding", ["shift_jis", "big5"])
def test_an_encoding_that_is_none_of_ours(tmp_path, encoding):
    words = {
        "shift_jis": "患者は発熱と肝脾腫を認めた。カルテ番号",
        "big5": "病患發燒與肝脾腫大，診斷為噬血症候群，轉至加護病房治療",
    }
    text = f"patient_id,age,note\nP1,3,{words[encoding]}\n"
    error = refused(text_file(tmp_path, text, encoding=encoding))
    assert "decode" in error.what
    assert "utf-8" in error.what


def test_broken_utf8_names_the_line(tmp_path):
    lines = ["住院号,年龄", *["病例,三岁"] * 50]
    raw = "\n".join(lines).encode() + b"\n\xe7\x97,\xff\x80\x81\n"
    assert refused(text_file(tmp_path, raw)).where.row == 52


@pytest.mark.parametrize("name", ["ward.pdf", "ward.docx", "ward"])
def test_unknown_ending_lists_those_that_can_be_read(tmp_path, name):
    error = refused(text_file(tmp_path, TABLE, name))
    assert ".xlsx" in error.do


@pytest.mark.parametrize("header_row", [0, -1, 40])
def test_header_row_beyond_the_table(tmp_path, header_row):
    assert "beyond" in refused(text_file(tmp_path, TABLE), header_row=header_row).what


def test_header_row_that_is_empty(tmp_path):
    assert "empty row" in refused(text_file(tmp_path, "a note\n,,\n" + TABLE), header_row=2).what


def test_messages_use_the_name_of_the_source(tmp_path):
    with pytest.raises(InputError, match="Beijing: "):
        read_table(text_file(tmp_path, ""), name="Beijing")

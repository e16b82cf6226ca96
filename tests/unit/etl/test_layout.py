"""Where the header stands, what its levels are, and which rows are no patients."""

from __future__ import annotations

import pytest

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.layout import Head, find_header
from neurohlh.etl.layout_words import is_lone_note, is_note, is_total, is_unit, is_value
from neurohlh.etl.read import read_table
from neurohlh.etl.table import column_letter

KNOWN = {
    *("patient_id", "age", "sex", "ferritin", "platelets", "death", "date", "fibrinogen"),
    *("住院号", "性别", "年龄", "铁蛋白", "血小板", "纤维蛋白原", "转归", "死亡日期", "IL-6", "EBV", "MRI"),
}


def known(text):
    return text in KNOWN


def head(text, merges=()):
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip("\n").split("\n")]
    width = max(map(len, rows))
    return Head([row + [""] * (width - len(row)) for row in rows], known, Location("ward.xlsx"), merges)


def levels(text, merges=(), header_row=None):
    return find_header(head(text, merges), header_row).levels


def rows(text, merges=(), header_row=None):
    """The header's rows as the spreadsheet counts them."""
    return [i + 1 for i in find_header(head(text, merges), header_row).rows]


def test_first_row():
    text = """
    patient_id|age|sex
    P1|3|F"""
    assert rows(text) == [1]
    assert levels(text) == (("patient_id",), ("age",), ("sex",))


def test_under_titles():
    text = """
    Registry of HLH, ward 3
    |
    exported|2021-03-05
    patient_id|age|sex
    P1|3|F"""
    assert rows(text) == [4]
    assert "row 4" in find_header(head(text)).notes[0]


def test_under_a_title_without_any_known_header():
    text = """
    Some title
    case|alter|geschlecht
    P1|3|w"""
    assert rows(text) == [2]


def test_group_row_with_blanks_joins_from_above():
    text = """
    基本信息|||实验室检查||结局
    住院号|性别|年龄|铁蛋白|血小板|转归
    1|男|3|900|40|死亡"""
    assert rows(text) == [1, 2]
    assert levels(text) == (
        ("基本信息", "住院号"),
        ("基本信息", "性别"),
        ("基本信息", "年龄"),
        ("实验室检查", "铁蛋白"),
        ("实验室检查", "血小板"),
        ("结局", "转归"),
    )


def test_group_row_with_merged_cells_and_cells_merged_downwards():
    text = """
    HLH 登记表
    住院号|性别|实验室检查|||转归
    ||铁蛋白|血小板|IL-6|
    1|男|900|40|12|死亡"""
    merges = [((0, 0), (0, 5)), ((1, 0), (2, 0)), ((1, 1), (2, 1)), ((1, 2), (1, 4)), ((1, 5), (2, 5))]
    expected = (
        ("住院号",),
        ("性别",),
        ("实验室检查", "铁蛋白"),
        ("实验室检查", "血小板"),
        ("实验室检查", "IL-6"),
        ("转归",),
    )
    assert rows(text, merges) == [2, 3]
    assert levels(text, merges) == expected
    assert levels(text) == expected, "the blanks alone say the same"


def test_two_rows_of_unknown_headers_are_joined_by_their_merged_cells():
    text = """
    case|labs||end
    |x1|x2|
    A1|3|4|w"""
    merges = [((0, 0), (1, 0)), ((0, 1), (0, 2)), ((0, 3), (1, 3))]
    expected = (("case",), ("labs", "x1"), ("labs", "x2"), ("end",))
    assert levels(text, merges) == expected
    assert levels(text) == expected


def test_unit_row_beneath():
    text = """
    住院号|年龄|铁蛋白|血小板|死亡日期
    |岁|ng/ml|×10^9/L|yyyy-mm-dd
    1|3|900|40|2020-01-01"""
    assert rows(text) == [1, 2]
    assert levels(text)[1:4] == (("年龄", "岁"), ("铁蛋白", "ng/ml"), ("血小板", "×10^9/L"))


def test_groups_of_groups_where_cells_are_merged():
    text = """
    at admission||||at discharge|
    basic||labs||labs|
    patient_id|age|ferritin|platelets|ferritin|platelets
    1|3|900|40|1|2"""
    merges = [((0, 0), (0, 3)), ((0, 4), (0, 5)), ((1, 0), (1, 1)), ((1, 2), (1, 3)), ((1, 4), (1, 5))]
    assert levels(text, merges)[3:5] == (
        ("at admission", "labs", "platelets"),
        ("at discharge", "labs", "ferritin"),
    )


def test_groups_names_and_units_are_three_levels():
    text = """
    基本||化验
    住院号|年龄|铁蛋白|血小板
    ||ng/ml|10^9/L
    1|3|900|40"""
    assert rows(text) == [1, 2, 3]
    assert levels(text)[2] == ("化验", "铁蛋白", "ng/ml")


def test_two_languages():
    text = """
    住院号|年龄|性别
    patient_id|age|sex
    1|3|男"""
    assert levels(text) == (("住院号", "patient_id"), ("年龄", "age"), ("性别", "sex"))


def test_a_first_patient_whose_words_are_known_headers_is_no_header():
    text = """
    patient_id|trigger|seen by
    Li|EBV|MRI
    Wu|EBV|MRI"""
    assert rows(text) == [1]


def test_known_words_in_the_data_do_not_make_a_header_of_a_patient():
    text = """
    fall|ausloeser|bild|labor|ort|zeit|stand
    Li|EBV|MRI|a|b|c|d
    Wu|EBV|a|b|c|d|e
    Xu|EBV|MRI|a|b|c|d"""
    assert rows(text) == [1]


def test_title_of_a_few_cells_is_no_group_row():
    text = """
    Ward 3|Dr A
    patient_id|age|sex|ferritin|platelets|death
    P1|3|F|900|40|no"""
    assert rows(text) == [2]


def test_given_row_is_the_bottom_and_still_joins_its_groups():
    text = """
    ignored|things|stand|here
    基本||化验|
    a|b|c|d
    ||ng/ml|10^9/L
    1|3|900|40"""
    assert rows(text, header_row=3) == [2, 3, 4]
    assert levels(text, header_row=3)[2][-3:] == ("化验", "c", "ng/ml")


def test_given_row_wins_over_known_headers():
    text = """
    patient_id|age|sex
    a1|b1|c1
    P1|3|F"""
    assert rows(text, header_row=2)[-1] == 2
    assert levels(text, header_row=2)[0][-1] == "a1"


def test_data_without_header_is_refused():
    with pytest.raises(InputError, match="no header"):
        find_header(head("P1|3|F|2020-01-01\nP2|4|M|2020-01-02"))


def test_patients_as_columns_are_refused():
    with pytest.raises(InputError, match="patients stand as columns"):
        find_header(head("case|1|2\nage|3|4\nsex|F|M\nferritin|1|2"))


def table(tmp_path, text):
    path = tmp_path / "ward.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path, known_headers=known)


def aside(tmp_path, text):
    return {row.row: row.kind for row in table(tmp_path, text).set_aside}


START = "patient_id,age,sex,ferritin\nP01,3,F,900\nP02,4,M,1200\n"


@pytest.mark.parametrize(
    "word", ["合计", "总计：", "小计", "平均", "平均值", "均值", "Total", "TOTAL (n=2)", "Sum", "Mean", "average:"]
)
def test_totals_rows(tmp_path, word):
    assert aside(tmp_path, START + f"{word},7,,2100\n") == {4: "totals"}
    assert aside(tmp_path, START + f",{word},,2100\n") == {4: "totals"}


@pytest.mark.parametrize(
    "note",
    [
        "注：未查为空",
        "备注: 铁蛋白单位 ng/ml",
        "Note: ND = not done",
        "* after steroids",
        "Source: ward files",
        "† died at home",
        "This table was exported by the records office for research",
    ],
)
def test_footnotes(tmp_path, note):
    assert aside(tmp_path, START + f'"{note}",,,\n') == {4: "note"}
    assert aside(tmp_path, START + f"{note}\n") == {4: "note"}


def test_a_footnote_that_its_commas_split(tmp_path):
    assert aside(tmp_path, START + "Note: ND = not done, NA = not applicable\n") == {4: "note"}


@pytest.mark.parametrize("title", ["General", "实验室检查", "Clinical parameters:", "Centre 2 (n=2)"])
def test_section_rows(tmp_path, title):
    got = table(tmp_path, f"patient_id,age,sex\n{title},,\nP01,3,F\nP02,4,M\n")
    assert [(row.row, row.kind, row.cells) for row in got.set_aside] == [(2, "section", (("patient_id", title),))]


def test_section_titles_in_a_column_of_their_own(tmp_path):
    text = "group,patient_id,age\nFamilial,,\n,P1,3\n,P2,4\nSecondary,,\n,P3,5\n"
    assert aside(tmp_path, text) == {2: "section", 5: "section"}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("patient_id,age,sex,ferritin (µg/L)", {4: "header_repeat"}),  # a unit was written in since
        ("patient_id,age,,", {4: "header_repeat"}),
        ("patient_id,5,F,ferritin", {4: "header_repeat"}),
        ("patient_id,5,F,300", {}),  # a strange identifier, but three values
    ],
)
def test_a_repeated_header_with_a_cell_that_was_touched_since(tmp_path, row, kind):
    assert aside(tmp_path, START + row + "\n") == kind


def test_repeated_header_and_empty_rows(tmp_path):
    got = table(tmp_path, START + "patient_id,age,sex,ferritin\n,,,\nP03,5,F,1\n")
    assert {row.row: row.kind for row in got.set_aside} == {4: "header_repeat", 5: "empty"}
    assert got.rows.tolist() == [2, 3, 6]
    assert got.set_aside[0].cells[0] == ("patient_id", "patient_id")


@pytest.mark.parametrize(
    "patient",
    [
        "P03,,,",  # nothing known but the identifier
        "p 03,,,",
        ",5,F,1200",  # nothing missing but the identifier
        ",,,1200",
        "Total01,5,F,1200",
        "Mean,2020-01-05,F,1200",  # a date: no average
        "Summers,5,F,1200",
        "注册001,5,F,1200",
        "Notes,5,F,1200",
        "*P03,5,F,1200",
        "Note: 1,5,F,1200",
        "not tested in this long free text which somebody wrote here,5,F,1200",
    ],
)
def test_a_patient_is_never_set_aside(tmp_path, patient):
    got = table(tmp_path, START + patient + "\n")
    assert got.set_aside == ()
    assert got.rows.tolist() == [2, 3, 4]


def test_named_patients_of_whom_only_the_name_is_known_stay(tmp_path):
    assert aside(tmp_path, "patient_id,age,sex\nZhang,3,F\nLi,4,M\nWang,,\n") == {}


def test_one_column_of_names_is_one_of_patients(tmp_path):
    got = table(tmp_path, "patient_id\nZhang\nLi\nGeneral\n")
    assert got.rows.tolist() == [2, 3, 4]


def test_texts_of_rows_set_aside_are_not_among_the_columns_texts(tmp_path):
    got = table(tmp_path, START + "合计,7,,2100\nP03,5,F,1\n")
    assert got.columns[0].cells.texts == ["P01", "P02", "P03"]
    assert got.columns[1].cells.texts == ["3", "4", "5"]
    assert got.columns[3].cells.codes.tolist() == [0, 1, 2]


def test_a_long_table_is_sorted_like_a_short_one(tmp_path):
    lines = [f"P{i},{i},F,900" for i in range(5000)]
    lines[100], lines[2000], lines[4000] = "小计,1,,", ",,,", "patient_id,age,sex,ferritin"
    got = table(tmp_path, "patient_id,age,sex,ferritin\n" + "\n".join(lines) + "\n注：完\n")
    assert {row.row: row.kind for row in got.set_aside} == {
        102: "totals",
        2002: "empty",
        4002: "header_repeat",
        5002: "note",
    }
    assert len(got.rows) == 4997
    assert all(len(c.cells.codes) == 4997 for c in got.columns)


@pytest.mark.parametrize(
    "text", ["3", "3.5", "<0.5", "2021-03-05", "2021/3/5 14:30", "1.0E+04", "12%", "是", "Yes", "+"]
)
def test_values(text):
    assert is_value(text)


@pytest.mark.parametrize("text", ["age", "IL-6", "CD25", "24h尿蛋白", "D-dimer (mg/L)", "1年生存", "P01"])
def test_headers_are_no_values(text):
    assert not is_value(text)


@pytest.mark.parametrize(
    "text", ["ng/ml", "(ug/L)", "×10^9/L", "10⁹/L", "U/mL", "%", "岁", "months", "mmH2O", "copies/ml", "℃"]
)
def test_units(text):
    assert is_unit(text)


@pytest.mark.parametrize("text", ["P01", "M", "3", "是", "IL-6", "yes/no", "a/b"])
def test_no_units(text):
    assert not is_unit(text)


def test_words():
    assert is_total("合计")
    assert not is_total("合计病人")
    assert is_note("Note 1: x")
    assert not is_note("Notes")
    assert not is_lone_note("a" * 64)  # a hashed identifier


def test_letters():
    assert [column_letter(j) for j in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]

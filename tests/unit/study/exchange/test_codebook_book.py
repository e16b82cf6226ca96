"""The codebook's workbook: every variable, readable sheets, the same bytes, a study's columns without its values."""

import pytest
from openpyxl import load_workbook

from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import codebook
from neurohlh.study.exchange.codebook_book import write_codebook

TABLE = """
    patient_id,sex,ferritin (ng/mL),sx_seizure,=colour,nothing
    P-secret-1,M,812.25,yes,red,
    P-secret-2,F,40000,not done,blue,
    P-secret-3,F,,no,blue,
    P-secret-4,,not done,no,,
"""


def sheet(path, name):
    header, *rows = load_workbook(path)[name].iter_rows(values_only=True)
    return {row[0] if name != "Columns" else row[2]: dict(zip(header, row, strict=True)) for row in rows}


def test_every_variable_stands_in_it_with_unit_range_and_values(tmp_path):
    path = write_codebook(tmp_path / "codebook.xlsx")
    variables = sheet(path, "Variables")
    assert list(variables) == [v.name for v in codebook()]
    ferritin = variables["ferritin"]
    assert (ferritin["label (English)"], ferritin["label (中文)"]) == ("Ferritin", "铁蛋白")
    assert (ferritin["unit"], ferritin["refused below"]) == ("ug/L", codebook()["ferritin"].hard_min)
    assert variables["sex"]["allowed values"] == "M = male (男); F = female (女)"
    assert "horne2008" in variables["sx_seizure"]["source"]
    assert variables["sx_seizure"]["status"].startswith("VERIFIED")
    assert load_workbook(path).sheetnames == ["Variables", "Values", "Units"]


def test_sheets_have_a_frozen_header_a_filter_and_set_widths(tmp_path):
    book = load_workbook(write_codebook(tmp_path / "codebook.xlsx"))
    for page in book:
        assert page.freeze_panes == "B2"
        assert page.auto_filter.ref.startswith("A1:")
        assert page["A1"].font.bold
        assert page.column_dimensions["A"].width == 26


def test_the_same_codebook_is_the_same_bytes(tmp_path, load):
    cohort = load(TABLE)
    one, two = (write_codebook(tmp_path / f"{k}.xlsx", cohort).read_bytes() for k in "ab")
    assert one == two


def test_a_study_adds_what_is_missing_and_how_columns_were_mapped(tmp_path, load):
    path = write_codebook(tmp_path / "codebook.xlsx", load(TABLE))
    seizure = sheet(path, "Study")["sx_seizure"]
    assert [seizure[k] for k in ("patients", "with a value", "missing", "missing %", "not done")] == [4, 3, 1, 25, 1]
    ferritin = sheet(path, "Study")["ferritin"]
    assert [ferritin[k] for k in ("with a value", "missing", "not recorded", "not done")] == [2, 2, 1, 1]
    columns = sheet(path, "Columns")
    assert columns["ferritin (ng/mL)"]["variable"] == "ferritin"
    assert columns["ferritin (ng/mL)"]["unit"] == "ng/mL"
    assert columns["=colour"]["variable"] is None
    assert columns["nothing"]["note"] == "the column has no value"


def test_no_value_of_a_patient_is_in_it_and_no_header_becomes_a_formula(tmp_path, load):
    book = load_workbook(write_codebook(tmp_path / "codebook.xlsx", load(TABLE)))
    cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
    assert not any("secret" in str(c.value) or "812.25" in str(c.value) for c in cells)
    assert all(c.data_type != "f" for c in cells)


def test_small_counts_are_suppressed_where_the_study_says_so(tmp_path, load):
    path = write_codebook(tmp_path / "codebook.xlsx", load(TABLE, disclosure={"minimum": 3}))
    assert sheet(path, "Study")["sx_seizure"]["missing"] == "suppressed"
    assert sheet(path, "Study")["sx_seizure"]["with a value"] == "suppressed"


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"does not end in \.xlsx"):
        write_codebook(tmp_path / "codebook.csv")

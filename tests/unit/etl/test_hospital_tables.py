"""Whole tables as hospitals export them: what stands in the cohort afterwards, cell by cell."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pyreadstat
import pytest
from openpyxl import Workbook

from neurohlh.core.errors import InputError
from neurohlh.etl.clean import SourceSettings, clean_table
from neurohlh.etl.codebook import codebook, known_header
from neurohlh.etl.cohort import build_cohort
from neurohlh.etl.columns import SourceHints, understand
from neurohlh.etl.headers import read_header
from neurohlh.etl.layout_words import is_legend, is_total, is_unit
from neurohlh.etl.read import read_table

TODAY = dt.date(2026, 11, 22)


def cohort(*sources):
    """The cohort of (path, hints, settings) triples; hints and settings may be left out."""
    tables = []
    for path, hints, settings in ((*s, {}, {})[:3] for s in sources):
        raw = read_table(path, known_headers=known_header)
        understood = understand(raw, SourceHints(**hints), codebook())
        tables.append(clean_table(raw, understood, codebook().variables, SourceSettings(today=TODAY, **settings)))
    return build_cohort(tables, codebook())


def workbook(path, rows, merges=()):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for merge in merges:
        book.active.merge_cells(merge)
    book.save(path)
    return path


def table(path, text, encoding="utf-8"):
    path.write_bytes(text.lstrip("\n").encode(encoding))
    return path


def codes(found, variable=None):
    """The codes of the issues, of one variable or of all."""
    chosen = found.issues if variable is None else found.issues[found.issues["variable"] == variable]
    return set(chosen["code"])


# --- headers ---------------------------------------------------------------------------------------------------------
def test_three_header_rows_of_groups_names_and_units(tmp_path):
    rows = [
        ["某院资料", *[None] * 6],
        ["基本信息", None, "实验室检查", None, None, "脑脊液", None],
        ["住院号", "性别", "血常规", None, "铁蛋白", "白细胞", "蛋白"],
        [None, None, "WBC（×10⁹/L）", "PLT", "ng/ml", "×10^6/L", "mg/L"],
        ["007", "男", 1.2, 48, "＞40,000", 8, 620],
    ]
    merges = ["A1:G1", "A2:B2", "C2:E2", "F2:G2", "C3:D3", "A3:A4", "B3:B4"]
    row = cohort((workbook(tmp_path / "a.xlsx", rows, merges),)).frame.iloc[0]
    assert (row["patient_id"], row["wbc"], row["platelets"]) == ("007", 1.2, 48)
    assert (row["ferritin"], row["ferritin_censored"]) == (40000, "right")
    assert (row["csf_wbc"], row["csf_protein"]) == (8, 0.62)


def test_a_row_of_units_may_hold_legends_and_the_order_of_dates(tmp_path):
    rows = [
        ["住院号", "性别", "年龄", "血红蛋白", "是否发热", "确诊时间"],
        [None, "1=男，2=女", "岁", "（g/L）", "是/否", "yyyy-mm-dd"],
        [1, 2, 3, 85, "是", "2021-03-05"],
    ]
    found = cohort((workbook(tmp_path / "a.xlsx", rows),))
    row = found.frame.iloc[0]
    assert (row["sex"], row["age_years"], row["hemoglobin"], row["fever"]) == ("F", 3, 85, True)
    assert row["date_hlh_diagnosis"] == pd.Timestamp("2021-03-05")
    assert len(found.frame) == 1


@pytest.mark.parametrize("text", ["1=男 2=女", "1=男，2=女", "0：否；1：是", "有/无", "Y/N", "（是/否）"])
def test_legends(text):
    assert is_legend(text)


@pytest.mark.parametrize("text", ["1", "3/4", "1=1", "男", "2021/3/5", "PRF1/STX11"])
def test_values_are_no_legends(text):
    assert not is_legend(text)
    assert not is_unit(text)


@pytest.mark.parametrize(
    "text", ["合计：40例", "总计40例", "Total (n=40)", "Total: 40", "Mean ± SD", "均数±标准差", "Median (IQR)", "SD"]
)
def test_sums_and_averages(text):
    assert is_total(text)


@pytest.mark.parametrize("text", ["SD001", "SD 3", "Total01", "Max", "Min", "Sum12", "MEAN-7"])
def test_identifiers_are_no_sums(text):
    assert not is_total(text)


# --- decimal marks ---------------------------------------------------------------------------------------------------
EUROPEAN = """
patient_id;Hb (g/dL);Platelets (/uL);Ferritin (ng/mL)
1;8,5;48.000;>40.000
2;9,2;150.000;1.250
"""


def test_points_of_a_table_of_decimal_commas_are_not_read_as_decimal_points(tmp_path):
    found = cohort((table(tmp_path / "a.csv", EUROPEAN),))
    assert found.frame[["hemoglobin", "platelets", "ferritin"]].isna().all(axis=None)
    assert codes(found, "platelets") == codes(found, "ferritin") == {"ambiguous_separator"}


def test_the_same_table_with_its_mark_declared(tmp_path):
    frame = cohort((table(tmp_path / "a.csv", EUROPEAN), {}, {"decimal": ","})).frame
    assert frame["hemoglobin"].tolist() == [85, 92]
    assert frame["platelets"].tolist() == [48, 150]
    assert frame["ferritin"].tolist() == [40000, 1250]


def test_three_decimals_stay_decimals_where_the_table_writes_points(tmp_path):
    text = 'patient_id,Hb (g/dL),CSF protein (g/L),ALT\n1,8.5,1.250,12.375\n2,9.2,2.125,"1,234"\n'
    frame = cohort((table(tmp_path / "a.csv", text),)).frame
    assert frame["csf_protein"].tolist() == [1.25, 2.125]
    assert frame["alt"].tolist() == [12.375, 1234]


# --- identifiers and joining -----------------------------------------------------------------------------------------
def test_an_identifier_of_two_centres_joins_no_row_without_centre(tmp_path):
    base = table(tmp_path / "base.csv", "patient_id,center_id,sex\n101,A,M\n101,B,F\n102,A,M\n")
    labs = table(tmp_path / "labs.csv", "patient_id,Hb (g/L)\n101,85\n102,90\n")
    found = cohort((base,), (labs,))
    assert found.frame["patient_id"].tolist() == ["A/101", "B/101", "102"]
    assert found.frame["hemoglobin"].fillna(-1).tolist() == [-1, -1, 90]
    lost = found.issues[found.issues["code"] == "ambiguous_patient_id"]
    assert set(zip(lost["row"], lost["column"], lost["raw"], strict=True)) == {
        (2, "patient_id", "101"),
        (2, "Hb (g/L)", "85"),
    }
    assert found.rows["n_out"].iloc[-1] == 3


def test_an_unmatched_patient_is_named_with_row_and_column(tmp_path):
    base = table(tmp_path / "base.csv", "id,sex\n1,M\n2,F\n")
    labs = table(tmp_path / "labs.csv", "id,Hb (g/L)\n2,85\n3,90\n")
    found = cohort((base,), (labs,)).issues
    unmatched = found[found["code"] == "unmatched_patient"]
    assert list(zip(unmatched["source"], unmatched["row"], unmatched["column"], strict=True)) == [
        ("base.csv", 2, "id"),
        ("labs.csv", 3, "id"),
    ]


def test_a_column_of_units_is_no_centre(tmp_path):
    path = table(tmp_path / "a.csv", "住院号,铁蛋白,单位\n1,1500,ng/ml\n2,1.5,mg/L\n")
    with pytest.raises(InputError, match="units of measurement"):
        cohort((path,))
    frame = cohort((table(tmp_path / "b.csv", "住院号,铁蛋白,单位\n1,1500,北京\n2,900,上海\n"),)).frame
    assert frame["center_id"].tolist() == ["北京", "上海"]


# --- files of statistics programs ------------------------------------------------------------------------------------
@pytest.fixture
def spss(tmp_path):
    frame = pd.DataFrame(
        {"id": [1.0, 2, 3, 4], "sex": [1.0, 2, 2, 9], "ferritin": [1500.0, 950, -9, 40], "outcome": [1.0, 2, 3, 1]}
    )
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "a.sav"),
        variable_value_labels={"sex": {1: "男", 2: "女"}, "outcome": {1: "甲", 2: "死亡", 3: "失访"}},
        missing_ranges={"sex": [9], "ferritin": [-9, {"lo": 900, "hi": 999}]},
    )
    return tmp_path / "a.sav"


def test_values_that_spss_declares_missing_are_missing(spss):
    found = cohort((spss,))
    assert found.frame["ferritin"].fillna(-1).tolist() == [1500, -1, -1, 40]
    assert found.frame["sex"].tolist()[:3] == ["M", "F", "F"]
    assert pd.isna(found.frame["sex"].iloc[3])
    told = found.changes[found.changes["variable"] == "ferritin"]
    assert told["raw"].tolist() == ["950", "-9"]


def test_the_log_holds_the_code_that_stands_in_the_file_and_not_its_label(spss):
    sex = cohort((spss,)).changes.query("variable == 'sex' and row < 5")
    assert sex[["raw", "value"]].to_numpy().tolist() == [["1", "M"], ["2", "F"], ["2", "F"]]


def test_the_studys_codes_come_before_the_labels_of_the_file(spss):
    found = cohort((spss, {"codes": {"outcome_status": {"1": "alive"}}}))
    assert found.frame["outcome_status"].tolist() == ["alive", "dead", "lost", "alive"]


# --- headers that only resemble a variable ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "levels",
    [
        ("Day 3", "Ferritin"),
        ("第3天", "铁蛋白"),
        ("3个月", "血红蛋白"),
        ("Peak", "Ferritin"),
        ("Nadir", "Platelets"),
        ("最高值", "铁蛋白"),
        ("Before HSCT", "Hb"),
        ("参考范围", "铁蛋白"),
        ("Controls", "Ferritin"),
        ("CNS relapse",),
        ("CNS bleeding",),
        ("Treatment time (days)",),
        ("Treatment", "Type"),
        ("clinical status",),
    ],
)
def test_another_moment_or_matter_is_not_the_variable_at_diagnosis(levels):
    reading = read_header(levels, codebook())
    assert reading.variable is None
    assert reading.note


@pytest.mark.parametrize(
    ("levels", "variable"),
    [
        (("Day 0", "Ferritin"), "ferritin"),
        (("2015年-2023年", "铁蛋白"), "ferritin"),
        (("截止2023年12月31日", "铁蛋白"), "ferritin"),
        (("入院时", "铁蛋白"), "ferritin"),
        (("Survival", "Time (months)"), "followup_days"),
        (("Survival", "Status"), "death"),
        (("CNS", "MRI"), "mri_done"),
        (("CNS", "Seizures"), "sx_seizure"),
        (("治疗后2周", "铁蛋白"), "ferritin_w2"),
    ],
)
def test_groups_that_leave_the_variable_as_it_is(levels, variable):
    assert read_header(levels, codebook()).variable == variable


@pytest.mark.parametrize(
    ("header", "variable", "unit"),
    [
        ("D-二聚体(mg/L)", "d_dimer", "mg/L"),
        ("血小板(×10^9)", "platelets", "10^9/L"),
        ("PLT（10⁹）", "platelets", "10^9/L"),
        ("WBC (x10^3)", "wbc", "10^3/uL"),
        ("RBC(×10^12)", "rbc_blood", "10^12/L"),
    ],
)
def test_units_that_hospitals_cut_short(header, variable, unit):
    reading = read_header((header,), codebook())
    assert (reading.variable, reading.unit) == (variable, unit)


def test_a_power_of_ten_alone_is_no_unit_of_copies():
    assert read_header(("EBV-DNA(×10^9)",), codebook()).variable is None


def test_a_d_dimer_without_its_assay_is_kept_and_doubted(tmp_path):
    found = cohort((table(tmp_path / "a.csv", "id,D-dimer (ug/mL)\n1,2.5\n"),))
    assert found.frame["d_dimer"].tolist() == [2.5]
    assert codes(found, "d_dimer") == {"assay_unnamed"}


def test_measurements_under_a_name_of_a_yes_or_no_are_another_variable(tmp_path):
    found = cohort((table(tmp_path / "a.csv", "id,HCT,sex\n1,35.2,M\n2,28,F\n3,30.5,F\n"),))
    assert "hsct" not in found.frame
    assert "unrecognised_column" in codes(found)
    asked = cohort((table(tmp_path / "b.csv", "id,HCT,sex\n1,1,M\n2,0,F\n"),))
    assert asked.frame["hsct"].tolist() == [True, False]


# --- a column in another unit than its header says, or says nothing of ------------------------------------------------
MG_DL = "id,Total bilirubin\n1,0.8\n2,1.2\n3,5.6\n4,0.6\n5,12 umol/L\n"


def test_numbers_that_fit_among_numbers_that_do_not_are_refused_with_them(tmp_path):
    found = cohort((table(tmp_path / "a.csv", MG_DL),))
    assert found.frame["bilirubin_total"].fillna(-1).tolist() == [-1, -1, -1, -1, 12]
    assert codes(found, "bilirubin_total") >= {"column_unit_suspected"}


def test_the_whole_column_is_converted_where_the_study_asks_for_it(tmp_path):
    found = cohort((table(tmp_path / "a.csv", MG_DL), {}, {"unit_doubt": "convert"}))
    factor = 17.104
    assert found.frame["bilirubin_total"].tolist() == pytest.approx(
        [0.8 * factor, 1.2 * factor, 5.6 * factor, 0.6 * factor, 12]
    )
    assert set(found.frame["bilirubin_total_unit"]) == {"mg/dL", "umol/L"}


def test_a_named_unit_is_believed_unless_some_number_is_impossible_in_it(tmp_path):
    low = "id,platelets (10^9/L)\n1,2\n2,3\n3,4\n"
    assert cohort((table(tmp_path / "a.csv", low),)).frame["platelets"].tolist() == [2, 3, 4]
    wrong = "id,WBC (10^9/L)\n1,500\n2,1200\n3,8000\n4,3000\n5,900\n"  # counts per uL; 500 alone would be kept
    assert cohort((table(tmp_path / "b.csv", wrong),)).frame["wbc"].isna().all()


def test_two_units_in_one_column_are_told_apart_cell_by_cell(tmp_path):
    mixed = "id,fibrinogen (g/L)\n1,1.5\n2,0.9\n3,150\n4,2.2\n5,3.1\n"
    assert cohort((table(tmp_path / "a.csv", mixed),)).frame["fibrinogen"].fillna(-1).tolist() == [
        1.5,
        0.9,
        -1,
        2.2,
        3.1,
    ]


# --- rows that are no patients ---------------------------------------------------------------------------------------
def test_sections_of_a_short_table_with_totals_are_no_patients(tmp_path):
    rows = [
        ["编号", "性别", "发热"],
        ["A组"],
        ["HLH-01", "男", "√"],
        ["HLH-02", "女", "×"],
        ["B组"],
        ["HLH-03", "男", "+"],
        ["小计", 3],
    ]
    found = cohort((workbook(tmp_path / "a.xlsx", rows),))
    assert found.frame["patient_id"].tolist() == ["HLH-01", "HLH-02", "HLH-03"]
    assert found.frame["fever"].tolist() == [True, False, True]
    assert codes(found) == {"row_section", "row_totals"}


# --- the unit of soluble CD25, which is never converted --------------------------------------------------------------
def test_a_column_of_units_is_heard_where_neither_header_nor_cell_names_one(tmp_path):
    text = "patient_id,scd25,scd25_unit\n1,5000,U/mL\n2,9000,pg/mL\n3,9000 pg/mL,\n4,7000,\n"
    found = cohort((table(tmp_path / "a.csv", text),))
    assert found.frame["scd25"].tolist() == [5000, 9000, 9000, 7000]
    assert found.frame["scd25_unit"].fillna("").tolist() == ["U/mL", "pg/mL", "pg/mL", ""]


def test_two_units_for_one_number_leave_it_without(tmp_path):
    text = "patient_id,sCD25 (pg/mL),scd25_unit\n1,5000,U/mL\n2,6000,pg/mL\n"
    found = cohort((table(tmp_path / "a.csv", text),))
    assert found.frame["scd25_unit"].fillna("").tolist() == ["", "pg/mL"]
    assert found.issues.query("code == 'unit_contradicted'")["row"].tolist() == [2]


def test_one_number_in_two_units_is_a_contradiction(tmp_path):
    one = table(tmp_path / "a.csv", "patient_id,sIL-2R (U/mL)\n1,5000\n2,6000\n")
    other = table(tmp_path / "b.csv", "patient_id,sCD25 (pg/mL)\n1,5000\n")
    found = cohort((one,), (other,))
    assert found.frame["scd25"].fillna(-1).tolist() == [-1, 6000]
    assert found.in_conflict.tolist() == [True, False]


def test_a_sign_in_the_cell_is_believed_before_a_column_that_denies_it(tmp_path):
    text = "patient_id,ferritin (ug/L),ferritin_censored\n1,>2000,none\n2,900,none\n"
    found = cohort((table(tmp_path / "a.csv", text),))
    assert found.frame["ferritin_censored"].iloc[0] == "right"
    assert "sign_contradicted" in codes(found, "ferritin_censored")


def test_a_row_of_units_may_hold_a_word_for_dates(tmp_path):
    rows = [
        ["Patient", None, "Laboratory", None, "CSF", "Outcome"],
        ["Study ID", "Sex", "Ferritin", "Hgb", "Protein", "Last FU"],
        [None, "M/F", "ng/mL", "g/dL", "mg/dL", "date"],
        ["A-1", "M", ">40,000", 8.1, 45, dt.datetime(2022, 1, 3)],
    ]
    row = cohort((workbook(tmp_path / "a.xlsx", rows, ["A1:B1", "C1:D1"]),)).frame.iloc[0]
    assert (row["hemoglobin"], row["csf_protein"], row["ferritin"]) == (81, 0.45, 40000)
    assert row["date_last_followup"] == pd.Timestamp("2022-01-03")


def test_a_patient_of_whom_little_is_known_is_no_row_of_units(tmp_path):
    rows = [["patient_id", "sex", "ferritin", "fever"], [None, "F", "mg/L", "不详"], ["P2", "M", 900, "是"]]
    found = cohort((workbook(tmp_path / "a.xlsx", rows),))
    assert found.frame["patient_id"].tolist() == ["P2"]
    assert "row_without_patient_id" in codes(found)

"""What a report may say about cells: counts and places, no value and no patient."""

import pytest

from neurohlh.core.findings import CHANGE_COLUMNS, COLUMN_COLUMNS, ISSUE_COLUMNS, SOURCE_COLUMNS
from neurohlh.study.config import check_config
from neurohlh.study.study import Study
from neurohlh.study.summaries import change_summary, column_summary, issue_summary, source_summary

TABLE = """\
patient_id,sex,Hb (g/dL),ferritin,date_birth,qwertzuiop,Platlets
Secret-1,男,8.4,77x77,2018-05-05,1,30
Secret-2,女,9.1,88x88,2018.5.6,2,40
Secret-3,F,9.2,99x99,2018-05-07,3,50
Secret-4,F,9.3,66x66,2018-05-08,4,60
Secret-5,F,9.4†,900,2018-05-09,5,70
"""


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    path = tmp_path_factory.mktemp("summaries") / "a.csv"
    path.write_text(TABLE, encoding="utf-8")
    data = {"schema": 1, "source": [{"path": path.name}], "eligibility": {"criteria": "none"}}
    return Study(check_config(data, "test"), path.parent).load()


def test_issues_of_one_kind_make_one_line_with_the_first_places(cohort):
    summary = issue_summary(cohort)
    assert tuple(summary.columns) == ISSUE_COLUMNS
    line = summary[summary["variable"] == "ferritin"].iloc[0]
    assert line["n"] == 4
    assert line["where"] == (
        "a.csv, row 2, column 'ferritin'; a.csv, row 3, column 'ferritin'; a.csv, row 4, column 'ferritin' and 1 more"
    )
    assert line["message"]
    assert line["action"]


def test_the_summary_counts_every_issue_errors_first(cohort):
    summary = issue_summary(cohort)
    assert summary["n"].sum() == len(cohort.issues)
    ranks = summary["severity"].map({"error": 0, "warning": 1, "info": 2}).tolist()
    assert ranks == sorted(ranks)


def test_columns_that_are_not_used_are_told_one_by_one(cohort):
    unused = issue_summary(cohort).query("code == 'unrecognised_column'")
    assert len(unused) == 2
    assert "qwertzuiop" in unused["where"].str.cat()
    assert "platelets" in unused["message"].str.cat()  # the near miss is suggested


def test_no_issue_is_an_empty_table(study_of):
    quiet = study_of("patient_id,sex\nP1,F\n").load()
    assert issue_summary(quiet).empty
    assert tuple(issue_summary(quiet).columns) == ISSUE_COLUMNS


def test_changes_are_counted_by_variable_and_rule_with_words(cohort):
    summary = change_summary(cohort)
    assert tuple(summary.columns) == CHANGE_COLUMNS
    assert summary["n_cells"].sum() == len(cohort.changes)
    assert summary[summary["variable"] == "sex"]["n_cells"].sum() == 2
    assert summary[summary["variable"] == "hemoglobin"]["n_cells"].sum() == 5
    assert not summary.duplicated(["variable", "rule"]).any()
    assert (summary["meaning"] != "").all()


def test_the_tables_read(cohort):
    summary = source_summary(cohort)
    assert tuple(summary.columns) == SOURCE_COLUMNS
    line = summary.iloc[0]
    assert line[["file", "rows", "columns", "header_row"]].tolist() == ["a.csv", 5, 7, "1"]
    assert line["encoding"].startswith("utf-8")
    assert len(line["sha256"]) == 12


def test_how_each_column_was_understood(cohort):
    summary = column_summary(cohort).set_index("header")
    assert tuple(column_summary(cohort).columns) == COLUMN_COLUMNS
    assert summary["variable"].to_dict() == {
        "patient_id": "patient_id", "sex": "sex", "Hb (g/dL)": "hemoglobin", "ferritin": "ferritin",
        "date_birth": "date_birth", "qwertzuiop": "", "Platlets": "",
    }  # fmt: skip
    assert summary.loc["Hb (g/dL)", "unit"] == "g/dL"
    assert summary.loc["ferritin", "unit"] == "ug/L"  # the codebook's own name: its unit holds
    assert summary.loc["sex", "unit"] == ""
    assert "platelets" in summary.loc["Platlets", "note"]


def test_no_summary_holds_a_value_or_an_identifier(cohort):
    for summary in (issue_summary(cohort), change_summary(cohort), column_summary(cohort), source_summary(cohort)):
        text = summary.to_csv()
        for secret in ("Secret", "77x77", "99x99", "2018", "9.4"):
            assert secret not in text

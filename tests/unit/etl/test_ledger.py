"""The books: what they count is what they list, and what they list is what they write."""

import pandas as pd
import pytest

from neurohlh.etl.ledger import CHANGE_COLUMNS, ISSUE_COLUMNS, Ledger, issue_rows, stacked

TABLE = """
patient_id,sex,fever,hemoglobin (g/dL),ferritin (ug/L),date_birth,nonsense
P1,男,有,8.4,>40000,2019年3月5日,1
P2,男,无,9.1,8x4,2019-03-05,2
P3,女,有,8.4,1200,05/06/2019,3
P3,女,有,8.4,1200,05/06/2019,3
,女,有,8.4,1200,2019-03-05,4
Ｐ4,F,yes,84 g/L,900,2019.3.5,5
"""


@pytest.fixture
def cohort(load):
    return load(TABLE)


def counted(frame, keys):
    filled = frame.fillna(dict.fromkeys(keys, ""))
    return filled.groupby(keys).size().rename("n").reset_index()


@pytest.mark.parametrize(
    ("ledger", "keys"), [("changes_ledger", ["variable", "rule"]), ("issues_ledger", ["severity", "code", "variable"])]
)
def test_the_counts_are_those_of_the_entries(cohort, ledger, keys):
    book = getattr(cohort, ledger)
    frame = book.frame()
    assert len(book) == len(frame) > 5
    pd.testing.assert_frame_equal(book.counts(), counted(frame, keys), check_dtype=False)


def test_every_changed_cell_says_from_what_to_what_and_where(cohort):
    changes = cohort.changes.set_index(["row", "variable"])
    assert changes.loc[(2, "sex"), ["raw", "value", "column", "patient_id"]].tolist() == ["男", "M", "sex", "P1"]
    assert changes.loc[(2, "fever"), ["raw", "value"]].tolist() == ["有", "true"]
    assert changes.loc[(2, "hemoglobin"), ["raw", "value"]].tolist() == ["8.4", "84"]
    assert changes.loc[(2, "ferritin"), ["raw", "value"]].tolist() == [">40000", "40000"]
    assert changes.loc[(2, "date_birth"), ["raw", "value"]].tolist() == ["2019年3月5日", "2019-03-05"]
    assert changes.loc[(7, "patient_id"), ["raw", "value"]].tolist() == ["Ｐ4", "P4"]
    assert (cohort.changes["rule"] != "").all()


def test_a_cell_that_is_written_as_it_was_read_is_no_change(cohort):
    listed = set(zip(cohort.changes["row"], cohort.changes["variable"], strict=True))
    assert not listed & {(3, "date_birth"), (7, "sex"), (4, "ferritin"), (2, "patient_id")}


def test_a_refused_cell_is_an_issue_and_no_change(cohort):
    assert "8x4" not in set(cohort.changes["raw"])
    refused = cohort.issues[(cohort.issues["row"] == 3) & (cohort.issues["variable"] == "ferritin")]
    assert refused[["severity", "raw", "column"]].to_numpy().tolist() == [["error", "8x4", "ferritin (ug/L)"]]
    assert (refused["message"] != "").all()
    assert (refused["action"] != "").all()


def test_no_message_holds_the_value_that_it_is_about(cohort):
    about = cohort.issues[cohort.issues["raw"].fillna("").str.len() > 2]
    assert len(about) > 2
    for issue in about.to_dict("records"):
        assert issue["raw"] not in issue["message"]
        assert issue["raw"] not in (issue["action"] or "")


def test_entries_stand_in_the_order_of_source_sheet_and_row(cohort):
    for frame in (cohort.changes, cohort.issues):
        keys = list(zip(frame["source"], frame["sheet"], frame["row"].astype(float), strict=True))
        assert keys == sorted(keys)


@pytest.mark.parametrize(("ledger", "columns"), [("changes_ledger", CHANGE_COLUMNS), ("issues_ledger", ISSUE_COLUMNS)])
def test_the_file_holds_the_entries(cohort, tmp_path, ledger, columns):
    book = getattr(cohort, ledger)
    path = tmp_path / "ledger.csv"
    book.write_csv(path)
    written = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert tuple(written.columns) == columns
    frame = book.frame()
    assert written["row"].tolist() == [str(int(r)) if pd.notna(r) else "" for r in frame["row"]]
    for column in set(columns) - {"row"}:
        assert written[column].tolist() == frame[column].fillna("").astype(str).tolist()


def test_issues_without_a_row_leave_the_others_whole_numbers(load, tmp_path):
    cohort = load("patient_id,sex\nP1,F\nP2,M\n", "patient_id,albumin (g/L)\nP4,30\nP3,8x\n")
    path = tmp_path / "issues.csv"
    cohort.issues_ledger.write_csv(path)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)["row"].tolist()
    assert "" in rows
    assert "3" in rows
    assert not [r for r in rows if "." in r]


def test_an_empty_ledger_is_still_a_table(tmp_path):
    book = Ledger(ISSUE_COLUMNS, (), issue_rows([]))
    assert len(book) == 0
    assert book.counts().empty
    assert book.with_rows(issue_rows([])) is book
    book.write_csv(tmp_path / "issues.csv")
    assert pd.read_csv(tmp_path / "issues.csv").columns.tolist() == list(ISSUE_COLUMNS)


def test_added_rows_are_counted_too():
    book = Ledger(ISSUE_COLUMNS, (), issue_rows([]))
    seen = {"severity": "info", "code": "a", "variable": "sex", "row": 3}
    grown = book.with_rows(issue_rows([seen, seen, {"severity": "info", "code": "b"}]))
    assert len(grown) == 3
    assert grown.counts().to_numpy().tolist() == [["info", "a", "sex", 2], ["info", "b", "", 1]]
    assert len(book) == 0


def test_stacking_nothing_gives_the_columns_and_no_row():
    assert stacked([]).columns.tolist() == list(ISSUE_COLUMNS)
    assert stacked([pd.DataFrame({"a": []})], ("a", "b")).columns.tolist() == ["a", "b"]
    assert stacked([pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})], ("a", "b"))["a"].tolist() == [1, 2]

"""Nothing disappears: every non-empty raw cell of a recognised column is unchanged, changed in the log, or an issue.

The raw files are read here by other means (openpyxl, csv) than the package's own.
"""

import csv
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from neurohlh.study.config import Plan
from neurohlh.study.study import Study

DATA = Path(__file__).parents[2] / "data"


def text_of(value):
    """What a cell shows, as text."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat().removesuffix("T00:00:00")
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value).strip()


def raw_rows(path: Path, sheet: str) -> list[list[str]]:
    """All rows of a file as the spreadsheet counts them (index 0 is row 1)."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)[sheet]
        return [[text_of(c.value) for c in row] for row in book.iter_rows()]
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return [[c.strip() for c in row] for row in csv.reader(file)]


@pytest.fixture(scope="module", params=["example", "published"])
def run(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("conservation") / request.param
    study = Study.open(DATA / request.param / "study.toml")
    # What becomes of the cells does not hang on the analyses.
    study = replace(study, config=study.config.model_copy(update={"plan": Plan(parts=())}))
    done = study.run()
    done.write(out)
    return study, done, out


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_every_cell_of_a_recognised_column_is_somewhere(run):
    study, done, out = run
    changes, issues = read(out / "cohort/changes.csv"), read(out / "cohort/issues.csv")
    patients = read(out / "cohort/patients.csv").set_index("patient_id", drop=False)
    logged = {
        (r.source, int(float(r.row)), r.column) for f in (changes, issues) for r in f[f["row"] != ""].itertuples()
    }
    lost, seen = [], 0
    for table in done.classified.cohort.trail.tables:
        raw = table.raw
        rows = raw_rows(study.folder / raw.source, raw.sheet)
        identifier = next(u.column.position for u in table.understood if u.variable == "patient_id")
        for item in table.understood:
            if item.variable is None:
                continue
            for number, row in enumerate(rows, start=1):
                text = row[item.column.position] if item.column.position < len(row) else ""
                if number <= raw.header_rows[-1] or not text:
                    continue
                seen += 1
                if (raw.source, number, item.column.header) in logged:
                    continue
                if patients.loc[row[identifier], item.variable] != text:
                    lost.append((raw.source, number, item.column.header, text))
    assert seen > 500
    assert lost == []


def test_what_the_log_of_changes_says_is_what_the_patients_table_holds(run):
    _, _, out = run
    changes, issues = read(out / "cohort/changes.csv"), read(out / "cohort/issues.csv")
    patients = read(out / "cohort/patients.csv").set_index("patient_id", drop=False)
    emptied = {(r.patient_id, r.variable) for r in issues[issues["severity"] == "error"].itertuples()}
    # of a patient with several rows, a cell without a value may be filled by another row
    rows_of = changes.groupby("patient_id")[["source", "row"]].apply(lambda f: len(f.drop_duplicates()))
    several = set(rows_of.index[rows_of > 1])
    assert len(several) < 10
    wrong = [
        (r.source, r.row, r.variable)
        for r in changes.itertuples()
        if (r.patient_id, r.variable) not in emptied
        and r.variable != "patient_id"
        and not (r.value == "" and r.patient_id in several)
        and patients.loc[r.patient_id, r.variable] != r.value
    ]
    assert wrong == []


def test_every_raw_row_is_a_patient_or_a_counted_line_of_the_flow(run):
    study, done, out = run
    flow = read(out / "cohort/flow.csv")
    for column in ("n_in", "n_excluded", "n_out"):
        flow[column] = flow[column].astype(int)
    assert (flow["n_in"] - flow["n_excluded"] == flow["n_out"]).all()
    assert (flow["n_in"].iloc[1:].to_numpy() == flow["n_out"].iloc[:-1].to_numpy()).all()
    beneath = 0
    for table in done.classified.cohort.trail.tables:
        beneath += len(raw_rows(study.folder / table.raw.source, table.raw.sheet)) - table.raw.header_rows[-1]
    assert flow["n_in"].iloc[0] == beneath
    patients = read(out / "cohort/patients.csv")
    assert flow.set_index("step").loc["joined_rows", "n_out"] == len(patients)
    assert flow["n_out"].iloc[-1] == (patients["included"] == "true").sum()
    by_step = patients.loc[patients["included"] == "false", "excluded_by"].value_counts()
    for step, n in by_step.items():
        assert flow.set_index("step").loc[step, "n_excluded"] == n


def test_the_files_and_columns_are_those_of_the_contract(run):
    _, _, out = run
    columns = {
        "changes": "source,sheet,row,column,patient_id,variable,raw,value,rule",
        "issues": "severity,code,source,sheet,row,column,patient_id,variable,raw,message,action",
        "flow": "step,label,n_in,n_excluded,n_out,reason",
        "criteria": "patient_id,criteria_set,item,status,value,detail",
        "cns": "patient_id,definition,status,symptoms,csf,imaging,tested_domains,date_cns_first,timing,evidence",
    }
    for name, header in columns.items():
        assert ",".join(read(out / f"cohort/{name}.csv").columns) == header
    patients = read(out / "cohort/patients.csv")
    assert patients["patient_id"].is_unique
    assert set(patients["included"]) <= {"true", "false"}
    assert (out / "run.json").is_file()
    assert (out / "report.html").stat().st_size > 10_000
    assert list((out / "figures").glob("*.svg"))
    assert list((out / "figures").glob("*.png"))
    for path in (out / "tables").glob("*.csv"):
        assert read(path).columns[0] == "analysis"


def test_a_criteria_set_has_one_row_per_item_and_one_overall(run):
    _, _, out = run
    criteria = read(out / "cohort/criteria.csv")
    assert not criteria.duplicated(["patient_id", "criteria_set", "item"]).any()
    overall = criteria[criteria["item"] == "overall"]
    per_set = overall.groupby("criteria_set")["patient_id"].nunique()
    assert (per_set == criteria["patient_id"].nunique()).all()
    assert set(criteria["status"]) <= {"met", "not_met", "indeterminate", "not_applicable"}


def test_the_report_holds_no_identifier_and_no_date_of_a_patient(run):
    _, _, out = run
    page = (out / "report.html").read_text(encoding="utf-8")
    patients = read(out / "cohort/patients.csv")
    assert not [p for p in patients["patient_id"] if len(p) > 4 and p in page]
    dates = {d for c in patients.columns if c.startswith("date_") for d in patients[c] if d}
    assert not [d for d in dates if d in page]

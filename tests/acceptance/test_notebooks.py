"""The first notebook runs, from its folder and from the repository, and shows the numbers of its own run."""

import json
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "01_from_table_to_survival.ipynb"
TELL = """
import json, sys
print("TOLD" + json.dumps({
    "python": sys.executable,
    "patients": len(cohort.frame),
    "hlh": hlh["hlh2004"].value_counts().to_dict(),
    "cns": cns["status"].value_counts().to_dict(),
    "km": json.loads(km.to_json()),
    "cox": json.loads(cox.to_json()),
    "report": str(report),
}))
"""


def source(cell):
    return "".join(cell["source"])


@pytest.fixture(scope="module")
def done(workplace, execute):
    book = nbformat.read(workplace / "notebooks" / NOTEBOOK.name, as_version=4)
    book.cells.append(nbformat.v4.new_code_cell(TELL))
    return execute(book, workplace / "notebooks")


@pytest.fixture(scope="module")
def told(done):
    printed = done.cells[-1].outputs[0]["text"]
    return json.loads(printed.removeprefix("TOLD"))


@pytest.fixture(scope="module")
def tables(told, workplace):
    """What the notebook's own run has written."""
    out = (workplace / "notebooks" / told["report"]).parent.resolve()
    assert out == (workplace / "out" / "first_hour").resolve()
    return {
        p.relative_to(out).as_posix(): pd.read_csv(p)
        for folder in ("tables", "cohort")
        for p in (out / folder).glob("*.csv")
    }


def shown(done, cell_id, kind="text/html"):
    """What a cell shows."""
    cell = next(c for c in done.cells if c["id"] == cell_id)
    return "".join(o["data"].get(kind, "") for o in cell.outputs if "data" in o)


def numbers(result):
    return pd.DataFrame(result["tidy"]["data"]["data"], columns=result["tidy"]["data"]["columns"])


def test_it_needs_no_other_names_than_those_of_the_package():
    book = nbformat.read(NOTEBOOK, as_version=4)
    imports = [line for c in book.cells if c.cell_type == "code" for line in source(c).splitlines() if "import" in line]
    assert imports == ["from pathlib import Path", "import neurohlh as nh"]


def test_it_runs_on_this_python_without_a_word_of_warning(done, told):
    assert Path(told["python"]) == Path(sys.executable)
    said = [o for c in done.cells if c.cell_type == "code" for o in c.outputs if o.get("name") == "stderr"]
    assert said == []
    assert all(c.outputs for c in done.cells if c.cell_type == "code")


def test_the_cohort_and_the_classification_are_those_of_the_files(told, tables):
    patients, criteria, cns = (tables[f"cohort/{name}.csv"] for name in ("patients", "criteria", "cns"))
    assert told["patients"] == len(patients)
    overall = criteria[(criteria["criteria_set"] == "HLH-2004") & (criteria["item"] == "overall")]
    assert told["hlh"] == overall["status"].value_counts().to_dict()
    assert told["cns"] == cns[cns["definition"] == "seed_any3"]["status"].value_counts().to_dict()
    assert set(told["hlh"]) == {"met", "not_met", "indeterminate"}


def test_the_curves_start_at_the_landmark_with_the_numbers_of_the_run(told, tables):
    own, run = numbers(told["km"]), tables["tables/kaplan_meier.csv"]
    keys = ["group", "time"]
    here = own[own["term"] == "survival at time"].set_index(keys)["estimate"]
    there = run[run["term"] == "survival at time"].set_index(keys)["estimate"]
    assert len(here) == 12  # three groups at four times
    pd.testing.assert_series_equal(here, there, check_exact=False, rtol=1e-12)
    patients = tables["cohort/patients.csv"]
    after = patients[patients["included"] & (patients["os_days"] > 14) & patients["os_event"].notna()]
    sizes = own[own["term"] == "size"].set_index("group")["n"]
    assert sizes.to_dict() == after["cns_baseline"].value_counts().to_dict()


def test_the_crude_hazard_ratio_is_that_of_the_run(told, tables):
    def crude(frame):
        row = frame[(frame["analysis"] == "cox_crude") & (frame["variable"] == "cns") & (frame["level"] == "met")]
        return row[["n", "events", "estimate", "conf_low", "conf_high"]].astype(float).to_numpy()[0]

    assert crude(numbers(told["cox"])) == pytest.approx(crude(tables["tables/cox.csv"]), rel=1e-9)


def test_what_a_reader_sees(done, tables):
    assert "400 patients from 2 table(s)" in shown(done, "load", "text/plain")
    pictures = [
        c["id"] for c in done.cells if c.cell_type == "code" for o in c.outputs if "image/svg+xml" in o.get("data", {})
    ]
    assert pictures == ["km"]  # once: a figure that is shown and returned would stand there twice
    assert "at risk" in shown(done, "km", "image/svg+xml").casefold()
    tables_of = "columns changes issues issue hlh hlh-open cns evidence definitions table1 frequency cox checks"
    for cell in tables_of.split():
        assert "<table" in shown(done, cell), cell
    frequency = tables["tables/frequency.csv"].set_index("term")
    tested = frequency.loc["as tested"]
    page = shown(done, "frequency")
    assert f">{tested['events']:.0f}/{tested['n']:.0f} " in page
    flow = tables["cohort/flow.csv"]
    assert str(flow["n_out"].iloc[-1]) in shown(done, "plan")
    evidence = shown(done, "evidence")
    assert "not tested" in evidence
    assert "patient_id" not in evidence


def test_no_value_of_a_patient_stands_in_the_table_of_refusals(done, workplace, tables):
    issues = tables["cohort/issues.csv"]
    refused = issues[(issues["severity"] == "error") & (issues["raw"].astype(str).str.len() > 3)]
    page = shown(done, "issues") + shown(done, "issue")
    assert len(refused) > 10
    assert not [raw for raw in refused["raw"] if f">{raw}<" in page]


def test_it_opens_its_data_from_the_repository_too(workplace, execute):
    book = nbformat.read(workplace / "notebooks" / NOTEBOOK.name, as_version=4)
    first = [c["id"] for c in book.cells].index("open")
    book.cells = book.cells[: first + 1]
    assert "hospital_A_SYNTHETIC.xlsx" in shown(execute(book, workplace), "open", "text/plain")

"""`neurohlh run` on the published patients: real cells, and a file from which no frequency can be estimated."""

from pathlib import Path

import pandas as pd
import pytest

PUBLISHED = Path(__file__).parents[2] / "data" / "published"


@pytest.fixture(scope="module")
def out(published_run):
    return published_run


def table(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def patients(out):
    return table(out / "cohort" / "patients.csv").set_index("patient_id", drop=False)


@pytest.fixture(scope="module")
def raw():
    return table(PUBLISHED / "patients_from_case_series.csv").set_index("patient_id", drop=False)


def test_all_77_patients_stay_in_the_study(patients, raw):
    assert list(patients.index) == list(raw.index)
    assert (patients["included"] == "true").all()


def test_the_recorded_status_is_the_authors_and_an_empty_cell_is_not_a_no(patients, raw):
    said = raw["cns_status"].map({"yes": "met", "no": "not_met", "": ""})
    assert set(patients.loc[said == "met", "cns_involved"]) == {"met"}
    assert set(patients.loc[said == "not_met", "cns_involved"]) == {"not_met"}
    assert set(patients.loc[said == "", "cns_involved"]) <= {"", "indeterminate"}
    assert (said == "").sum() == 22


def test_every_raw_cell_is_a_value_a_change_or_an_issue(out, patients, raw):
    columns = {
        "age_raw": "age_years",
        "ferritin_raw": "ferritin",
        "platelets_raw": "platelets",
        "followup_raw": "followup_days",
        "gene": "gene_causal",
        "outcome": "outcome_status",
    }
    told = {
        (row.row.removesuffix(".0"), row.column)
        for name in ("changes", "issues")
        for row in table(out / "cohort" / f"{name}.csv").itertuples()
    }
    for column, variable in columns.items():
        for number, (patient, text) in enumerate(raw[column].items(), start=2):
            unchanged = patients.loc[patient, variable] == text
            assert not text or unchanged or (str(number), column) in told, (patient, column)


def test_counts_that_begin_at_a_transplant_make_no_survival_time(out, patients):
    assert (patients["os_days"] == "").all() if "os_days" in patients else True
    assert not list((out / "tables").glob("kaplan_meier*"))
    assert not list((out / "tables").glob("cox*"))


def test_the_report_says_that_no_frequency_can_be_estimated(out):
    text = (out / "report.html").read_text(encoding="utf-8")
    assert "no frequency can be estimated" in text


def test_no_odds_ratio_is_made_of_an_empty_row(out):
    """35 with CNS involvement and a known outcome, none without: any finite ratio would be invented."""
    path = out / "tables" / "two_by_two.csv"
    if path.exists():
        rows = table(path)
        assert (rows.loc[rows["measure"] == "OR", "estimate"] == "").all()

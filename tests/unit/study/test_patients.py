"""patients.csv: what was recorded and what was derived stand side by side; nobody is missing."""

import pandas as pd
import pytest

from neurohlh.study.patients import patients_table
from neurohlh.study.study import Study

TABLE = """\
patient_id,sex,date_birth,age_years,date_hlh_diagnosis,date_last_followup,death,ferritin (ug/L),hemoglobin,hlh2004_met
P1,F,2018-01-01,2,2020-01-01,2020-03-01,no,>40000,8.4 g/dL,met
P2,M,2010-01-01,,2020-01-01,2020-01-11,no,900,91 g/L,
P3,M,,3,2020-01-01,,,12,70 g/L,
P3,F,,3,2020-01-01,,,12,70 g/L,
"""


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    path = tmp_path_factory.mktemp("patients") / "a.csv"
    path.write_text(TABLE, encoding="utf-8")
    return Study.of(path, eligibility={"criteria": "hlh2004"}).load()


@pytest.fixture(scope="module")
def table(cohort):
    return patients_table(cohort.classified, cohort.population).set_index("patient_id", drop=False)


def test_one_row_per_patient_also_for_those_who_are_out(table):
    assert table["patient_id"].tolist() == ["P1", "P2", "P3"]
    assert table["included"].tolist() == [False, False, False]
    assert table["excluded_by"].to_dict() == {
        "P1": "criteria_indeterminate", "P2": "criteria_indeterminate", "P3": "conflicting_rows",
    }  # fmt: skip


def test_contradicting_cells_are_empty_and_the_others_stay(table):
    assert pd.isna(table.loc["P3", "sex"])
    assert table.loc["P3", "ferritin"] == 12


def test_a_derived_value_stands_beside_the_recorded_one(table):
    """2018-01-01 to 2020-01-01 is 730 days."""
    assert table.loc["P1", ["age_years", "age_years_derived"]].tolist() == [2, pytest.approx(730 / 365.25)]
    assert pd.isna(table.loc["P2", "age_years"])
    assert table.loc["P2", "age_years_derived"] == pytest.approx(3652 / 365.25)
    assert table.loc["P3", ["age_years", "age_years_derived"]].tolist() == [3, 3]
    assert table.loc["P1", ["hlh2004_met", "hlh2004_met_derived"]].tolist() == ["met", "indeterminate"]


def test_a_derived_value_bears_the_plain_name_where_nobody_recorded_it(table):
    assert "hscore_derived" not in table
    assert {"hscore", "hlh2004_count", "hlh_class", "death_30d", "age_days"} <= set(table.columns)
    assert table["os_days"].tolist()[:2] == [60, 10]
    assert table["os_event"].tolist()[:2] == [0, 0]


def test_limits_and_recorded_units_are_written_beside_the_value(table):
    assert table.loc["P1", ["ferritin", "ferritin_censored"]].tolist() == [40000, "right"]
    assert table.loc["P1", ["hemoglobin", "hemoglobin_recorded", "hemoglobin_unit"]].tolist() == [84, 8.4, "g/dL"]
    columns = table.columns.tolist()
    place = columns.index("hemoglobin")
    assert columns[place : place + 3] == ["hemoglobin", "hemoglobin_recorded", "hemoglobin_unit"]


def test_a_score_with_gaps_is_written_as_bounds_only(table):
    """Nobody has an HScore item but ferritin: no score, yet an upper bound of what it could be."""
    assert table["hscore"].isna().all()
    assert (table["hscore_high"] > 0).all()
    assert (table["hlh2004_count"] <= table["hlh2004_count_high"]).all()


def test_no_column_stands_twice(table):
    assert table.columns.is_unique

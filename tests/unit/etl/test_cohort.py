"""The cohort: typed columns with their companions, the reason behind every empty cell, and the way back to it."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import codebook
from neurohlh.etl.ledger import ISSUE_COLUMNS, issue_rows
from neurohlh.etl.values import State

HEADER = "patient_id,sex,hemoglobin (g/L)\n"


def test_it_says_how_many_of_what(load):
    """2 patients, 2 variables; 男 and 84g/L are written otherwise; the unreadable cell is refused and an issue."""
    cohort = load(HEADER + "P1,男,84g/L\nP2,F,8x4\n")
    said = repr(cohort)
    assert said == "Cohort: 2 patients from 1 table(s), 2 variables; 2 cells changed, 1 refused, 1 issues"


def test_columns_are_typed_and_stand_in_the_codebooks_order(load):
    cohort = load("ferritin (ug/L),fever,date_birth,sex,patient_id,splenomegaly\n900,yes,2018-05-05,F,P1,no\n,,,,P2,\n")
    frame = cohort.frame
    assert frame.columns[0] == "patient_id"
    order = [v.name for v in codebook()]
    places = [order.index(c) for c in frame.columns[1:]]
    assert places == sorted(places)
    assert [str(frame[c].dtype) for c in ("ferritin", "fever", "date_birth", "sex", "splenomegaly")] == [
        "float64",
        "boolean",
        "datetime64[s]",
        "object",
        "boolean",
    ]
    assert frame.loc[1].drop("patient_id").isna().all()
    assert frame.loc[0, ["fever", "splenomegaly"]].tolist() == [True, False]


def test_only_variables_with_a_column_are_there(load):
    cohort = load(HEADER + "P1,F,84\n")
    assert cohort.frame.columns.tolist() == ["patient_id", "sex", "hemoglobin"]
    assert cohort.states.columns.tolist() == ["sex", "hemoglobin"]


def test_why_a_cell_is_empty_is_kept_apart(load):
    cells = ["84", "", "未查", "拒绝", "不详", "±?", "8x4"]
    rows = "".join(f"P{i},F,{cell}\n" for i, cell in enumerate(cells))
    states = load(HEADER + rows).states["hemoglobin"]
    assert states[:5].tolist() == [State.VALUE, State.BLANK, State.NOT_DONE, State.NOT_DONE, State.UNKNOWN]
    assert states[6] == State.REFUSED
    assert State.VALUE not in states[1:].tolist()


def test_a_limit_keeps_the_number_and_its_side(load):
    cohort = load("patient_id,ferritin (ug/L),csf_protein (g/L)\nP1,>40000,0.2\nP2,<10,0.3\nP3,900,0.4\n")
    assert cohort.frame["ferritin"].tolist() == [40000.0, 10.0, 900.0]
    assert cohort.frame["ferritin_censored"].tolist() == ["right", "left", None]
    assert "csf_protein_censored" not in cohort.frame


def test_the_recorded_number_and_unit_are_kept_beside_the_canonical_one(load):
    cohort = load("patient_id,hemoglobin,albumin (g/L)\nP1,8.4 g/dL,30\nP2,91 g/L,31\n")
    frame = cohort.frame
    assert frame["hemoglobin"].tolist() == [84.0, 91.0]
    assert frame["hemoglobin_recorded"].tolist() == [8.4, 91.0]
    assert frame["hemoglobin_unit"].tolist() == ["g/dL", "g/L"]
    assert not {"albumin_recorded", "albumin_unit"} & set(frame)


def test_the_centre_of_the_study_file_fills_the_column_that_a_table_lacks(load):
    with_column = "patient_id,center_id,sex\nP1,Lyon,F\nP2,,M\n"
    cohort = load(with_column, "patient_id,sex\nQ1,F\n", settings=({"center": "A"}, {"center": "B"}))
    assert cohort.frame.set_index("patient_id")["center_id"].to_dict() == {"P1": "Lyon", "P2": None, "Q1": "B"}


def test_a_table_without_identifier_names_what_it_read_and_what_to_write(load):
    with pytest.raises(InputError) as error:
        load("sex,hemoglobin (g/L)\nF,84\nM,91\n")
    said = str(error.value)
    for words in ("no column holds the patient identifier", "table1.csv", "row 1", "'hemoglobin (g/L)'", "rename"):
        assert words in said


def test_identifiers_that_are_all_blank_leave_nobody(load):
    with pytest.raises(InputError, match="identifier"):
        load("patient_id,sex,hemoglobin (g/L)\n,F,84\n,M,91\n")


def test_from_a_patient_and_a_variable_back_to_the_cell(load):
    cohort = load(HEADER + "P1,F,84\nP2,M,\n", "patient_id,albumin (g/L),sex\nP2,31,M\nP1,24,F\n")
    places = cohort.trail.locate("sex", np.array([0]))
    assert places[["source", "row", "column", "patient_id", "raw"]].to_numpy().tolist() == [
        ["table1.csv", 2, "sex", "P1", "F"],
        ["table2.csv", 3, "sex", "P1", "F"],
    ]
    assert cohort.trail.locate("albumin", np.array([1]))["row"].tolist() == [2]
    assert cohort.trail.locate("hemoglobin", np.array([1])).empty
    assert cohort.trail.locate("ferritin", np.array([0, 1])).empty


def test_further_issues_join_the_old_ones_in_a_new_cohort(load):
    cohort = load(HEADER + "P1,F,8x4\n")
    more = issue_rows([{"severity": "info", "code": "seen", "source": "table1.csv", "sheet": "", "row": 2}])
    grown = cohort.with_issues(more)
    assert len(cohort.issues) == 1
    assert set(grown.issues["code"]) == {*cohort.issues["code"], "seen"}
    assert tuple(grown.issues.columns) == ISSUE_COLUMNS
    pd.testing.assert_frame_equal(grown.frame, cohort.frame)


def test_rows_that_are_no_patients_are_counted_by_kind(load):
    cohort = load(HEADER + "P1,F,84\n,,\nP2,M,91\n合计,,175\n")
    rows = cohort.rows.set_index("step")["n_excluded"]
    assert rows["not_patients"] == 1
    assert cohort.rows["n_out"].iloc[-1] == 2
    assert cohort.rows["n_in"].iloc[0] - cohort.rows["n_excluded"].sum() == 2

"""Several tables become one row per patient: nobody lost, nobody counted twice, no contradiction settled silently."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.etl.values import State

BASE = """
patient_id,sex,hemoglobin (g/L)
P1,M,84
P2,F,91
"""


def by_patient(cohort):
    return cohort.frame.set_index("patient_id")


def codes(cohort):
    return cohort.issues["code"].tolist()


def of(cohort, code):
    return cohort.issues[cohort.issues["code"] == code]


def states(cohort, variable):
    return dict(zip(cohort.frame["patient_id"], cohort.states[variable], strict=True))


def test_two_tables_meet_on_the_patient_whatever_the_order_of_their_rows(load):
    cohort = load(BASE, "patient_id,albumin (g/L)\nP2,31\nP1,24\n")
    frame = by_patient(cohort)
    assert frame["albumin"].to_dict() == {"P1": 24.0, "P2": 31.0}
    assert frame["hemoglobin"].to_dict() == {"P1": 84.0, "P2": 91.0}
    assert not cohort.in_conflict.any()


def test_three_tables_give_every_patient_of_any_of_them_once(load):
    cohort = load(BASE, "patient_id,albumin (g/L)\nP2,31\nP3,24\n", "patient_id,ferritin (ug/L)\nP4,900\nP1,500\n")
    frame = by_patient(cohort)
    assert frame.index.tolist() == ["P1", "P2", "P3", "P4"]
    assert frame["sex"].tolist() == ["M", "F", None, None]
    np.testing.assert_array_equal(frame["albumin"], [np.nan, 31, 24, np.nan])
    np.testing.assert_array_equal(frame["ferritin"], [500, np.nan, np.nan, 900])


def test_who_has_no_row_in_the_table_has_no_column_rather_than_a_blank(load):
    cohort = load(BASE, "patient_id,albumin (g/L)\nP2,\nP3,24\n")
    assert states(cohort, "albumin") == {"P1": State.NO_COLUMN, "P2": State.BLANK, "P3": State.VALUE}


def test_patients_of_one_table_only_are_reported_from_both_sides(load):
    cohort = load(BASE, "patient_id,albumin (g/L)\nP2,31\nP3,24\n")
    found = of(cohort, "unmatched_patient")
    assert set(zip(found["source"], found["patient_id"], strict=True)) == {("table1.csv", "P1"), ("table2.csv", "P3")}


def test_tables_without_a_common_patient_are_stacked_and_said_so_once(load):
    cohort = load(BASE, "patient_id,sex\nQ1,M\nQ2,F\n")
    assert len(cohort.frame) == 4
    assert codes(cohort).count("no_shared_patients") == 1
    assert "unmatched_patient" not in codes(cohort)


def test_an_identical_row_is_counted_once(load):
    cohort = load(BASE + "P1,M,84\n")
    assert len(cohort.frame) == 2
    assert of(cohort, "identical_row")["row"].tolist() == [4]
    assert not cohort.in_conflict.any()
    flow = cohort.rows.set_index("step")["n_excluded"]
    assert flow["identical_rows"] == 1
    assert flow["joined_rows"] == 0


def test_rows_are_identical_by_what_is_recognised(load):
    cohort = load("patient_id,sex,ward remarks xyz\nP1,M,first\nP1,M,second\n")
    assert codes(cohort).count("identical_row") == 1
    assert len(cohort.frame) == 1


def test_the_same_row_in_two_tables_is_joined_not_repeated(load):
    cohort = load(BASE, BASE)
    assert len(cohort.frame) == 2
    assert cohort.rows.set_index("step")["n_excluded"]["joined_rows"] == 2
    assert not cohort.in_conflict.any()


def test_two_values_for_one_patient_give_none_and_both_places(load):
    cohort = load(BASE + "P1,M,85\n")
    frame = by_patient(cohort)
    assert np.isnan(frame.loc["P1", "hemoglobin"])
    assert frame.loc["P1", "sex"] == "M"
    assert frame.loc["P2", "hemoglobin"] == 91
    assert cohort.in_conflict.tolist() == [True, False]
    assert states(cohort, "hemoglobin")["P1"] == State.REFUSED
    found = of(cohort, "conflicting_rows")
    assert found[["row", "raw", "variable", "severity"]].to_numpy().tolist() == [
        [2, "84", "hemoglobin", "error"],
        [4, "85", "hemoglobin", "error"],
    ]


def test_a_conflict_between_tables_names_each_file(load):
    cohort = load(BASE, "patient_id,sex\nP1,F\nP2,F\n")
    found = of(cohort, "conflicting_rows")
    assert list(zip(found["source"], found["row"], strict=True)) == [("table1.csv", 2), ("table2.csv", 2)]
    assert by_patient(cohort)["sex"].tolist() == [None, "F"]


def test_one_odd_row_of_three_puts_all_three_in_question(load):
    cohort = load("patient_id,sex,albumin (g/L)\nP1,M,30\nP1,M,31\nP1,,30\n")
    assert of(cohort, "conflicting_rows")["row"].tolist() == [2, 3, 4]
    assert np.isnan(cohort.frame["albumin"][0])
    assert cohort.frame["sex"][0] == "M"


@pytest.mark.parametrize("order", [("84", ""), ("", "84"), ("未查", "84"), ("84", "拒绝"), ("84", "n/a")])
def test_a_value_beside_a_cell_without_one_is_no_conflict(load, order):
    cohort = load(f"patient_id,sex,hemoglobin (g/L)\nP1,M,{order[0]}\nP1,M,{order[1]}\n")
    assert cohort.frame["hemoglobin"].tolist() == [84.0]
    assert not cohort.in_conflict.any()
    assert states(cohort, "hemoglobin") == {"P1": State.VALUE}


def test_a_reason_tells_more_than_a_blank(load):
    cohort = load("patient_id,sex,hemoglobin (g/L)\nP1,M,\nP1,M,未查\n")
    assert states(cohort, "hemoglobin") == {"P1": State.NOT_DONE}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("hemoglobin (g/dL)\nP1,8.4", "hemoglobin (g/L)\nP1,84"),
        ("fibrinogen (mg/dL)\nP1,115", "fibrinogen (g/L)\nP1,1.15"),
        ("csf_protein (mg/dL)\nP1,57", "csf_protein (g/L)\nP1,0.57"),
        ("albumin (g/dL)\nP1,2.9", "albumin (g/L)\nP1,29"),
        ("platelets (/uL)\nP1,39000", "platelets (10^9/L)\nP1,39"),
        ("age (months)\nP1,24", "age (years)\nP1,2"),
        ("temp_max (F)\nP1,104", "temp_max (C)\nP1,40"),
    ],
)
def test_one_measurement_in_two_units_is_no_conflict(load, first, second):
    cohort = load(f"patient_id,{first}\n", f"patient_id,{second}\n")
    assert not cohort.in_conflict.any(), cohort.issues.to_dict("records")
    assert len(cohort.frame) == 1
    assert cohort.states.iloc[0].tolist() == [State.VALUE]


def test_two_spellings_of_one_answer_are_no_conflict(load):
    header = "patient_id,sex,fever,date_birth\n"
    cohort = load(header + "P1,男,有,2019-03-05\n", header + "P1,M,yes,2019年3月5日\n")
    assert not cohort.in_conflict.any()
    assert cohort.frame.loc[0, ["sex", "fever", "date_birth"]].tolist() == ["M", True, pd.Timestamp("2019-03-05")]


def test_a_limit_is_another_statement_than_the_number(load):
    header = "patient_id,ferritin (ug/L)\n"
    cohort = load(header + "P1,>40000\nP2,>40000\n", header + "P1,40000\nP2,>40000\n")
    assert cohort.in_conflict.tolist() == [True, False]
    assert by_patient(cohort)["ferritin_censored"].tolist() == [None, "right"]


CENTRES = "patient_id,center_id,sex\n1,Beijing,M\n2,Beijing,F\n"


def test_one_identifier_at_two_centres_names_two_patients(load):
    cohort = load(CENTRES, "patient_id,center_id,sex\n1,Lyon,F\n3,Lyon,F\n")
    frame = by_patient(cohort)
    assert frame["sex"].to_dict() == {"Beijing/1": "M", "2": "F", "Lyon/1": "F", "3": "F"}
    assert not cohort.in_conflict.any()
    changes = cohort.changes[cohort.changes["rule"] == "id_made_unique_by_centre"]
    assert changes[["raw", "value"]].to_numpy().tolist() == [["1", "Beijing/1"], ["1", "Lyon/1"]]


def test_the_centre_may_come_from_the_study_file(load):
    table = "patient_id,sex\n1,M\n2,F\n"
    other = "patient_id,sex\n1,F\n4,F\n"
    cohort = load(table, other, settings=({"center": "A"}, {"center": "B"}))
    assert by_patient(cohort)["center_id"].to_dict() == {"A/1": "A", "2": "A", "B/1": "B", "4": "B"}


def test_one_identifier_twice_at_one_centre_is_one_patient(load):
    cohort = load(CENTRES, "patient_id,center_id,albumin (g/L)\n1,Beijing,30\n2,Beijing,31\n")
    assert by_patient(cohort)["albumin"].to_dict() == {"1": 30.0, "2": 31.0}


def test_a_row_without_centre_whose_identifier_two_centres_share_is_nobodys(load):
    other = "patient_id,center_id,sex\n1,Lyon,F\n3,Lyon,F\n"
    cohort = load(CENTRES, other, "patient_id,albumin (g/L)\n1,30\n2,31\n")
    albumin = by_patient(cohort)["albumin"]
    assert albumin.dropna().to_dict() == {"2": 31.0}
    assert set(albumin.index) == {"Beijing/1", "Lyon/1", "2", "3"}  # no fifth patient called 1
    lost = cohort.issues[(cohort.issues["source"] == "table3.csv") & (cohort.issues["row"] == 2)]
    assert set(lost["raw"]) >= {"30"}
    assert cohort.rows["n_out"].iloc[-1] == 4
    assert (cohort.rows["n_in"] - cohort.rows["n_excluded"] == cohort.rows["n_out"]).all()


def test_rows_without_an_identifier_are_left_out_counted_and_every_cell_of_them_named(load):
    cohort = load("patient_id,sex,hemoglobin (g/L),albumin (g/L)\nP1,M,84,30\n,F,91,\nP3,F,99,31\n,M,,\n")
    assert cohort.frame["patient_id"].tolist() == ["P1", "P3"]
    assert cohort.frame["hemoglobin"].tolist() == [84.0, 99.0]
    found = of(cohort, "row_without_patient_id")
    assert sorted(zip(found["row"], found["variable"], found["raw"], strict=True)) == [
        (3, "hemoglobin", "91"),
        (3, "sex", "F"),
        (5, "sex", "M"),
    ]
    assert cohort.rows.set_index("step")["n_excluded"]["no_identifier"] == 2


def test_the_fate_of_the_rows_adds_up(load):
    cohort = load(BASE + "P1,M,84\n,M,70\n", "patient_id,albumin (g/L)\nP2,31\nP3,24\n")
    rows = cohort.rows.set_index("step")
    assert rows["n_in"].iloc[0] == 6
    assert rows["n_excluded"].to_dict() == {
        "rows_read": 0, "empty_rows": 0, "not_patients": 0, "no_identifier": 1, "identical_rows": 1, "joined_rows": 1,
    }  # fmt: skip
    assert rows["n_out"].iloc[-1] == len(cohort.frame) == 3
    assert (rows["n_in"] - rows["n_excluded"] == rows["n_out"]).all()

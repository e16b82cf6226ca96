"""Contradictions across cells: what is reported, what is emptied, what is left alone. Every case is made by hand."""

import datetime as dt

import pandas as pd
import pytest

from neurohlh.etl.checks import DATE_ORDERS
from neurohlh.etl.values import State

HLH, ADM, TRT, DEATH, LAST = (
    "date_hlh_diagnosis",
    "date_admission",
    "date_treatment_start",
    "date_death",
    "date_last_followup",
)
ORDERS = {
    # (earlier, later): what can't be used any more where `later` comes first
    (HLH, DEATH): {DEATH, LAST},
    (ADM, DEATH): {DEATH, LAST},
    (TRT, DEATH): {DEATH, LAST},
    (LAST, DEATH): {DEATH, LAST},
    (HLH, LAST): {LAST},
    (ADM, LAST): {LAST},
    ("date_hsct", DEATH): {"date_hsct", DEATH, LAST},
    ("date_hsct", LAST): {"date_hsct", LAST},
    (HLH, "date_hsct"): {"date_hsct"},
    ("date_lp_first", DEATH): {"date_lp_first"},
    ("date_imaging_first", DEATH): {"date_imaging_first"},
    ("date_neuro_onset", DEATH): {"date_neuro_onset"},
    ("date_cns_first", DEATH): {"date_cns_first"},
    ("date_it_first", DEATH): {"date_it_first"},
    ("date_reactivation", DEATH): {"date_reactivation"},
    (HLH, "date_reactivation"): {"date_reactivation"},
    ("date_onset", HLH): set(),
    ("date_onset", DEATH): {"date_onset"},
}


def found(cohort, code):
    return cohort.issues[cohort.issues["code"] == code]


def test_every_order_of_dates_is_tried_below():
    assert {(o.earlier, o.later) for o in DATE_ORDERS} == set(ORDERS)


@pytest.mark.parametrize(("pair", "refused"), ORDERS.items(), ids=lambda v: "-".join(sorted(v)) or "doubted")
def test_order_of_dates(load, pair, refused):
    """P1 has them the wrong way round by a day, P2 on one day, P3 in order, P4 and P5 one of them only."""
    earlier, later = pair
    cohort = load(
        f"patient_id,{earlier},{later}\n"
        "P1,2020-03-02,2020-03-01\nP2,2020-03-01,2020-03-01\nP3,2020-03-01,2020-04-01\nP4,,2020-03-01\nP5,2020-03-01,\n"
    )
    code = f"{later.removeprefix('date_')}_before_{earlier.removeprefix('date_')}"
    issues = found(cohort, code)
    held = refused & {earlier, later}
    assert set(issues["patient_id"]) == {"P1"}
    assert set(issues["variable"]) == (held or {later})
    assert set(issues["severity"]) == ({"error"} if refused else {"warning"})
    frame = cohort.frame.set_index("patient_id")
    for name in pair:
        assert pd.isna(frame.loc["P1", name]) == (name in refused)
        assert (cohort.states[name][0] == State.REFUSED) == (name in refused)
        others = frame.loc[["P2", "P3", "P4", "P5"], name].notna().tolist()
        assert others == ([True, True, False, True] if name == earlier else [True, True, True, False])


def test_a_breach_empties_the_dates_it_makes_unusable_also_where_they_are_no_part_of_it(load):
    cohort = load(f"patient_id,{HLH},{DEATH},{LAST}\nP1,2020-03-02,2020-03-01,2020-05-01\n")
    assert cohort.frame[[DEATH, LAST]].isna().all(axis=None)
    assert cohort.frame[HLH].notna().all()
    assert set(found(cohort, "death_before_hlh_diagnosis")["variable"]) == {DEATH, LAST}


def test_dates_that_agree_raise_nothing(load):
    cohort = load(
        f"patient_id,date_birth,date_onset,{ADM},{HLH},{TRT},{LAST},{DEATH}\n"
        "P1,2015-01-01,2020-01-01,2020-01-05,2020-01-07,2020-01-08,2020-03-01,2020-03-01\n"
    )
    assert cohort.issues.empty
    assert cohort.frame.notna().all(axis=None)


def test_a_birth_after_another_date_can_give_no_age(load):
    cohort = load(f"patient_id,date_birth,{HLH}\nP1,2020-03-02,2020-03-01\nP2,2020-03-01,2020-03-01\n")
    assert found(cohort, "birth_after_event")["patient_id"].tolist() == ["P1"]
    assert cohort.frame["date_birth"].isna().tolist() == [True, False]
    assert cohort.frame[HLH].notna().all()


COLUMNS = ("death", "outcome_status", HLH, DEATH, LAST)
DEATHS = f"patient_id,{','.join(COLUMNS)}\nP0,yes,dead,2020-01-01,2020-02-01,2020-02-01\n"


@pytest.mark.parametrize(
    ("row", "code", "emptied"),
    [
        ("yes,dead,2020-01-01,2020-02-01,", None, set()),
        ("no,alive,2020-01-01,,2020-02-01", None, set()),
        ("no,lost,2020-01-01,,2020-02-01", None, set()),
        ("no,withdrawn_care_presumed_dead,2020-01-01,,2020-02-01", None, set()),
        (",,2020-01-01,2020-02-01,", None, set()),
        ("yes,alive,2020-01-01,,2020-02-01", "death_and_alive", {"death", "outcome_status"}),
        ("yes,withdrawn_care_alive,2020-01-01,,2020-02-01", "death_and_alive", {"death", "outcome_status"}),
        ("no,dead,2020-01-01,,2020-02-01", "death_and_alive", {"death", "outcome_status"}),
        ("no,,2020-01-01,2020-02-01,", "death_date_but_alive", {"death", DEATH}),
        (",alive,2020-01-01,2020-02-01,", "death_date_but_alive", {"outcome_status", DEATH}),
        ("no,alive,2020-01-01,2020-02-01,", "death_date_but_alive", {"death", "outcome_status", DEATH}),
        ("yes,dead,2020-01-01,,", "death_without_date", set()),
    ],
)
def test_death_and_life(load, row, code, emptied):
    cohort = load(f"{DEATHS}P1,{row}\n")
    assert set(zip(cohort.issues["code"], cohort.issues["patient_id"], strict=True)) == (
        {(code, "P1")} if code else set()
    )
    recorded = {name for name, cell in zip(COLUMNS, row.split(","), strict=True) if cell}
    assert {name for name in COLUMNS if pd.notna(cohort.frame[name][1])} == recorded - emptied
    assert {name for name in COLUMNS if cohort.states[name][1] == State.REFUSED} == emptied
    assert cohort.frame.iloc[0].notna().all()


def test_a_death_with_a_follow_up_time_needs_no_date(load):
    cohort = load("patient_id,death,followup_days\nP1,yes,40\nP2,yes,\n")
    assert found(cohort, "death_without_date")["patient_id"].tolist() == ["P2"]


BIRTH, DIAGNOSIS = dt.date(2018, 1, 1), dt.date(2020, 1, 1)
AGES = [
    # 2018-01-01 to 2020-01-01 is 730 days: 2.0 years, 24.0 months, 104.3 weeks
    ("age (years)", "2", False),
    ("age (years)", "1", False),  # 365 days apart: within one recorded unit of 366 days
    ("age (years)", "3", False),  # 1095.75 - 730 = 365.75
    ("age (years)", "3.1", True),
    ("age (years)", "0.9", True),  # 401
    ("age (months)", "24", False),
    ("age (months)", "25", False),  # 760.9 - 730 = 30.9
    ("age (months)", "26", True),  # 61
    ("age (months)", "22", True),  # 60
]


@pytest.mark.parametrize(("header", "age", "contradicts"), AGES)
def test_age_against_the_dates_within_one_recorded_unit(load, header, age, contradicts):
    cohort = load(f"patient_id,{header},date_birth,{HLH}\nP1,{age},{BIRTH},{DIAGNOSIS}\n")
    issues = found(cohort, "age_contradicts_dates")
    assert len(issues) == int(contradicts)
    assert cohort.frame["age_years"].notna().all()  # doubted, not emptied: the dates are used
    if contradicts:
        assert issues[["row", "column", "severity"]].to_numpy().tolist() == [[2, header, "warning"]]


FOLLOWUPS = [
    # 2020-01-01 to 2020-04-10 is 100 days, 3.3 months, 14.3 weeks
    ("followup_days", "100", False),
    ("followup_days", "101", False),
    ("followup_days", "102", True),
    ("followup_days", "98", True),
    ("followup (months)", "3", False),  # 91.3: 8.7 days apart
    ("followup (months)", "4", False),  # 121.75: 21.75
    ("followup (months)", "5", True),  # 52.2
    ("followup (months)", "2", True),  # 39.1
    ("followup (weeks)", "14", False),  # 98
    ("followup (weeks)", "16", True),  # 112
]


@pytest.mark.parametrize(("header", "time", "contradicts"), FOLLOWUPS)
@pytest.mark.parametrize("end", [DEATH, LAST])
def test_follow_up_against_the_dates_within_one_recorded_unit(load, header, time, contradicts, end):
    cohort = load(f"patient_id,{header},{HLH},{end}\nP1,{time},2020-01-01,2020-04-10\n")
    assert len(found(cohort, "followup_contradicts_dates")) == int(contradicts)
    assert cohort.frame["followup_days"].notna().all()


def test_the_dead_are_followed_to_their_death(load):
    cohort = load(f"patient_id,followup_days,{HLH},{DEATH},{LAST}\nP1,100,2020-01-01,2020-04-10,2020-02-01\n")
    assert cohort.issues.empty


def test_a_girl_is_not_hemizygous(load):
    cohort = load("patient_id,sex,zygosity\nP1,F,hemizygous\nP2,M,hemizygous\nP3,F,homozygous\nP4,,hemizygous\n")
    assert found(cohort, "hemizygous_female")["patient_id"].tolist() == ["P1"]
    assert cohort.frame["zygosity"].isna().tolist() == [True, False, False, False]
    assert cohort.frame["sex"].isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize("cell", ["csf_wbc,12", "csf_protein (g/L),0.8", "csf_glucose (mmol/L),2.5"])
def test_a_csf_value_without_a_lumbar_puncture_is_doubted(study_of, cell):
    name, value = cell.split(",")
    cohort = study_of(f"patient_id,lp_done,{name}\nP1,no,{value}\nP2,yes,{value}\nP3,,{value}\nP4,no,\n").load()
    assert found(cohort, "value_without_test")["patient_id"].tolist() == ["P1"]


def people(*rows):
    return f"patient_id,sex,date_birth,{HLH}\n" + "".join(f"{r}\n" for r in rows)


def near(cohort):
    return set(found(cohort, "near_duplicate")["patient_id"])


def test_the_same_sex_birth_and_month_of_diagnosis_may_be_one_patient(load):
    cohort = load(
        people("A1,F,2018-05-05,2020-01-01", "A2,F,2018-05-06,2020-01-01"),
        people("B1,F,2018-05-05,2020-01-31", "B2,M,2018-05-05,2020-01-31"),
    )
    assert near(cohort) == {"A1", "B1"}
    assert len(cohort.frame) == 4
    assert set(found(cohort, "near_duplicate")["severity"]) == {"warning"}


def test_31_days_apart_are_two_patients(load):
    assert near(load(people("A1,F,2018-05-05,2020-01-01", "B1,F,2018-05-05,2020-02-01"))) == set()


def test_three_in_a_chain_are_all_named_and_the_one_far_off_is_not(load):
    cohort = load(
        people(
            "A,F,2018-05-05,2020-03-01",
            "B,F,2018-05-05,2020-01-01",
            "C,F,2018-05-05,2020-01-31",
            "D,F,2018-05-05,2021-01-01",
        )
    )
    assert near(cohort) == {"A", "B", "C"}  # 2020-01-31 to 2020-03-01 is 30 days, 2020 being a leap year


def test_without_dates_of_birth_nothing_is_said_about_duplicates(load):
    assert near(load(people("A,F,,2020-01-01", "B,F,,2020-01-01"))) == set()
    assert near(load(f"patient_id,sex,{HLH}\nA,F,2020-01-01\nB,F,2020-01-01\n")) == set()


def test_an_emptied_cell_is_refused_and_a_blank_stays_a_blank(load):
    cohort = load(
        f"patient_id,{HLH},{LAST},zygosity,sex\nP1,2020-03-02,2020-03-01,hemizygous,F\nP2,2020-03-01,2020-03-02,,M\n"
    )
    assert cohort.frame.loc[0, [LAST, "zygosity"]].isna().all()
    assert cohort.states.loc[0, [LAST, "zygosity"]].tolist() == [State.REFUSED, State.REFUSED]
    assert cohort.states.loc[1, [LAST, "zygosity"]].tolist() == [State.VALUE, State.BLANK]

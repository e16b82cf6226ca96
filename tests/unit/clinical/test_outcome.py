"""Follow-up, event and early death from hand-made histories."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from neurohlh.clinical.outcome import REASONS, derive_outcome, outcome_method
from neurohlh.core.errors import InputError

START = "2020-01-01"
DATES = ("date_birth", "date_admission", "date_hlh_diagnosis", "date_treatment_start", "date_death",
         "date_last_followup", "date_hsct")  # fmt: skip


def day(n: int) -> str:
    return str(dt.date(2020, 1, 1) + dt.timedelta(days=n))


def frame(*patients: dict) -> pd.DataFrame:
    table = pd.DataFrame(list(patients))
    for name in DATES:
        if name in table:
            table[name] = pd.to_datetime(table[name]).astype("datetime64[s]")
    for name in ("death", "hsct", "lost_to_followup"):
        if name in table:
            table[name] = table[name].astype("boolean")
    return table


def one(origin: str = "date_hlh_diagnosis", **patient: object) -> pd.Series:
    return derive_outcome(frame(patient), origin).iloc[0]


def followed(days: float, direction: str, death: bool) -> dict:
    return {"followup_days": days, "followup_days_censored": direction, "death": death}


D = "date_hlh_diagnosis"


@pytest.mark.parametrize(
    ("patient", "days", "event", "source", "note"),
    [
        ({D: START, "date_death": day(7), "death": True}, 7, 1, "dates", ""),
        ({D: START, "date_death": day(7)}, 7, 1, "dates", ""),  # a date of death is a death
        ({D: START, "date_last_followup": day(40), "death": False}, 40, 0, "dates", ""),
        ({D: START, "date_last_followup": day(0), "death": False}, 0, 0, "dates", ""),
        ({D: START, "date_last_followup": day(40), "outcome_status": "lost"}, 40, 0, "dates", ""),
        ({D: START, "date_last_followup": day(40), "outcome_status": "dead"}, 40, 1, "last_followup", ""),
        ({"followup_days": 90.0, "death": True}, 90, 1, "followup_days", ""),
        ({D: START, "date_last_followup": day(40), "followup_days": 35.0, "death": True}, 35, 1, "followup_days", ""),
        ({D: START, "date_last_followup": day(40), "followup_days": 35.0, "death": False}, 40, 0, "dates", ""),
        ({D: START, "date_last_followup": day(40)}, 40, np.nan, "dates", "outcome_not_recorded"),
        ({D: START, "date_death": day(9), "death": False}, 9, np.nan, "", "outcome_contradictory"),
        ({D: START, "date_death": day(-2), "death": True}, np.nan, 1, "", "negative_follow_up"),
        ({"date_death": day(9), "death": True}, np.nan, 1, "", "origin_date_missing"),
        ({D: START, "death": True}, np.nan, 1, "", "no_follow_up"),
        (followed(120.0, "right", death=False), 120, 0, "followup_days", ""),
        (followed(120.0, "right", death=True), np.nan, 1, "", "death_beyond_limit"),
        (followed(20.0, "left", death=False), np.nan, 0, "", "follow_up_below_limit"),
    ],
)  # fmt: skip
def test_time_and_event(patient, days, event, source, note):
    row = one(**patient)
    if note == "outcome_contradictory":
        assert np.isnan(row["os_event"])
    else:
        np.testing.assert_equal([row["os_days"], row["os_event"]], [days, event])
        assert row["os_source"] == source
    assert row["os_note"] == note
    assert note in ("", *REASONS)


@pytest.mark.parametrize(
    ("patient", "event", "withdrawn"),
    [
        ({"outcome_status": "withdrawn_care_alive"}, 0, True),
        ({"outcome_status": "withdrawn_care_presumed_dead"}, 0, True),
        ({"outcome_status": "withdrawn_care_presumed_dead", "death": True}, 1, True),
        ({"outcome_status": "withdrawn_care_alive", "death": True}, np.nan, True),
        ({"outcome_status": "alive"}, 0, False),
        ({"outcome_status": "dead", "death": False}, np.nan, False),
        ({"outcome_status": "alive", "death": True}, np.nan, False),
    ],
)
def test_withdrawal_is_kept_apart_and_contradictions_are_unknown(patient, event, withdrawn):
    row = one(**{D: START, "date_last_followup": day(5)}, **patient)
    np.testing.assert_equal(row["os_event"], event)
    assert bool(row["withdrawn"]) == withdrawn


def test_nobody_said_whether_care_was_withdrawn():
    assert pd.isna(one(death=True)["withdrawn"])
    assert pd.isna(one(death=True)["lost"])


@pytest.mark.parametrize(
    ("patient", "by_7", "by_30"),
    [
        ({"date_death": day(7)}, "met", "met"),
        ({"date_death": day(8)}, "not_met", "met"),
        ({"date_death": day(31)}, "not_met", "not_met"),
        ({"death": False, "date_last_followup": day(7)}, "indeterminate", "indeterminate"),
        ({"death": False, "date_last_followup": day(8)}, "not_met", "indeterminate"),
        ({"death": False, "date_last_followup": day(31)}, "not_met", "not_met"),
        ({"date_last_followup": day(31)}, "not_met", "not_met"),  # outcome not recorded, but seen alive or dying later
        ({"death": True}, "indeterminate", "indeterminate"),
        ({"death": True, "followup_days": 10.0, "followup_days_censored": "right"}, "not_met", "indeterminate"),
        ({"death": True, "followup_days": 10.0, "followup_days_censored": "left"}, "indeterminate", "met"),
        ({"outcome_status": "alive", "date_death": day(3)}, "indeterminate", "indeterminate"),
        (
            {"death": True, "death_30d": "met"},
            "indeterminate",
            "met",
        ),  # the hospital's column, where nothing else decides
        ({"date_death": day(31), "death_30d": "met"}, "not_met", "not_met"),
    ],
)
def test_early_death_is_three_valued(patient, by_7, by_30):
    row = one(**{D: START}, **patient)
    assert (row["death_7d"], row["death_30d"]) == (by_7, by_30)


def test_early_death_counts_from_admission_where_there_are_admissions():
    patients = frame(
        {D: START, "date_admission": day(-5), "date_death": day(4)},
        {D: START, "date_admission": day(0), "date_death": day(4)},
        {D: START, "date_admission": None, "date_death": day(4)},
        {D: START, "date_admission": day(-5), "death": True, "followup_days": 1.0},
    )
    outcome = derive_outcome(patients)
    assert outcome["death_7d"].tolist() == ["not_met", "met", "indeterminate", "met"]
    assert outcome["os_days"].tolist() == [4, 4, 4, 1]
    assert set(outcome["early_origin"]) == {"date_admission"}


@pytest.mark.parametrize(
    ("patient", "by_7", "by_30"),
    [
        (
            {D: day(8), "date_death": day(5)},
            "met",
            "met",
        ),  # diagnosed after death: no survival time, but an early death
        ({D: None, "date_death": day(5)}, "met", "met"),
        ({D: None, "date_death": day(8)}, "not_met", "met"),
        ({D: None, "death": False, "date_last_followup": day(8)}, "not_met", "indeterminate"),
        ({D: None, "date_last_followup": day(31)}, "not_met", "not_met"),
        ({D: None, "death": True, "date_last_followup": day(5)}, "met", "met"),
        (
            {D: None, "death": True, "followup_days": 3.0},
            "indeterminate",
            "indeterminate",
        ),  # counted from the diagnosis
        ({D: day(3), "death": True, "followup_days": 3.0}, "met", "met"),
        ({D: day(3), "death": True, "followup_days": 5.0}, "not_met", "met"),
        ({D: day(3), "date_death": day(-1)}, "indeterminate", "indeterminate"),  # dead before admission
        ({D: day(8), "outcome_status": "alive", "date_death": day(5)}, "indeterminate", "indeterminate"),
    ],
)
def test_early_death_needs_no_date_of_diagnosis_where_admission_is_dated(patient, by_7, by_30):
    row = one(date_admission=day(0), **patient)
    assert (row["death_7d"], row["death_30d"]) == (by_7, by_30)


@pytest.mark.parametrize(
    ("patient", "status", "by_56", "event", "time"),
    [
        ({"date_death": day(30), "hsct": False}, "met", "indeterminate", 1, 30),
        ({"date_death": day(56), "hsct": False}, "met", "indeterminate", 1, 56),
        ({"date_death": day(57), "hsct": False}, "not_met", "not_met", 1, 57),
        ({"date_death": day(30)}, "indeterminate", "indeterminate", np.nan, np.nan),
        ({"date_death": day(50), "date_hsct": day(40)}, "not_met", "met", 2, 40),
        ({"death": False, "date_last_followup": day(400), "date_hsct": day(90)}, "not_met", "not_met", 2, 90),
        ({"death": False, "date_last_followup": day(400), "hsct": False}, "not_met", "not_met", 0, 400),
        ({"death": False, "date_last_followup": day(20), "hsct": False}, "indeterminate", "indeterminate", 0, 20),
        ({"date_death": day(30), "hsct": True}, "indeterminate", "indeterminate", np.nan, np.nan),
    ],
)
def test_death_before_transplantation_and_competing_events(patient, status, by_56, event, time):
    row = one(**{D: START}, **patient)
    assert (row["death_8w_prehsct"], row["hsct_by_day_56"]) == (status, by_56)
    np.testing.assert_equal([row["cr_event"], row["cr_days"]], [event, time])


def test_another_origin_and_a_recorded_time_zero():
    patient = {D: day(10), "date_admission": day(0), "followup_days": 30.0, "time_zero": "diagnosis", "death": False}
    assert one(**patient)["os_days"] == 30
    assert one("date_admission", **patient)["os_days"] == 40
    lost = one("date_admission", **{k: v for k, v in patient.items() if k != D})
    assert lost["os_note"] == "other_time_zero"


def test_origin_must_be_a_date_of_the_codebook():
    with pytest.raises(InputError, match="date_hlh_diagnosis"):
        one("date_hlh_diagnose", death=True)


@pytest.mark.parametrize(
    ("patient", "years", "days"),
    [
        ({"date_birth": "2019-12-12", D: START, "age_years": 3.0}, 20 / 365.25, 20),
        ({"age_years": 3.0}, 3, np.nan),
        ({"age_days": 20.0}, 20 / 365.25, 20),
        ({"age_years": 18 * 0.00273791, "age_years_recorded": 18.0, "age_years_unit": "days"}, 18 * 0.00273791, 18),
        ({"age_years": 0.25, "age_years_recorded": 3.0, "age_years_unit": "months"}, 0.25, np.nan),
        ({"date_birth": "2021-01-01", D: START}, np.nan, np.nan),
        ({"date_birth": "2021-01-01", D: START, "age_years": 2.0}, 2, np.nan),
    ],
)
def test_age(patient, years, days):
    row = one(**patient)
    np.testing.assert_allclose([row["age_years"], row["age_days"]], [years, days])


def test_the_frame_stays_and_row_order_does_not_matter():
    patients = frame(
        {D: START, "date_death": day(7)},
        {D: START, "death": False, "date_last_followup": day(9)},
        {"followup_days": 3.0},
    )
    before = patients.copy()
    outcome = derive_outcome(patients)
    pd.testing.assert_frame_equal(patients, before)
    pd.testing.assert_frame_equal(derive_outcome(patients.iloc[::-1]).sort_index(), outcome)


def test_the_choices_are_told():
    method = outcome_method()
    assert {"time zero", "event", "withdrawal of care", "early death", "age"} <= set(method)
    assert all(text.strip() for text in method.values())

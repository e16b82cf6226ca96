"""Checks across cells: what contradicts what, and which of it can no longer be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from neurohlh.etl.cohort import Cohort
from neurohlh.etl.ledger import issue_rows, stacked
from neurohlh.etl.trail import TRAIL_COLUMNS
from neurohlh.etl.values import State

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Contradiction:
    """Patients (boolean array) whose cells can't all be right.

    `refuse` are the variables that are emptied for them; without any the cells stay and are doubted at `at` (the first
    of them that has a cell).
    """

    code: str
    patients: np.ndarray
    at: tuple[str, ...]
    message: str
    action: str
    refuse: tuple[str, ...] = ()


@dataclass(frozen=True)
class DateOrder:
    """`earlier` can't come after `later`; `refuse` says what a breach makes unusable (nothing: only doubted)."""

    earlier: str
    later: str
    refuse: tuple[str, ...] = ()
    remark: str = ""


_END = ("date_death", "date_last_followup")
DATE_ORDERS: tuple[DateOrder, ...] = (
    DateOrder("date_hlh_diagnosis", "date_death", _END, "; a diagnosis made at autopsy has no survival from diagnosis"),
    DateOrder("date_admission", "date_death", _END),
    DateOrder("date_treatment_start", "date_death", _END),
    DateOrder("date_last_followup", "date_death", _END, "; nobody is followed up after death"),
    DateOrder("date_hlh_diagnosis", "date_last_followup", ("date_last_followup",)),
    DateOrder("date_admission", "date_last_followup", ("date_last_followup",)),
    DateOrder("date_hsct", "date_death", ("date_hsct", *_END)),
    DateOrder("date_hsct", "date_last_followup", ("date_hsct", "date_last_followup")),
    DateOrder("date_hlh_diagnosis", "date_hsct", ("date_hsct",)),
    DateOrder("date_lp_first", "date_death", ("date_lp_first",)),
    DateOrder("date_imaging_first", "date_death", ("date_imaging_first",)),
    DateOrder("date_neuro_onset", "date_death", ("date_neuro_onset",)),
    DateOrder("date_cns_first", "date_death", ("date_cns_first",)),
    DateOrder("date_it_first", "date_death", ("date_it_first",)),
    DateOrder("date_reactivation", "date_death", ("date_reactivation",)),
    DateOrder("date_hlh_diagnosis", "date_reactivation", ("date_reactivation",)),
    DateOrder("date_onset", "date_hlh_diagnosis"),
    DateOrder("date_onset", "date_death", ("date_onset",)),
)


def check_cohort(cohort: Cohort) -> Cohort:
    """The cohort with its contradictions among the issues, and the cells that these make unusable emptied."""
    frame, states = cohort.frame.copy(deep=False), cohort.states.copy(deep=False)
    issues = []
    for check in (_birth, _date_order, _death, _recorded_times, _sex):
        for found in check(frame):
            if found.patients.any():
                issues.append(_report(cohort, found))
                _empty(frame, states, found)
    issues += [near_duplicates(cohort), near_duplicates_by_gene(cohort)]
    return replace(cohort, frame=frame, states=states).with_issues(stacked(issues))


def _report(cohort: Cohort, found: Contradiction) -> pd.DataFrame:
    numbers = np.flatnonzero(found.patients)
    cells = stacked((cohort.trail.locate(v, numbers) for v in found.refuse or found.at), TRAIL_COLUMNS)
    if not found.refuse:
        cells = cells.drop_duplicates("patient")
    severity = "error" if found.refuse else "warning"
    return cells.assign(severity=severity, code=found.code, message=found.message, action=found.action)


def _empty(frame: pd.DataFrame, states: pd.DataFrame, found: Contradiction) -> None:
    for name in found.refuse:
        if name not in frame:
            continue
        hit = found.patients & frame[name].notna().to_numpy()
        companions = [c for c in (f"{name}_censored", f"{name}_recorded", f"{name}_unit") if c in frame]
        for column in (name, *companions):
            frame[column] = frame[column].mask(hit)
        states[name] = np.where(hit, np.uint8(State.REFUSED), states[name])


def _dates(frame: pd.DataFrame) -> list[str]:
    return [c for c in frame.columns if c.startswith("date_") and frame[c].dtype.kind == "M"]


def _after(frame: pd.DataFrame, earlier: str, later: str) -> np.ndarray:
    """Patients whose `earlier` date comes after their `later` one (False where either is unknown)."""
    if earlier not in frame or later not in frame:
        return np.zeros(len(frame), dtype=bool)
    return (frame[earlier] > frame[later]).to_numpy()


def _birth(frame: pd.DataFrame) -> Iterator[Contradiction]:
    if "date_birth" not in frame:
        return
    others = [_after(frame, "date_birth", d) for d in _dates(frame) if d != "date_birth"]
    if others:
        yield Contradiction(
            "birth_after_event",
            np.logical_or.reduce(others),
            ("date_birth",),
            "the date of birth lies after another date of this patient, so the age can't be computed from it",
            "Check the date of birth and the other dates.",
            refuse=("date_birth",),
        )


def _date_order(frame: pd.DataFrame) -> Iterator[Contradiction]:
    for order in DATE_ORDERS:
        yield Contradiction(
            f"{order.later.removeprefix('date_')}_before_{order.earlier.removeprefix('date_')}",
            _after(frame, order.earlier, order.later),
            (order.later,),
            f"{order.earlier} lies after {order.later}{order.remark}",
            "Check both dates in the source." + (" The dates named here are not used." if order.refuse else ""),
            refuse=order.refuse,
        )


def _is(frame: pd.DataFrame, column: str, value: object) -> np.ndarray:
    """Where the column is known to equal `value`."""
    if column not in frame:
        return np.zeros(len(frame), dtype=bool)
    return (frame[column] == value).fillna(False).to_numpy(dtype=bool)


def _known(frame: pd.DataFrame, column: str) -> np.ndarray:
    return frame[column].notna().to_numpy() if column in frame else np.zeros(len(frame), dtype=bool)


def _death(frame: pd.DataFrame) -> Iterator[Contradiction]:
    dated = _known(frame, "date_death")
    dead = _is(frame, "death", True) | _is(frame, "outcome_status", "dead")
    alive = np.zeros(len(frame), dtype=bool)
    for status in ("alive", "withdrawn_care_alive"):
        alive |= _is(frame, "outcome_status", status)
    alive |= _is(frame, "death", False)
    yield Contradiction(
        "death_and_alive",
        dead & alive,
        ("death",),
        "death and outcome_status contradict each other, so the outcome is unknown",
        "Find out whether the patient died, and correct one of the cells.",
        refuse=("death", "outcome_status", "date_death"),
    )
    yield Contradiction(
        "death_date_but_alive",
        dated & alive & ~dead,
        ("date_death",),
        "a date of death is given although the patient is said to live, so the outcome is unknown",
        "Find out whether the patient died, and correct one of the cells.",
        refuse=("date_death", "death", "outcome_status"),
    )
    yield Contradiction(
        "death_without_date",
        dead & ~alive & ~dated & ~_known(frame, "followup_days"),
        ("death", "outcome_status"),
        "the patient died but neither a date of death nor a time is known; death counts, its time is unknown",
        "Add the date of death.",
    )


_UNIT_DAYS = {"days": 1.0, "weeks": 7.0, "months": 31.0, "years": 366.0}


def _tolerance(frame: pd.DataFrame, name: str, canonical: str) -> np.ndarray:
    """One recorded unit, in days: a time written in whole months can't agree with dates to the day."""
    unit = frame[f"{name}_unit"].fillna(canonical) if f"{name}_unit" in frame else pd.Series(canonical, frame.index)
    return unit.map(_UNIT_DAYS).fillna(_UNIT_DAYS[canonical]).to_numpy(dtype=float)


def _span(frame: pd.DataFrame, start: str, end: pd.Series) -> np.ndarray:
    return (end - frame[start]).to_numpy() / _DAY


def _recorded_times(frame: pd.DataFrame) -> Iterator[Contradiction]:
    if {"date_birth", "date_hlh_diagnosis", "age_years"} <= set(frame.columns):
        days = _span(frame, "date_birth", frame["date_hlh_diagnosis"])
        apart = np.abs(days - frame["age_years"].to_numpy() * 365.25)
        yield Contradiction(
            "age_contradicts_dates",
            apart > _tolerance(frame, "age_years", "years"),
            ("age_years",),
            "the recorded age and the age from date_birth to date_hlh_diagnosis differ by more than one recorded unit; "
            "the dates are used",
            "Check the age and both dates.",
        )
    if {"date_hlh_diagnosis", "followup_days"} <= set(frame.columns):
        end = pd.Series(np.datetime64("NaT", "s"), index=frame.index)
        for name in ("date_death", "date_last_followup"):
            end = end.fillna(frame[name]) if name in frame else end
        apart = np.abs(_span(frame, "date_hlh_diagnosis", end) - frame["followup_days"].to_numpy())
        yield Contradiction(
            "followup_contradicts_dates",
            apart > _tolerance(frame, "followup_days", "days"),
            ("followup_days",),
            "the recorded follow-up and the one from date_hlh_diagnosis to the last date differ by more than one "
            "recorded unit; the dates are used",
            "Check the follow-up time, its unit and its time zero.",
        )


def _sex(frame: pd.DataFrame) -> Iterator[Contradiction]:
    yield Contradiction(
        "hemizygous_female",
        _is(frame, "sex", "F") & _is(frame, "zygosity", "hemizygous"),
        ("zygosity",),
        "a girl or woman can't be hemizygous for an X-linked variant",
        "Check sex and zygosity.",
        refuse=("zygosity",),
    )
    yield Contradiction(
        "pregnant_male",
        _is(frame, "sex", "M") & _is(frame, "pregnant", True),
        ("pregnant",),
        "a boy or man is recorded as pregnant",
        "Check sex and pregnancy, and whether two patients' rows were mixed.",
        refuse=("sex", "pregnant"),
    )


def near_duplicates(cohort: Cohort) -> pd.DataFrame:
    """Different identifiers that may be one patient: same sex and date of birth, diagnosed within 30 days.

    Reported, never merged. Without dates of birth nothing can be said, and nothing is. The 30 days are a choice of this
    package, no published rule. Returns rows of issues.csv.
    """
    frame = cohort.frame
    if not {"sex", "date_birth", "date_hlh_diagnosis"} <= set(frame.columns):
        return issue_rows([])
    key = frame[["sex", "date_birth", "date_hlh_diagnosis", "patient_id"]].dropna()
    key = key[key.duplicated(["sex", "date_birth"], keep=False)].sort_values(
        ["sex", "date_birth", "date_hlh_diagnosis"]
    )
    group = key.groupby(["sex", "date_birth"])["date_hlh_diagnosis"]
    near = np.timedelta64(30, "D")
    close = (group.diff() <= near) | (group.diff(-1) >= -near)
    key = key[close.to_numpy()]
    if key.empty:
        return issue_rows([])
    places = cohort.trail.locate("patient_id", key.index.to_numpy())
    return places.assign(
        severity="warning",
        code="near_duplicate",
        message="another identifier has the same sex and date of birth and was diagnosed within 30 days: perhaps the "
        "same patient at two centres; both are kept",
        action="Compare the two rows; give them one identifier if they are one patient.",
    )


def near_duplicates_by_gene(cohort: Cohort) -> pd.DataFrame:
    """Patients of different centres without a date of birth who share sex, age and causal gene: perhaps told twice.

    Reported, never merged (a child in two case reports is found so). Returns rows of issues.csv.
    """
    frame = cohort.frame
    if not {"sex", "age_years", "gene_causal", "center_id"} <= set(frame.columns):
        return issue_rows([])
    born = frame["date_birth"].notna() if "date_birth" in frame else pd.Series(False, index=frame.index)
    key = frame.loc[~born & (frame["gene_causal"] != "none"), ["sex", "age_years", "gene_causal", "center_id"]].dropna()
    alike = key.duplicated(["sex", "age_years", "gene_causal"], keep=False)
    centres = key.groupby(["sex", "age_years", "gene_causal"])["center_id"].transform("nunique")
    key = key[alike & (centres > 1)]
    if key.empty:
        return issue_rows([])
    return cohort.trail.locate("patient_id", key.index.to_numpy()).assign(
        severity="warning",
        code="near_duplicate",
        message="a patient of another centre has the same sex, age and causal gene: perhaps one patient reported "
        "twice; both are kept",
        action="Compare the two; give them one identifier if they are one patient.",
    )

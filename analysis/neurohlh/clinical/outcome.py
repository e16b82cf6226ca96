"""Age, follow-up and outcome of each patient from dates, or from durations where there are none (dossier 10).

Every answer keeps its source and, where it is missing, the reason. Days are whole days; a year is 365.25 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurohlh.clinical.kleene import INDETERMINATE, MET, NOT_MET
from neurohlh.clinical.measurement import DAYS_PER_YEAR
from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.codebook import codebook

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Words = NDArray[np.object_]
Codes = NDArray[np.int8]
"""0 not met, 1 indeterminate, 2 met: the places of `_WORDS`."""

ORIGIN = "date_hlh_diagnosis"
EARLY_ORIGIN = "date_admission"
_TIME_ZERO = {"diagnosis": ORIGIN, "admission": EARLY_ORIGIN, "treatment_start": "date_treatment_start"}
_WITHDRAWN = ("withdrawn_care_alive", "withdrawn_care_presumed_dead")
_WEEK_8 = 56
_WORDS = np.array([NOT_MET, INDETERMINATE, MET], dtype=object)

REASONS = {
    "outcome_contradictory": "what is recorded about death contradicts itself",
    "outcome_not_recorded": "neither death nor survival is recorded",
    "negative_follow_up": "the end of follow-up lies before time zero",
    "death_beyond_limit": "the time of death is recorded only as beyond or below a limit",
    "follow_up_below_limit": "the follow-up is recorded only as below a limit",
    "other_time_zero": "follow-up is counted from another time zero and no dates allow a conversion",
    "origin_date_missing": "the date of time zero is missing",
    "no_follow_up": "neither a date nor a duration of follow-up is recorded",
}
"""Codes of `os_note`, why the time or the event is missing."""


@dataclass(frozen=True)
class _Span:
    """Days from time zero to the end of follow-up: exact where known, else bounds (-inf..inf)."""

    days: Floats
    low: Floats
    high: Floats
    source: Words
    note: Words


def derive_outcome(frame: pd.DataFrame, origin: str = ORIGIN) -> pd.DataFrame:
    """Age, overall survival, early death and competing events; same index as `frame`, only derived columns.

    `age_years`, `age_days`: from the dates of birth and diagnosis, else as recorded. `os_days`, `os_event` (1 dead, 0
    censored, NaN unknown), `os_source` ('dates', 'followup_days', 'last_followup' for a death dated by it, ''),
    `os_note` (a code of `REASONS` or ''). `withdrawn`, `lost`: nullable booleans. `death_7d`, `death_30d`: counted from
    `early_origin`; `death_8w_prehsct`, `hsct_by_day_56`: from `origin`; all met, not_met or indeterminate. `cr_days`,
    `cr_event`: 1 death before HSCT, 2 HSCT, 0 censored, NaN unknown.
    Raises InputError where `origin` is no date variable.
    """
    _check_origin(origin)
    dead, alive, contradictory = _vital(frame)
    event = np.where(dead, 1.0, np.where(alive, 0.0, np.nan))
    event[contradictory] = np.nan
    span = _span(frame, origin, event)
    note = span.note.copy()
    note[np.isnan(event)] = "outcome_not_recorded"
    note[contradictory] = "outcome_contradictory"
    early = EARLY_ORIGIN if _any_dates(frame, EARLY_ORIGIN) else origin
    low, high = _early_span(frame, origin, early, span, event)
    hsct_day, hsct_none = _hsct(frame, origin)
    cr_days, cr_event = _competing(span.days, event, hsct_day, hsct_none)
    early_deaths = {
        "death_7d": _dead_by(7, low, high, event, contradictory),
        "death_30d": _dead_by(30, low, high, event, contradictory),
        "death_8w_prehsct": _before_hsct(span, event, contradictory, hsct_day, hsct_none),
    }
    years, days = _age(frame)
    status = _codes(frame, "outcome_status")
    columns = {
        "age_years": years,
        "age_days": days,
        "os_days": span.days,
        "os_event": event,
        "os_source": span.source,
        "os_note": note,
        "withdrawn": _nullable(_among(status, *_WITHDRAWN), ~status.isna()),
        "lost": _nullable(
            _among(status, "lost") | _is(frame, "lost_to_followup", True), ~status.isna() | _lost_known(frame)
        ),
        "early_origin": np.full(len(frame), early, dtype=object),
        **{name: _WORDS[_recorded_or(frame, name, codes)] for name, codes in early_deaths.items()},
        "hsct_by_day_56": _WORDS[_hsct_by(_WEEK_8, span, hsct_day, hsct_none)],
        "cr_days": cr_days,
        "cr_event": cr_event,
    }
    return pd.DataFrame(columns, index=frame.index)


def derive_age(frame: pd.DataFrame) -> pd.DataFrame:
    """`age_years` and `age_days` as `derive_outcome` gives them; same index as `frame`."""
    years, days = _age(frame)
    return pd.DataFrame({"age_years": years, "age_days": days}, index=frame.index)


def outcome_method() -> dict[str, str]:
    """The choices behind `derive_outcome`, in words, by topic."""
    return {
        "time zero": "the declared origin (by default the HLH diagnosis), never the date of symptoms or CNS detection",
        "end of follow-up": "date of death, else the recorded follow-up time, else the last follow-up, for the dead; "
        "date of last follow-up, else the recorded follow-up time, for the others",
        "follow-up without dates": "a recorded follow-up time is taken as counted from the declared time zero, unless "
        "there is a column time_zero: a count from another one is converted by the two dates, or missing; a count from "
        "none that the codebook knows is missing",
        "event": "death by the column death, by outcome_status or by a date of death; a contradiction is unknown",
        "withdrawal of care": "censored at the last contact, presumed dead or not, unless a death is recorded; kept in "
        "the column withdrawn for the analysis as death",
        "lost to follow-up": "censored at the last contact",
        "limits": "a follow-up beyond a limit censors the living at the limit; a death so recorded has no time",
        "negative follow-up": "missing, with the reason",
        "early death": "7 and 30 days from admission (Li 2020, doi 10.1186/s13023-020-01515-4) where admission dates "
        "exist, else from time zero; met if dead by the day, not_met if known alive beyond it, else indeterminate; "
        "where neither dates nor times decide, the hospital's own column does",
        "death before HSCT by week 8": "death within 56 days of time zero before any HSCT; HSCT by day 56 without "
        "death is not_met, shown by hsct_by_day_56; without a record about HSCT a death is indeterminate",
        "competing events": "the first of death and HSCT; unknown where it is unknown whether or when HSCT was done",
        "age": "from the dates of birth and HLH diagnosis; else as recorded, in days only where recorded in days",
    }


def _check_origin(origin: str) -> None:
    dates = [v.name for v in codebook() if v.type == "date"]
    if origin not in dates:
        raise InputError(f"{origin!r} is not a date of the codebook", where="origin", do=did_you_mean(origin, dates))


def _dates(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]")
    return pd.to_datetime(frame[name]).astype("datetime64[s]").dt.normalize()


def _any_dates(frame: pd.DataFrame, name: str) -> bool:
    return name in frame and bool(frame[name].notna().any())


def _days(end: pd.Series, start: pd.Series) -> Floats:
    return np.asarray((end - start).dt.days, dtype=np.float64)


def _numbers(frame: pd.DataFrame, name: str) -> Floats:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(pd.to_numeric(frame[name]).to_numpy(dtype=np.float64, na_value=np.nan))


def _codes(frame: pd.DataFrame, name: str) -> pd.Categorical:
    """A column of codes, quick to compare; NaN where nothing is recorded."""
    if name not in frame:
        return pd.Categorical(np.full(len(frame), np.nan))
    return pd.Categorical(frame[name])


def _among(codes: pd.Categorical, *names: str) -> Flags:
    return np.asarray(codes.isin(list(names)), dtype=bool)


def _is(frame: pd.DataFrame, name: str, value: bool) -> Flags:
    if name not in frame:
        return np.zeros(len(frame), dtype=bool)
    return (frame[name] == value).fillna(False).to_numpy(dtype=bool)


def _nullable(values: NDArray[Any], known: NDArray[Any]) -> pd.arrays.BooleanArray:
    return pd.arrays.BooleanArray(values.astype(bool), ~known.astype(bool))


def _lost_known(frame: pd.DataFrame) -> Flags:
    return _is(frame, "lost_to_followup", True) | _is(frame, "lost_to_followup", False)


def _vital(frame: pd.DataFrame) -> tuple[Flags, Flags, Flags]:
    """(dead, censored, contradictory). A patient lost, or whose care was withdrawn, was alive at the last contact."""
    status = _codes(frame, "outcome_status")
    dead = _is(frame, "death", True) | _among(status, "dead") | _dates(frame, "date_death").notna().to_numpy()
    said_alive = _is(frame, "death", False) | _among(status, "alive", "withdrawn_care_alive")
    censored = said_alive | _among(status, "lost", "withdrawn_care_presumed_dead")
    return dead, censored & ~dead, dead & said_alive


def _span(frame: pd.DataFrame, origin: str, event: Floats) -> _Span:
    start, dead = _dates(frame, origin), event == 1
    by_death = _days(_dates(frame, "date_death"), start)
    by_contact = _days(_dates(frame, "date_last_followup"), start)
    recorded, other_zero = _recorded_days(frame, origin)
    limits = _codes(frame, "followup_days_censored")
    right, left = _among(limits, "right"), _among(limits, "left")
    exact = np.where(left | (right & dead), np.nan, recorded)
    bounded = dead & (left | right) & ~np.isnan(recorded) & np.isnan(by_death)
    choices = [
        (dead & ~np.isnan(by_death), by_death, "dates"),
        (dead & ~np.isnan(exact), exact, "followup_days"),
        (dead & ~bounded & ~np.isnan(by_contact), by_contact, "last_followup"),
        (~dead & ~np.isnan(by_contact), by_contact, "dates"),
        (~dead & ~np.isnan(exact), exact, "followup_days"),
    ]
    where = [c[0] for c in choices]
    days = np.select(where, [c[1] for c in choices], np.nan)
    negative = days < 0
    source = _pick([negative, *where], ["", *(c[2] for c in choices)], "")
    low = np.where(np.isnan(days), np.where(bounded & right, recorded, -np.inf), days)
    high = np.where(np.isnan(days), np.where(bounded & left, recorded, np.inf), days)
    reasons = [
        (negative, "negative_follow_up"),
        (~np.isnan(days), ""),
        (bounded, "death_beyond_limit"),
        (left & ~np.isnan(recorded), "follow_up_below_limit"),
        (other_zero, "other_time_zero"),
        (start.isna().to_numpy() & _any_end(frame), "origin_date_missing"),
    ]
    note = _pick([r[0] for r in reasons], [r[1] for r in reasons], "no_follow_up")
    return _Span(
        np.where(negative, np.nan, days),
        np.where(negative, -np.inf, low),
        np.where(negative, np.inf, high),
        source,
        note,
    )


def _any_end(frame: pd.DataFrame) -> Flags:
    ends = (_dates(frame, name).notna().to_numpy() for name in ("date_death", "date_last_followup"))
    return np.logical_or.reduce(list(ends))


def _recorded_days(frame: pd.DataFrame, origin: str) -> tuple[Floats, Flags]:
    """The recorded follow-up counted from `origin`, and where it is counted from elsewhere and cannot be converted."""
    recorded, named = _numbers(frame, "followup_days"), _codes(frame, "time_zero")
    other_zero = np.zeros(len(frame), dtype=bool)
    for zero, date in _TIME_ZERO.items():
        if date != origin:
            here = _among(named, zero)
            recorded = recorded + np.where(here, _days(_dates(frame, date), _dates(frame, origin)), 0.0)
            other_zero |= here & np.isnan(recorded) & ~np.isnan(_numbers(frame, "followup_days"))
    # Beside a column that names the zeros, a count whose zero it does not name (a transplant, birth, nothing) may begin
    # anywhere: unknown is never read as the declared zero.
    elsewhere = ~_among(named, *_TIME_ZERO) & ("time_zero" in frame)
    return np.where(elsewhere, np.nan, recorded), other_zero | (elsewhere & ~np.isnan(recorded))


def _early_span(frame: pd.DataFrame, origin: str, early: str, span: _Span, event: Floats) -> tuple[Floats, Floats]:
    """Bounds of the days from `early` to the end of follow-up: by its own dates, else by the span and the way to it."""
    if early == origin:
        return span.low, span.high
    start = _dates(frame, early)
    shift = _days(_dates(frame, origin), start)
    by_death, by_contact = (_days(_dates(frame, d), start) for d in ("date_death", "date_last_followup"))
    # A death before time zero, or a time zero without a date, has no survival time; from admission it may well have.
    # As in the span, the last follow-up dates a death that nothing else dates.
    undated = np.isnan(by_death) & np.isnan(span.days) & ~np.isfinite(span.low) & ~np.isfinite(span.high)
    own = np.where((event == 1) & ~undated, by_death, by_contact)
    dated = own >= 0
    return np.where(dated, own, span.low + shift), np.where(dated, own, span.high + shift)


def _dead_by(day: int, low: Floats, high: Floats, event: Floats, contradictory: Flags) -> Codes:
    """Dead within `day` days, where the end of follow-up lies between `low` and `high` days."""
    met = (event == 1) & (high <= day) & (high >= 0)
    beyond = ~contradictory & (low > day)
    # Recorded as beyond a limit: the death came after it.
    beyond |= (event == 1) & (high > low) & (low >= day) & np.isfinite(low)
    return _three(met, beyond)


def _before_hsct(span: _Span, event: Floats, contradictory: Flags, hsct_day: Floats, hsct_none: Flags) -> Codes:
    dead = _dead_by(_WEEK_8, span.low, span.high, event, contradictory)
    transplanted_first = (hsct_day >= 0) & (hsct_day <= _WEEK_8) & (np.isnan(span.days) | (hsct_day <= span.days))
    met = (dead == 2) & hsct_none
    met |= (dead == 2) & (hsct_day > _WEEK_8)
    return _three(met & ~transplanted_first, (dead == 0) | transplanted_first)


def _hsct_by(day: int, span: _Span, hsct_day: Floats, hsct_none: Flags) -> Codes:
    early = (hsct_day >= 0) & (hsct_day <= day)
    return _three(early, (hsct_none & (span.low > day)) | (hsct_day > day))


def _hsct(frame: pd.DataFrame, origin: str) -> tuple[Floats, Flags]:
    """The day of HSCT (NaN unknown), and where there was none."""
    dated = _dates(frame, "date_hsct")
    return _days(dated, _dates(frame, origin)), _is(frame, "hsct", False) & dated.isna().to_numpy()


def _competing(days: Floats, event: Floats, hsct_day: Floats, hsct_none: Flags) -> tuple[Floats, Floats]:
    known = ~np.isnan(days) & ~np.isnan(event)
    transplanted = (hsct_day >= 0) & (np.isnan(days) | (hsct_day <= days))
    first = known & hsct_none
    code = np.where(transplanted, 2.0, np.where(first, event, np.nan))
    return np.where(transplanted, hsct_day, np.where(first, days, np.nan)), code


def _three(met: Flags, not_met: Flags) -> Codes:
    return np.where(met, 2, np.where(not_met, 0, 1)).astype(np.int8)


def _recorded_or(frame: pd.DataFrame, name: str, derived: Codes) -> Codes:
    recorded, undecided = _codes(frame, name), derived == 1
    return _three(
        (derived == 2) | (undecided & _among(recorded, MET)), (derived == 0) | (undecided & _among(recorded, NOT_MET))
    )


def _pick(conditions: Sequence[Flags], words: Sequence[str], default: str) -> Words:
    """For each row the word of the first condition that holds."""
    place = np.select(list(conditions), list(range(len(conditions))), len(conditions))
    return np.array([*words, default], dtype=object)[place]


def _age(frame: pd.DataFrame) -> tuple[Floats, Floats]:
    by_dates = _days(_dates(frame, ORIGIN), _dates(frame, "date_birth"))
    by_dates[by_dates < 0] = np.nan
    days, years = _numbers(frame, "age_days"), _numbers(frame, "age_years")
    if "age_years_recorded" in frame and "age_years_unit" in frame:
        in_days = _among(_codes(frame, "age_years_unit"), "days")
        days = np.where(np.isnan(days) & in_days, _numbers(frame, "age_years_recorded"), days)
    days = np.where(np.isnan(by_dates), days, by_dates)
    years = np.where(np.isnan(by_dates), years, by_dates / DAYS_PER_YEAR)
    return np.where(np.isnan(years), days / DAYS_PER_YEAR, years), days

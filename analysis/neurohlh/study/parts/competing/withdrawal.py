"""Withdrawal of care: read as censoring, as death, and as an event that competes with death."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.competing.cause_specific import cause_specific_cox
from neurohlh.stats.competing.cumulative_incidence import cumulative_incidence
from neurohlh.stats.competing.fine_gray import fine_gray
from neurohlh.study.follow import EXPOSURE, TIMES, year_ticks
from neurohlh.study.parts.competing.causes import STATUS, by_cause, in_words, ordered
from neurohlh.study.parts.hazard_rows import REFERENCE, Rows, line, people, table
from neurohlh.study.parts.material import Material

DEATH, WITHDRAWAL, CENSORED = "death", "withdrawal of care", "censored"
PRESUMED = "withdrawn_care_presumed_dead"
NOTES = (
    "Censored: the patient leaves at the last contact, as if those who stayed told what became of those who left. The "
    "same number is the cause-specific hazard of death with withdrawal as a competing event.",
    "As death: every withdrawal is a death on the day of the last contact, as if all were taken home to die. Neither "
    "reading is true of everybody; together they show how far the answer hangs on it.",
    "Competing event: the subdistribution hazard of death (Fine and Gray), for prediction; nobody dies of HLH after a "
    "withdrawal in it.",
)


def lacking(material: Material) -> str:
    """Why withdrawal of care can't be analysed ('' where it can)."""
    withdrawn = material.frame["withdrawn"]
    if withdrawn.isna().all():
        return "no column says whether care was withdrawn"
    if not withdrawn.fillna(False).any():
        return "no withdrawal of care is recorded"
    return ""


def events(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with the two other readings of its follow-up: `died_or_withdrawn` (1/0) and `cause` in words.

    A withdrawal is the end of a follow-up that no recorded death ended; where nothing says whether care was withdrawn
    the patient stays censored at the last contact.
    """
    dead = frame["os_event"] == 1
    left = frame["withdrawn"].fillna(False).astype(bool) & ~dead
    cause = pd.Series(CENSORED, index=frame.index, dtype=object).mask(dead, DEATH).mask(left, WITHDRAWAL)
    return frame.assign(died_or_withdrawn=(dead | left).astype(float), cause=cause)


def readings(material: Material) -> Result:
    """The hazard ratio of CNS involvement under the three readings, side by side, and who withdrew when."""
    followed = material.followed()
    frame = events(followed.frame)
    if not (frame["cause"] == WITHDRAWAL).any():
        when = f"every recorded withdrawal came by day {followed.day:g}, or has no decided CNS status or no time"
        raise NotEstimable(f"nobody is followed until care was withdrawn: {when}")
    lines = [
        line("withdrawal censored", "main", material, lambda: Rows(frame), key="censored"),
        line(
            "withdrawal as death", "other", material, lambda: Rows(frame, event="died_or_withdrawn"),
            key="as_death", outcome="death or withdrawal",
        ),
        line(
            "withdrawal as competing event (for prediction)", "other", material,
            lambda: Rows(frame, fit=partial(_subdistribution, material)), key="competing",
        ),
        line(
            "withdrawal itself (cause-specific hazard)", "other", material,
            lambda: Rows(frame, fit=partial(_of_withdrawal, material)), key="withdrawal",
            outcome=WITHDRAWAL, drawn=False,
        ),
    ]  # fmt: skip
    shown = table("withdrawal", lines, title="Withdrawal of care: censored, as death, as competing event")
    tidy = pd.concat([shown.tidy, tidy_frame(_when(material))], ignore_index=True)
    notes = (*NOTES, *_said(material), *shown.notes)
    return followed.tell(shown.with_(tidy=tidy, counts=dict(lines[0].counts), notes=notes))


def _subdistribution(material: Material, rows: pd.DataFrame, terms: list[str]) -> Result:
    return fine_gray(
        rows, "os_days", "cause", terms, cause=DEATH, censored=CENSORED, competing=[WITHDRAWAL],
        strata=material.config.model.strata, reference=REFERENCE,
    )  # fmt: skip


def _of_withdrawal(material: Material, rows: pd.DataFrame, terms: list[str]) -> Result:
    found = cause_specific_cox(
        rows, "os_days", "cause", terms, cause=WITHDRAWAL, censored=CENSORED, competing=[DEATH],
        strata=material.config.model.strata, reference=REFERENCE,
    )  # fmt: skip
    return by_cause(found, WITHDRAWAL)


def _when(material: Material) -> list[dict[str, Any]]:
    """Withdrawals by CNS status, up to the landmark and after it."""
    frame, day = events(material.timed), material.landmark
    left = frame["cause"] == WITHDRAWAL
    early = frame["os_days"] <= day
    rows = []
    for status, group in STATUS.items():
        own = frame["cns_baseline"] == status
        for term, inside in ((f"withdrawn by day {day:g}", early), (f"withdrawn after day {day:g}", ~early)):
            rows.append(
                {
                    "analysis": "withdrawals",
                    "outcome": WITHDRAWAL,
                    "term": term,
                    "group": group,
                    "n": int(own.sum()),
                    "events": int((own & left & inside).sum()),
                    "measure": "count",
                    "estimate": int((own & left & inside).sum()),
                }
            )
    return rows


def _said(material: Material) -> list[str]:
    frame = material.frame
    withdrawn, dead = frame["withdrawn"].fillna(False).astype(bool), frame["os_event"] == 1
    notes = []
    unknown = int((frame["withdrawn"].isna() & (frame["os_event"] == 0)).sum())
    if unknown:
        notes.append(
            f"Nothing says whether care was withdrawn from {people(unknown)} last seen alive: they stay censored in "
            "every reading, so that the second may still count too few."
        )
    presumed = int((frame["outcome_status"] == PRESUMED).sum()) if "outcome_status" in frame else 0
    if presumed:
        notes.append(f"Recorded as withdrawn and presumed dead: {people(presumed)}; presumed is not known.")
    recorded = int((withdrawn & dead).sum())
    if recorded:
        notes.append(f"Died, on record, after a withdrawal: {people(recorded)}, a death in every reading.")
    return notes


def incidence(material: Material) -> Result:
    """Cumulative incidence of death and of withdrawal from the landmark, by CNS status."""
    followed = material.followed()
    frame = events(followed.frame)
    if not (frame["cause"] == WITHDRAWAL).any():
        raise NotEstimable(f"nobody is followed until care was withdrawn after day {followed.day:g}")
    found = cumulative_incidence(
        ordered(frame), "os_days", "cause", cause=DEATH, censored=CENSORED, competing=[WITHDRAWAL], by=EXPOSURE,
        times=TIMES, ticks=year_ticks(frame["os_days"]),
    )  # fmt: skip
    return followed.tell(in_words(found))

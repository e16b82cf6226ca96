"""CNS involvement that begins during follow-up: unexposed before the first evidence, exposed from then on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import noted
from neurohlh.core.result import Result
from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.start_stop import START, STOP, Episodes, episodes
from neurohlh.study.follow import EXPOSURE, TIMES, year_ticks, zero_words
from neurohlh.study.parts.clock import days_after_zero
from neurohlh.study.parts.hazard_rows import LEVELS, Line, Rows, line, people, table
from neurohlh.study.parts.known import DAY, ROW, STATUS, Known
from neurohlh.study.parts.material import Material

BEGINS = "cns_begins"
PERSON = "patient_row"
HALF_DAY = 0.5
UNDECIDED = "CNS status not decidable over the whole course"
THERNEAU = "Therneau & Grambsch 2000, Modeling Survival Data, 3.7"
SIMON_MAKUCH = "Simon & Makuch 1984, Stat Med 3:35"
RULES = (
    "Involvement counts from the day of its first evidence on, never before. The date of a lumbar puncture or an image "
    "is that of detection, not of onset.",
    "As it was known each day: a patient is at risk as 'not involved' from the day of the last test that excluded it, "
    "as 'involved' from the first evidence on, and not at risk before. Nothing that is learned later decides who is "
    "counted, or as what.",
    "The bounds follow everybody from day 0 and read all those never decided as not involved, or as involved from day "
    "0. The first of them compares 'evidence found' with 'no evidence found so far'.",
)
FUTURE = (
    "The decided alone, from day 0: not an answer where patients died undecided. It leaves these deaths out, yet keeps "
    "the earlier days of patients whose evidence came later, so that deaths without involvement are missing and the "
    "hazard ratio comes out too high."
)


@dataclass(frozen=True)
class Course:
    """Patients with a known time and outcome, with `cns_begins`: the day of the first evidence (NaN: none).

    Attributes
    ----------
    frame : those whose CNS status is decided (met or not_met over the whole course), and can be placed in time;
        `patient_row` is their row in the study's frame.
    undecided : those whose status is indeterminate.
    dropped : everybody else of the study, by reason, the undecided included.
    undated : patients whose evidence has no date and counts from day 0.
    """

    frame: pd.DataFrame
    undecided: pd.DataFrame
    supplied: int
    dropped: dict[str, int]
    undated: int


def course(material: Material) -> Course:
    """When CNS involvement begins.

    Undated evidence counts from day 0 where the baseline status is met (the columns are baseline columns); evidence
    that came later, nobody says when, can be neither exposed nor unexposed time and drops the patient.
    """
    rows = np.flatnonzero(material.frame["os_days"].notna() & material.frame["os_event"].notna())
    timed = material.timed.assign(**{PERSON: rows})
    status, day = timed["cns_status"], days_after_zero(material, timed, "date_cns_first")
    undated = (status == "met") & day.isna()
    at_baseline = undated & (timed["cns_baseline"] == "met")
    begins = day.where(status == "met").mask(at_baseline, 0.0)
    # A follow-up that ends on day 0 has no length; half a day keeps its patient at risk.
    timed = timed.assign(**{BEGINS: begins, "os_days": timed["os_days"].where(timed["os_days"] > 0, HALF_DAY)})
    unplaced = undated & ~at_baseline
    undecided = status == "indeterminate"
    kept = status.isin(["met", "not_met"]) & ~unplaced
    dropped = {
        "time or outcome unknown": len(material.frame) - len(timed),
        UNDECIDED: int(undecided.sum()),
        "CNS status not applicable": int((status == "not_applicable").sum()),
        "CNS involved after baseline, nobody says when": int(unplaced.sum()),
    }
    return Course(
        timed[kept].reset_index(drop=True),
        timed[undecided].reset_index(drop=True),
        len(material.frame),
        {reason: n for reason, n in dropped.items() if n},
        int(at_baseline.sum()),
    )


def cut(frame: pd.DataFrame) -> Episodes:
    """Rows from start to stop with `cns` not_met before and met after the first evidence.

    Evidence on the last day of follow-up comes before what ends it: it was found in a living patient.
    """
    bare = frame.drop(columns=[c for c in (EXPOSURE, START, STOP, "id") if c in frame])
    found = episodes(bare, "os_days", "os_event", {EXPOSURE: BEGINS}, before_event=HALF_DAY)
    rows = found.frame.assign(**{EXPOSURE: found.frame[EXPOSURE].map(LEVELS)})
    return replace(found, frame=rows)


def _rows(frame: pd.DataFrame) -> Rows:
    return Rows(cut(frame).frame, time=STOP, entry=START)


def as_known(known: Known, found: Course) -> pd.DataFrame:
    """Everybody in rows from start to stop (days after time zero), with `cns` as it was known at the time.

    Evidence, or a test, on the last day of follow-up comes before what ends it. Who was involved later, nobody says
    when, is not among them.
    """
    everybody = pd.concat([found.frame, found.undecided], ignore_index=True)
    changes = known.changes.merge(everybody[[PERSON]].assign(id=range(len(everybody))), left_on=ROW, right_on=PERSON)
    ends = everybody["os_days"]
    changes = changes.assign(end=ends.to_numpy()[changes["id"]])
    on_last_day = (changes[DAY] == changes["end"]) & (changes[DAY] > 0)
    rows = changes.assign(**{START: changes[DAY] - HALF_DAY * on_last_day})[changes[DAY] <= changes["end"]]
    rows = rows.sort_values(["id", START], ignore_index=True)
    last = rows["id"].shift(-1) != rows["id"]
    rows[STOP] = rows[START].shift(-1).mask(last, rows["end"])
    own = everybody.drop(columns=[c for c in (EXPOSURE, START, STOP, "id") if c in everybody]).iloc[rows["id"]]
    whole = own.reset_index(drop=True).assign(
        **{"id": rows["id"], START: rows[START], STOP: rows[STOP], EXPOSURE: rows[STATUS]}
    )
    whole["os_event"] = whole["os_event"].where(last, 0.0)
    return whole[whole[START] < whole[STOP]].reset_index(drop=True)


def _entered(known: Known, found: Course) -> Rows:
    """Everybody while the status is known; days on which it is undecided are not at risk."""
    rows = as_known(known, found)
    return Rows(rows[rows[EXPOSURE].isin(["met", "not_met"])].reset_index(drop=True), time=STOP, entry=START)


def dependent_lines(known: Known, found: Course) -> tuple[Line, ...]:
    """The status as it was known each day; the two bounds; and the decided alone from day 0."""
    material = known.material
    return (
        line(
            "as it was known each day, undecided days left out", "other", material,
            lambda: _entered(known, found), key="as_known",
        ),
        *_bounds(material, found),
        line(
            "decided patients alone, all from day 0", _role(found), material, lambda: _rows(found.frame),
            key="time_dependent",
        ),
    )  # fmt: skip


def _bounds(material: Material, found: Course) -> Iterator[Line]:
    if found.undecided.empty:
        return
    for reading, begins, key in (("not involved", np.nan, "no"), ("involved from day 0", 0.0, "yes")):
        read = pd.concat([found.frame, found.undecided.assign(**{BEGINS: begins})], ignore_index=True)
        words = f"bound: undecided read as {reading}"
        yield line(words, "other", material, partial(_rows, read), key=f"undecided_{key}")


def _role(found: Course) -> str:
    """Leaving out the undecided conditions on the future: harmless only where none of them died."""
    return "warning" if (found.undecided["os_event"] == 1).any() else "other"


def dependent(material: Material, found: Course, lines: tuple[Line, ...]) -> Result:
    """The time-dependent Cox model with what its exposure rests on."""
    shown = table(
        "time_dependent",
        lines,
        title="CNS involvement as it came in time (time-dependent Cox models)",
        exposure="involved from the day of the first evidence on",
        time_zero=zero_words(material.config, 0),
        reference=[THERNEAU, *(lines[0].method.get("reference") or [])],
    )
    used = len(found.frame)
    counts = {
        "supplied": found.supplied,
        "used": used,
        "events": int((found.frame["os_event"] == 1).sum()),
        "dropped": found.dropped,
    }
    future = (FUTURE,) if _role(found) == "warning" else ()
    return shown.with_(notes=(*RULES, *future, *_said(found), *shown.notes), counts=counts)


def _said(found: Course) -> list[str]:
    """What the evidence's dates say of the exposure, in numbers."""
    begins, end = found.frame[BEGINS], found.frame["os_days"]
    numbers = {
        "from day 0 on": begins <= 0,
        "later, during follow-up": (begins > 0) & (begins < end),
        "on the last day of follow-up (the evidence counts as first)": (begins > 0) & (begins == end),
        "dated after the end of follow-up (never exposed)": begins > end,
        "never": begins.isna(),
    }
    told = "; ".join(f"{words}: {int(where.sum())}" for words, where in numbers.items() if where.any())
    notes = [f"CNS involvement in the {people(len(found.frame))} decided over the whole course: {told}."]
    if found.undated:
        notes.append(
            "Evidence without a date counts from day 0, because the columns are baseline columns: "
            f"{people(found.undated)}."
        )
    deaths = int((found.undecided["os_event"] == 1).sum())
    if len(found.undecided):
        notes.append(f"Never decided: {people(len(found.undecided))}, {deaths} of whom died.")
    return notes


def simon_makuch(known: Known, found: Course) -> Result:
    """Simon and Makuch's curves from the study's landmark on: each day a patient stands in the curve of that day.

    Undecided until the evidence, or until the last test that excluded it; involved, or not involved, from then on.
    """
    material, day = known.material, known.material.landmark
    rows = as_known(known, found)
    rows = rows[rows[STOP] > day]
    if rows.empty:
        raise NotEstimable(f"nobody is followed beyond day {day:g}")
    status = rows[EXPOSURE].where(rows[EXPOSURE].isin(["met", "not_met"]), "indeterminate")
    moved = {START: (rows[START] - day).clip(lower=0), STOP: rows[STOP] - day, EXPOSURE: status}
    rows = rows.assign(**moved).reset_index(drop=True)
    ticks = year_ticks(rows[STOP])
    curves = kaplan_meier(rows, STOP, "os_event", by=EXPOSURE, times=TIMES, ticks=ticks, entry=START, id="id")
    used = int(rows["id"].nunique())
    gone = {
        **{reason: n for reason, n in found.dropped.items() if reason != UNDECIDED},
        f"died or last seen by day {day:g}": len(found.frame) + len(found.undecided) - used,
    }
    method: dict[str, Any] = {
        **{key: value for key, value in curves.method.items() if key != "id"},
        "entry": "the day from which a status holds",
        "estimator": "Simon and Makuch: Kaplan-Meier with patients who change curve on the day their status changes",
        "time_zero": zero_words(material.config, day),
        "reference": [SIMON_MAKUCH, *curves.method["reference"]],
    }
    changed = int((rows.groupby("id")[EXPOSURE].nunique() > 1).sum())
    notes = (
        f"{people(changed)} changed curve after day {day:g}, on the day of the first evidence or of the last test that "
        "excluded it; numbers at risk can therefore rise.",
        "The curves compare risk at each time; none is the survival of a group of patients fixed at the start.",
    )
    counts = {**curves.counts, "supplied": found.supplied, "used": used}
    counts["dropped"] = {reason: n for reason, n in gone.items() if n}
    told = curves.with_(method=method, notes=(*notes, *curves.notes), counts=counts)
    rising = "Patients change curve on the day their status changes; numbers at risk can rise."
    return noted(told, "simon_makuch", rising)

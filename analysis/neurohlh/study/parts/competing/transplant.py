"""Transplantation: a treatment that begins during follow-up, and an event after which no other comes first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import compared_by_cause
from neurohlh.core.result import Result
from neurohlh.stats.competing.cause_specific import cause_specific_cox
from neurohlh.stats.competing.cumulative_incidence import cumulative_incidence
from neurohlh.stats.competing.fine_gray import fine_gray
from neurohlh.stats.competing.gray_test import gray_test
from neurohlh.stats.start_stop import START, STOP, episodes
from neurohlh.study.follow import EXPOSURE, TIMES, year_ticks
from neurohlh.study.parts.clock import days_after_zero
from neurohlh.study.parts.competing.causes import by_cause, in_words, ordered
from neurohlh.study.parts.hazard_rows import REFERENCE, Line, Rows, line, people, table
from neurohlh.study.parts.material import Followed, Material
from neurohlh.study.parts.part import answer

DEATH, TRANSPLANT = "death before transplant", "transplant"
CENSORED = "censored"
TRANSPLANTED = "transplanted"
GRAY = "Gray's test"
_HALF_DAY = 0.5
_CAUSES = {0.0: CENSORED, 1.0: DEATH, 2.0: TRANSPLANT}
NOTES = (
    "A transplant needs a patient who lives to receive it: it is never a baseline covariate. As a covariate in time it "
    "counts from its day on; as a competing event it ends the time in which death before transplant is possible.",
    "The cause-specific hazard of death before transplant is what 'censoring at transplant' gives. Such censoring is "
    "informative: who is transplanted differs from who is not, so the number says how fast patients die while they "
    "wait, not how many would have died without transplants.",
    "The subdistribution hazard (Fine and Gray) is for prediction: it mixes what acts on death with what acts on "
    "transplant.",
    "The hazard ratio of the transplant itself is not the effect of transplanting: who is transplanted was chosen.",
)


def lacking(material: Material) -> str:
    """Why transplants can't be analysed ('' where they can)."""
    frame = material.frame
    if "hsct" not in frame and "date_hsct" not in frame:
        return "no column says whether, and when, patients were transplanted"
    if not (frame["cr_event"] == 2).any():
        return "no transplant with a date is recorded"
    return ""


def waiting(material: Material) -> tuple[pd.DataFrame, dict[str, int]]:
    """Those followed from the landmark who are not yet transplanted: `cr_days` from it, `cr_cause` in words.

    Everybody else who is followed is counted by reason.
    """
    followed = material.followed()
    frame, day = followed.frame, followed.day
    unknown, early = frame["cr_event"].isna(), frame["cr_days"] <= day
    gone = {
        "transplant not recorded, without a date, or before time zero": int(unknown.sum()),
        f"transplanted by day {day:g}": int((early & ~unknown).sum()),
    }
    kept = frame[~unknown & ~early]
    kept = kept.assign(cr_days=kept["cr_days"] - day, cr_cause=kept["cr_event"].map(_CAUSES)).reset_index(drop=True)
    return kept, {reason: n for reason, n in gone.items() if n}


def hazards(material: Material) -> Result:
    """Hazard ratios of CNS involvement under every way to treat the transplant, side by side."""
    followed = material.followed()
    frame, _ = waiting(material)
    lines = [
        line("overall survival, transplant ignored", "main", material, lambda: Rows(followed.frame), key="ignored"),
        _in_time(material, followed),
        *_causes(material, frame),
    ]
    shown = table(
        "transplant_hazards",
        lines,
        title="Transplant ignored, as a covariate in time, and as a competing event",
    )
    notes = (*NOTES, *_unplaced(material), *shown.notes)
    return followed.tell(shown.with_(counts=dict(lines[0].counts), notes=notes))


def _in_time(material: Material, followed: Followed) -> Line:
    words = "overall survival, transplant counted from its day"
    beside = {TRANSPLANTED: "after vs before the transplant"}
    return line(words, "other", material, lambda: _episodes(material, followed), key="in_time", beside=beside)


def _episodes(material: Material, followed: Followed) -> Rows:
    """Rows before and after the transplant, with `transplanted` yes or no."""
    frame = _dated(material, followed)
    found = episodes(
        frame[frame["transplant_day"].isna() | (frame["transplant_day"] >= -followed.day)],
        "os_days",
        "os_event",
        {TRANSPLANTED: "transplant_day"},
        known={TRANSPLANTED: "had_transplant"},
        before_event=_HALF_DAY,
    )
    if not found.frame[TRANSPLANTED].any():
        raise NotEstimable("nobody is followed after a transplant")
    rows = found.frame.assign(**{TRANSPLANTED: found.frame[TRANSPLANTED].map({True: "yes", False: "no"})})
    reference = {**REFERENCE, TRANSPLANTED: "no"}
    return Rows(rows, time=STOP, entry=START, extra=(TRANSPLANTED,), reference=reference)


def _dated(material: Material, followed: Followed) -> pd.DataFrame:
    """Those followed, with the day of the transplant after the landmark, and whether there was one, where known."""
    frame = followed.frame.drop(columns=[c for c in ("id", START, STOP) if c in followed.frame])
    day = days_after_zero(material, frame, "date_hsct") - followed.day
    recorded = frame["hsct"] if "hsct" in frame else pd.Series(pd.NA, index=frame.index)
    return frame.assign(transplant_day=day, had_transplant=recorded.astype("boolean").mask(day.notna(), True))


def _unplaced(material: Material) -> list[str]:
    """Patients whose transplant can't be placed in time."""
    frame = _dated(material, material.followed())
    undated = int((frame["transplant_day"].isna() & frame["had_transplant"].fillna(True).astype(bool)).sum())
    before = int((frame["transplant_day"] < -material.landmark).sum())
    notes = []
    if undated:
        notes.append(
            f"Transplant not recorded, or without a date: {people(undated)}, left out of every line but the first."
        )
    if before:
        notes.append(f"Transplanted before time zero: {people(before)}, left out of every line but the first.")
    return notes


def _causes(material: Material, frame: pd.DataFrame) -> list[Line]:
    """Death before transplant, transplant, and death before transplant by Fine and Gray."""
    names = {
        DEATH: "death before transplant, censored at transplant",
        TRANSPLANT: "transplant itself (cause-specific hazard)",
    }
    lines = [
        line(
            words,
            "other",
            material,
            partial(_specific, material, frame, cause),
            key=f"cause_specific_{cause.replace(' ', '_')}",
            outcome=cause,
            drawn=cause == DEATH,
        )
        for cause, words in names.items()
    ]
    words = "death before transplant, Fine-Gray (for prediction)"
    fine_gray_line = line(
        words, "other", material, lambda: _subdistribution(material, frame), key="fine_gray", outcome=DEATH
    )
    return [*lines, fine_gray_line]


def _specific(material: Material, frame: pd.DataFrame, cause: str) -> Rows:
    other = TRANSPLANT if cause == DEATH else DEATH

    def fit(rows: pd.DataFrame, terms: list[str]) -> Result:
        found = cause_specific_cox(
            rows, "cr_days", "cr_cause", terms, cause=cause, censored=CENSORED, competing=[other],
            strata=material.config.model.strata, reference=REFERENCE,
        )  # fmt: skip
        return by_cause(found, cause)

    return Rows(frame, fit=fit)


def _subdistribution(material: Material, frame: pd.DataFrame) -> Rows:
    def fit(rows: pd.DataFrame, terms: list[str]) -> Result:
        return fine_gray(
            rows, "cr_days", "cr_cause", terms, cause=DEATH, censored=CENSORED, competing=[TRANSPLANT],
            strata=material.config.model.strata, reference=REFERENCE,
        )  # fmt: skip

    return Rows(frame, fit=fit)


def incidence(material: Material) -> Result:
    """Cumulative incidence of death before transplant and of transplant from the landmark, by CNS status."""
    frame, gone = waiting(material)
    _two_groups(frame)
    found = cumulative_incidence(
        ordered(frame), "cr_days", "cr_cause", cause=DEATH, censored=CENSORED, competing=[TRANSPLANT], by=EXPOSURE,
        times=TIMES, ticks=year_ticks(frame["cr_days"]),
    )  # fmt: skip
    tested = answer("gray_test", "", partial(gray, material))
    return _told(material, compared_by_cause(in_words(found), GRAY, tested), gone)


def gray(material: Material) -> Result:
    """Gray's test of equal cumulative incidence by CNS status, for both events."""
    frame, gone = waiting(material)
    _two_groups(frame)
    causes = {DEATH: TRANSPLANT, TRANSPLANT: DEATH}
    tests = [
        gray_test(frame, "cr_days", "cr_cause", EXPOSURE, cause=cause, censored=CENSORED, competing=[other])
        for cause, other in causes.items()
    ]
    tidy = pd.concat([t.tidy[t.tidy["term"] == GRAY] for t in tests], ignore_index=True)
    method: Mapping[str, Any] = {**tests[0].method, "cause": "each in turn"}
    return _told(material, tests[0].with_(tidy=tidy, method=method), gone)


def _two_groups(frame: pd.DataFrame) -> None:
    if frame[EXPOSURE].nunique() < 2:
        raise NotEstimable("only one CNS status is left among the patients who wait for a transplant")


def _told(material: Material, found: Result, gone: dict[str, int]) -> Result:
    dropped = {**gone, **found.counts.get("dropped", {})}
    return material.followed().tell(found.with_(counts={**found.counts, "dropped": dropped}))

"""What must not be believed: CNS status of later days followed from day 0, and the time and deaths this moves."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.follow import EXPOSURE, zero_words
from neurohlh.study.parts.exposure_in_time.course import BEGINS, Course
from neurohlh.study.parts.hazard_rows import Line, Rows, line, table
from neurohlh.study.parts.material import Material

WARNING = (
    "Immortal time: whoever is called involved by later evidence had to live until it was found. Those days, on which "
    "nobody of them could die, are credited to CNS involvement and make it look less dangerous than it is."
)
SUISSA = "Suissa 2008, Am J Epidemiol 167:492"
CREDITED = "days lived before the first evidence, credited to CNS involvement"


def warning_lines(material: Material, found: Course) -> tuple[Line, ...]:
    """'Ever CNS', then the status of the baseline window, both followed from day 0."""
    high = material.config.cns.window_days[1]
    ever = line(
        "CNS involvement ever found, followed from day 0", "warning", material, lambda: _ever(found), key="ever"
    )
    if high <= 0:
        return (ever,)
    words = f"evidence by day {high}, followed from day 0"
    return ever, line(words, "warning", material, lambda: Rows(_window(material, found)), key="window_from_zero")


def _ever(found: Course) -> Rows:
    return Rows(found.frame.assign(**{EXPOSURE: found.frame["cns_status"]}))


def _window(material: Material, found: Course) -> pd.DataFrame:
    everybody = pd.concat([found.frame, found.undecided], ignore_index=True)
    decided = everybody[everybody["cns_baseline"].isin(["met", "not_met"])]
    return decided.assign(**{EXPOSURE: decided["cns_baseline"]}).reset_index(drop=True)


def ever_warning(material: Material, found: Course, lines: tuple[Line, ...]) -> Result:
    """'Ever CNS from day 0' with the person-time and the deaths that it takes from the uninvolved, as rows."""
    shown = table(
        "immortal_time",
        lines,
        title="Not an answer: CNS involvement by later evidence, followed from day 0",
        warning=WARNING,
        time_zero=zero_words(material.config, 0),
        reference=[SUISSA, *(lines[0].method.get("reference") or [])],
    )
    groups = [(lines[0].words, _ever(found).frame)]
    groups += [(one.words, _window(material, found)) for one in lines[1:]]
    stolen = [row for words, frame in groups for row in _stolen(words, frame)]
    early = _early_deaths(material, lines[0].words, found)
    tidy = pd.concat([shown.tidy, tidy_frame([*stolen, *early])], ignore_index=True)
    counts = {
        "supplied": found.supplied,
        "used": len(found.frame),
        "events": int((found.frame["os_event"] == 1).sum()),
        "dropped": found.dropped,
    }
    return shown.with_(tidy=tidy, notes=(WARNING, *shown.notes), counts=counts)


def _stolen(words: str, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Days between day 0 and the first evidence (at most the end of follow-up) of the patients called involved."""
    involved = frame[frame[EXPOSURE] == "met"]
    days = involved["os_days"]
    credited = involved[BEGINS].clip(lower=0).clip(upper=days)
    late = credited > 0
    shared = {"analysis": "immortal_time", "outcome": "death", "population": words, "group": "CNS involved"}
    return [
        {
            **shared,
            "term": CREDITED,
            "n": int(late.sum()),
            "events": 0,
            "measure": "person-days",
            "estimate": float(credited.sum()),
            "note": "no death is possible on these days",
        },
        {
            **shared,
            "term": "all days lived by those called involved",
            "n": len(involved),
            "events": int((involved["os_event"] == 1).sum()),
            "measure": "person-days",
            "estimate": float(days.sum()),
        },
    ]


def _early_deaths(material: Material, words: str, found: Course) -> list[dict[str, Any]]:
    """Deaths up to the landmark of patients in whom nothing had been found: they never had the time to be involved."""
    day = material.landmark
    rows = []
    groups = {
        "CNS not involved": (
            found.frame[found.frame["cns_status"] == "not_met"],
            "counted against 'not involved'",
        ),
        "CNS not decidable": (found.undecided, "left out of the analysis"),
    }
    for group, (frame, note) in groups.items():
        died = int(((frame["os_event"] == 1) & (frame["os_days"] <= day)).sum())
        rows.append(
            {
                "analysis": "immortal_time",
                "outcome": "death",
                "population": words,
                "term": f"deaths by day {day:g} before anything was found",
                "group": group,
                "n": len(frame),
                "events": died,
                "measure": "count",
                "estimate": died,
                "note": note,
            }
        )
    return rows

"""CNS involvement as it was known by a day, with survival followed from that day on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.follow import zero_words
from neurohlh.study.parts.hazard_rows import Line, Rows, line, table
from neurohlh.study.parts.known import Known
from neurohlh.study.parts.material import Material

GROUPS = {"met": "CNS involved", "not_met": "CNS not involved", "indeterminate": "CNS not decidable"}
ANDERSON = "Anderson, Cain & Gelber 1983, J Clin Oncol 1:710"


def window_end(material: Material, day: float) -> int:
    """Last day of evidence for a landmark: the landmark, and for the study's own never beyond its declared window."""
    declared = material.config.cns.window_days[1]
    return int(min(day, declared) if day == material.landmark else day)


def landmark_line(known: Known, day: float, role: str, end: int | None = None) -> Line:
    """The hazard ratio from `day` on by what was known by then."""
    end = window_end(known.material, day) if end is None else end
    followed = known.by(end).followed(day)
    words = f"evidence by day {end}, followed from day {day:g}"
    found = line(words, role, known.material, lambda: Rows(followed.frame), key=f"landmark_{day:g}")
    return replace(found, counts=followed.tell(Result("cox", tidy_frame([]), counts=dict(found.counts))).counts)


def landmark_days(material: Material) -> tuple[float, ...]:
    """The study's landmark first, then its further ones by day."""
    return (material.landmark, *sorted({float(d) for d in material.config.plan.landmarks} - {material.landmark}))


def known_at_landmarks(material: Material) -> Known:
    """What was known of the CNS on day 0 and by each landmark."""
    return Known.of(material, [window_end(material, day) for day in landmark_days(material)])


def landmark_lines(known: Known) -> tuple[Line, ...]:
    """An analysis from each landmark; the study's own is the answer."""
    own, *further = landmark_days(known.material)
    return (landmark_line(known, own, "main"), *(landmark_line(known, day, "other") for day in further))


def landmarks(known: Known, lines: tuple[Line, ...]) -> Result:
    """The landmark analyses side by side."""
    main, material = lines[0], known.material
    found = table(
        "landmarks",
        lines,
        title="Survival from a landmark by what was known of the CNS by then",
        exposure="status by the evidence dated by the end of the window; a test done later leaves its domain unknown, "
        "and so does no test at all",
        time_zero=zero_words(material.config, material.landmark),
        reference=[ANDERSON, *(main.method.get("reference") or [])],
    )
    notes = [
        "The window of evidence never reaches beyond its landmark: nobody has to live on to be called exposed.",
        f"Pre-declared: day {material.landmark:g}. The other landmarks show how much depends on that day.",
        *_clock_notes(known),
    ]
    return found.with_(notes=(*notes, *found.notes), counts=main.counts)


def _clock_notes(known: Known) -> list[str]:
    """What must be said where time zero comes before the diagnosis: nobody is in a study of HLH before it is found."""
    frame = known.material.frame
    late = int((frame["entry_days"] > 0).sum()) if "entry_days" in frame else 0
    if not late:
        return []
    return [
        f"Diagnosed after time zero: {late} of {len(frame)} patients. Landmarks leave out whoever comes later; the "
        "analyses that follow everybody from day 0 count the days before the diagnosis, which all of them had to live."
    ]


def landmark_deaths(known: Known) -> Result:
    """Who died, or was last seen, by each landmark, and who is followed from it, by CNS status as known by then."""
    material = known.material
    rows = [row for day in landmark_days(material) for row in _counted(known.by(window_end(material, day)), day)]
    used = len(material.timed)
    unknown = len(material.frame) - used
    return Result(
        kind="landmark_deaths",
        tidy=tidy_frame(rows),
        method={
            "title": "Who died before each landmark, by CNS status as it was known by then",
            "denominator": "patients whose time and outcome are known",
            "reference": [ANDERSON],
        },
        counts={
            "supplied": len(material.frame),
            "used": used,
            "events": int((material.timed["os_event"] == 1).sum()),
            "dropped": {"time or outcome unknown": unknown} if unknown else {},
        },
        notes=(
            "A landmark analysis says nothing about these early deaths; they stand here, and in the analyses that "
            "follow everybody from day 0.",
            "'Not decidable' is mostly 'not fully tested': who dies early is often not tested.",
        ),
    )


def _counted(material: Material, day: float) -> list[dict[str, Any]]:
    timed = material.timed
    early, dead = timed["os_days"] <= day, timed["os_event"] == 1
    # As in `survival_set`: who is diagnosed later, or nobody knows when, is not in the study yet.
    late = ~early & ~(timed.get("entry_days", pd.Series(0.0, index=timed.index)) <= day)
    rows = []
    for status, group in GROUPS.items():
        own = timed["cns_baseline"] == status
        shared = {
            "analysis": f"landmark_{day:g}",
            "outcome": "death",
            "population": f"landmark on day {day:g}",
            "group": group,
            "n": int(own.sum()),
            "measure": "count",
        }
        parts = {
            "died by the landmark": (own & early & dead, own & early & dead),
            "last seen alive by the landmark": (own & early & ~dead, own & False),
            "followed from the landmark": (own & ~early & ~late, own & ~early & ~late & dead),
        }
        if late.any():
            parts["HLH not known to be diagnosed by the landmark"] = (own & late, own & late & dead)
        for term, (inside, died) in parts.items():
            rows.append({**shared, "term": term, "estimate": int(inside.sum()), "events": int(died.sum())})
    return rows

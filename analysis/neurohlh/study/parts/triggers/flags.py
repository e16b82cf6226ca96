"""Every trigger of every patient at once: how often each was found, excluded or left open, and what comes together."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pandas as pd

from neurohlh.clinical.criteria import load
from neurohlh.clinical.trigger_facts import TRIGGERS, virus_source, viruses
from neurohlh.clinical.triggers import PRIORITY
from neurohlh.core.pictures import upset
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.parts.case_series import fit_to_design
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import refusal
from neurohlh.study.parts.rows import Row
from neurohlh.study.parts.triggers.tally import count, deaths, died, share

TITLE = "All triggers found, several per patient possible"
VIRUS_TITLE = "Viruses named as trigger"
_STATES = {"met": "met", "not_met": "not_met", "indeterminate": "unknown"}


def flag(kind: str) -> str:
    """The column that says whether a kind of trigger was found."""
    return f"triggers__{kind}"


def all_flags(material: Material) -> Result:
    """Each kind of trigger found, excluded and undecided, how many patients have several, and which come together."""
    frame = material.frame
    met = pd.DataFrame({kind: frame[flag(kind)] == "met" for kind in PRIORITY})
    if not met.to_numpy().any():
        return refusal("trigger_flags", TITLE, "no trigger was found in any patient")
    rows = [row for kind in PRIORITY for row in _kind(frame, kind)] + _several(frame, met) + _pairs(frame, met)
    result = Result(
        kind="trigger_flags",
        tidy=tidy_frame(rows),
        method={
            "title": TITLE,
            "estimator": "proportion",
            "interval": "Wilson",
            "conf_level": 0.95,
            "denominator": "all patients of the study; of those decided: found and excluded only",
            "reference": [load("triggers").source],
        },
        counts={"supplied": len(frame), "used": len(frame), "dropped": {}},
        notes=(
            load("triggers").caveat,
            "Undecided is not absent: what was found is a least number, and only shares of those decided have limits.",
        ),
    )
    return fit_to_design(_pictured(result, frame, met), material)


def _kind(frame: pd.DataFrame, kind: str) -> list[Row]:
    status, level = frame[flag(kind)], TRIGGERS[kind]
    tally = {word: int((status == word).sum()) for word in _STATES}
    if tally["indeterminate"] == len(frame):
        said = "neither found nor excluded in anybody"
        return [count("undecided", len(frame), len(frame), level=level, note=said)]
    terms = {"met": "found (at least)", "not_met": "excluded", "indeterminate": "undecided"}
    rows = [count(term, tally[word], len(frame), level=level) for word, term in terms.items()]
    if tally["not_met"] and tally["met"]:
        rows.append(share("found, of those decided", tally["met"], tally["met"] + tally["not_met"], level=level))
    if tally["met"]:
        rows.append(deaths(frame[status == "met"], level=level))
    return rows


def _several(frame: pd.DataFrame, met: pd.DataFrame) -> list[Row]:
    n = met.sum(axis=1)
    words = (("No trigger found", n == 0), ("One trigger", n == 1), ("Two triggers or more", n >= 2))
    return [count("number of triggers found", int(inside.sum()), len(frame), level=level) for level, inside in words]


def _pairs(frame: pd.DataFrame, met: pd.DataFrame) -> list[Row]:
    rows = []
    for one, two in combinations(PRIORITY, 2):
        both = frame[met[one] & met[two]]
        if len(both):
            said = {
                "level": f"{TRIGGERS[one]} and {TRIGGERS[two]}",
                "note": f"counted under {TRIGGERS[one]} by priority",
            }
            rows.append(count("found together", len(both), len(frame), **said))
    return rows


def _pictured(result: Result, frame: pd.DataFrame, met: pd.DataFrame) -> Result:
    """How often each pattern of the triggers that occur at all is found, the unknown as such."""
    shown = [kind for kind in PRIORITY if met[kind].any()]
    if len(shown) < 2:
        return result
    states = [tuple(row) for row in frame[[flag(kind) for kind in shown]].itertuples(index=False, name=None)]
    dead = Counter(s for s, d in zip(states, frame["died"].astype("boolean").fillna(False), strict=True) if d)
    rows = [
        {"pattern": f"pattern {place}", "set": TRIGGERS[kind], "state": _STATES[state], "n": n, "events": dead[pattern]}
        for place, (pattern, n) in enumerate(Counter(states).most_common(), start=1)
        for kind, state in zip(shown, pattern, strict=True)
    ]
    return upset(result, rows)


def all_viruses(material: Material) -> Result:
    """Patients and deaths by the virus named as trigger: EBV, the other herpes viruses, and all others."""
    frame = material.frame
    if "trigger_virus" not in frame:
        return refusal("trigger_viruses", VIRUS_TITLE, "no source has a column for the triggering virus")
    named = frame["trigger_virus"]
    known = named.notna()
    n, groups = int(known.sum()), {"herpes": [v.code for v in viruses() if v.herpes]}
    if n == 0:
        return refusal("trigger_viruses", VIRUS_TITLE, "the triggering virus is recorded for nobody")
    groups["other"] = [v.code for v in viruses() if not v.herpes]
    rows = [row for v in viruses() for row in _virus(frame, [v.code], v.name, n)]
    rows += _virus(frame, groups["herpes"], "Herpes group together", n)
    rows += _virus(frame, groups["other"], "All other viruses of the list together", n)
    outside = sorted(set(named.dropna()) - {*groups["herpes"], *groups["other"], "none"})
    rows += _virus(frame, outside, "A virus outside the list", n)
    rows += _virus(frame, ["none"], "Recorded as no virus", n)
    absent = [v.name for v in viruses() if not (named == v.code).any()]
    ebv = frame[known & (frame[flag("ebv")] == "met") & (named != "EBV")]
    result = Result(
        kind="trigger_viruses",
        tidy=tidy_frame(rows),
        method={
            "title": VIRUS_TITLE,
            "estimator": "proportion",
            "interval": "Wilson",
            "conf_level": 0.95,
            "denominator": "patients whose triggering virus (or none) is recorded",
            "reference": [virus_source()],
        },
        counts={
            "supplied": len(frame),
            "used": n,
            "events": died(frame[known]),
            "dropped": {"triggering virus not recorded": len(frame) - n} if n < len(frame) else {},
        },
        notes=(
            *([f"Looked for in the column and named in nobody: {', '.join(absent)}."] if absent else []),
            *([f"Patients with EBV for whom the column names another virus or none: {len(ebv)}."] if len(ebv) else []),
            "A cell names one virus: a second one is not seen here. Which viruses a patient was tested for is not "
            "recorded, so that a virus that is not named is not excluded.",
        ),
    )
    return fit_to_design(result, material)


def _virus(frame: pd.DataFrame, codes: list[str], level: str, n: int) -> list[Row]:
    inside = frame[frame["trigger_virus"].isin(codes)]
    if not len(inside):
        return []
    return [
        share("share of those with a recorded virus or none", len(inside), n, level=level),
        deaths(inside, level=level),
    ]

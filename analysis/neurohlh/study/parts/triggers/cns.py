"""How often the CNS is involved within each trigger, virus and class, and the bounds that the undecided leave."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from neurohlh.clinical.trigger_facts import TRIGGERS, viruses
from neurohlh.clinical.triggers import PRIORITY
from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.proportions import frequency
from neurohlh.study.parts.case_series import NO_FREQUENCY, is_case_series
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import refusal
from neurohlh.study.parts.rows import Row, picked, records
from neurohlh.study.parts.triggers.flags import flag
from neurohlh.study.parts.triggers.priority import CLASSES

TITLE = "CNS involvement within each trigger"
_DRAWN = ("estimate", "conf_low", "conf_high", "n", "events")
_READINGS = {
    "as tested": "of those decided",
    "best case: unknown as negative": "undecided read as not involved",
    "worst case: unknown as positive": "undecided read as involved",
}


def cns_by_trigger(material: Material) -> Result:
    """The frequency of CNS involvement (at any time) within everybody with a trigger, a virus, a class; Wilson."""
    if is_case_series(material):
        return refusal("trigger_cns", TITLE, NO_FREQUENCY)
    frame = material.frame
    rows, drawn, method = [], [], {}
    for block, level, inside in _groups(frame):
        try:
            found = frequency(inside["cns_status"], variable="cns_status")
        except NotEstimable as reason:
            rows.append({"group": block, "level": level, "n": len(inside), "note": f"not estimable: {reason}"})
            continue
        own = _rows(found, block, level)
        rows += own
        method = dict(found.method)
        drawn.append({"block": block, "label": level, "role": "main", **picked(own[0], _DRAWN)})
    if not rows:
        return refusal("trigger_cns", TITLE, "no trigger was found in any patient")
    result = Result(
        kind="trigger_cns",
        tidy=tidy_frame(rows),
        method={**method, "title": TITLE, "definition": material.config.cns.definition},
        counts={"supplied": len(frame), "used": len(frame), "dropped": {}},
        notes=(
            "A patient with several triggers counts under each of them, so that the groups overlap and no test "
            "compares them; involvement at any time counts.",
            "Events are patients with CNS involvement. The truth lies between the two readings of the undecided.",
        ),
    )
    return forest(result, drawn, axis="CNS involvement of those decided", scale="share", events="involved")


def _groups(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """(block, level, patients) of every group that has anybody."""
    whole = [("", "All patients", pd.Series(True, index=frame.index))]
    whole += [("Trigger found", TRIGGERS[kind], frame[flag(kind)] == "met") for kind in PRIORITY]
    whole.append(("Trigger found", "No trigger found", (frame[[flag(k) for k in PRIORITY]] != "met").all(axis=1)))
    if "trigger_virus" in frame:
        whole += [("Virus named", v.name, frame["trigger_virus"] == v.code) for v in viruses()]
    whole += [("Class", name, frame["hlh_class"] == code) for code, name in CLASSES.items()]
    for block, level, inside in whole:
        if inside.any():
            yield block, level, frame[inside]


def _rows(found: Result, block: str, level: str) -> list[Row]:
    tidy = found.tidy[found.tidy["term"].isin(_READINGS)].set_index("term").loc[list(_READINGS)]
    return [
        {**row, "analysis": "trigger_cns", "variable": "", "group": block, "level": level, "term": _READINGS[str(term)]}
        for term, row in zip(tidy.index, records(tidy), strict=True)
    ]

"""One trigger per patient by the priority rule, and primary or secondary class; the unknown kept apart."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from neurohlh.clinical.criteria import load
from neurohlh.clinical.trigger_facts import TRIGGERS
from neurohlh.clinical.triggers import PRIORITY
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.parts.case_series import fit_to_design
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import refusal
from neurohlh.study.parts.rows import Row
from neurohlh.study.parts.triggers.tally import deaths, share

TITLE = "Trigger by the priority rule, and class"
CLASSES = {"primary": "Primary HLH", "secondary": "Secondary HLH", "unknown": "Class unknown"}


def by_priority(material: Material) -> Result:
    """Patients and deaths by trigger (one each, by priority), by class, and by trigger within class."""
    frame = material.frame
    if (frame["trigger_category"] == "unknown").all() and (frame["hlh_class"] == "unknown").all():
        return refusal("trigger_priority", TITLE, "no patient has a known trigger or class")
    rows = [*_levels(frame, "trigger_category", TRIGGERS, "Trigger"), *_levels(frame, "hlh_class", CLASSES, "Class")]
    rows += _crossed(frame)
    result = Result(
        kind="trigger_priority",
        tidy=tidy_frame(rows),
        method={
            "title": TITLE,
            "estimator": "proportion",
            "interval": "Wilson",
            "conf_level": 0.95,
            "denominator": "shares: all patients of the study; deaths: patients with the trigger and a known outcome",
            "priority": " > ".join(TRIGGERS[kind] for kind in PRIORITY),
            "status of the priority rule": load("triggers").status,
            "reference": [load("triggers").source],
        },
        counts={"supplied": len(frame), "used": len(frame), "dropped": {}},
        notes=tuple(_notes(frame)),
    )
    return fit_to_design(result, material)


def _levels(frame: pd.DataFrame, column: str, words: Mapping[str, str], group: str) -> list[Row]:
    rows = []
    for code, level in words.items():
        inside = frame[frame[column] == code]
        if len(inside) or code == "unknown":
            said = {"level": level, "group": group}
            rows += [share("share of all patients", len(inside), len(frame), **said), deaths(inside, **said)]
    return rows


def _crossed(frame: pd.DataFrame) -> list[Row]:
    """How many of each class have each trigger: class and trigger are two questions (primary HLH often has EBV)."""
    rows = []
    for code, name in CLASSES.items():
        own = frame[frame["hlh_class"] == code]
        for kind, level in TRIGGERS.items():
            n = int((own["trigger_category"] == kind).sum())
            if n:
                rows.append(share("share of the class", n, len(own), level=level, group=name))
    return rows


def _notes(frame: pd.DataFrame) -> list[str]:
    notes = [
        "Each patient stands under one trigger, the first of the priority rule; the table of all triggers shows what "
        "else was found.",
        "Deaths are counted over follow-up of different length: they describe, the survival curves compare.",
    ]
    unknown = int((frame["hlh_class"] == "unknown").sum())
    if unknown:
        notes.append(
            f"The class of {unknown} of {len(frame)} patients is unknown: without a molecular diagnosis or an affected "
            "sibling nobody is called primary, and without a negative genetic test and a trigger nobody secondary."
        )
    recorded = int((frame["hlh_class"] != frame["hlh_class_derived"]).sum())
    if recorded:
        notes.append(f"Patients whose class is the hospital's own, because the rules cannot tell: {recorded}.")
    return notes

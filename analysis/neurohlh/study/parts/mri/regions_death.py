"""The number of affected regions against death from the landmark, beside what is published."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.clinical.mri_published import published
from neurohlh.clinical.mri_regions import CUT, HIGHEST, LOWEST, MANY
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.describe.diagnostic import diagnostic_accuracy
from neurohlh.stats.predict.roc import roc
from neurohlh.study.follow import EXPOSURE, TIMES, year_ticks
from neurohlh.study.parts.mri.effects import REFERENCES, hazard_ratio, odds_ratio, per_unit
from neurohlh.study.parts.mri.examined import Images
from neurohlh.study.parts.mri.outcome import CRUDE, DATED
from neurohlh.study.parts.mri.regions import LIST, MANY_WORDS
from neurohlh.study.parts.mri.rows import PUBLISHED, or_reason, published_row
from neurohlh.study.parts.part import answer

BY = {
    "met": f"{CUT} or more regions",
    "not_met": f"fewer than {CUT} regions",
    "indeterminate": "number of regions undecided",
}
CONTRAST = f"{CUT} or more vs fewer regions"
_OPEN = {"not_met": f"undecided read as fewer than {CUT}", "met": f"undecided read as {CUT} or more"}
_SHORT = {_OPEN["not_met"]: f"undecided as < {CUT}", _OPEN["met"]: f"undecided as {CUT} or more"}
_SHARES = ("sensitivity", "specificity")
_READ = {"undecided as negative": _OPEN["not_met"], "undecided as positive": _OPEN["met"]}


def regions_survival(images: Images) -> Result:
    """Kaplan-Meier curves from the landmark by 5 or more regions, fewer, and undecided."""

    def curves() -> Result:
        start = images.baseline()
        frame = start.frame.assign(regions=start.frame[MANY].map(BY))
        ticks = year_ticks(frame["os_days"])
        found = kaplan_meier(frame, "os_days", "os_event", by="regions", times=TIMES, ticks=ticks)
        return start.tell(found.with_(notes=(*found.notes, LIST, DATED)))

    return answer("mri_regions_survival", "Survival from the landmark by number of affected brain regions", curves)


def regions_death(images: Images) -> Result:
    """Odds and hazard of death by the cut and per region, area under the curve and accuracy, beside the published."""
    return answer("mri_regions_death", "Number of affected brain regions and later death", lambda: _deaths(images))


def _deaths(images: Images) -> Result:
    start = images.baseline()
    rows: list[dict[str, Any]] = []
    involved = start.frame[start.frame[EXPOSURE] == "met"]
    groups = {start.words: start.frame, "of these, CNS involved at baseline": involved}
    for words, frame in groups.items():
        shared = {"analysis": "mri_regions_death", "outcome": "death", "population": words}
        own = frame.reset_index(drop=True)
        rows += [{**shared, **row} for row in [*_by_cut(own), *_per_region(own), *_accuracy(own)]]
    rows += [published_row(one, outcome="death") for one in published("regions")]
    result = Result(
        kind="mri_regions_death",
        tidy=tidy_frame(rows),
        method={
            "estimator": "odds ratio (Fisher; per region logistic), hazard ratio (Cox), AUC, sensitivity, specificity",
            "interval": "OR: exact or profile; HR: Wald; AUC: DeLong; shares: Wilson; empty cells: Firth, profile",
            "conf_level": 0.95,
            "denominator": "patients with an MRI by the landmark and the number decided; per region: exactly known",
            "correction": "none",
            "reference": [*REFERENCES[:3], "DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837"],
        },
        counts={"used": len(start.frame), "events": int(start.frame["died_later"].sum())},
        notes=(
            "The published children all had CNS-HLH: the rows of patients with CNS involvement are the ones to "
            "compare. Their odds ratio is adjusted for other MRI variables, ours is not.",
            "Where the hospital counted only some, the number is exactly known of every normal MRI but not of every "
            "abnormal one: rows of all patients then set the counted abnormal ones against the normal.",
            "Death after the landmark, whatever the follow-up: those censored count as alive in OR, AUC, sensitivity "
            "and specificity.",
            CRUDE,
            LIST,
            DATED,
        ),
    )
    return start.tell(forest(result, _lines(rows), axis="Ratio for death (odds or hazard)"))


def _by_cut(frame: pd.DataFrame) -> list[dict[str, Any]]:
    words = {"term": MANY_WORDS, "contrast": CONTRAST}
    rows = [odds_ratio(frame[MANY], frame["died_later"], **words), hazard_ratio(frame, frame[MANY], **words)]
    if (frame[MANY] == "indeterminate").any():
        for status, level in _OPEN.items():
            read = frame[MANY].replace("indeterminate", status)
            rows.append(hazard_ratio(frame, read, level=level, **words))
    return rows


def _per_region(frame: pd.DataFrame) -> list[dict[str, Any]]:
    exact = frame[LOWEST].where(frame[LOWEST] == frame[HIGHEST])
    words = {"term": "per affected region", "contrast": "one region more"}
    return per_unit(frame, exact, **words)


def _accuracy(frame: pd.DataFrame) -> list[dict[str, Any]]:
    exact = frame[LOWEST].where(frame[LOWEST] == frame[HIGHEST])
    data = frame.assign(regions=exact)
    words = {"term": "number of regions, death"}

    def area() -> list[dict[str, Any]]:
        found = roc(data[exact.notna()], "died_later", ["regions"]).tidy
        return [{**_numbers(row), **words} for row in found.to_dict("records") if row["measure"] == "AUC"]

    def shares() -> list[dict[str, Any]]:
        found = diagnostic_accuracy(data, MANY, "died_later").tidy.to_dict("records")
        rows = []
        for row in (r for r in found if r["term"].startswith(_SHARES)):
            share, _, reading = row["term"].partition(", ")
            words = {"level": _READ.get(reading, ""), "method": "Wilson"}
            rows.append({**_numbers(row), **words, "term": f"{MANY_WORDS}, {share} for death"})
        return rows

    empty = {"term": f"{MANY_WORDS}, sensitivity and specificity for death", "measure": "proportion"}
    return [*or_reason(area, measure="AUC", **words), *or_reason(shares, **empty)]


def _numbers(row: dict[Any, Any]) -> dict[str, Any]:
    kept = ("measure", "scale", "n", "events", "estimate", "conf_low", "conf_high", "method", "note")
    return {c: row[c] for c in kept}


def _lines(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("estimate", "conf_low", "conf_high", "n", "events", "note")
    return [
        {
            "block": row["population"],
            "label": "; ".join(filter(None, [row["term"], row["measure"], _SHORT.get(row.get("level", ""), "")])),
            "role": "published" if row["analysis"] == PUBLISHED else "other",
            **{c: row.get(c) for c in names},
        }
        for row in rows
        if row["measure"] in ("OR", "HR")
    ]

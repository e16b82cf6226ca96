"""Hazard ratios of CNS involvement by several analyses, as the rows of one table and the lines of one forest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.hazards.checks import FEW_EVENTS
from neurohlh.stats.hazards.cox import cox
from neurohlh.study.covariates import variable_of
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.material import Material

CONTRAST = "CNS involved vs not involved"
CRUDE, ADJUSTED = "crude", "adjusted"
_BLOCKS = {CRUDE: "Crude", ADJUSTED: "Adjusted"}
AXIS = "Hazard ratio of death, CNS involved vs not involved"
LEVELS = {True: "met", False: "not_met"}


@dataclass(frozen=True)
class Line:
    """One analysis: its words, its role in the forest, its rows (crude, adjusted), its counts and recipe."""

    words: str
    role: str
    rows: tuple[dict[str, Any], ...]
    counts: Mapping[str, Any]
    method: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Patients, or rows from start to stop, of one analysis, with `cns` met or not_met."""

    frame: pd.DataFrame
    time: str = "os_days"
    event: str = "os_event"
    entry: str | None = None


def line(words: str, role: str, material: Material, make: Callable[[], Rows], *, key: str = "") -> Line:
    """Crude and adjusted hazard ratio of CNS involvement; what can't be estimated is an empty row with its reason.

    `material` gives covariates and strata. With start-stop rows n counts patients (column `id`), never rows.
    """
    key = key or role
    try:
        rows = make()
        found, terms, notes = _models(rows, material)
    except NotEstimable as reason:
        empty = {**_shared(words, key), "term": CRUDE, "note": f"not estimable: {reason}"}
        return Line(words, role, (empty,), {}, {})
    whole = found.get(ADJUSTED, found[CRUDE])
    ratios = tuple(_ratios(found, rows, terms, material, words, key))
    return Line(words, role, ratios, whole.counts, whole.method, notes)


def table(kind: str, lines: Sequence[Line], **method: Any) -> Result:
    """The rows of all lines as one result, drawn as a forest; recipe and notes are the first line's that has them."""
    recipe: dict[str, Any] = next((dict(one.method) for one in lines if one.method), {})
    notes = next((one.notes for one in lines if one.method), ())
    result = Result(
        kind=kind,
        tidy=tidy_frame([row for one in lines for row in one.rows]),
        method={**recipe, **method},
        notes=notes,
    )
    return forest(result, _drawn(lines), axis=AXIS)


def _models(rows: Rows, material: Material) -> tuple[dict[str, Result], tuple[str, ...], tuple[str, ...]]:
    """The crude model, and the adjusted one where there is anything to adjust for."""
    adjusted = material.adjustment(rows.frame)
    options: dict[str, Any] = {
        "strata": material.config.model.strata,
        "entry": rows.entry,
        "reference": {EXPOSURE: "not_met"},
    }
    found = {CRUDE: cox(rows.frame, rows.time, rows.event, [EXPOSURE], **options)}
    if adjusted.terms:
        found[ADJUSTED] = cox(adjusted.frame, rows.time, rows.event, [EXPOSURE, *adjusted.terms], **options)
    return found, adjusted.terms, adjusted.notes


def _ratios(
    found: Mapping[str, Result], rows: Rows, terms: Sequence[str], material: Material, words: str, key: str
) -> list[dict[str, Any]]:
    out = []
    for term, model in found.items():
        own = model.tidy[model.tidy["variable"] == EXPOSURE]
        ratio = own[~own["is_reference"]].iloc[0]
        note = "; ".join(filter(None, (str(ratio["note"]), _few_events(model) if term == ADJUSTED else "")))
        size = {"n": _size(rows, terms if term == ADJUSTED else (), material), "events": int(own["events"].sum())}
        out.append({**_shared(words, key), "term": term, **{c: ratio[c] for c in _NUMBERS}, **size, "note": note})
    return out


_NUMBERS = ("estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "df", "p_value")


def _shared(words: str, key: str) -> dict[str, Any]:
    return {
        "analysis": key,
        "outcome": "death",
        "population": words,
        "variable": EXPOSURE,
        "contrast": CONTRAST,
        "measure": "HR",
        "scale": "log",
        "method": "Cox regression",
    }


def _size(rows: Rows, terms: Sequence[str], material: Material) -> int:
    """Patients of a model with these covariates."""
    strata = material.config.model.strata
    known = rows.frame[[*map(variable_of, terms), *([strata] if strata else [])]].notna().all(axis=1)
    return int(known.sum()) if rows.entry is None else int(rows.frame.loc[known, "id"].nunique())


def _few_events(found: Result) -> str:
    events, parameters = found.counts["events"], found.counts["parameters"]
    if events >= FEW_EVENTS * parameters:
        return ""
    return f"{events} deaths for {parameters} parameters: fewer than {FEW_EVENTS} each, so read it with care"


def _drawn(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Crude above adjusted, each analysis in its order."""
    return [
        {
            "block": block,
            "label": one.words,
            **{c: row.get(c) for c in ("estimate", "conf_low", "conf_high", "n", "events")},
            "role": one.role,
            "note": row.get("note", ""),
        }
        for term, block in _BLOCKS.items()
        for one in lines
        for row in one.rows
        if row["term"] == term
    ]

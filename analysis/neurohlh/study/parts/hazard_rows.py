"""Hazard ratios of CNS involvement by several analyses, as the rows of one table and the lines of one forest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
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
NOT_AN_ANSWER = "not an answer, shown as a warning"
CRUDE, ADJUSTED = "crude", "adjusted"
_BLOCKS = {CRUDE: "Crude", ADJUSTED: "Adjusted"}
_AXIS = "Hazard ratio of death, CNS involved vs not involved"
REFERENCE = {EXPOSURE: "not_met"}
GROUPS = {"met": "CNS involved", "not_met": "CNS not involved"}
LEVELS = {True: "met", False: "not_met"}


def people(n: int) -> str:
    """'1 patient', '2 patients'."""
    return "1 patient" if n == 1 else f"{n} patients"


@dataclass(frozen=True)
class Line:
    """One analysis: its words, its role in the forest, its rows (crude, adjusted), its counts and recipe."""

    words: str
    role: str
    rows: tuple[dict[str, Any], ...]
    counts: Mapping[str, Any]
    method: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    drawn: bool = True
    """Whether it stands in the forest, whose events are deaths."""


Fit = Callable[[pd.DataFrame, list[str]], Result]


@dataclass(frozen=True)
class Rows:
    """Patients, or rows from start to stop, of one analysis, with `cns` met or not_met.

    `extra` are terms that every model of the analysis holds, `reference` the levels compared with. `fit` is the model
    of a frame and its terms (default: a Cox model); it raises NotEstimable where it can't be fitted.
    """

    frame: pd.DataFrame
    time: str = "os_days"
    event: str = "os_event"
    entry: str | None = None
    extra: tuple[str, ...] = ()
    reference: Mapping[str, str] = field(default_factory=lambda: dict(REFERENCE))
    fit: Fit | None = None


def line(
    words: str,
    role: str,
    material: Material,
    make: Callable[[], Rows],
    *,
    key: str = "",
    outcome: str = "death",
    beside: Mapping[str, str] | None = None,
    drawn: bool = True,
) -> Line:
    """Crude and adjusted hazard ratio of CNS involvement; what can't be estimated is an empty row with its reason.

    `material` gives covariates and strata. `beside` names further terms of the models to be shown, with the words of
    their contrast; what is not `drawn` stands in the table only. With start-stop rows n counts patients (column `id`),
    never rows.
    """
    shown = {EXPOSURE: CONTRAST, **(beside or {})}
    shared = {"analysis": key or role, "outcome": outcome, "population": words}
    size: dict[str, Any] = {}
    try:
        rows = make()
        size = {"n": _size(rows, (), material), "events": int(rows.frame[rows.event].sum())} if not rows.fit else {}
        _two_groups(rows.frame)
        found, terms, notes, refused = _models(rows, material)
    except NotEstimable as reason:
        empty = {"term": CRUDE, "contrast": CONTRAST, "note": f"not estimable: {reason}"}
        counts = {"used": size["n"], "events": size["events"]} if size else {}
        return Line(words, role, ({**shared, **size, **empty},), counts, {}, drawn=drawn)
    whole = found.get(ADJUSTED, found[CRUDE])
    warned = NOT_AN_ANSWER if role == "warning" else ""
    ratios = [
        {
            **shared,
            "term": term,
            "contrast": contrast,
            **ratio,
            "note": _joined(warned, ratio["note"]),
        }
        for variable, contrast in shown.items()
        for term, ratio in _ratios(found, variable, rows, terms, material)
    ]
    if refused:
        lacking = {"term": ADJUSTED, "contrast": CONTRAST, "note": f"not estimable: {refused}"}
        ratios.append({**shared, **size, **lacking})
    return Line(words, role, tuple(ratios), whole.counts, whole.method, notes, drawn)


def table(kind: str, lines: Sequence[Line], **method: Any) -> Result:
    """The rows of all lines as one result, drawn as a forest; recipe and notes are the first line's that has them."""
    recipe: dict[str, Any] = next((dict(one.method) for one in lines if one.method), {})
    recipe |= {"entry": "the day from which a status holds"} if recipe.get("entry") else {}
    notes = next((one.notes for one in lines if one.method), ())
    result = Result(
        kind=kind,
        tidy=tidy_frame([row for one in lines for row in one.rows]),
        method={**recipe, **method},
        notes=notes,
    )
    return forest(result, _drawn(lines), axis=_AXIS)


def _two_groups(frame: pd.DataFrame) -> None:
    lacking = [words for status, words in GROUPS.items() if not (frame[EXPOSURE] == status).any()]
    if lacking:
        raise NotEstimable(f"nobody with '{' or with '.join(lacking)}' is followed")


def _models(rows: Rows, material: Material) -> tuple[dict[str, Result], tuple[str, ...], tuple[str, ...], str]:
    """The crude model, the adjusted one where there is anything to adjust for, and why that can't be estimated."""
    adjusted, refused = material.adjustment(rows.frame), ""
    fit = rows.fit or partial(_cox, rows, material.config.model.strata)
    found = {CRUDE: fit(rows.frame, [EXPOSURE, *rows.extra])}
    try:
        if adjusted.terms:
            found[ADJUSTED] = fit(adjusted.frame, [EXPOSURE, *rows.extra, *adjusted.terms])
    except NotEstimable as reason:
        refused = str(reason)
    # Of several rows of a patient the last one, which holds the event, speaks for all in what is said of patients.
    once = rows.frame if rows.entry is None else rows.frame.drop_duplicates("id", keep="last")
    return found, adjusted.terms, material.adjustment(once).notes, refused


def _cox(rows: Rows, strata: str | None, frame: pd.DataFrame, terms: list[str]) -> Result:
    return cox(frame, rows.time, rows.event, terms, strata=strata, entry=rows.entry, reference=rows.reference)


def _ratios(
    found: Mapping[str, Result], variable: str, rows: Rows, terms: Sequence[str], material: Material
) -> Iterator[tuple[str, dict[str, Any]]]:
    for term, model in found.items():
        own = model.tidy[model.tidy["variable"] == variable]
        ratio = own[~own["is_reference"]].iloc[0]
        events = int(own["events"].sum())
        few = _few_events(events, model) if term == ADJUSTED else ""
        note = _joined(str(ratio["note"]), few)
        size = {"n": _size(rows, terms if term == ADJUSTED else (), material), "events": events}
        yield term, {**{c: ratio[c] for c in _COPIED}, **size, "note": note}


_COPIED = (
    "measure", "scale", "estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "df",
    "p_value",
)  # fmt: skip


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _size(rows: Rows, terms: Sequence[str], material: Material) -> int:
    """Patients of a model with these covariates."""
    strata = material.config.model.strata
    known = rows.frame[[*map(variable_of, terms), *([strata] if strata else [])]].notna().all(axis=1)
    return int(known.sum()) if rows.entry is None else int(rows.frame.loc[known, "id"].nunique())


def _few_events(events: int, model: Result) -> str:
    parameters = int(model.tidy["coef"].notna().sum())
    if events >= FEW_EVENTS * parameters:
        return ""
    return f"{events} events for {parameters} parameters: fewer than {FEW_EVENTS} each, so read it with care"


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
        if one.drawn and row["term"] == term and row["contrast"] == CONTRAST
    ]

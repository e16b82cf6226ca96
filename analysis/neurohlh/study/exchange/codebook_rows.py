"""What the codebook's document says: variables, values, units, and how a study's columns were mapped to them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from neurohlh.etl.codebook import CATALOGUE, Variable, codebook
from neurohlh.etl.values import State
from neurohlh.study.exchange.columns import meaning_of
from neurohlh.study.study import StudyCohort

Row = Sequence[object]
_SUPPRESSED = "suppressed"
_STATE_WORDS = {
    State.BLANK: "not recorded",
    State.NOT_DONE: "not done",
    State.NOT_APPLICABLE: "not applicable",
    State.UNKNOWN: "unknown",
    State.EQUIVOCAL: "equivocal",
    State.REFUSED: "refused",
    State.NO_COLUMN: "no such column",
}


@dataclass(frozen=True)
class Table:
    """One sheet: its name, its header and its rows; `widths` in signs."""

    name: str
    header: tuple[str, ...]
    widths: tuple[int, ...]
    rows: Sequence[Row]


def variables_table() -> Table:
    """A row per variable of the codebook."""
    header = {
        "name": 26, "domain": 14, "label (English)": 34, "label (中文)": 24, "type": 10, "unit": 12,
        "accepted units": 30, "allowed values": 44, "refused below": 12, "refused above": 12, "doubted below": 12,
        "doubted above": 12, "role": 18, "note": 50, "source": 26, "status": 44, "headers recognised": 60,
    }  # fmt: skip
    return Table("Variables", tuple(header), tuple(header.values()), [_variable_row(v) for v in codebook()])


def _variable_row(variable: Variable) -> Row:
    source, status = _sources().get(variable.name, ("", "defined by this package"))
    levels = meaning_of(variable.name).levels or variable.codes
    values = "; ".join(code if said == code else f"{code} = {said}" for code, said in levels.items())
    return (
        variable.name, variable.domain, variable.label_en, variable.label_zh, variable.type, variable.unit,
        "; ".join(variable.alt_units), values + ("; others with a warning" if variable.open_codes else ""),
        variable.hard_min, variable.hard_max, variable.usual_min, variable.usual_max, variable.role, variable.note,
        source, status, "; ".join((*variable.aliases_en, *variable.aliases_zh)),
    )  # fmt: skip


@lru_cache(maxsize=1)
def _sources() -> Mapping[str, tuple[str, str]]:
    """Variable -> (source, how it was verified), where the catalogue says so."""
    found: dict[str, tuple[str, str]] = {}
    for name in ("neuro_symptoms.csv", "mri_findings.csv"):
        text = (CATALOGUE / name).read_text(encoding="utf-8")
        found |= {row["variable"]: (row["sources"], row["status"]) for row in csv.DictReader(text.splitlines())}
    return found


def values_table() -> Table:
    """A row per allowed value."""
    rows = [
        (v.name, code, said, meaning_of(v.name).levels.get(code, said))
        for v in codebook()
        for code, said in v.codes.items()
    ]
    return Table("Values", ("variable", "value", "stands for", "label"), (26, 26, 34, 40), rows)


def units_table() -> Table:
    """A row per unit in which a number may be recorded."""
    rows = [(v.name, unit, factor, v.unit) for v in codebook() for unit, factor in v.alt_units.items()]
    return Table("Units", ("variable", "recorded unit", "times", "gives"), (26, 24, 16, 20), rows)


def study_table(cohort: StudyCohort) -> Table:
    """A row per variable that the study's sources have: patients with and without a value, and why without."""
    header = {
        "variable": 26, "label": 34, "patients": 10, "with a value": 12, "missing": 10, "missing %": 10,
        **dict.fromkeys(_STATE_WORDS.values(), 14), "cells changed": 12,
    }  # fmt: skip
    changed = cohort.changes_ledger.counts().groupby("variable")["n"].sum().to_dict()
    minimum = cohort.study.config.disclosure.minimum or 0
    rows = [_study_row(cohort, name, int(changed.get(name, 0)), minimum) for name in map(str, cohort.states)]
    return Table("Study", tuple(header), tuple(header.values()), rows)


def _study_row(cohort: StudyCohort, name: str, changed: int, minimum: int) -> Row:
    states = cohort.states[name]
    n, counts = len(states), {state: int((states == state).sum()) for state in _STATE_WORDS}
    missing = sum(counts.values())
    shown: list[object] = [n - missing, missing, round(100 * missing / n, 1), *counts.values(), changed]
    if any(0 < count < minimum for count in (n - missing, *counts.values(), changed)):
        shown = [_SUPPRESSED] * len(shown)
    return (name, codebook()[name].label(), n, *shown)


def mapping_table(cohort: StudyCohort) -> Table:
    """A row per column of the sources: what it was understood as, and how."""
    rows: list[Row] = []
    for table in cohort.trail.tables:
        empty = set(table.raw.empty_columns)
        for item in table.understood:
            called = item.column.header
            note = item.note or ", ".join(item.suggestions) or ("the column has no value" if called in empty else "")
            rows.append(
                (table.raw.source, table.raw.sheet, called, item.variable or "", item.unit or "", item.how, note)
            )
    header = ("source", "sheet", "column", "variable", "unit", "how", "note")
    return Table("Columns", header, (30, 20, 40, 26, 14, 14, 60), rows)


def tables(cohort: StudyCohort | None) -> list[Table]:
    """The sheets of the document, with those of a study where one is given."""
    own = [] if cohort is None else [study_table(cohort), mapping_table(cohort)]
    return [variables_table(), values_table(), units_table(), *own]

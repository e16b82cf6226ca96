"""The display table of any result without a layout of its own: what varies, the estimate with its limits, p, notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.names import Names
from neurohlh.report.tables.describe import confidence

_RATIOS = ("HR", "OR", "RR", "IRR", "SHR", "ratio")
_SHARES = (
    "proportion", "risk", "observed risk", "predicted risk", "printed risk", "survival", "cumulative incidence",
    "share known", "RD", "survival difference", "risk difference",
)  # fmt: skip
"""Measures shown in per cent, differences of them in percentage points."""
_WORDS = ("outcome", "population", "variable", "term", "level", "group", "contrast", "measure", "method")
_MOST = 200
_COUNTS = ("n", "events")
_CHECKS = ("statistic", "df", "p_value", "value")


def tidy(result: Result, names: Names) -> tuple[Table, ...]:
    """The rows of the result; text that is the same in all of them stands once below the table. Checks follow."""
    rows, left = _shortened(result.tidy)
    said = {c: rows[c].map(str) for c in _WORDS if (rows[c] != "").any()}
    if _term_says_it(rows, names):
        said.pop("variable", None)
    shown = [c for c, texts in said.items() if texts.nunique() > 1 or c == "measure" or len(rows) == 1]
    constant = [f"{c.capitalize()}: {texts.iloc[0]}" for c, texts in said.items() if c not in shown]
    found = [Column(c.capitalize(), number=False) for c in shown]
    cells: list[list[Cell]] = [[Cell(str(row[c])) for c in shown] for row in rows.to_dict("records")]
    for head, sub, show in _number_columns(rows, result):
        found.append(Column(head, sub))
        for own, row in zip(cells, rows.to_dict("records"), strict=True):
            own.append(show(row))
    notes = (*left, *(f"{text}." for text in constant), *(names.prose(note) for note in result.notes))
    title = str(result.method.get("title") or result.kind.replace("_", " "))
    body = tuple(Row(tuple(own)) for own in cells)
    table = Table(title[:1].upper() + title[1:], tuple(found), body, notes, fold=30, key=result.kind)
    return (table, *_checks(result))


def _term_says_it(rows: pd.DataFrame, names: Names) -> bool:
    """Whether every variable stands in words in its row's term already."""
    named = rows[rows["variable"] != ""]
    pairs = zip(named["variable"], named["term"], strict=True)
    return all(names.labels.get(variable, "").casefold() == str(term).casefold() for variable, term in pairs)


def _shortened(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """At most `_MOST` rows, evenly spaced, and a note where some are left to the file."""
    if len(rows) <= _MOST:
        return rows, ()
    kept = np.unique(np.linspace(0, len(rows) - 1, _MOST).round().astype(int))
    return rows.iloc[kept], (
        f"{len(kept)} of {len(rows)} rows, evenly spaced; all of them are in the file of this result.",
    )


def _number_columns(rows: pd.DataFrame, result: Result) -> list[tuple[str, str, Callable[[Mapping[Any, Any]], Cell]]]:
    columns: list[tuple[str, str, Callable[[Mapping[Any, Any]], Cell]]] = []
    if rows["time"].notna().any():
        columns.append(("Time", "", lambda row: _cell(row["time"], _number)))
    for name in _COUNTS:
        if rows[name].notna().any():
            columns.append((name.capitalize() if name == "events" else "N", "", _count(name)))
    columns.append(("Estimate", f"{confidence(result)} interval" if _limits(rows) else "", _estimate))
    if rows["p_value"].notna().any():
        columns.append(("p", "", lambda row: _cell(row["p_value"], fmt.p_value)))
    return columns


def _limits(rows: pd.DataFrame) -> bool:
    return bool(rows["conf_low"].notna().any() or rows["conf_high"].notna().any())


def _count(name: str) -> Callable[[Mapping[Any, Any]], Cell]:
    return lambda row: _cell(row[name], _number)


def _cell(value: Any, show: Callable[[Any], str]) -> Cell:
    return Cell("" if fmt.is_missing(value) else show(value))


def _number(value: float | None) -> str:
    return fmt.significant(value, 4)


def _estimate(row: Mapping[Any, Any]) -> Cell:
    limits = (row["conf_low"], row["conf_high"])
    if row["is_reference"]:
        return Cell("reference")
    measure = str(row["measure"])
    show = fmt.percent if measure in _SHARES else _places(row["estimate"], *limits)
    show = fmt.ratio if measure.endswith(_RATIOS) else show
    text = fmt.with_interval(row["estimate"], *limits, show, open_end="not reached")
    return Cell(text, note=str(row["note"]))


def _places(*values: float | None) -> Callable[[float | None], str]:
    """Estimate and limits with as many places as show the largest of them to three digits."""
    places = fmt.decimals_for(values, 3)
    return lambda value: fmt.fixed(value, places)


def _checks(result: Result) -> tuple[Table, ...]:
    checks = result.checks
    if not len(checks):
        return ()
    numbers = [c for c in _CHECKS if pd.to_numeric(checks[c]).notna().any()]
    columns = (
        Column("Check", number=False),
        Column("Term", number=False),
        *(Column({"p_value": "p", "df": "df"}.get(c, c.capitalize())) for c in numbers),
        Column("Verdict", number=False),
        Column("Note", number=False),
    )
    rows = tuple(
        Row(
            (
                Cell(_text(row["check"])),
                Cell(_text(row["term"])),
                *(_cell(row[c], fmt.p_value if c == "p_value" else _number) for c in numbers),
                Cell(_text(row["verdict"])),
                Cell(_text(row["note"])),
            )
        )
        for row in checks.to_dict("records")
    )
    return (Table("Checks", columns, rows, fold=12, key=f"{result.kind}_checks"),)


def _text(value: Any) -> str:
    return "" if fmt.is_missing(value) else str(value)

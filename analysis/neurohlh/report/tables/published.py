"""The display tables of published evidence: rows under headings, in the columns that the result names."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.names import Names
from neurohlh.report.tables.cells import Record, estimate_cell, interval_head, number_cell, p_cell, records

KINDS = (
    "published_frequency", "published_frequency_choices", "published_mortality", "published_effect",
    "published_claims", "published_faults", "published_with_study", "published_selection",
)  # fmt: skip
_NUMBERS = ("n", "events", "estimate", "p_value")
_FOLD = 24


def published(result: Result, names: Names) -> tuple[Table, ...]:
    """One table: `method["heads"]` names the tidy columns to show, in order; `group` heads the rows beneath it."""
    heads: Mapping[str, str] = result.method["heads"]
    rows = result.tidy
    shown = {c: head for c, head in heads.items() if not len(rows) or _said(rows[c])}
    interval = rows[["conf_low", "conf_high"]].notna().any(axis=None)
    columns = tuple(
        Column(head, interval_head(result) if c == "estimate" and interval else "", number=c in _NUMBERS)
        for c, head in shown.items()
    )
    body: list[Row] = []
    group = ""
    for row in records(rows):
        if row["group"] != group:
            group = row["group"]
            body.append(Row((Cell(names.prose(group), span=len(shown)),), "group"))
        body.append(Row(tuple(_cell(row, c, names) for c in shown), "sub" if group else "body"))
    title = str(result.method.get("title", "Published evidence"))
    notes = tuple(names.prose(note) for note in result.notes)
    return (Table(title, columns, tuple(body), notes, fold=_FOLD, key=result.kind),)


def _said(column: pd.Series) -> bool:
    return bool((column.notna() & (column.astype(str) != "")).any())


def _cell(row: Record, column: str, names: Names) -> Cell:
    if column == "estimate":
        return _estimate(row)
    if column == "p_value":
        return p_cell(row)
    if column in ("n", "events"):
        return number_cell(row, column)
    if fmt.is_missing(row[column]):
        return Cell()
    # the name of a column or a row stands as the table of the input writes it
    return Cell(str(row[column]) if column == "variable" else names.prose(str(row[column])))


def _estimate(row: Record) -> Cell:
    if fmt.is_missing(row["estimate"]):
        return Cell()
    return estimate_cell(row, fmt.percent if row["measure"] == "proportion" else fmt.ratio, note="")

"""The display tables of published evidence: rows under headings, in the columns that the result names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.names import Names

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
    level = fmt.percent(result.method.get("conf_level", 0.95), 0)
    columns = tuple(
        Column(head, f"{level} interval" if c == "estimate" and interval else "", number=c in _NUMBERS)
        for c, head in shown.items()
    )
    body: list[Row] = []
    group = ""
    for row in rows.to_dict("records"):
        if row["group"] != group:
            group = row["group"]
            body.append(Row((Cell(names.prose(group), span=len(shown)),), "group"))
        body.append(Row(tuple(Cell(_text(row, c, names)) for c in shown), "sub" if group else "body"))
    title = str(result.method.get("title", "Published evidence"))
    notes = tuple(names.prose(note) for note in result.notes)
    return (Table(title, columns, tuple(body), notes, fold=_FOLD, key=result.kind),)


def _said(column: pd.Series) -> bool:
    return bool((column.notna() & (column.astype(str) != "")).any())


def _text(row: Mapping[Any, Any], column: str, names: Names) -> str:
    value = row[column]
    if column == "estimate":
        return _estimate(row)
    if fmt.is_missing(value):
        return ""
    if column in ("n", "events"):
        return fmt.integer(value)
    if column == "variable":  # the name of a column or a row, as the table of the input writes it
        return str(value)
    return fmt.p_value(value) if column == "p_value" else names.prose(str(value))


def _estimate(row: Mapping[Any, Any]) -> str:
    if fmt.is_missing(row["estimate"]):
        return ""
    show = fmt.percent if row["measure"] == "proportion" else fmt.ratio
    return fmt.with_interval(row["estimate"], row["conf_low"], row["conf_high"], show)

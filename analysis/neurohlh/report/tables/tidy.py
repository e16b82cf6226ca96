"""The display table of any result without a layout of its own: its rows in the shape that is read most easily."""

from __future__ import annotations

import numpy as np
import pandas as pd

from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.names import Names
from neurohlh.report.tables.cells import records
from neurohlh.report.tables.checks import capital, checks
from neurohlh.report.tables.layout import Layout
from neurohlh.report.tables.shape import plain_shape, shape_of

IGNORED = {"evidence_csf": ("side",)}
"""Kind -> what its other columns say already."""
_MOST = 200


def tidy(result: Result, names: Names) -> tuple[Table, ...]:
    """The rows of the result; text that is the same in all of them stands once below the table. Checks follow."""
    title = capital(str(result.method.get("title") or result.kind.replace("_", " ")))
    kept, left = _shortened(_said_once(result.tidy, names))
    rows = records(kept)
    if not rows:
        reasons = tuple(Row((Cell(names.prose(note)),)) for note in result.notes)
        empty = Table(title, (Column("Why there is no number", number=False),), reasons, key=result.kind, wordy=True)
        return (empty, *checks(result, names))
    # of a part of the rows nothing is set side by side: an empty place would look like a number that does not exist
    shape = plain_shape(rows) if left else shape_of(rows, IGNORED.get(result.kind, ()))
    layout = Layout(rows, shape, result, names)
    notes = (*left, *layout.constants(), *(names.note(note) for note in result.notes))
    table = Table(title, layout.columns(), layout.rows(), notes, fold=30, key=result.kind, method=layout.method())
    return (table, *checks(result, names))


def _said_once(rows: pd.DataFrame, names: Names) -> pd.DataFrame:
    """The rows without their variable where it stands in words in the term of every row already."""
    named = rows[rows["variable"] != ""]
    pairs = zip(named["variable"], named["term"], strict=True)
    told = all(term and names.labels.get(variable, "").casefold() == term.casefold() for variable, term in pairs)
    return rows.assign(variable="") if told else rows


def _shortened(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """At most `_MOST` rows, evenly spaced, and a note where some are left to the file."""
    if len(rows) <= _MOST:
        return rows, ()
    kept = np.unique(np.linspace(0, len(rows) - 1, _MOST).round().astype(int))
    return rows.iloc[kept], (
        f"{len(kept)} of {len(rows)} rows, evenly spaced; all of them are in the file of this result.",
    )

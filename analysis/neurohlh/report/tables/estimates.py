"""What stands in the cells and heads of a generic table, by what its rows measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell
from neurohlh.report.tables.cells import (
    DIFFERENCES,
    RATIOS,
    ROW,
    SHARES,
    Record,
    below,
    counts_cell,
    estimate_cell,
    interval_head,
    is_share,
    p_cell,
    ratio_cell,
    share_cell,
    sort_value,
)
from neurohlh.report.tables.checks import capital
from neurohlh.report.tables.shape import counted, on_curve, says_counts
from neurohlh.report.tables.survival import survival_at

DEATHS = ("death", "died", "os")
"""Outcomes whose events are deaths."""


def cell(row: Record, part: str, *, points: bool) -> Cell:
    """The cell of one part of a row; `points` where its head says percentage points."""
    if part == "p":
        return p_cell(row)
    if part == "estimate":
        return _estimate(row, points=points)
    return Cell() if says_counts(row) else counts_cell(row)


def head(rows: Sequence[Record], part: str, result: Result) -> tuple[str, str]:
    """Head and second line of a column, by the rows in it."""
    if part == "p":
        return fmt.p_head(), ""
    return _estimate_head(rows, result) if part == "estimate" else _counts_head(rows)


def all_points(rows: Sequence[Record]) -> bool:
    """Whether every row is a difference, so that the head can say percentage points."""
    return all(row["measure"] in DIFFERENCES for row in rows)


def _estimate(row: Record, *, points: bool) -> Cell:
    """The estimate of a row by what it measures; `points` where the column's head says percentage points."""
    measure = str(row["measure"])
    if row["is_reference"]:
        return Cell("reference", rows=(row[ROW],))
    if is_share(row):
        return share_cell(row)
    if on_curve(row):
        return survival_at(row, share="deaths" if measure == "survival" else "events")
    if counted(row):
        return _count(row)
    if all(fmt.is_missing(row[c]) for c in ("estimate", "conf_low", "conf_high")) and not row["note"]:
        return Cell()
    if measure.endswith(RATIOS):
        return ratio_cell(row, open_end="no limit")
    if measure in (*SHARES, *DIFFERENCES):
        return estimate_cell(row, fmt.percentage_points if points else fmt.percent, open_end="no limit")
    return estimate_cell(row, _places(row["estimate"], row["conf_low"], row["conf_high"]), open_end="not reached")


def _count(row: Record) -> Cell:
    """A number of patients with its denominator, and the events among them where they are others."""
    n, events = row["n"], row["events"]
    count = n if fmt.is_missing(row["estimate"]) else row["estimate"]
    state = any(fmt.is_suppressed(v) for v in (count, n, events))
    whole = fmt.is_missing(n) or (not state and count >= n)
    text = fmt.integer(count) if whole else fmt.count_of(count, n)
    told = fmt.is_missing(events) or (not state and events == count)
    word = "deaths" if row["outcome"] in DEATHS else "events"
    sub = "" if told else f"{word}: {fmt.integer(events)}"
    return Cell(text, below(sub), str(row["note"]), value=sort_value(count), rows=(row[ROW],))


def _places(*values: Any) -> Callable[[Any], str]:
    """Estimate and limits with as many places as show the largest of them to three digits."""
    places = fmt.decimals_for(values, 3)
    return lambda value: fmt.fixed(value, places)


def _counts_head(rows: Sequence[Record]) -> tuple[str, str]:
    rows = [row for row in rows if not says_counts(row)] or rows
    known = [c for c in ("events", "n") if any(not fmt.is_missing(row[c]) for row in rows)]
    deaths = all(row["outcome"] in DEATHS for row in rows)
    if known == ["n"]:
        return ("Patients", "N") if deaths else ("N", "")
    if known == ["events"]:
        return ("Deaths", "n") if deaths else ("Events", "n")
    return ("Deaths/patients", "n/N") if deaths else ("Events/N", "")


def _estimate_head(rows: Sequence[Record], result: Result) -> tuple[str, str]:
    limits = any(not fmt.is_missing(row[c]) for row in rows for c in ("conf_low", "conf_high"))
    interval = interval_head(result) if limits else ""
    if all(is_share(row) for row in rows):
        return "n/N (%)", interval
    if all(counted(row) for row in rows):
        return ("n", "") if all(fmt.is_missing(row["n"]) for row in rows) else ("n/N (%)", "")
    measures = {str(row["measure"]) for row in rows if row["measure"]}
    head = capital(next(iter(measures))) if len(measures) == 1 else "Estimate"
    if measures and all_points(rows):
        return head, f"percentage points, {interval}" if interval else "percentage points"
    return head, interval

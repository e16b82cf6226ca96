"""Cells from rows of a result: the text, the number it sorts by, and the row of the frame it comes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell

ROW = "#"
"""The key under which a record keeps the place of its row in the frame."""
Record = Mapping[Any, Any]
RATIOS = ("HR", "OR", "RR", "IRR", "SHR", "ratio", "synergy index (S)")
"""How the names of measures end that are shown as ratios."""
SHARES = (
    "proportion", "risk", "observed risk", "predicted risk", "printed risk", "survival", "cumulative incidence",
    "share known",
)  # fmt: skip
"""Measures shown in per cent."""
COUNTED_SHARES = ("proportion", "risk", "share known")
"""Measures that are a count over its denominator, unless a model or a weight made them."""
DIFFERENCES = (
    "RD", "survival difference", "difference of survival", "risk difference", "incidence difference",
)  # fmt: skip
"""Measures shown in percentage points."""


def records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """The rows of a part of a frame, each with its place in the whole under `ROW`."""
    found = frame.to_dict("records")
    for place, row in zip(frame.index, found, strict=True):
        row[ROW] = int(place)
    return found


def sort_value(number: Any) -> float | None:
    """The number by which a cell sorts; None where there is none to be shown."""
    if fmt.is_missing(number) or fmt.is_suppressed(number) or not math.isfinite(float(number)):
        return None
    return float(number)


def number_cell(row: Record, column: str, show: Callable[[Any], str] = fmt.integer, *, note: str = "") -> Cell:
    """One number of a row; empty where the row has none."""
    value = row[column]
    if fmt.is_missing(value):
        return Cell(note=note)
    return Cell(show(value), note=note, value=sort_value(value), rows=(row[ROW],))


def p_cell(row: Record, *, note: str = "") -> Cell:
    """The p value of a row; empty where there is none."""
    return number_cell(row, "p_value", fmt.p_value, note=note)


def estimate_cell(row: Record, show: Callable[[Any], str], *, open_end: str = "", note: str | None = None) -> Cell:
    """The estimate with its limits; a dash with the reason where it cannot be estimated."""
    text = fmt.with_interval(row["estimate"], row["conf_low"], row["conf_high"], show, open_end=open_end)
    return _with_row(row, text, note)


def ratio_cell(row: Record, *, open_end: str = "", note: str | None = None) -> Cell:
    """A ratio with its limits, in three places where all of them lie close to 1."""
    text = fmt.ratio_with_interval(row["estimate"], row["conf_low"], row["conf_high"], open_end=open_end)
    return _with_row(row, text, note)


def share_cell(row: Record) -> Cell:
    """'n/N (x %)' of a row, its interval below."""
    if fmt.is_missing(row["events"]) or fmt.is_missing(row["n"]) or _nobody(row["n"]):
        return _with_row(row, fmt.MISSING, None)
    limits = fmt.interval(row["conf_low"], row["conf_high"], fmt.percent)
    text = fmt.count_of(row["events"], row["n"])
    return Cell(text, below(limits), str(row["note"]), value=sort_value(row["estimate"]), rows=(row[ROW],))


def counts_cell(row: Record) -> Cell:
    """'n/N': events of patients; whichever of the two is known."""
    known = [row[c] for c in ("events", "n") if not fmt.is_missing(row[c])]
    if not known:
        return Cell()
    if any(map(fmt.is_suppressed, known)):
        return Cell(fmt.SUPPRESSED, rows=(row[ROW],))
    return Cell("/".join(map(fmt.integer, known)), value=sort_value(known[0]), rows=(row[ROW],))


def below(*parts: str) -> str:
    """Lines for the second, smaller text of a cell; a dash is none."""
    return "\n".join(part for part in parts if part and part != fmt.MISSING)


def is_share(row: Record) -> bool:
    """Whether the estimate is the share of the events in n, so that all three are one number to a reader."""
    if row["measure"] not in COUNTED_SHARES or any(fmt.is_missing(row[c]) for c in ("n", "events", "estimate")):
        return False
    if any(fmt.is_suppressed(row[c]) for c in ("n", "events", "estimate")):
        return True
    return bool(row["n"] > 0 and math.isclose(row["estimate"], row["events"] / row["n"], abs_tol=1e-9))


def confidence(result: Result) -> str:
    """'95 %'."""
    return fmt.percent(float(result.method.get("conf_level", 0.95)), 0)


def interval_head(result: Result) -> str:
    """'95 % interval', as it stands below the head of a column."""
    return f"{confidence(result)} interval"


def plain_text(value: Any) -> str:
    """The text of a frame's cell; '' where there is none."""
    return "" if fmt.is_missing(value) else str(value)


def small_number(value: Any) -> str:
    """A number of any size in three digits; what is too small for three places is said to be."""
    if not fmt.is_missing(value) and not fmt.is_suppressed(value) and 0 < abs(float(value)) < 0.0005:
        return f"<{fmt.fixed(0.001, 3)}" if value > 0 else f"{fmt.MINUS}<{fmt.fixed(0.001, 3)}"
    return fmt.significant(value, 3)


def _with_row(row: Record, text: str, note: str | None) -> Cell:
    said = str(row["note"]) if note is None else note
    return Cell(text, note=said, value=sort_value(row["estimate"]), rows=(row[ROW],))


def _nobody(n: Any) -> bool:
    return not fmt.is_suppressed(n) and n <= 0

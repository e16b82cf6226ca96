"""Whether each number that a table shows is the rounding of a number in the rows of the frame that its cell names.

Rounding is done anew here, from the frame's numbers in decimal, and not by the code under test.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from neurohlh.core import format as fmt

TIDY = ("time", "n", "events", "estimate", "conf_low", "conf_high", "statistic", "df", "p_value")
CHECKS = ("value", "statistic", "df", "p_value")
TOKEN = re.compile(r"([<>]?)(−?\d[\d\u202f]*(?:\.\d+)?)")
PARTS = re.compile(r"(?<=[\d%)])[–](?=[\d<>])")


class Unexplained(NamedTuple):
    row: int
    column: int
    cell: str
    token: str


def unexplained(table, result):
    """The numbers in the number columns of a table that no number of their rows rounds to."""
    frame = result.tidy if table.frame == "tidy" else result.checks
    found = []
    for i, cells in enumerate(table.grid()):
        for j, (cell, column) in enumerate(zip(cells, table.columns, strict=True)):
            if not column.number:
                continue
            known = [frame.iloc[k] for k in cell.rows]
            for line in (cell.text, *cell.sub.splitlines()):
                in_hundred = "%" in line or "percentage points" in column.sub
                candidates = numbers_of(known, table.frame, in_hundred=in_hundred)
                for bound, token in TOKEN.findall(PARTS.sub(" ", line)):
                    if not any(says(bound, token, number) for number in candidates):
                        found.append(Unexplained(i, j, cell.text, bound + token))
    return found


def numbers_of(rows, frame, *, in_hundred):
    """Every number that a cell from these rows may show, in decimal."""
    found = []
    for row in rows:
        own = [row[c] for c in (TIDY if frame == "tidy" else CHECKS)]
        own = [Decimal(repr(float(v))) for v in own if not fmt.is_missing(v) and not fmt.is_suppressed(v) and v != ""]
        if frame == "tidy":
            own += [Decimal(1)] if row["is_reference"] else []
            for part in ("events", "estimate"):
                if in_hundred and not fmt.is_missing(row["n"]) and row["n"] and not fmt.is_missing(row[part]):
                    own.append(Decimal(repr(float(row[part]) / float(row["n"]))))
        found += own + ([v * 100 for v in own] if in_hundred else [])
    return [v for v in found if v.is_finite()]


def says(bound, token, number):
    """Whether '2.29', '<0.001' or '>1000' is a true thing to say of the number."""
    text = token.replace("−", "-").replace("\u202f", "")
    shown = Decimal(text)
    if bound:
        return number < shown if bound == "<" else number > shown
    places = len(text.partition(".")[2])
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) == shown


def rows_without_a_place(table, result):
    """The rows of the frame that hold an estimate or a p value and that no cell of the table names."""
    frame = result.tidy if table.frame == "tidy" else result.checks
    named = {k for cells in table.grid() for cell in cells for k in cell.rows}
    keys = ("estimate", "p_value") if table.frame == "tidy" else ("value", "p_value")
    return [k for k in range(len(frame)) if frame.iloc[k][list(keys)].notna().any() and k not in named]

"""A table as it is displayed, as CSV: one line of heads, one line for each row, its notes in the last column."""

from __future__ import annotations

import csv as csv_module
import io

from neurohlh.report.blocks import Cell, Table

NOTES = "Notes"
_STEP = "  "
# A spreadsheet takes a text that begins so for a formula.
_FORMULA = ("=", "+", "@", "\t", "\r")


def csv(table: Table) -> str:
    """The table as displayed, comma-separated with lines ending in a line feed.

    The second line of a cell follows its text after '; '. Rows that are set in begin with two spaces for each step, and
    rows that head others have one cell alone. The full-precision numbers are in the file of the result, not here.
    """
    text = io.StringIO()
    writer = csv_module.writer(text, lineterminator="\n")
    noted = bool(table.letters())
    writer.writerow([safe(head) for head in table.heads()] + ([NOTES] if noted else []))
    for row, cells in zip(table.rows, table.grid(), strict=True):
        head, *rest = (safe(flat(cell)) for cell in cells)
        notes = "; ".join(dict.fromkeys(cell.note for cell in cells if cell.note))
        writer.writerow([_STEP * row.depth() + head, *rest] + ([safe(notes)] if noted else []))
    return text.getvalue()


def flat(cell: Cell) -> str:
    """The text of a cell in one line."""
    return "; ".join(part for part in (cell.text, *cell.sub.splitlines()) if part)


def safe(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text

"""A table as it was read: text first, every cell with its file, sheet, row and column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import numpy as np


def column_letter(position: int) -> str:
    """The spreadsheet's letters of a column counted from 0: 0 -> A, 26 -> AA."""
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_name(levels: tuple[str, ...], position: int) -> str:
    """What a column is called: its header, or 'column F' where it has none."""
    return " / ".join(level for level in levels if level) or f"column {column_letter(position)}"


class Kind(IntEnum):
    """How the file itself typed a cell; a csv has only text."""

    TEXT = 0
    NUMBER = 1
    DATE = 2
    BOOL = 3
    ERROR = 4
    UNANSWERED = 5
    """An empty box of a question that nobody answered."""


@dataclass(frozen=True)
class Distinct:
    """A column as its distinct texts and, per row, which of them (-1: empty cell).

    `texts` are stripped of outer white space, never empty; a text that the file typed in two ways stands twice.
    """

    texts: Sequence[str]
    kinds: Sequence[Kind]
    codes: np.ndarray
    """int32, one per row of the table."""


@dataclass(frozen=True)
class RawColumn:
    """One column: its header levels from top to bottom, its position, and its cells (read on demand, once)."""

    levels: tuple[str, ...]
    position: int
    """0-based position in the sheet."""
    read_cells: Callable[[], Distinct] = field(repr=False)
    label: str = ""
    """A label that the file keeps for the column (SPSS, Stata), else ''."""
    called: str = ""
    """What the file calls the column, where it is understood by other words than these (REDCap's field names)."""
    unused: tuple[str, str] | None = None
    """How and why the reader itself leaves the column out ('ignored' or 'unrecognised', reason), unless renamed."""

    @property
    def header(self) -> str:
        """The header as one text: its levels joined by ' / ', else 'column F'; what logs and issues call the column."""
        return self.called or column_name(self.levels, self.position)

    @property
    def key(self) -> str:
        """Under which the table keeps the labels of the column's values."""
        return self.called or (self.levels[-1] if self.levels else "")

    @cached_property
    def cells(self) -> Distinct:
        """The distinct texts of the column and which of them stands in each row."""
        return self.read_cells()


@dataclass(frozen=True)
class SetAside:
    """A row that is no patient, kept and named: 'empty', 'totals', 'note', 'header_repeat', 'section' or 'title'."""

    row: int
    kind: str
    cells: tuple[tuple[str, str], ...]
    """(column header, text) of its non-empty cells."""


@dataclass(frozen=True)
class RawTable:
    """What one file or sheet holds.

    `rows` are the spreadsheet's row numbers of the data rows (int64), as long as every column's codes.
    """

    source: str
    sheet: str
    rows: np.ndarray
    columns: tuple[RawColumn, ...]
    header_rows: tuple[int, ...] = (1,)
    encoding: str = ""
    """For text files, the encoding recognised, and how sure ('utf-8', 'gb18030 (guessed)', …); '' for others."""
    date1904: bool = False
    set_aside: tuple[SetAside, ...] = ()
    empty_columns: tuple[str, ...] = ()
    """Headers (or 'column F' where there is none) of columns without a single value."""
    value_labels: dict[str, dict[str, str]] = field(default_factory=dict)
    """header -> {raw code -> label}, as SPSS and Stata files carry them."""
    sha256: str = ""
    notes: tuple[str, ...] = ()
    """What the reader decided, in sentences (header found in row 3, merged cells joined, …)."""

"""Which row of a sheet is the header, and of how many levels it consists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.layout_words import is_legend, is_number, is_unit, is_value

MAX_COLUMNS = 5000
"""More columns than this are no cohort table: most likely patients stand as columns."""
HEAD_ROWS = 60
"""How many rows are looked at for the header."""
_VALUES_IN_HEADER = 0.25

Merge = tuple[tuple[int, int], tuple[int, int]]
"""A merged range: (top row, left column), (bottom row, right column), counted from 0, ends included."""
Known = Callable[[str], bool]


@dataclass(frozen=True)
class Header:
    """The header's rows (counted from 0, adjacent) and, per column, its levels from top to bottom."""

    rows: tuple[int, ...]
    levels: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many columns the header rows span."""
        return len(self.levels)


@dataclass(frozen=True)
class Head:
    """The first rows of a sheet, stripped and of equal length, and what is known about them."""

    rows: Sequence[Sequence[str]]
    known: Known
    where: Location
    merges: Sequence[Merge] = ()
    first_row: int = 1

    def filled(self, i: int) -> list[int]:
        """The columns in which row i has something."""
        return [j for j, text in enumerate(self.rows[i]) if text]

    def share_of_values(self, i: int) -> float:
        """How much of row i looks like data."""
        texts = [text for text in self.rows[i] if text]
        return sum(map(is_value, texts)) / len(texts) if texts else 0.0

    def recognised(self, texts: Sequence[str]) -> int:
        """How many of these texts the codebook knows as headers."""
        return sum(1 for text in texts if text and not is_number(text) and self.known(text))

    def number(self, i: int) -> int:
        """The spreadsheet's number of row i."""
        return i + self.first_row

    def at(self, i: int) -> Location:
        """Row i as a place in the file."""
        return Location(self.where.source, self.where.sheet, self.number(i))


def find_header(head: Head, header_row: int | None = None) -> Header:
    """Find the header under titles, with the group rows above it and the unit row beneath it.

    `header_row` (as the spreadsheet counts) fixes its bottom row. Raises InputError where there is no header, where
    patients stand as columns, and where the sheet is too wide to be a cohort table.
    """
    _check_width(head)
    if header_row is None:
        _check_orientation(head)
        top, bottom = _found(head)
    else:
        top = bottom = _given(head, header_row)
    if _group_above(head, top) is not None:
        top -= 1
        if _spanned(head, top - 1) and _group_above(head, top) is not None:  # groups of groups: only merged
            top -= 1
    if bottom + 1 < len(head.rows) and _unit_row(head, bottom + 1):
        bottom += 1
    rows = tuple(range(top, bottom + 1))
    return Header(rows, _levels(head, rows), tuple(_notes(head, rows, header_row)))


def _check_width(head: Head) -> None:
    width = max((j + 1 for i in range(len(head.rows)) for j in head.filled(i)[-1:]), default=0)
    if width > MAX_COLUMNS:
        raise InputError(
            f"the table has {width:,} columns; a cohort table has at most {MAX_COLUMNS:,}",
            where=head.where,
            why="So many columns usually mean that patients stand as columns and variables as rows.",
            do="Turn the table (copy, then paste special, transpose): one row per patient.",
        )


def _check_orientation(head: Head) -> None:
    """Refuse a table whose variables stand in the first column."""
    names = [row[0] for row in head.rows if row and row[0]]
    in_column = head.recognised(names)
    in_row = max((head.recognised(row) for row in head.rows), default=0)
    if in_column >= 3 and in_column >= 0.5 * len(names) and in_row <= 1:
        raise InputError(
            f"patients stand as columns: {in_column} of the first column's {len(names)} cells are names of variables",
            where=Location(head.where.source, head.where.sheet, column="A"),
            why="Every row must be one patient.",
            do="Turn the table (copy, then paste special, transpose) so that the first row holds the variables' names.",
        )


def _given(head: Head, header_row: int) -> int:
    i = header_row - head.first_row
    if not 0 <= i < len(head.rows):
        raise InputError(
            f"header_row = {header_row} lies beyond the table, which has {len(head.rows)} rows",
            where=head.where,
            do="Give the row of the header as the spreadsheet counts it, or leave header_row out.",
        )
    if not head.filled(i):
        raise InputError(f"header_row = {header_row} is an empty row", where=head.at(i), do="Give the header's row.")
    return i


def _found(head: Head) -> tuple[int, int]:
    """The first and the last row of the header, without group and unit rows."""
    dense = _first_dense(head)
    scored = [(head.recognised(_effective(head, i)), i) for i in range(len(head.rows))]
    score, best = max(scored, key=lambda pair: (pair[0], -pair[1]))
    if score >= min(2, len(head.filled(dense))) and not _names_stand_above(head, dense, best, score):
        return _spread(head, best)
    if head.share_of_values(dense) >= _VALUES_IN_HEADER:
        raise InputError(
            "the table has no header: its first row looks like data and no row holds a known header",
            where=head.at(dense),
            why="Without the names of the columns nothing can be understood, and the first patient would be lost.",
            do="Put a row with the names of the variables above the data, or name its row with header_row.",
        )
    return _spread(head, dense)


def _first_dense(head: Head) -> int:
    widest = max(len(head.filled(i)) for i in range(len(head.rows)))
    need = max(min(2, widest), widest / 2)
    return next(i for i in range(len(head.rows)) if len(head.filled(i)) >= need)


def _names_stand_above(head: Head, dense: int, best: int, score: int) -> bool:
    """Whether `best` is a data row in which some words happen to be known, under a header that is hardly known."""
    if dense >= best or head.share_of_values(dense) >= _VALUES_IN_HEADER:
        return False
    share = score / len(head.filled(best))
    above = [head.rows[dense][j] for j in head.filled(best)]
    complete = all(above) and len(set(above)) == len(above)  # a row of group titles has blanks or repeats
    if complete and head.recognised(above):
        return share < 0.8
    return share < 0.3 and (complete or dense < best - 1)


def _effective(head: Head, i: int) -> list[str]:
    """Row i as a header: its cells, and where they are blank the cells right above (merged downwards)."""
    row = list(head.rows[i])
    if i == 0 or not any(row) or head.share_of_values(i) >= _VALUES_IN_HEADER:
        return row
    return [text or above for text, above in zip(row, head.rows[i - 1], strict=True)]


def _spread(head: Head, best: int) -> tuple[int, int]:
    """Take in the row above, where cells of it fill blanks of the header, and a second row of names beneath."""
    top = bottom = best
    if best > 0 and head.recognised(_effective(head, best)) > head.recognised(head.rows[best]):
        top = best - 1
    below = best + 1
    if below < len(head.rows) and _more_names(head, best, below):
        bottom = below
    return top, bottom


def _more_names(head: Head, i: int, below: int) -> bool:
    """Whether the row beneath the header goes on with names (a second language, or the parts of groups)."""
    texts = [text for text in head.rows[below] if text]
    valued = any(map(is_number, texts)) or head.share_of_values(below) >= _VALUES_IN_HEADER
    if not texts or valued or list(head.rows[below]) == list(head.rows[i]):
        return False
    first = head.rows[below][head.filled(i)[0]]
    if head.recognised(texts) >= max(2, 0.8 * len(texts)) and (not first or head.known(first)):
        return True
    downward = any(top <= i and bottom >= below for (top, _), (bottom, _) in head.merges)
    named = [j for j in head.filled(below) if not is_unit(head.rows[below][j])]  # a unit stands under a whole name
    parts = all(not head.rows[i][j] or _spans(head, i, j) for j in named)
    gaps = [j for j in named if not head.rows[i][j]]
    return parts and bool(gaps) and (downward or _fits_in_gaps(head, i, below))


def _spans(head: Head, i: int, j: int) -> bool:
    """Whether the cell is the title of several columns: merged to the right, or with a blank cell on its right."""
    merged = any(top <= i <= bottom and left == j < right for (top, left), (bottom, right) in head.merges)
    row = head.rows[i]
    return merged or (not head.merges and j + 1 < len(row) and not row[j + 1])


def _fits_in_gaps(head: Head, i: int, below: int) -> bool:
    """Without merged ranges: every column is named by exactly one of the rows or is a part of a group."""
    return not head.merges and all(
        head.rows[i][j] or head.rows[below][j] for j in range(max(head.filled(i)[-1], head.filled(below)[-1]) + 1)
    )


def _group_above(head: Head, i: int) -> list[str] | None:
    """The titles that row i - 1 gives to the columns of row i, or None where that row is no part of the header."""
    if i == 0 or not head.filled(i - 1):
        return None
    above, here = head.rows[i - 1], head.rows[i]
    named = head.filled(i - 1)
    spans = _spanned(head, i - 1)
    used = head.filled(i)
    if len(named) == 1 and named[0] <= min(used, default=0):
        return None  # a title over the table
    if spans:
        titles = list(above)
        for left, right in spans:
            titles[left : right + 1] = [above[left]] * (right - left + 1)
        return titles
    if len(named) < 2 or not used or any(is_number(above[j]) for j in named):
        return None
    downwards = any(not here[j] for j in named)
    if not downwards and named[-1] < 0.4 * used[-1]:
        return None  # a title of a few cells at the left
    return _filled_rightwards(above, here)


def _spanned(head: Head, i: int) -> list[tuple[int, int]]:
    """The columns (first, last) over which cells of row i are merged."""
    return [(left, right) for (top, left), (bottom, right) in head.merges if top <= i <= bottom and right > left]


def _filled_rightwards(above: Sequence[str], here: Sequence[str]) -> list[str]:
    """A group title holds for the columns to its right until the next one; a cell without part beneath for itself."""
    titles, current = [], ""
    for title, part in zip(above, here, strict=True):
        current = (title if part else "") if title else (current if part else "")
        titles.append(title or current)
    return titles


def _unit_row(head: Head, i: int) -> bool:
    texts = [text for text in head.rows[i] if text and text not in "-—–/"]
    others = [text for text in texts if not (is_unit(text) or is_legend(text))]
    if not others:
        return any(map(is_unit, texts))
    # A row that names hardly anything but units, and no patient: 'date' may stand among them.
    nobody = not head.rows[i][head.filled(i - 1)[0]]
    return nobody and len(others) <= len(texts) // 4 and not any(map(is_value, others))


def _levels(head: Head, rows: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
    lines = [list(head.rows[i]) for i in rows]
    for k in range(len(rows) - 1, 0, -1):
        lines[k - 1] = _group_above(head, rows[k]) or lines[k - 1]
    width = max(j + 1 for i in rows for j in head.filled(i)[-1:])
    # dict.fromkeys: a title merged over both rows is one level, not two
    return tuple(tuple(dict.fromkeys(line[j] for line in lines if line[j])) or ("",) for j in range(width))


def _notes(head: Head, rows: tuple[int, ...], header_row: int | None) -> list[str]:
    notes = []
    numbers = [head.number(i) for i in rows]
    if header_row is None and numbers[0] > head.first_row:
        notes.append(f"header found in row {numbers[0]}, below {numbers[0] - head.first_row} other rows")
    if len(numbers) > 1:
        notes.append(f"header of {len(numbers)} levels joined from rows {numbers[0]} to {numbers[-1]}")
    return notes

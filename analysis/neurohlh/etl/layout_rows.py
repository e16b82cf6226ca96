"""Which rows of a sheet are no patients: empty, totals, notes, sections, repeated headers, titles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from neurohlh.etl.layout import Header
from neurohlh.etl.layout_words import SET_ASIDE_HINT, is_date, is_lone_note, is_note, is_total
from neurohlh.etl.read_grid import Grid, row_texts
from neurohlh.etl.table import SetAside, column_name

_ID_SAMPLE = 1000
_FEW_CELLS = 3
"""A footnote with commas falls into a few cells; a row with more is a patient."""


@dataclass(frozen=True)
class Rows:
    """The rows of a grid (counted from 0) sorted into patients and others, and the columns that hold anything."""

    data: np.ndarray
    set_aside: tuple[SetAside, ...]
    used_columns: tuple[int, ...]


@dataclass(frozen=True)
class _Overview:
    """Per row: how many cells are filled, and the first filled column (-1: none); per column: which rows are filled."""

    count: np.ndarray
    first: np.ndarray
    filled: Sequence[np.ndarray]


def sort_rows(grid: Grid, header: Header) -> Rows:
    """Set aside every row that is no patient; in doubt a row is a patient."""
    view = _overview(grid)
    start = header.rows[-1] + 1 if header.rows else 0
    kinds = dict.fromkeys(np.flatnonzero(view.count == 0).tolist(), "empty")
    for i in range(header.rows[0] if header.rows else 0):
        kinds.setdefault(i, "title")
    kinds.update(_repeated_headers(grid, header, start))
    kinds.update(_spoken(grid, view, start))
    if grid.width > 1:
        kinds.update(_lone(grid, view, start, kinds))
    is_data = np.ones(grid.height, dtype=bool)
    is_data[list(header.rows)] = False
    is_data[list(kinds)] = False
    used = tuple(j for j in range(grid.width) if bool((view.filled[j] & is_data).any()))
    return Rows(np.flatnonzero(is_data), _described(grid, header, kinds), used)


def _overview(grid: Grid) -> _Overview:
    filled = [grid.filled(j) for j in range(grid.width)]
    count = np.zeros(grid.height, dtype=np.int32)
    first = np.full(grid.height, -1, dtype=np.int32)
    open_rows = np.arange(grid.height)
    for j, has in enumerate(filled):
        count += has
        found = has[open_rows]
        first[open_rows[found]] = j
        open_rows = open_rows[~found]
    return _Overview(count, first, filled)


def _repeated_headers(grid: Grid, header: Header, start: int) -> dict[int, str]:
    """Rows in the data that say the header again, as page breaks of an export do.

    The first cell and at least half of all say it: a cell that was touched since does not make a patient of a header.
    """
    found: dict[int, str] = {}
    for line in (row_texts(grid, i) for i in header.rows):
        named = [j for j, text in enumerate(line) if text]
        if len(named) < 2:
            continue
        rows = grid.containing(named[0], _loosely(line[named[0]]))
        rows = rows[rows >= start]
        same = np.zeros((len(named), len(rows)), dtype=bool)
        for k, j in enumerate(named):
            same[k] = [text == line[j] for text in grid.texts(j, rows)]
        again = same[0] & (same.sum(axis=0) >= max(2, len(named) / 2))
        found.update(dict.fromkeys(rows[again].tolist(), "header_repeat"))
    return found


def _loosely(text: str) -> str:
    """A regular expression that a cell equal to `text` matches, and few others."""
    return "(?s)^" + "".join(sign if sign.isalnum() else "." for sign in text) + "$"


def _spoken(grid: Grid, view: _Overview, start: int) -> dict[int, str]:
    """Rows whose first filled cell says that they are totals or notes."""
    found: dict[int, str] = {}
    for j in np.unique(view.first[start:]).tolist():
        if j < 0:
            continue
        hits = grid.containing(j, SET_ASIDE_HINT)
        hits = hits[(hits >= start) & (view.first[hits] == j)]
        for i, text in zip(hits.tolist(), grid.texts(j, hits), strict=True):
            if is_total(text) and not any(is_date(cell) for cell in row_texts(grid, i)):
                found[i] = "totals"
            elif is_note(text) and view.count[i] <= _FEW_CELLS:
                found[i] = "note"
    return found


def _lone(grid: Grid, view: _Overview, start: int, known: Collection[int]) -> dict[int, str]:
    """Rows with a single cell: footnotes, and titles of sections in the first column."""
    lone = np.flatnonzero(view.count == 1)
    lone = lone[lone >= start]
    found: dict[int, str] = {}
    names = _names(grid, view, start, known) if len(lone) else []
    for j in np.unique(view.first[lone]).tolist():
        rows = lone[view.first[lone] == j]
        for i, text in zip(rows.tolist(), grid.texts(j, rows), strict=True):
            if is_lone_note(text):
                found[i] = "note"
            elif j == 0 and _is_section(text, names):
                found[i] = "section"
    return found


def _names(grid: Grid, view: _Overview, start: int, known: Collection[int]) -> list[str]:
    """What the first column holds in rows that are surely patients, and no totals or notes (`known`)."""
    dense = np.flatnonzero(view.count[start:] > 1)[: _ID_SAMPLE + len(known)] + start
    return grid.texts(0, dense[~np.isin(dense, list(known))])


def _is_section(text: str, names: Sequence[str]) -> bool:
    """Whether a lone text is unlike the identifiers of the column it stands in.

    A patient of whom only the identifier is known stays a patient: it is a section only where identifiers hold
    digits (or the column is blank in the patients' rows) and this text holds none, or where it is worded as no
    identifier is.
    """
    if not names:
        return False
    with_digits = sum(any(sign.isdigit() for sign in name) for name in names)
    blank = sum(not name for name in names)
    if with_digits + blank >= 0.9 * len(names) and not any(sign.isdigit() for sign in text):
        return True
    worded = set(" :：()（）")
    like_no_name = not any(worded & set(name) or _letters(name) == _letters(text) for name in names if name)
    return bool(worded & set(text)) and like_no_name and len(names) > blank


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalpha())


def _described(grid: Grid, header: Header, kinds: dict[int, str]) -> tuple[SetAside, ...]:
    levels = [*header.levels, *[("",)] * (grid.width - header.width)]
    named = [column_name(levels[j], j) for j in range(grid.width)]
    said = np.array(sorted(i for i in kinds if kinds[i] != "empty"), dtype=np.int64)
    cells: dict[int, list[tuple[str, str]]] = {i: [] for i in kinds}
    for j, name in enumerate(named):
        for i, text in zip(said.tolist(), grid.texts(j, said), strict=True):
            if text:
                cells[i].append((name, text))
    return tuple(SetAside(i + grid.first_row, kinds[i], tuple(cells[i])) for i in sorted(kinds))

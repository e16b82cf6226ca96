"""A sheet before anybody knows which row is the header: rows and columns of cells, reached by number."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neurohlh.etl.read_cells import WHITE, stripped, tidy, tidy_some
from neurohlh.etl.table import Distinct

_WHITE_STARTS = np.zeros(256, dtype=bool)
_WHITE_STARTS[[sign.encode()[0] for sign in WHITE]] = True
"""First bytes (utf-8) that a cell of nothing but white space can have."""


class _Shape:
    """Cells by row and column, both counted from 0; the first row is the spreadsheet's row `first_row`."""

    def __init__(self, height: int, width: int, first_row: int) -> None:
        self.height, self.width, self.first_row = height, width, first_row


class CellGrid(_Shape):
    """A grid whose columns are encoded already, or encode themselves at first need."""

    def __init__(self, columns: Sequence[Callable[[], Distinct]], height: int, first_row: int = 1) -> None:
        super().__init__(height, len(columns), first_row)
        self._columns = columns
        self._known: dict[int, Distinct] = {}

    def _column(self, j: int) -> Distinct:
        if j not in self._known:
            self._known[j] = self._columns[j]()
        return self._known[j]

    def filled(self, j: int) -> np.ndarray:
        """Which rows have something in column j (bool, one per row)."""
        return self._column(j).codes >= 0

    def texts(self, j: int, rows: np.ndarray) -> list[str]:
        """The stripped texts of column j in these rows ('' for an empty cell)."""
        cells = self._column(j)
        return [cells.texts[code] if code >= 0 else "" for code in cells.codes[rows].tolist()]

    def containing(self, j: int, pattern: str) -> np.ndarray:
        """The rows (ascending) in which the regular expression is found in column j, case ignored."""
        cells = self._column(j)
        found = np.array([bool(re.search(pattern, text, re.IGNORECASE)) for text in cells.texts] + [False])
        return np.flatnonzero(found[cells.codes])

    def select(self, j: int, rows: np.ndarray) -> Distinct:
        """Column j of these rows (ascending), as distinct texts."""
        cells = self._column(j)
        return tidy_some(cells.texts, cells.kinds, cells.codes[rows])


class TextGrid(_Shape):
    """A grid of text columns held by Arrow; a column is encoded only when it is asked for."""

    def __init__(self, columns: Sequence[pa.ChunkedArray], first_row: int = 1) -> None:
        super().__init__(len(columns[0]), len(columns), first_row)
        self._columns = columns

    def filled(self, j: int) -> np.ndarray:
        """Which rows have something in column j (bool, one per row)."""
        chunks = self._columns[j].chunks
        return np.concatenate([_filled(chunk) for chunk in chunks]) if chunks else np.zeros(0, dtype=bool)

    def texts(self, j: int, rows: np.ndarray) -> list[str]:
        """The stripped texts of column j in these rows ('' for an empty cell)."""
        if not len(rows):
            return []
        return [stripped(text) for text in self._columns[j].take(pa.array(rows)).to_pylist()]

    def containing(self, j: int, pattern: str) -> np.ndarray:
        """The rows (ascending) in which the regular expression is found in column j, case ignored."""
        found = pc.match_substring_regex(self._columns[j], pattern, ignore_case=True)
        return np.flatnonzero(found.to_numpy())

    def select(self, j: int, rows: np.ndarray) -> Distinct:
        """Column j of these rows (ascending), as distinct texts."""
        low, high = int(rows[0]), int(rows[-1]) + 1
        # The cells of rows set aside in between are encoded too, and dropped with their texts by tidy.
        encoded = self._columns[j].slice(low, high - low).dictionary_encode()  # one dictionary for all chunks
        texts = encoded.chunk(0).dictionary.to_pylist()
        codes = np.concatenate([chunk.indices.to_numpy() for chunk in encoded.chunks])
        return tidy(texts, None, codes) if len(rows) == high - low else tidy_some(texts, None, codes[rows - low])


Grid = CellGrid | TextGrid
"""Either: they answer the same questions."""


def row_texts(grid: Grid, i: int) -> list[str]:
    """The stripped texts of row i."""
    at = np.array([i])
    return [grid.texts(j, at)[0] for j in range(grid.width)]


def _filled(chunk: pa.StringArray) -> np.ndarray:
    """Which cells hold more than white space, from the first byte of each; only doubtful cells are looked at."""
    _, offsets, data = chunk.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    starts, filled = ends[:-1], ends[1:] > ends[:-1]
    if data is None or not filled.any():
        return filled
    octets = np.frombuffer(data, dtype=np.uint8)
    doubtful = np.flatnonzero(filled & _WHITE_STARTS[octets[np.minimum(starts, len(octets) - 1)]])
    if len(doubtful):
        filled[doubtful] = [bool(stripped(text)) for text in chunk.take(pa.array(doubtful)).to_pylist()]
    return filled

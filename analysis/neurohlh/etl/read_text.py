"""Text tables: csv, tsv and their relatives."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.layout import HEAD_ROWS, Head, Header, Known, find_header
from neurohlh.etl.layout_words import is_lone_note, is_note
from neurohlh.etl.read_cells import stripped
from neurohlh.etl.read_encoding import CUT_DO, TextBytes, text_bytes
from neurohlh.etl.read_grid import TextGrid
from neurohlh.etl.read_loaded import Loaded

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_BATCH = 50_000
_BLOCK = 1 << 23
_END = "\x1eend of table\x1e"
"""A line of its own after the last one: if it does not come back as a record, a quotation mark stood open."""


def load_text(path: Path, source: str, header_row: int | None, known: Known) -> Loaded:
    """Read a text table; raises InputError where records are cut, run together or cannot be decoded."""
    content = text_bytes(path, source)
    data, declared = _declared_delimiter(content.data)
    head_rows = max(HEAD_ROWS, (header_row or 0) + 3)
    delimiter = declared or _delimiter(data, known, tab_first=path.suffix.lower() == ".tsv")
    records = _head_records(data, delimiter, head_rows)
    if not any(map(any, records)):
        raise _never_closed(Location(source, row=1))
    widest = max(map(len, records))
    rows = [[stripped(cell) for cell in record] + [""] * (widest - len(record)) for record in records]
    header = find_header(Head(rows, known, Location(source)), header_row)
    width = max(len(records[i]) for i in header.rows)
    columns = _fast(content, data, delimiter, width, records[: header.rows[0]])
    if columns is None:
        columns = _Careful(content, data, delimiter, width, header, source).columns()
    notes = [f"cells separated by {_DELIMITERS.get(delimiter, repr(delimiter))}"] if delimiter != "," else []
    return Loaded(TextGrid(columns), header, content.sha256, encoding=content.encoding, notes=tuple(notes))


def _declared_delimiter(data: pa.Buffer) -> tuple[pa.Buffer, str]:
    """The delimiter of a first line 'sep=;', which spreadsheets obey and do not show."""
    start = data[:8].to_pybytes()
    if start[:4].lower() != b"sep=" or start[5:6] not in (b"\r", b"\n"):
        return data, ""
    skip = 7 if start[5:7] == b"\r\n" else 6
    return data[skip:], chr(start[4])


def _lines(data: pa.Buffer) -> io.TextIOWrapper:
    return io.TextIOWrapper(pa.BufferReader(data), encoding="utf-8", newline="")


def _head_records(data: pa.Buffer, delimiter: str, count: int) -> list[list[str]]:
    """The first records, up to the first one that a quotation mark left open swallows."""
    records: list[list[str]] = []
    with suppress(csv.Error):
        records.extend(islice(csv.reader(_lines(data), delimiter=delimiter), count))
    return records


def _delimiter(data: pa.Buffer, known: Known, tab_first: bool) -> str:
    """The delimiter under which most headers are recognised and most rows have the same number of cells."""
    best, best_score = ",", (0, 0.0, 1)
    for delimiter in sorted(_DELIMITERS, key=lambda sign: tab_first and sign != "\t"):
        records = [r for r in _head_records(data, delimiter, HEAD_ROWS) if any(map(stripped, r))] or [[""]]
        widths = [len(record) for record in records]
        usual = max(set(widths), key=lambda w: (widths.count(w), w))
        recognised = max(sum(known(stripped(cell)) for cell in record if stripped(cell)) for record in records)
        score = (recognised, widths.count(usual) / len(widths) if usual > 1 else 0.0, usual)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _fast(
    content: TextBytes, data: pa.Buffer, delimiter: str, width: int, titles: Sequence[Sequence[str]]
) -> list[pa.ChunkedArray] | None:
    """All columns as text by Arrow's parallel reader; None where the table is not regular enough for it."""
    if any("\n" in cell or "\r" in cell for record in titles for cell in record) or any(
        len(record) > width for record in titles
    ):
        return None
    source: io.RawIOBase | pa.BufferReader = pa.BufferReader(data)
    if content.quotes:
        source = _WithEnd(data, delimiter.join([_END] * width))
    names = [f"f{j}" for j in range(width)]
    try:
        table = arrow_csv.read_csv(
            source,
            read_options=arrow_csv.ReadOptions(
                autogenerate_column_names=True, block_size=_BLOCK, skip_rows=len(titles)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=content.quotes, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, null_values=[]
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_columns != width:
        return None
    columns = list(table.columns)
    if content.quotes:
        if columns[-1][-1].as_py() != _END:
            return None
        columns = [column.slice(0, len(column) - 1) for column in columns]
    above = _transposed([_padded(record, width) for record in titles], width)
    return [pa.chunked_array([top, *column.chunks], pa.string()) for top, column in zip(above, columns, strict=True)]


class _WithEnd(io.RawIOBase):
    """A buffer as a file, followed by the end line."""

    def __init__(self, data: pa.Buffer, end: str) -> None:
        self._data, self._end, self._at = data, f"\n{end}\n".encode(), 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        start = self._at
        self._at += size
        if start < self._data.size:
            return self._data[start : start + size].to_pybytes()
        rest, self._end = self._end, b""
        return rest


def _padded(record: Sequence[str], width: int) -> list[str]:
    return [*record, *[""] * (width - len(record))]


def _transposed(records: Sequence[Sequence[str]], width: int) -> list[pa.StringArray]:
    cells = zip(*records, strict=True) if records else [()] * width
    return [pa.array(column, pa.string()) for column in cells]


class _Careful:
    """The reader for tables with titles, notes, blank lines: record by record, naming the one that does not fit."""

    def __init__(
        self, content: TextBytes, data: pa.Buffer, delimiter: str, width: int, header: Header, source: str
    ) -> None:
        self._content, self._data, self._delimiter = content, data, delimiter
        self._width, self._start, self._source = width, header.rows[0], source

    def columns(self) -> list[pa.ChunkedArray]:
        """Every column, padded to the header's width."""
        parts: list[list[pa.StringArray]] = [[] for _ in range(self._width)]
        records = self._records()
        while batch := list(islice(records, _BATCH)):
            for part, column in zip(parts, _transposed(batch, self._width), strict=True):
                part.append(column)
        return [pa.chunked_array(part, pa.string()) for part in parts]

    def _records(self) -> Iterator[list[str]]:
        reader = csv.reader(chain(_lines(self._data), [_END]), delimiter=self._delimiter)
        number = 0
        previous: list[str] | None = None
        try:
            for record in reader:
                if previous is not None:
                    number += 1
                    yield self._fitted(previous, number, last=record == [_END])
                previous = record
        except csv.Error as error:
            raise _never_closed(Location(self._source, row=number + 2)) from error
        if previous != [_END]:
            raise _never_closed(Location(self._source, row=number + 1))

    def _fitted(self, record: list[str], number: int, *, last: bool) -> list[str]:
        width, got = self._width, len(record)
        if got == width:
            return record
        filled = [cell for cell in map(stripped, record) if cell]
        if got > width:
            if number <= self._start:  # a title with commas in it
                return [*record[: width - 1], self._delimiter.join(record[width - 1 :])]
            if any(map(stripped, record[width:])):
                raise self._run_together(number, got)
            return record[:width]
        if last and not self._content.ends_with_newline and filled and not is_lone_note(filled[0]):
            raise self._cut(number, got)
        if len(filled) > 1 and number > self._start and not is_note(filled[0]):
            raise self._too_short(number, got)
        return _padded(record, width)

    def _run_together(self, number: int, got: int) -> InputError:
        return InputError(
            f"the row has {got} cells, the header has {self._width}",
            where=Location(self._source, row=number),
            why="Two records run together, or a cell with the separator in it is not quoted: values stand under wrong "
            "headers.",
            do="Look at this row in the source and export the table again.",
        )

    def _cut(self, number: int, got: int) -> InputError:
        return InputError(
            f"the file ends in the middle of a row: {got} of {self._width} cells, and no end of line",
            where=Location(self._source, row=number),
            why="An export or a copy stopped half-way: the patients after this row are missing too.",
            do=CUT_DO,
        )

    def _too_short(self, number: int, got: int) -> InputError:
        return InputError(
            f"the row has {got} cells, the header has {self._width}",
            where=Location(self._source, row=number),
            why="A line was broken or a separator lost: values may stand under wrong headers.",
            do="Look at this row (and the next one) in the source and export the table again.",
        )


def _never_closed(where: Location) -> InputError:
    return InputError(
        "a quotation mark is opened here or above and never closed",
        where=where,
        why="Everything after it would be read as one cell, and the patients in it would be lost.",
        do="The file is cut off, or a quotation mark is missing: export the table again.",
    )

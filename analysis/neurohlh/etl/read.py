"""Reading one file or sheet: any supported format to a RawTable, text first, nothing swallowed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.layout import MAX_COLUMNS
from neurohlh.etl.layout_rows import Rows, sort_rows
from neurohlh.etl.read_loaded import Loaded
from neurohlh.etl.read_sheet import load_sheet
from neurohlh.etl.read_stats import load_parquet, load_spss, load_stata
from neurohlh.etl.read_text import load_text
from neurohlh.etl.table import RawColumn, RawTable, column_letter, column_name

_TEXT = (".csv", ".tsv", ".txt")
_SHEETS = (".xlsx", ".xlsm", ".xls")
_STATS = {".sav": load_spss, ".zsav": load_spss, ".dta": load_stata, ".parquet": load_parquet, ".pq": load_parquet}
SUFFIXES = (*_TEXT, *_SHEETS, *_STATS)
"""The endings of the files that can be read."""


def read_table(
    path: Path,
    *,
    name: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    known_headers: Callable[[str], bool] | None = None,
) -> RawTable:
    """Read one table: csv, tsv, xlsx, xlsm, xls, SPSS sav, Stata dta or Parquet.

    `name` is what logs call the file (default: its name); `sheet` the sheet of a workbook (default: the first);
    `header_row` the bottom row of the header as the spreadsheet counts (default: found, under titles);
    `known_headers` tells whether a text is a header that the codebook recognises. Columns are encoded when their
    cells are first asked for. Raises InputError for whatever keeps the file from being read whole.
    """
    source = name or path.name
    suffix = _checked_suffix(path, source)
    known = lru_cache(maxsize=None)(known_headers or _nothing)  # many cells of the first rows repeat
    if suffix in _TEXT:
        _refuse_sheet(sheet, suffix, source)
        loaded = load_text(path, source, header_row, known)
    elif suffix in _SHEETS:
        loaded = load_sheet(path, source, sheet, header_row, known)
    else:
        _refuse_sheet(sheet, suffix, source)
        _refuse_header_row(header_row, suffix, source)
        loaded = _STATS[suffix](path, source)
    return raw_table(loaded, source)


def _nothing(_: str) -> bool:
    return False


def _checked_suffix(path: Path, source: str) -> str:
    where = Location(source)
    if path.is_dir():
        raise InputError("this is a folder, not a table", where=where, do="Name the file in it.")
    if not path.exists():
        near = sorted(p.name for p in path.parent.glob("*") if p.suffix.lower() in SUFFIXES)
        beside = f" Tables in that folder: {', '.join(near[:8])}." if near else ""
        raise InputError("there is no such file", where=where, do=f"Check the path {path}.{beside}")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"files ending in {suffix or 'nothing'!r} cannot be read",
            where=where,
            do=f"Save the table as one of {', '.join(SUFFIXES)}.",
        )
    if path.stat().st_size == 0:
        raise InputError("the file is empty (0 bytes)", where=where, do="Export the table again.")
    return suffix


def _refuse_header_row(header_row: int | None, suffix: str, source: str) -> None:
    if header_row is not None:
        raise InputError(
            f"a {suffix} file keeps its columns' names apart, yet header_row = {header_row} is given",
            where=Location(source),
            do="Leave `header_row` out.",
        )


def _refuse_sheet(sheet: str | None, suffix: str, source: str) -> None:
    if sheet is not None:
        raise InputError(
            f"a {suffix} file has no sheets, yet sheet {sheet!r} is asked for",
            where=Location(source),
            do="Leave `sheet` out, or name the workbook.",
        )


def raw_table(loaded: Loaded, source: str) -> RawTable:
    """What a reader loaded, with its rows sorted into patients and others; InputError where there is no patient."""
    grid, header = loaded.grid, loaded.header
    if grid.width > MAX_COLUMNS:
        raise InputError(
            f"the table has {grid.width:,} columns; a cohort table has at most {MAX_COLUMNS:,}",
            where=Location(source, loaded.sheet),
            why="So many columns usually mean that patients stand as columns and variables as rows.",
            do="Turn the table: one row per patient.",
        )
    rows = sort_rows(grid, header)
    if not len(rows.data):
        raise InputError(
            "the table has a header and no patient",
            where=Location(source, loaded.sheet),
            why="There is nothing to analyse; the export may have been filtered or cut.",
            do="Export the table again with its rows.",
        )
    levels = [*header.levels, *[("",)] * (grid.width - header.width)]
    kept = [j for j in range(grid.width) if j in set(rows.used_columns) or any(levels[j])]
    labels = loaded.labels or ("",) * grid.width
    columns = tuple(RawColumn(levels[j], j, partial(grid.select, j, rows.data), labels[j]) for j in kept)
    return RawTable(
        source=source,
        sheet=loaded.sheet,
        rows=rows.data + grid.first_row,
        columns=columns,
        header_rows=tuple(i + grid.first_row for i in header.rows) or (1,),
        encoding=loaded.encoding,
        date1904=loaded.date1904,
        set_aside=rows.set_aside,
        empty_columns=tuple(column_name(levels[j], j) for j in range(grid.width) if j not in set(rows.used_columns)),
        value_labels=loaded.value_labels,
        sha256=loaded.sha256,
        notes=(*header.notes, *loaded.notes, *_unnamed(rows, levels), *_counted(rows)),
    )


def _unnamed(rows: Rows, levels: Sequence[tuple[str, ...]]) -> list[str]:
    letters = [column_letter(j) for j in rows.used_columns if not any(levels[j])]
    more = f" and {len(letters) - 20} more" if len(letters) > 20 else ""
    return [f"no header over column {', '.join(letters[:20])}{more}, which holds values"] if letters else []


def _counted(rows: Rows) -> list[str]:
    kinds = Counter(row.kind for row in rows.set_aside)
    return [f"set aside {n} {kind.replace('_', ' ')} row{'s' if n > 1 else ''}" for kind, n in sorted(kinds.items())]

"""Workbooks: xlsx and xlsm, and xls as far as it can be read."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from neurohlh.core.errors import InputError, Location, closest
from neurohlh.etl.layout import HEAD_ROWS, Head, Header, Known, Merge, find_header
from neurohlh.etl.read_cells import ErrorCell, cell_text, distinct_values, number_text
from neurohlh.etl.read_grid import CellGrid
from neurohlh.etl.read_loaded import Loaded
from neurohlh.etl.read_workbook import SheetMarks, sheet_marks
from neurohlh.etl.table import Distinct, column_letter

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SAVE = "Open it in a spreadsheet program and save it as xlsx."

Cells = list[list[object]]


def load_sheet(path: Path, source: str, sheet: str | None, header_row: int | None, known: Known) -> Loaded:
    """Read one sheet; raises InputError for what is no workbook, is locked, or has no such sheet."""
    where = Location(source)
    _check_container(path, where)
    try:
        with CalamineWorkbook.from_path(path) as book:
            name, notes = _chosen(book, sheet, where)
            found = book.get_sheet_by_name(name)
            cells = cast(Cells, found.to_python(skip_empty_area=False))
            merges: Sequence[Merge] = found.merged_cell_ranges or ()
    except CalamineError as error:
        raise _damaged(where) from error
    if not cells:
        raise _empty(name, book.sheet_names, where)
    marks, more = _marks(path, name, where)
    _apply(cells, marks)
    header = _header(cells, merges, Location(source, name), header_row, known)
    width = max(len(cells[0]), header.width)
    grid = CellGrid([partial(_column, cells, j) for j in range(width)], len(cells))
    notes += more + _seen(marks, merges, header, found)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Loaded(grid, header, sha256, sheet=name, date1904=marks.date1904, notes=tuple(notes))


def _column(cells: Cells, j: int) -> Distinct:
    return distinct_values([row[j] for row in cells])


def _check_container(path: Path, where: Location) -> None:
    """Tell from the first bytes whether this is a workbook at all, and whether it is locked."""
    with path.open("rb") as file:
        start = file.read(8)
        old = start == _OLE
        locked = old and _ENCRYPTED in file.read()
    modern = path.suffix.lower() != ".xls"
    if locked:
        raise InputError(
            "the workbook is protected by a password",
            where=where,
            why="Its content is encrypted; no program can read it without the password.",
            do="Open it, remove the password (File, Info, Protect Workbook), and save it again.",
        )
    if modern and old:
        raise InputError(
            "this is an old .xls workbook under the name of an .xlsx",
            where=where,
            do="Rename it to .xls, or " + _SAVE.lower(),
        )
    if not (start.startswith(_ZIP) if modern else old or start.startswith(_ZIP)):
        raise InputError(
            f"this is no workbook: its content is not that of a {path.suffix.lower()} file",
            where=where,
            why="Its name and its content disagree; it may be damaged, or text or a web page under a workbook's name.",
            do=_SAVE,
        )


def _damaged(where: Location) -> InputError:
    return InputError(
        "the workbook cannot be read: it is damaged, locked, or another kind of file under a workbook's name",
        where=where,
        why="Cells that cannot be read would be patients who are missing.",
        do="Open it in a spreadsheet program, remove any password, and save it again as xlsx.",
    )


def _chosen(book: CalamineWorkbook, sheet: str | None, where: Location) -> tuple[str, list[str]]:
    """The sheet asked for, or the first; and what to say about the others."""
    tables = [meta for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
    names = [meta.name for meta in tables]
    if not names:
        raise InputError("the workbook has no sheet with cells", where=where, do="Check the file.")
    if sheet is not None and sheet not in names:
        near = closest(sheet, names)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(
            f"the workbook has no sheet {sheet!r}",
            where=where,
            do=f"Its sheets: {', '.join(map(repr, names))}.{hint}",
        )
    name = names[0] if sheet is None else sheet
    notes = []
    if sheet is None and len(names) > 1:
        notes.append(f"sheet {name!r}, the first of {len(names)}, was read; not {', '.join(map(repr, names[1:]))}")
    if any(meta.name == name and meta.visible != SheetVisibleEnum.Visible for meta in tables):
        notes.append(f"sheet {name!r} is hidden")
    return name, notes


def _empty(name: str, names: Sequence[str], where: Location) -> InputError:
    return InputError(
        f"sheet {name!r} is empty",
        where=where,
        do=f"Name another with `sheet`; the workbook has {', '.join(map(repr, names))}.",
    )


def _marks(path: Path, name: str, where: Location) -> tuple[SheetMarks, list[str]]:
    if path.suffix.lower() == ".xls":
        return SheetMarks(), ["error cells of an .xls file are read as empty; save it as xlsx to have them named"]
    try:
        marks = sheet_marks(path, name)
    except (KeyError, StopIteration, zipfile.BadZipFile, ParseError) as error:
        raise _damaged(where) from error
    if marks.unplaced:
        _place_errors(path, name, marks)
    return marks, []


def _place_errors(path: Path, name: str, marks: SheetMarks) -> None:
    """Find the error cells of a sheet whose cells bear no references, the slow way."""
    book = load_workbook(path, read_only=True, data_only=True)
    for i, row in enumerate(book[name].iter_rows()):
        for j, cell in enumerate(row):
            if cell.data_type == "e":
                marks.errors[i, j] = ErrorCell(cell.value)
    book.close()


def _apply(cells: Cells, marks: SheetMarks) -> None:
    """Put into the cells what the value reader leaves out."""
    _widen(cells, marks)
    for (i, j), error in marks.errors.items():
        cells[i][j] = error
    for i, j in marks.percents:
        if i < len(cells) and j < len(cells[i]) and isinstance(value := cells[i][j], float):
            cells[i][j] = number_text(value * 100) + "%"


def _widen(cells: Cells, marks: SheetMarks) -> None:
    """Make room for error cells beyond the last value."""
    width = max([len(cells[0]), *(j + 1 for _, j in marks.errors)])
    height = max([len(cells), *(i + 1 for i, _ in marks.errors)])
    if width > len(cells[0]):
        for row in cells:
            row.extend([""] * (width - len(row)))
    cells.extend([""] * width for _ in range(height - len(cells)))


def _header(cells: Cells, merges: Sequence[Merge], where: Location, header_row: int | None, known: Known) -> Header:
    count = max(HEAD_ROWS, (header_row or 0) + 3)
    rows = [[cell_text(value)[0] for value in row] for row in cells[:count]]
    if not any(map(any, rows)):
        raise InputError("the first rows of the sheet are empty", where=where, do="Name the header's row: header_row.")
    return find_header(Head(rows, known, where, merges), header_row)


def _seen(marks: SheetMarks, merges: Sequence[Merge], header: Header, sheet: CalamineSheet) -> list[str]:
    """Sentences on what a reader of the sheet may not have seen."""
    data = header.rows[-1] + 1
    height, width = (sheet.total_height, sheet.total_width)
    hidden_rows = [i + 1 for i in marks.hidden_rows if i < height + 1]
    hidden_columns = [column_letter(j) for j in marks.hidden_columns if j <= width]
    merged = sorted({top + 1 for (top, _), (bottom, _) in merges if top >= data and bottom > top})
    unnamed = len(marks.errors) - marks.unstored
    told: list[tuple[Sequence[object], Callable[[str], str]]] = [
        (hidden_rows, lambda listed: f"hidden rows were read too: {listed}"),
        (hidden_columns, lambda listed: f"hidden columns were read too: {listed}"),
        (merged, lambda listed: f"cells merged downwards: only the first row keeps the value (rows {listed})"),
    ]
    notes = [say(_listed(items)) for items, say in told if items]
    if unnamed:
        notes.append(f"{unnamed} error cell{'s' if unnamed > 1 else ''} such as #REF!")
    if marks.unstored:
        notes.append(
            f"{marks.unstored} formulas without a stored result: open the workbook, save it, and read it again"
        )
    return notes


def _listed(items: Sequence[object]) -> str:
    return ", ".join(map(str, items[:20])) + (f" and {len(items) - 20} more" if len(items) > 20 else "")

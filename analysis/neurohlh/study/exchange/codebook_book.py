"""`neurohlh codebook`: the codebook as a workbook that people read and filter."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from neurohlh.core.errors import InputError
from neurohlh.study.exchange.codebook_rows import Table, tables
from neurohlh.study.study import StudyCohort
from neurohlh.study.workbook import save_same_bytes

_HEAD = PatternFill("solid", fgColor="FFE8EDF3")
_TOP = Alignment(vertical="top", wrap_text=True)


def write_codebook(path: Path, cohort: StudyCohort | None = None) -> Path:
    """Write the codebook to `path` (.xlsx), with how the study's columns were mapped where a cohort is given.

    An existing codebook is replaced; the same codebook and cohort give the same bytes. No patient's value is in it.
    Raises InputError for another ending than .xlsx.
    """
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path.name!r} does not end in .xlsx", do="Name a workbook: --out codebook.xlsx.")
    if path.is_dir():
        raise InputError(f"{path.name!r} is a folder", do="Name a workbook: --out codebook.xlsx.")
    book = Workbook()
    book.remove(book.worksheets[0])
    for table in tables(cohort):
        _fill(book.create_sheet(table.name), table)
    book.properties.creator = "neurohlh"
    book.properties.title = "Codebook"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        save_same_bytes(book, Path(place) / path.name)
        shutil.move(Path(place) / path.name, path)
    return path


def _fill(sheet: Worksheet, table: Table) -> None:
    for j, text in enumerate(table.header, start=1):
        _put(sheet, 1, j, text)
        sheet.cell(1, j).font = Font(bold=True)
        sheet.cell(1, j).fill = _HEAD
        sheet.column_dimensions[get_column_letter(j)].width = table.widths[j - 1]
    for i, row in enumerate(table.rows, start=2):
        for j, value in enumerate(row, start=1):
            _put(sheet, i, j, value)
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.header))}{max(len(table.rows) + 1, 2)}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _put(sheet: Worksheet, i: int, j: int, value: object) -> None:
    """One cell; a text that begins like a formula stays a text."""
    if value in (None, ""):
        return
    cell = sheet.cell(i, j)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"
    cell.alignment = _TOP

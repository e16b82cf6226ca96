"""What a workbook's own XML says beside the values: date system, hidden parts, error cells, percent cells."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as ET

from neurohlh.etl.read_cells import ErrorCell

_BLOCK = 1 << 24
_PERCENT_FORMATS = frozenset({"9", "10"})
_ERROR = re.compile(rb"""<(?:\w+:)?c\s([^>]*\bt=["']e["'][^>]*)>(.*?)</(?:\w+:)?c>""", re.DOTALL)
_UNSTORED = re.compile(
    rb"""<(?:\w+:)?c(\s[^>]*)>\s*<(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</(?:\w+:)?f>)\s*"""
    rb"""(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"""
)
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
_HIDDEN_ROW = re.compile(rb"""<(?:\w+:)?row\s([^>]*\bhidden=["'](?:1|true)["'][^>]*)>""")
_HIDDEN_COLUMN = re.compile(rb"""<(?:\w+:)?col\s([^>]*\bhidden=["'](?:1|true)["'][^>]*)>""")
_REFERENCE = re.compile(rb"""(?:^|\s)r=["']([A-Z]+)(\d+)["']""")
_ROW_NUMBER = re.compile(rb"""(?:^|\s)r=["'](\d+)["']""")
_SPAN = re.compile(rb"""\b(min|max)=["'](\d+)["']""")


@dataclass
class SheetMarks:
    """What the values of a sheet do not show; rows and columns are counted from 0."""

    date1904: bool = False
    errors: dict[tuple[int, int], ErrorCell] = field(default_factory=dict)
    """Error cells ('#REF!'), and formulas without a stored result ('=B2/2')."""
    unstored: int = 0
    """How many of `errors` are formulas without a stored result."""
    unplaced: bool = False
    """Some error cell bears no reference, so that its place is not known from here."""
    percents: set[tuple[int, int]] = field(default_factory=set)
    """Cells that show their number as a percentage."""
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)


def sheet_marks(path: Path, sheet: str) -> SheetMarks:
    """Read them from the zip's parts in one pass over the sheet's text, without building its cells.

    Raises KeyError or zipfile.BadZipFile where the workbook lacks a part.
    """
    marks = SheetMarks()
    with zipfile.ZipFile(path) as parts:
        book = ET.fromstring(parts.read("xl/workbook.xml"))
        properties = _first(book, "workbookPr")
        marks.date1904 = properties is not None and properties.get("date1904") in ("1", "true")
        part = _part_of(parts, book, sheet)
        percent = _percent_pattern(parts)
        with parts.open(part) as file:
            for rows in _whole_rows(file):
                _read_rows(rows, marks, percent)
    return marks


def _first(root: ET.Element, name: str) -> ET.Element | None:
    return next((element for element in root.iter() if element.tag.endswith("}" + name)), None)


def _all(root: ET.Element | None, name: str) -> list[ET.Element]:
    return [] if root is None else [element for element in root.iter() if element.tag.endswith("}" + name)]


def _part_of(parts: zipfile.ZipFile, book: ET.Element, sheet: str) -> str:
    identity = next(
        value
        for element in _all(book, "sheet")
        if element.get("name") == sheet
        for key, value in element.attrib.items()
        if key.endswith("}id")
    )
    links = ET.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
    target = next(link.attrib["Target"] for link in links if link.get("Id") == identity)
    return posixpath.normpath(posixpath.join("xl", target)).lstrip("/") if target[0] != "/" else target[1:]


def _percent_pattern(parts: zipfile.ZipFile) -> re.Pattern[bytes] | None:
    """Finds the cells whose style shows a percentage; None where no style does."""
    if "xl/styles.xml" not in parts.namelist():
        return None
    styles = ET.fromstring(parts.read("xl/styles.xml"))
    own = {
        f.get("numFmtId") for f in _all(styles, "numFmt") if "%" in re.sub(r'"[^"]*"|\\.', "", f.get("formatCode", ""))
    }
    formats = [xf.get("numFmtId") for xf in _all(_first(styles, "cellXfs"), "xf")]
    percent = [str(i) for i, number in enumerate(formats) if number in own | _PERCENT_FORMATS]
    if not percent:
        return None
    return re.compile(rb"""<(?:\w+:)?c\s([^>]*\bs=["'](?:%s)["'][^>]*)>""" % "|".join(percent).encode())


def _whole_rows(file: IO[bytes]) -> Iterator[bytes]:
    """The sheet's text in pieces that end with a row."""
    rest = b""
    while block := file.read(_BLOCK):
        text = rest + block
        cut = text.rfind(b"row>") + 4
        if cut > 3:
            yield text[:cut]
            text = text[cut:]
        rest = text
    yield rest


def _read_rows(rows: bytes, marks: SheetMarks, percent: re.Pattern[bytes] | None) -> None:
    for found in _ERROR.finditer(rows):
        value = _VALUE.search(found[2])
        _mark_error(marks, found[1], value[1].decode() if value else "#ERROR")
    if b"<f" in rows or b":f" in rows:
        for found in _UNSTORED.finditer(rows):
            if b't="str"' not in found[1]:
                marks.unstored += 1
                _mark_error(marks, found[1], "=" + (found[2] or b"").decode())
    if percent is not None:
        marks.percents.update(place for found in percent.finditer(rows) if (place := _place(found[1])))
    marks.hidden_rows.extend(int(r[1]) - 1 for f in _HIDDEN_ROW.finditer(rows) if (r := _ROW_NUMBER.search(f[1])))
    for found in _HIDDEN_COLUMN.finditer(rows):
        span = {key: int(value) for key, value in _SPAN.findall(found[1])}
        marks.hidden_columns.extend(range(span.get(b"min", 1) - 1, min(span.get(b"max", 1), 1 << 14)))


def _mark_error(marks: SheetMarks, attributes: bytes, text: str) -> None:
    place = _place(attributes)
    if place is None:
        marks.unplaced = True
    else:
        marks.errors[place] = ErrorCell(text)


def _place(attributes: bytes) -> tuple[int, int] | None:
    found = _REFERENCE.search(attributes)
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + letter - 64
    return int(found[2]) - 1, column - 1

"""What a Word file holds, read back; and the same file as LibreOffice lays it out."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from lxml import etree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def body_of(path: Path) -> etree._Element:
    """The body of a Word file."""
    with zipfile.ZipFile(path) as file:
        return etree.fromstring(file.read("word/document.xml"))[0]


def text_of(element: etree._Element) -> str:
    """What a reader sees of a part: the text of its runs, line breaks as line ends."""
    return "".join("\n" if e.tag == f"{_W}br" else e.text or "" for e in element.iter(f"{_W}t", f"{_W}br"))


def paragraphs_in_docx(path: Path, style: str = "") -> list[str]:
    """The texts of the paragraphs of one style (of all without one), tables included, in order."""
    found = []
    for p in body_of(path).iter(f"{_W}p"):
        named = p.find(f"{_W}pPr/{_W}pStyle")
        if not style or (named is not None and named.get(f"{_W}val") == style):
            found.append(text_of(p))
    return found


def tables_in_docx(path: Path) -> dict[str, list[list[str]]]:
    """'Table 3' -> its rows (heads first) of cell texts, the small text of a cell on a line of its own."""
    found = {}
    for table in body_of(path).iter(f"{_W}tbl"):
        caption = table.find(f"{_W}tblPr/{_W}tblCaption")
        if caption is not None:  # the others only place things
            rows = [[_cell(c) for c in row.iter(f"{_W}tc")] for row in table.iter(f"{_W}tr")]
            found[caption.get(f"{_W}val")] = rows
    return found


def _cell(cell: etree._Element) -> str:
    return "\n".join(text_of(p) for p in cell.iter(f"{_W}p"))


def program(name: str, package: str) -> str:
    """The path of a program; the test fails with the Debian package to install where it is absent."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is absent: install Debian's package {package}")
    return found


def to_pdf(path: Path, folder: Path) -> Path:
    """The file as LibreOffice prints it."""
    soffice = program("soffice", "libreoffice-writer")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder / f"{path.stem}.pdf"


def pages_of(pdf: Path) -> list[str]:
    """The text of each page, white space as single blanks."""
    command = [program("pdftotext", "poppler-utils"), "-layout", str(pdf), "-"]
    text = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    return [re.sub(r"\s+", " ", page).strip() for page in text.split("\f")[:-1]]

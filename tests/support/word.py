"""What a Word file holds, read back; and the same file as LibreOffice lays it out."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
import zipfile
from pathlib import Path

import pytest
from lxml import etree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def body_of(path: Path) -> etree._Element:
    """The body of a Word file."""
    with zipfile.ZipFile(path) as file:
        return etree.fromstring(file.read("word/document.xml"))[0]


def header_of(path: Path) -> str:
    """What stands at the top of every page."""
    with zipfile.ZipFile(path) as file:
        name = next(n for n in file.namelist() if n.startswith("word/header"))
        return text_of(etree.fromstring(file.read(name)))


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
    """The text of each page in the order in which it was written, without any white space."""
    command = [program("pdftotext", "poppler-utils"), "-raw", str(pdf), "-"]
    text = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    return [bare(page) for page in text.split("\f")[:-1]]


def bare(text: str) -> str:
    """A text without white space and without signs of another font, which a PDF gives in lines of their own."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻℃]", "", text)))


def outside(pdf: Path, margin: float) -> list[tuple[int, str]]:
    """(page, word) of the words that come nearer to an edge of the paper than `margin` points."""
    command = [program("pdftotext", "poppler-utils"), "-bbox", str(pdf), "-"]
    pages = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("<page ")[1:]
    found = []
    for number, page in enumerate(pages, start=1):
        width, height = (float(side) for side in re.search(r'width="([\d.]+)" height="([\d.]+)"', page).groups())
        for *box, word in _BOX.findall(page):
            left, top, right, bottom = map(float, box)
            if left < margin or top < margin or right > width - margin or bottom > height - margin:
                found.append((number, word))
    return found


_BOX = re.compile(r'<word xMin="(-?[\d.]+)" yMin="(-?[\d.]+)" xMax="(-?[\d.]+)" yMax="(-?[\d.]+)">(.*?)</word>')

"""The Word file as a whole: pages, header and footer, properties, and bytes that do not depend on the clock."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from io import BytesIO
from itertools import groupby
from typing import Any

from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm
from lxml import etree

from neurohlh.report.blocks import Document
from neurohlh.report.render.word.body import Piece
from neurohlh.report.render.word.markup import NAMESPACES, field, paragraph, run
from neurohlh.report.render.word.styles import font_entry

_SHORT, _LONG, _MARGIN = 11906, 16838, 1247  # A4 in twentieths of a point
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def assemble(word: WordDocument, document: Document, pieces: Sequence[Piece]) -> None:
    """Put the pieces into the body, each run of upright or turned pages as a section of its own."""
    _furnish(word, document)
    body = word.element.body
    references = "".join(
        etree.tostring(found, encoding="unicode")
        for kind in ("w:headerReference", "w:footerReference")
        for found in body.sectPr.findall(qn(kind))
    )
    runs = [(wide, "".join(p.text for p in some)) for wide, some in groupby(pieces, key=lambda p: p.wide)]
    text = ""
    for place, (wide, inner) in enumerate(runs):
        page = _page(wide, references)
        text += inner + page if place == len(runs) - 1 else _closed(inner, page)
    filled = parse_xml(f"<w:body {NAMESPACES}>{text}</w:body>")
    body.getparent().replace(body, filled)
    _describe(word, document)


def _closed(text: str, page: str) -> str:
    """A run of pages that ends with its last paragraph: one more would start an empty page where the last is full."""
    gap = paragraph("TableEnd", "")
    if text.endswith(f"</w:p>{gap}"):
        text = text.removesuffix(gap)
    before, _, last = text.rpartition("<w:pPr>")
    return f"{before}<w:pPr>{last.replace('</w:pPr>', f'{page}</w:pPr>', 1)}"


def _page(wide: bool, references: str) -> str:
    width, height = (_LONG, _SHORT) if wide else (_SHORT, _LONG)
    turned = ' w:orient="landscape"' if wide else ""
    sides = " ".join(f'w:{side}="{_MARGIN}"' for side in ("top", "right", "bottom", "left"))
    return (
        f'<w:sectPr>{references}<w:pgSz w:w="{width}" w:h="{height}"{turned}/>'
        f'<w:pgMar {sides} w:header="600" w:footer="600" w:gutter="0"/></w:sectPr>'
    )


def _furnish(word: WordDocument, document: Document) -> None:
    """Header: the banner of synthetic data, or the title. Footer: the page and how many there are."""
    section = word.sections[0]
    section.header_distance = section.footer_distance = Cm(1)
    _replace(section.header, paragraph("Header", run(document.banner or document.title)))
    pages = field("PAGE", "1") + run(" / ") + field("NUMPAGES", "1")
    _replace(section.footer, paragraph("Footer", pages, '<w:jc w:val="center"/>'))


def _replace(part: Any, content: str) -> None:
    part.is_linked_to_previous = False
    element = part._element
    for old in list(element):
        element.remove(old)
    element.append(parse_xml(content.replace("<w:p>", f"<w:p {NAMESPACES}>", 1)))


def _describe(word: WordDocument, document: Document) -> None:
    """Title and language; no date, author or machine, so that the same document gives the same bytes."""
    properties = word.core_properties
    properties.title, properties.subject = document.title, document.subtitle
    properties.language = "zh-CN" if document.lang == "zh" else "en-GB"
    properties.author = properties.last_modified_by = properties.comments = properties.keywords = ""
    for name in ("dcterms:created", "dcterms:modified"):
        for found in properties._element.findall(qn(name)):
            properties._element.remove(found)
    compat = word.settings.element.find(qn("w:compat"))
    for setting in compat.findall(qn("w:compatSetting")):
        if setting.get(qn("w:name")) == "compatibilityMode":
            setting.set(qn("w:val"), "15")
    _add_font(word)
    relations = word.part.package.rels
    for key in [k for k, r in relations.items() if r.reltype.endswith("/thumbnail")]:
        del relations[key]


def _add_font(word: WordDocument) -> None:
    part = word.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    table = etree.fromstring(part.blob)
    table.append(font_entry())
    part._blob = etree.tostring(table, xml_declaration=True, encoding="UTF-8", standalone=True)


def packed(word: WordDocument) -> bytes:
    """The file's bytes; its entries carry one fixed date."""
    made, fixed = BytesIO(), BytesIO()
    word.save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return fixed.getvalue()

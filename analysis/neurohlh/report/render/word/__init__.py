"""A document as a Word file: main text first, supplement after, the same bytes for the same document."""

from __future__ import annotations

import docx as python_docx

from neurohlh.report.blocks import Document
from neurohlh.report.numbering import Numbering
from neurohlh.report.render.word.blocks import Writer
from neurohlh.report.render.word.body import Body
from neurohlh.report.render.word.package import assemble, packed
from neurohlh.report.render.word.styles import style_document


def docx(document: Document) -> bytes:
    """The document as the bytes of a .docx file.

    Figures are PNG at 300 dpi with their text alternative, tables are native, numbers of captions and references are
    fields whose shown text is already right.
    """
    word = python_docx.Document()
    style_document(word)
    numbering = Numbering(document)
    pieces = Body(document, numbering, Writer(word, numbering)).pieces()
    assemble(word, document, pieces)
    return packed(word)

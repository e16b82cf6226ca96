"""WordprocessingML in small pieces: runs, paragraphs, fields and bookmarks as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from neurohlh.report.numbering import Label, Numbering

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # signs that XML can't hold
_TRAILING_NUMBER = re.compile(r"(.*?)(\d+)\Z", re.S)

BOLD = "<w:b/>"
RAISED = '<w:vertAlign w:val="superscript"/>'


def attribute(text: str) -> str:
    """A text as a quoted attribute value."""
    return quoteattr(_CONTROL.sub("", text))


def run(text: str, look: str = "") -> str:
    """A run of text; `look` is the inside of its w:rPr. Line ends become line breaks."""
    if not text:
        return ""
    props = f"<w:rPr>{look}</w:rPr>" if look else ""
    lines = _CONTROL.sub("", text).split("\n")
    inner = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in lines)
    return f"<w:r>{props}{inner}</w:r>"


def paragraph(style: str, content: str, props: str = "") -> str:
    """A paragraph of a style; `props` stands inside its w:pPr after the style."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{props}</w:pPr>{content}</w:p>'


def field(instruction: str, shown: str, look: str = "") -> str:
    """A field and the text that it shows until somebody has it updated."""
    props = f"<w:rPr>{look}</w:rPr>" if look else ""
    code = f'<w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText>'
    begin, separate, end = (f'<w:r>{props}<w:fldChar w:fldCharType="{at}"/></w:r>' for at in _FIELD_MARKS)
    return f"{begin}<w:r>{props}{code}</w:r>{separate}{run(shown, look)}{end}"


_FIELD_MARKS = ("begin", "separate", "end")


class Marks:
    """The bookmarks of one document: names and ids that Word accepts, the same every time."""

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._places = {anchor: place for place, anchor in enumerate(numbering.labels, start=1)}
        self._ids = 0

    def name(self, label: Label) -> str:
        """The bookmark of a label."""
        return f"_Ref{self._places[label.anchor]:06d}"

    def around(self, name: str, content: str) -> str:
        """`content` as what the bookmark `name` names."""
        self._ids += 1
        return f'<w:bookmarkStart w:id="{self._ids}" w:name="{name}"/>{content}<w:bookmarkEnd w:id="{self._ids}"/>'

    def caption(self, label: Label, look: str = BOLD) -> str:
        """'Table 7' with its number as a sequence field, bookmarked; 'S' numbers are a sequence of their own."""
        found = _TRAILING_NUMBER.match(label.words)
        if found is None:  # a language in which the number does not come last
            return self.around(self.name(label), run(label.words, look))
        sequence = f"{label.kind}{'_S' if label.number.startswith('S') else ''}"
        number = field(rf"SEQ {sequence} \* ARABIC", found[2], look)
        return self.around(self.name(label), run(found[1], look) + number)

    def text(self, text: str, look: str = "") -> str:
        """A text as runs, its references as fields that point to their bookmarks."""
        return "".join(self._pieces(text, look))

    def _pieces(self, text: str, look: str) -> Iterator[str]:
        for piece in self._numbering.runs(text):
            yield run(piece, look) if isinstance(piece, str) else self.reference(piece, look)

    def reference(self, label: Label, look: str = "") -> str:
        """A reference to a label; the bookmark of a section holds its number alone."""
        if label.kind != "Section":
            return field(rf"REF {self.name(label)} \h", label.words, look)
        before, number, after = label.words.rpartition(label.number) if label.number else ("", label.words, "")
        return run(before, look) + field(rf"REF {self.name(label)} \h", number, look) + run(after, look)

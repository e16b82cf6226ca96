"""The order of a printed report: summary, contents, main text, then the supplement with all that a page would fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from neurohlh.report.blocks import Block, Document, Fold, Paragraph, Section, Table
from neurohlh.report.language import Language
from neurohlh.report.numbering import Label, Numbering, stands_behind
from neurohlh.report.render.word.blocks import Writer
from neurohlh.report.render.word.markup import field, paragraph, run
from neurohlh.report.render.word.table import widths


@dataclass(frozen=True)
class Piece:
    """Text of the body that stands on an upright or a turned page; a `leading` one goes with the piece below it."""

    text: str
    wide: bool = False
    leading: bool = False


@dataclass(frozen=True)
class Heading:
    """An entry of the contents list: its level, its words and its bookmark."""

    level: int
    words: str
    mark: str


class Body:
    """The pieces of a document in print order."""

    def __init__(self, document: Document, numbering: Numbering, writer: Writer) -> None:
        self._document, self._numbering, self._writer = document, numbering, writer
        self._say = Language(document.lang).say
        self._headings: list[Heading] = []

    def pieces(self) -> list[Piece]:
        """Title, summary, contents, main text, supplement."""
        title = [Piece(text) for text in self._title()]
        summary = list(self._section(self._document.summary))
        main = [p for s in self._document.sections if not s.supplement for p in self._section(s)]
        behind = list(self._supplement())
        contents = Piece("".join(self._contents()))
        return _oriented([*title, *summary, contents, *main, *behind])

    def _title(self) -> Iterator[str]:
        document = self._document
        if document.banner:
            yield paragraph("CalloutStop", run(document.banner))
        yield paragraph("Title", run(document.title))
        for text in (document.subtitle, document.colophon):
            if text:
                yield paragraph("Subtitle", run(text))

    def _section(self, section: Section) -> Iterator[Piece]:
        """A section of the main text; where something was moved behind, a line says where it stands."""
        yield self._section_heading(section)
        for moved, blocks in groupby(section.blocks, key=stands_behind):
            if moved:
                yield Piece(self._pointer(tuple(blocks)))
            else:
                yield from (self._piece(b, leads=b is section.blocks[0]) for b in blocks)

    def _section_heading(self, section: Section) -> Piece:
        label = self._numbering.labels[section.key]
        number = self._writer.marks.around(self._writer.marks.name(label), run(label.number or section.title))
        words = number + run(f"\N{EN SPACE}{section.title}") if label.number else number
        return self._heading(1, words, f"{label.number}\N{EN SPACE}{section.title}".strip())

    def _heading(self, level: int, runs: str, words: str) -> Piece:
        mark = f"_Toc{len(self._headings) + 1:06d}"
        self._headings.append(Heading(level, words, mark))
        return Piece(paragraph(f"Heading{level}", self._writer.marks.around(mark, runs)), leading=True)

    def _piece(self, block: Block, *, leads: bool = False) -> Piece:
        """A block; a plain sentence that `leads` a section stays with what comes below it."""
        if leads and isinstance(block, Paragraph) and block.tone == "plain":
            return Piece(paragraph("LeadIn", self._writer.marks.text(block.text)), leading=True)
        wide = isinstance(block, Table) and not block.refused() and widths(block).wide
        return Piece(self._writer.block(block), wide)

    def _pointer(self, blocks: tuple[Block, ...]) -> str:
        """Where the blocks that were moved behind the main text stand."""
        lines = [run(self._say("In the supplement:"))]
        for block in blocks:
            title = block.title if isinstance(block, Fold) else getattr(block, "caption", "")
            inner = block.blocks if isinstance(block, Fold) else (block,)
            labels = [label for one in inner for label in [self._numbering.label(one)] if label is not None]
            lines.append("<w:r><w:br/></w:r>" + run(title) + self._references(labels))
        return paragraph("Pointer", "".join(lines))

    def _references(self, labels: list[Label]) -> str:
        if not labels:
            return ""
        inner = run(", ").join(self._writer.marks.reference(label) for label in labels)
        return run(" (") + inner + run(")")

    def _supplement(self) -> Iterator[Piece]:
        """What a page folds, by section, and then the supplementary sections."""
        sections = self._document.sections
        folded = [s for s in sections if not s.supplement and any(map(stands_behind, s.blocks))]
        if folded:
            words = self._say("Supplement: further results by section")
            yield self._heading(1, run(words), words)
        for section in folded:
            yield from self._folds(section)
        for section in sections:
            if section.supplement:
                yield self._section_heading(section)
                yield from (self._piece(b) for block in section.blocks for b in _inner(block))

    def _folds(self, section: Section) -> Iterator[Piece]:
        label = self._numbering.labels[section.key]
        words = f"{label.words}: {section.title}"
        yield self._heading(2, self._writer.marks.reference(label) + run(f": {section.title}"), words)
        for block in filter(stands_behind, section.blocks):
            if isinstance(block, Fold) and not self._refused(block):
                yield Piece(paragraph("Heading3", run(block.title)), leading=True)
            yield from (self._piece(inner) for inner in _inner(block))

    def _refused(self, fold: Fold) -> bool:
        """Whether a fold begins with a table without rows, whose reason stands under the same title."""
        return isinstance(fold.blocks[0], Table) and self._numbering.label(fold.blocks[0]) is None

    def _contents(self) -> Iterator[str]:
        """The contents list as a field; without page numbers, which only the program that lays out the pages knows."""
        yield paragraph("TOCHeading", run(self._say("Contents")), "<w:pageBreakBefore/>")
        begin, rest = field(r'TOC \o "1-2" \n \h \z \u', "\0").split(run("\0"))
        last = len(self._headings) - 1
        for place, heading in enumerate(self._headings):
            link = f'<w:hyperlink w:anchor="{heading.mark}" w:history="1">{run(heading.words)}</w:hyperlink>'
            content = (begin if place == 0 else "") + link + (rest if place == last else "")
            yield paragraph(f"TOC{heading.level}", content)


def _inner(block: Block) -> tuple[Block, ...]:
    return block.blocks if isinstance(block, Fold) else (block,)


def _oriented(pieces: list[Piece]) -> list[Piece]:
    """Headings, and the sentence below one, go to the page of what they lead to."""
    found: list[Piece] = []
    for piece in reversed(pieces):
        wide = piece.wide or (piece.leading and bool(found) and found[-1].wide)
        found.append(replace(piece, wide=wide))
    return found[::-1]

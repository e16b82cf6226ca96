"""Tables, figures and sections numbered in reading order, and the references between them.

Folds, supplementary sections and very long tables are numbered apart (Table S1), since a printed report moves them
behind the main text. A text refers by anchor: '{ref:table-cox}' is read as 'Table 7'.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from neurohlh.report.blocks import Block, Document, Figure, Flow, Fold, Section, Table
from neurohlh.report.language import Language

Kind = Literal["Section", "Table", "Figure"]
_REFERENCE = re.compile(r"\{ref:([^{}]+)\}")


@dataclass(frozen=True)
class Label:
    """The number of a section, table or figure.

    `anchor` is its id on a page and its bookmark in Word, `number` '3' or 'S3', `words` what a reference reads as
    ('Table 3'), `title` its heading or caption.
    """

    kind: Kind
    number: str
    anchor: str
    words: str
    title: str


def stands_behind(block: Block) -> bool:
    """Whether print moves a block of the main text behind it: a fold, or a table of which a page shows a small part."""
    return isinstance(block, Fold) or (isinstance(block, Table) and len(block.rows) > _LONG * block.fold > 0)


_LONG = 2.5  # times the rows that stand open


class Numbering:
    """The labels of one document."""

    def __init__(self, document: Document) -> None:
        self._language = Language(document.lang)
        self._anchors: Counter[str] = Counter()
        self._numbers: Counter[tuple[Kind, bool]] = Counter()
        self._document = document  # blocks are known by identity, so they must outlive their labels
        self._of: dict[int, Label] = {}
        self.labels: dict[str, Label] = {}
        """Anchor -> label, in reading order."""
        for section in (document.summary, *document.sections):
            self._number(section)

    def label(self, thing: Block | Section) -> Label | None:
        """The label of a section, table, figure or flow of this document; None for a table without numbers."""
        return self._of.get(id(thing))

    def runs(self, text: str) -> Iterator[str | Label]:
        """A text cut at its references: plain pieces, and the labels that it refers to.

        What only looks like a reference, such as a header of a hospital's table, stays as it is written.
        """
        for i, piece in enumerate(_REFERENCE.split(text)):
            if i % 2:
                yield self.labels.get(piece, f"{{ref:{piece}}}")
            elif piece:
                yield piece

    def plain(self, text: str) -> str:
        """A text with its references written out."""
        return "".join(run if isinstance(run, str) else run.words for run in self.runs(text))

    def _number(self, section: Section) -> None:
        first = section is self._document.summary  # which stands before the numbered sections
        number = "" if first else self._next("Section", False)
        words = section.title if first else self._language.say(f"Section {number}")
        self._keep(section, Label("Section", number, section.key, words, section.title))
        for block in section.blocks:
            for one in block.blocks if isinstance(block, Fold) else (block,):
                self._number_block(one, section.supplement or stands_behind(block))

    def _number_block(self, block: Block, apart: bool) -> None:
        if isinstance(block, Table) and not block.refused():
            number = self._next("Table", apart)
            anchor = self._anchor(f"table-{block.key or 'plain'}")
            self._keep(block, Label("Table", number, anchor, self._language.say(f"Table {number}"), block.caption))
        elif isinstance(block, Figure | Flow):
            number = self._next("Figure", apart)
            label = Label(
                "Figure", number, self._anchor(block.key), self._language.say(f"Figure {number}"), block.title
            )
            self._keep(block, label)

    def _next(self, kind: Kind, apart: bool) -> str:
        self._numbers[kind, apart] += 1
        return f"{'S' if apart else ''}{self._numbers[kind, apart]}"

    def _anchor(self, key: str) -> str:
        slug = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
        self._anchors[slug] += 1
        return slug if self._anchors[slug] == 1 else f"{slug}-{self._anchors[slug]}"

    def _keep(self, thing: Block | Section, label: Label) -> None:
        self._of[id(thing)] = label
        self.labels[label.anchor] = label

"""What a document is made of: sections of paragraphs, tables, figures, callouts and lists. Display text only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar

import pandas as pd

from neurohlh.core import format as fmt

if TYPE_CHECKING:
    from neurohlh.report.language import Language


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of plain text; as 'question' or 'lead' it is set larger."""

    block: ClassVar[str] = "paragraph"
    text: str
    tone: Literal["plain", "question", "lead"] = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences; of `references` only what stands in brackets at their end is said in other languages."""

    block: ClassVar[str] = "bullets"
    items: tuple[str, ...]
    ordered: bool = False
    references: bool = False


@dataclass(frozen=True)
class Callout:
    """A boxed remark: 'note', 'caution' (read before you trust the number) or 'stop' (the number does not exist)."""

    block: ClassVar[str] = "callout"
    tone: Literal["note", "caution", "stop"]
    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Definitions:
    """Terms and what they are."""

    block: ClassVar[str] = "definitions"
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class KeyFigure:
    """A number that is read from across the room, its label, and what stands below it."""

    label: str
    value: str
    detail: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class KeyFigures:
    """The row of key figures of the summary."""

    block: ClassVar[str] = "key_figures"
    items: tuple[KeyFigure, ...]


@dataclass(frozen=True)
class Cell:
    """Display text of one cell; `sub` stands smaller below it, `note` becomes a lettered footnote.

    `value` is the number in full precision by which the column sorts (None: it sorts as text). `rows` are the rows of
    the result's frame (`Table.frame`) that the numbers of this cell come from.
    """

    text: str = ""
    sub: str = ""
    note: str = ""
    span: int = 1
    value: float | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Column:
    """One column: its head, what stands smaller below the head (unit, interval, 'n/N'), whether it holds numbers.

    Neighbours with the same `spanner` share one head above theirs; `above` is one more head above the spanner. What
    stands in a `verbatim` column (names of files, headers, settings) is the same in every language.
    """

    head: str
    sub: str = ""
    number: bool = True
    spanner: str = ""
    above: str = ""
    verbatim: bool = False


@dataclass(frozen=True)
class Row:
    """One row; the first cell is its head. 'group' rows head the rows that follow, 'sub' rows are set in.

    `indent` sets a row in by further steps: groups within groups, and the rows beneath them.
    """

    cells: tuple[Cell, ...]
    kind: Literal["body", "group", "sub"] = "body"
    indent: int = 0

    def depth(self) -> int:
        """By how many steps the head of the row is set in."""
        return self.indent + (self.kind == "sub")


@dataclass(frozen=True)
class Table:
    """A captioned table; `fold` rows are shown, the others wait behind a click (all where it is 0).

    Below it stand, in this order: the lettered notes of its cells, the `footnotes`, the `method` that made the numbers,
    and the `abbreviations` that its text uses, as (abbreviation, expansion) pairs. In a `wordy` table the first column
    holds sentences and gets more room. `frame` names the part of the result that `Cell.rows` counts.
    """

    block: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    footnotes: tuple[str, ...] = ()
    fold: int = 0
    key: str = ""
    wordy: bool = False
    method: str = ""
    abbreviations: tuple[tuple[str, str], ...] = ()
    frame: Literal["tidy", "checks"] = "tidy"

    def letters(self) -> dict[str, str]:
        """Footnote text -> its letter, in the order in which a reader meets them."""
        notes = dict.fromkeys(cell.note for row in self.rows for cell in row.cells if cell.note)
        return {note: _letter(i) for i, note in enumerate(notes)}

    def refused(self) -> bool:
        """Whether there are no numbers in it: no rows, or one column that says why."""
        return not self.rows or len(self.columns) == 1

    def reasons(self) -> tuple[str, ...]:
        """Why there are no numbers in a refused table."""
        return tuple(text for text in (*(row.cells[0].text for row in self.rows), *self.footnotes) if text)

    def shown(self) -> tuple[Row, ...]:
        """The rows that stand open."""
        return self.rows[: self.fold] if self.folded() else self.rows

    def folded(self) -> tuple[Row, ...]:
        """The rows behind the click; a handful more than `fold` are not worth one."""
        return self.rows[self.fold :] if self.fold and len(self.rows) > self.fold + 3 else ()

    def grid(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows as a rectangle: a cell over several columns is followed by as many empty ones."""
        return tuple(
            tuple(part for cell in row.cells for part in (cell, *(Cell(),) * (cell.span - 1))) for row in self.rows
        )

    def heads(self) -> tuple[str, ...]:
        """The heads of the columns as single lines: 'Adjusted: HR (95 % interval)'."""
        return tuple(
            ": ".join(part for part in (c.above, c.spanner, c.head) if part) + (f" ({c.sub})" if c.sub else "")
            for c in self.columns
        )

    def spanner_rows(self) -> tuple[tuple[tuple[str, int], ...], ...]:
        """The heads above the columns' own, the outermost first, each as runs of (text, width); only rows with text."""
        inner = _runs([(c.spanner, c.above) for c in self.columns])
        outer = _runs([(c.above, "") for c in self.columns])
        return tuple(tuple(row) for row in (outer, inner) if any(text for text, _ in row))


class Picture(ABC):
    """A drawing that is made when a renderer asks for it."""

    @abstractmethod
    def svg(self, key: str, title: str, description: str) -> str:
        """The drawing as an SVG element for a page; `key` makes its ids its own."""
        raise NotImplementedError

    @abstractmethod
    def png(self, dpi: int) -> bytes:
        """The drawing as a PNG file on white."""
        raise NotImplementedError

    @abstractmethod
    def save(self, stem: Path, formats: Sequence[str], dpi: int) -> None:
        """Write `<stem>.svg` and the like."""
        raise NotImplementedError

    @abstractmethod
    def said_in(self, language: Language) -> Picture:
        """The same drawing with its words in another language."""
        raise NotImplementedError


@dataclass(frozen=True)
class Figure:
    """A drawing, its title and caption, and in `alt` what it shows in words for those who cannot see it.

    `name` is the stem of its files (figures/<name>.svg).
    """

    block: ClassVar[str] = "figure"
    picture: Picture
    title: str
    caption: str
    key: str = ""
    alt: str = ""
    name: str = ""

    @property
    def svg(self) -> str:
        """The drawing as an SVG element with its title and its text alternative."""
        return self.picture.svg(self.key, self.title, self.alt)


@dataclass(frozen=True)
class FlowStep:
    """A box of the flow: how many are in it, and who left before it (label, number) pairs."""

    label: str
    n: str
    excluded: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Flow:
    """The flow of patients from the tables to the analysis; it is numbered among the figures.

    The last of the `steps` parts into the `branches`, which stand beside one another.
    """

    block: ClassVar[str] = "flow"
    steps: tuple[FlowStep, ...]
    branches: tuple[FlowStep, ...] = ()
    title: str = "Flow of patients"
    key: str = "fig-flow"


@dataclass(frozen=True)
class Fold:
    """Blocks behind a click: what a reader may look up but need not read."""

    block: ClassVar[str] = "fold"
    title: str
    blocks: tuple[Table | Callout | Figure | Paragraph | Definitions, ...]


Block = Paragraph | Bullets | Callout | Definitions | KeyFigures | Table | Figure | Flow | Fold
AnyBlock = TypeVar("AnyBlock", bound=Block)


@dataclass(frozen=True)
class Section:
    """A numbered heading and what stands under it; a `supplement` stands behind the main text in print."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    supplement: bool = False


@dataclass(frozen=True)
class Document:
    """A whole report; `kept` are names that the data gave (centres, cohorts): the same in every language."""

    title: str
    subtitle: str
    summary: Section
    sections: tuple[Section, ...]
    banner: str = ""
    colophon: str = ""
    lang: str = "en"
    kept: tuple[str, ...] = ()

    def find(self, kind: type[AnyBlock]) -> Iterator[AnyBlock]:
        """Every block of one kind, in reading order."""
        for section in (self.summary, *self.sections):
            for block in section.blocks:
                for one in (block, *(block.blocks if isinstance(block, Fold) else ())):
                    if isinstance(one, kind):
                        yield one


def frame_table(frame: pd.DataFrame, columns: Mapping[str, Column], caption: str, *, fold: int = 0, key: str) -> Table:
    """A frame as a table: counts as counts, empty as an empty cell; columns without any text are left out."""
    kept = {name: column for name, column in columns.items() if _has_text(frame[name])}
    rows = [Row(tuple(Cell(plain(row[name])) for name in kept)) for row in frame.to_dict("records")]
    return Table(caption, tuple(kept.values()), tuple(rows), fold=fold, key=key)


def plain(value: object) -> str:
    """A cell of a frame as text."""
    if fmt.is_missing(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)) or hasattr(value, "item"):
        return fmt.significant(float(value), 6)  # type: ignore[arg-type]
    return str(value)


def _runs(heads: list[tuple[str, str]]) -> list[tuple[str, int]]:
    """Neighbours with equal heads as one run; the second part only keeps apart what stands under different heads."""
    return [(text, len(list(run))) for (text, _), run in groupby(heads)]


def _has_text(column: pd.Series) -> bool:
    return any(plain(v) for v in column.tolist())


def _letter(index: int) -> str:
    # a … z, aa, ab …: long tables have many notes.
    head, tail = divmod(index, 26)
    return (chr(ord("a") + head - 1) if head else "") + chr(ord("a") + tail)

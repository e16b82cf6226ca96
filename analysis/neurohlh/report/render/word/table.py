"""A display table as a native Word table: repeated heads, spans, indents, widths, and what stands below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.numbering import Label
from neurohlh.report.render.word.markup import BOLD, RAISED, Marks, attribute, paragraph, run
from neurohlh.report.render.word.styles import INK, RULE

PORTRAIT, LANDSCAPE = 9410, 14000
"""Width of the text on an upright and on a turned page of A4, in twentieths of a point."""
_PER_SIGN, _PER_BOLD_SIGN, _PADDING = 90, 104, 150  # of the 8 point type of tables, in twentieths of a point
_WORD_AT_MOST, _NUMBER_AT_MOST, _TEXT_AT_MOST = 14, 18, 44  # signs
_KEEP_WHOLE = 12
"""Tables with at most this many rows are not split over pages."""
_STEP = 170  # an indent
_MARGINS = "".join(
    f'<w:{side} w:w="{size}" w:type="dxa"/>' for side, size in (("top", 20), ("left", 60), ("right", 60))
)
# Chinese breaks after any sign; a narrow no-break space holds a number and its sign together.
_WORD = re.compile(r"[^ \n\u2e80-\uffff]+|[\u2e80-\uffff]{1,3}")


@dataclass(frozen=True)
class Widths:
    """The width of each column in twentieths of a point, and whether they need a turned page."""

    columns: tuple[int, ...]
    wide: bool


def widths(table: Table) -> Widths:
    """Columns as wide as their longest word, and of what is left each its share of what its longest line would take."""
    least, wanted = [], []
    for place, column in enumerate(table.columns):
        texts = list(_texts(table, place))
        words = [word[:_WORD_AT_MOST] for text in texts for word in _WORD.findall(text)]
        whole = [text for text in texts[::2] if column.number and signs(text) <= _NUMBER_AT_MOST]
        head = _PER_BOLD_SIGN * _longest(_WORD.findall(column.head))
        least.append(_PADDING + max(head, _PER_SIGN * _longest([*words, *whole])))
        lines = _longest([line for text in texts for line in text.split("\n")])
        wanted.append(max(least[-1], _PADDING + _PER_SIGN * min(_TEXT_AT_MOST, lines)))
    wide = sum(least) > PORTRAIT
    return Widths(_shared(least, wanted, LANDSCAPE if wide else PORTRAIT), wide)


def _shared(least: list[int], wanted: list[int], room: int) -> tuple[int, ...]:
    if sum(wanted) <= room:
        return tuple(wanted)
    if sum(least) >= room:
        return tuple(w * room // sum(least) for w in least)
    spare, asked = room - sum(least), sum(wanted) - sum(least)
    return tuple(low + spare * (high - low) // asked for low, high in zip(least, wanted, strict=True))


def _texts(table: Table, place: int) -> Iterator[str]:
    """Text and small text of every cell of a column, in turn."""
    for row in table.rows:
        at = 0
        for cell in row.cells:
            if at == place and cell.span == 1:
                yield from (cell.text, cell.sub)
            at += cell.span


def _longest(texts: list[str]) -> int:
    return max((signs(text) for text in texts), default=1)


def signs(text: str) -> int:
    """How wide a text is, counted in Latin letters; Chinese signs take two."""
    return sum(2 if ord(sign) > 0x2E80 else 1 for sign in text)


def word_table(table: Table, label: Label, marks: Marks) -> str:
    """Caption with its number as a field, the table with its caption as alternative text, and the notes."""
    found = widths(table)
    caption = marks.caption(label) + run(". ", BOLD) + marks.text(table.caption)
    rows = "".join((*_heads(table), *_rows(table, marks)))
    name = attribute(label.words)
    about = attribute(table.caption)
    properties = (
        f'<w:tblPr><w:tblW w:w="{sum(found.columns)}" w:type="dxa"/><w:tblBorders>{_rule("top", 8, INK)}'
        f'{_rule("bottom", 8, INK)}{_rule("insideH", 2, RULE)}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        f"<w:tblCellMar>{_MARGINS}</w:tblCellMar>"
        f'<w:tblLook w:val="0620" w:firstRow="1"/><w:tblCaption w:val={name}/>'
        f"<w:tblDescription w:val={about}/></w:tblPr>"
    )
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in found.columns)
    body = f"<w:tbl>{properties}<w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
    notes = "".join(_notes(table, marks))
    return paragraph("Caption", caption, "<w:keepNext/>") + body + notes + paragraph("TableEnd", "")


def _rule(side: str, size: int, colour: str) -> str:
    return f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="{colour}"/>'


def _heads(table: Table) -> Iterator[str]:
    """The spanners, outermost first, and the columns' own heads; all of them stand again on every page."""
    for runs in table.spanner_rows():
        cells = (_cell(paragraph("TableText", run(text, BOLD), _PLACED["center"]), n, bool(text)) for text, n in runs)
        yield _row("".join(cells), head=True)
    own = (_cell(_paragraphs(c.head, c.sub, c.number, BOLD), 1, True) for c in table.columns)
    yield _row("".join(own), head=True)


_PLACED = {"center": '<w:keepNext/><w:jc w:val="center"/>'}


def _paragraphs(text: str, sub: str, number: bool, look: str) -> str:
    props = "<w:keepNext/>" + ('<w:jc w:val="right"/>' if number else "")
    below = paragraph("TableSub", run(sub), props) if sub else ""
    return paragraph("TableText", run(text, look), props) + below


def _row(cells: str, *, head: bool = False) -> str:
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{cells}</w:tr>"


def _cell(content: str, span: int, ruled: bool = False) -> str:
    spans = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    borders = f"<w:tcBorders>{_rule('bottom', 4, INK)}</w:tcBorders>" if ruled else ""
    return f'<w:tc><w:tcPr>{spans}{borders}<w:vAlign w:val="bottom"/></w:tcPr>{content}</w:tc>'


def _rows(table: Table, marks: Marks) -> Iterator[str]:
    letters = table.letters()
    small = len(table.rows) <= _KEEP_WHOLE
    for place, row in enumerate(table.rows):
        # a heading row stays with the row below it; a small table stays together
        keep = row is not table.rows[-1] and (small or place == 0 or row.kind == "group")
        yield _body_row(row, table.columns, lambda note: letters[note], marks, keep)


def _body_row(row: Row, columns: tuple[Column, ...], letter: Callable[[str], str], marks: Marks, keep: bool) -> str:
    cells, at = [], 0
    for place, cell in enumerate(row.cells):
        last = place == len(row.cells) - 1
        span = len(columns) - at if last else cell.span  # a row with fewer cells fills the table
        content = _content(cell, letter, marks, row, keep, first=place == 0, number=columns[at].number)
        cells.append(f'<w:tc><w:tcPr>{_span(span)}<w:vAlign w:val="top"/></w:tcPr>{content}</w:tc>')
        at += span
    return _row("".join(cells))


def _span(span: int) -> str:
    return f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""


def _content(
    cell: Cell, letter: Callable[[str], str], marks: Marks, row: Row, keep: bool, *, first: bool, number: bool
) -> str:
    indent = row.depth() * _STEP if first else 0
    props = "<w:keepNext/>" if keep else ""
    props += f'<w:ind w:left="{indent}"/>' if indent else ""
    props += '<w:jc w:val="right"/>' if number and not first else ""
    look = BOLD if row.kind == "group" else ""
    note = run(letter(cell.note), RAISED) if cell.note else ""
    below = paragraph("TableSub", marks.text(cell.sub), props) if cell.sub else ""
    return paragraph("TableText", marks.text(cell.text, look) + note, props) + below


def _notes(table: Table, marks: Marks) -> Iterator[str]:
    for note, letter in table.letters().items():
        yield paragraph("TableNote", run(letter, RAISED) + run(" ") + marks.text(note))
    for note in (*table.footnotes, table.method):
        if note:
            yield paragraph("TableNote", marks.text(note))
    if table.abbreviations:
        said = "; ".join(f"{short}: {long}" for short, long in table.abbreviations)
        yield paragraph("TableNote", run(f"{said}."))

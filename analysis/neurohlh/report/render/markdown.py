"""Tables as GitHub's Markdown: a caption, a pipe table, its notes, its method and its abbreviations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from neurohlh.report.blocks import Cell, Row, Table

_SPECIAL = re.compile(r"([\\`*_\[\]|$~#])")
_INDENT = "&emsp;"


def markdown(tables: Iterable[Table]) -> str:
    """The tables one below the other; every text stands as it is in the table, with Markdown's own signs escaped."""
    return "\n\n".join("\n".join(_lines(table)) for table in tables) + "\n"


def _lines(table: Table) -> Iterator[str]:
    letters = table.letters()
    yield f"**{_plain(table.caption)}**"
    yield ""
    yield _row(_plain(head) for head in table.heads())
    yield _row("---:" if column.number else ":---" for column in table.columns)
    for row, cells in zip(table.rows, table.grid(), strict=True):
        head, *rest = cells
        yield _row((_head(row, head, letters), *(_cell(cell, letters) for cell in rest)))
    for note, letter in letters.items():
        yield from ("", f"<sup>{letter}</sup> {_plain(note)}")
    for note in (*table.footnotes, table.method):
        yield from ("", _plain(note)) if note else ()
    if table.abbreviations:
        said = "; ".join(f"{short}: {long}" for short, long in table.abbreviations)
        yield from ("", f"{_plain(said)}.")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(row: Row, cell: Cell, letters: dict[str, str]) -> str:
    text = _cell(cell, letters)
    return _INDENT * row.depth() + (f"**{text}**" if row.kind == "group" and text else text)


def _cell(cell: Cell, letters: dict[str, str]) -> str:
    mark = f"<sup>{letters[cell.note]}</sup>" if cell.note else ""
    below = f"<br>{_plain(cell.sub)}" if cell.sub else ""
    return f"{_plain(cell.text)}{mark}{below}"


def _plain(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", escaped).replace("\n", "<br>")

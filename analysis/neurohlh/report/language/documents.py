"""A document in another language: every text of its blocks, found by walking the dataclasses they are made of."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from neurohlh.report.blocks import Bullets, Document, Row, Table

if TYPE_CHECKING:
    from neurohlh.report.language import Language


NOT_SAID = frozenset({"key", "kind", "tone", "name", "frame", "lang", "block", "kept"})
"""Fields that name a thing for the machine; every other text is for the reader."""


def translated(document: Document, language: Language) -> Document:
    """`document` with every text said in `language`, its pictures too.

    Names that the data gave and a title that the study gave stay, and so does what stands in a verbatim column.
    """
    said: Document = _said(document, language.keeping((*document.kept, document.title)))
    return replace(said, lang=language.code)


def _said(value: Any, language: Language) -> Any:
    if isinstance(value, str):
        return language.say(value)
    if isinstance(value, tuple):
        return tuple(_said(item, language) for item in value)
    if isinstance(value, Table):
        rows = tuple(_row(value, row, language) for row in value.rows)
        made = _fields(replace(value, rows=()), language)
        # Where the language writes the abbreviation out, there is nothing to explain.
        explained = tuple((short, long) for short, long in made.abbreviations if short != long)
        return replace(made, rows=rows, abbreviations=explained)
    if isinstance(value, Bullets) and value.references:
        return replace(value, items=tuple(_reference(item, language) for item in value.items))
    if hasattr(value, "said_in"):
        return value.said_in(language)
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value, language)
    return value


def _reference(text: str, language: Language) -> str:
    """A publication as it was printed, and what is said of it, in brackets, in the language."""
    found = re.fullmatch(r"(.*) \[(.*)\]", text, re.S)
    return f"{found[1]} [{language.say(found[2])}]" if found else text


def _fields(value: Any, language: Language) -> Any:
    changed = {f.name: _said(getattr(value, f.name), language) for f in fields(value) if f.name not in NOT_SAID}
    return replace(value, **changed)


def _row(table: Table, row: Row, language: Language) -> Row:
    """A row of a table; a cell under a verbatim column keeps its text, but not what stands below or beside it."""
    cells = []
    for place, cell in enumerate(row.cells):
        verbatim = place < len(table.columns) and table.columns[place].verbatim
        said = _said(replace(cell, text="") if verbatim else cell, language)
        cells.append(replace(said, text=cell.text) if verbatim else said)
    return replace(row, cells=tuple(cells))

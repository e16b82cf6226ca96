"""The abbreviations line of a table: those that its own text uses, with what they stand for."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import resources

from neurohlh.report.blocks import Table


def with_abbreviations(table: Table) -> Table:
    """The table with the abbreviations that it uses, in alphabetical order, expanded in English."""
    found = {m[1] for text in _texts(table) for m in _pattern().finditer(text)}
    known = expansions("en")
    return replace(table, abbreviations=tuple((short, known[short]) for short in sorted(found, key=str.casefold)))


@cache
def expansions(code: str) -> dict[str, str]:
    """Abbreviation -> what it stands for in the language `code` ('en' or 'zh')."""
    text = resources.files("neurohlh.catalogue").joinpath("abbreviations.csv").read_text(encoding="utf-8")
    return {row["abbreviation"]: row[code] for row in csv.DictReader(text.splitlines())}


@cache
def _pattern() -> re.Pattern[str]:
    # As a word of its own, also as a plural ('MRIs') or beside a hyphen ('CNS-HLH'); never a part of 'HLH6'.
    words = sorted(expansions("en"), key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z0-9])({'|'.join(map(re.escape, words))})(?=s?(?![A-Za-z0-9]))")


def _texts(table: Table) -> Iterator[str]:
    yield from (table.caption, table.method, *table.footnotes)
    for column in table.columns:
        yield from (column.head, column.sub, column.spanner, column.above)
    for row in table.rows:
        for cell in row.cells:
            yield from (cell.text, cell.sub, cell.note)

"""Reporting checklists as data: each item with where this very report answers it, or who must.

An item counts as answered only where the sections, tables and figures that answer it are in the document. A table that
says no more than why there is no number answers nothing: it has no number, so no anchor.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Literal

from neurohlh.report.blocks import Block, Callout, Cell, Column, Document, Paragraph, Row, Section, Table
from neurohlh.report.numbering import Numbering

Answer = Literal["report", "part", "authors", "never"]
CHECKLISTS = {
    "strobe": "STROBE checklist for cohort studies",
    "record": "RECORD checklist for routinely collected health data",
    "tripod_ai": "TRIPOD+AI checklist for prediction models",
}
"""File of the catalogue -> caption."""
_PREDICTION = "table-prediction-model"
_STATUS = {"V2": "items as a secondary source prints them", "M": "items from memory, to be held against the source"}


@dataclass(frozen=True)
class Item:
    """One item of a checklist, in our own words.

    `answer` is 'report' (a full report answers it), 'part' (in part; `authors` says what they add), 'authors' (only
    they can) or 'never' (not applicable; `authors` holds the reason). `where` are the anchors that must all be there;
    each is a tuple of anchors of which one is enough.
    """

    item: str
    section: str
    topic: str
    wording: str
    answer: Answer
    where: tuple[tuple[str, ...], ...]
    authors: str
    source: str
    status: str


@dataclass(frozen=True)
class Resolved:
    """How an item stands in one report: 'Answered', 'In part' and so on, and where or why."""

    standing: str
    text: str


@cache
def items(name: str) -> tuple[Item, ...]:
    """The items of a checklist, in their order."""
    path = resources.files("neurohlh.catalogue").joinpath(f"checklists/{name}.csv")
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return tuple(Item(**row | {"where": tuple(tuple(one.split("|")) for one in row["where"].split())}) for row in rows)


def resolve(item: Item, anchors: Collection[str]) -> Resolved:
    """How an item stands in a report that holds `anchors`."""
    if item.answer == "never":
        return Resolved("Not applicable", item.authors)
    if item.answer == "authors":
        return Resolved("The authors write it", _known(item.authors, anchors))
    found = [next((a for a in one if a in anchors), "") for one in item.where]
    there = ", ".join(dict.fromkeys(f"{{ref:{anchor}}}" for anchor in found if anchor))
    if not there:
        return Resolved("Not answered", "This report holds nothing on it: the authors say why.")
    if not all(found):
        return Resolved("In part", f"{there}. The rest of it is not in this report: the authors say why.")
    if item.answer == "part":
        return Resolved("In part", f"{there}. The authors add: {item.authors}")
    return Resolved("Answered", f"{there}.")


def _known(text: str, anchors: Collection[str]) -> str:
    """A text without the sentence part that refers to what is not there."""
    missing = "{ref:" in text and not any(f"{{ref:{anchor}}}" in text for anchor in anchors)
    return f"{text.partition(';')[0]}." if missing else text


def with_checklists(document: Document, *, before: str, case_series: bool) -> Document:
    """The document with its checklists as a supplementary section, placed before the section of that key."""
    anchors = Numbering(document).labels
    blocks = _case_series() if case_series else tuple(_tables(anchors))
    made = Section("checklists", "Reporting checklists", blocks, supplement=True)
    keys = [s.key for s in document.sections]
    place = keys.index(before) if before in keys else len(keys)
    sections = (*document.sections[:place], made, *document.sections[place:])
    return replace(document, sections=sections)


def _case_series() -> tuple[Block, ...]:
    said = (
        "STROBE and RECORD are for cohorts. These patients were chosen for being remarkable, so that their checklists "
        "would ask for what such a series cannot give.",
    )
    return (Callout("note", "No checklist fits these patients", said),)


def _tables(anchors: Collection[str]) -> Iterator[Block]:
    yield Paragraph(
        "Where this report answers an item, and what only the authors can write. An item counts as answered only where "
        "the section, table or figure that answers it is in this report."
    )
    for name, caption in CHECKLISTS.items():
        if name != "tripod_ai" or _PREDICTION in anchors:
            yield _table(name, caption, anchors)


def _table(name: str, caption: str, anchors: Collection[str]) -> Table:
    rows: list[Row] = []
    for section, some in groupby(items(name), key=lambda item: item.section):
        rows.append(Row((Cell(section, span=4),), "group"))
        for item in some:
            found = resolve(item, anchors)
            cells = (Cell(item.item), Cell(item.topic, sub=item.wording), Cell(found.standing), Cell(found.text))
            rows.append(Row(cells, "sub"))
    heads = ("Item", "Topic", "Standing", "Where, or what is missing")
    columns = tuple(Column(head, number=False) for head in heads)
    first = items(name)[0]
    kinds = dict.fromkeys(item.status for item in items(name))
    notes = (*(f"{first.source}: {_STATUS[kind]}." for kind in kinds), "The wording is ours and short.")
    return Table(caption, columns, tuple(rows), notes, fold=12, key=f"checklist-{name}")

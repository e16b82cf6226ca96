"""A table as a great_tables object, for notebooks in which a reader goes on styling; it asks nothing of the network."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import pandas as pd

from neurohlh.report.blocks import Cell, Table

_STEP = 15
"""Pixels by which a row is set in at each step."""


def gt(table: Table) -> Any:
    """The table as a `great_tables.GT`: spanners, rows that head others, set-in rows, notes below.

    Cells hold the text that every other rendering shows; numbers are formatted already, so that great_tables' own
    formatters have nothing to do.
    """
    import great_tables as gt_package  # a notebook asks for it; nothing else should wait for it

    letters = table.letters()
    names = [f"c{i}" for i in range(len(table.columns))]
    frame = pd.DataFrame([[_html(cell, letters) for cell in row] for row in table.grid()], columns=names, dtype=object)
    ident = re.sub(r"[^a-z0-9]+", "-", f"table-{table.key or 'plain'}".lower()).strip("-")  # else it is a random one
    made = gt_package.GT(frame, id=ident).fmt_passthrough(columns=names, escape=False)
    heads = {n: _head(c.head, c.sub) for n, c in zip(names, table.columns, strict=True)}
    made = made.tab_header(title=table.caption).cols_label(cases={n: gt_package.html(h) for n, h in heads.items()})
    made = made.cols_align("right", columns=[n for n, c in zip(names, table.columns, strict=True) if c.number])
    return _notes(_rows(_spanners(made, table, names), table, names[0]), table, letters)


def _spanners(made: Any, table: Table, names: list[str]) -> Any:
    rows = table.spanner_rows()
    for level, runs in enumerate(reversed(rows)):
        start = 0
        for place, (text, width) in enumerate(runs):
            if text:
                ident = f"spanner-{level}-{place}"
                made = made.tab_spanner(label=text, columns=names[start : start + width], id=ident, level=level)
            start += width
    return made


def _rows(made: Any, table: Table, first: str) -> Any:
    from great_tables import loc, style

    for depth in sorted({row.depth() for row in table.rows} - {0}):
        places = [i for i, row in enumerate(table.rows) if row.depth() == depth]
        padding = style.css(f"padding-left: {_STEP * depth}px;")
        made = made.tab_style(style=padding, locations=loc.body(columns=first, rows=places))
    heads = [i for i, row in enumerate(table.rows) if row.kind == "group"]
    if heads:
        made = made.tab_style(style=style.text(weight="bold"), locations=loc.body(rows=heads))
    return made


def _notes(made: Any, table: Table, letters: dict[str, str]) -> Any:
    from great_tables import html

    for note, letter in letters.items():
        made = made.tab_source_note(html(f"<sup>{letter}</sup> {escape(note)}"))
    for note in (*table.footnotes, table.method):
        made = made.tab_source_note(html(escape(note))) if note else made
    if table.abbreviations:
        said = "; ".join(f"{short}: {long}" for short, long in table.abbreviations)
        made = made.tab_source_note(html(f"{escape(said)}."))
    return made


def _head(head: str, sub: str) -> str:
    return f"{escape(head)}<br><small>{escape(sub)}</small>" if sub else escape(head)


def _html(cell: Cell, letters: dict[str, str]) -> str:
    mark = f"<sup>{letters[cell.note]}</sup>" if cell.note else ""
    lines = "".join(f"<br><small>{escape(line)}</small>" for line in cell.sub.splitlines())
    return f"{escape(cell.text)}{mark}{lines}"

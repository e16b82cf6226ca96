"""Results as display tables and in their renderings: one layout per kind, numbers formatted here and nowhere before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Table
from neurohlh.report.names import Names
from neurohlh.report.tables import describe, published, styles, survival, tidy
from neurohlh.report.tables.abbreviations import with_abbreviations

_LAYOUTS: dict[str, Callable[[Result, Names], tuple[Table, ...]]] = {
    "completeness": describe.completeness,
    "table1": describe.table1,
    "frequency": describe.frequency,
    "testing": describe.testing,
    "two_by_two": describe.two_by_two,
    "kaplan_meier": survival.kaplan_meier,
    "kaplan_meier_reverse": survival.followup,
    "reverse_kaplan_meier": survival.followup,
    "logrank": survival.logrank,
    "cox": survival.cox,
    "cox_bounds": survival.cox_bounds,
    **dict.fromkeys(published.KINDS, published.published),
}


def tables_of(result: Result, names: Names | None = None) -> tuple[Table, ...]:
    """The display tables of a result; a kind without a layout of its own shows its rows and checks."""
    names = (names or Names()).with_result(result)
    placed = result.with_(tidy=result.tidy.reset_index(drop=True), checks=result.checks.reset_index(drop=True))
    made = _LAYOUTS.get(result.kind, tidy.tidy)(placed, names)
    return tuple(with_abbreviations(table) for table in made)


def to_tables(result: Result, style: str | None = None) -> tuple[Table, ...]:
    """The display tables of a result with the numbers in a journal's style (None: the style in force).

    Raises InputError for a style that is not known.
    """
    with fmt.journal(styles.load(style) if style else fmt.current()):
        return tables_of(result)


# The engines of the renderings load only when something is rendered.


def to_html(result: Result, style: str | None = None) -> str:
    """A result as an HTML fragment that carries its own look, for a notebook."""
    from neurohlh.report.render.html import fragment

    return fragment(to_tables(result, style))


def to_markdown(result: Result, style: str | None = None) -> str:
    """The tables of a result as GitHub's Markdown, one below the other."""
    from neurohlh.report.render.markdown import markdown

    return markdown(to_tables(result, style))


def to_csv(result: Result, style: str | None = None, table: int = 0) -> str:
    """One table of a result as it is displayed, as CSV; IndexError where there is no such table."""
    from neurohlh.report.render.delimited import csv

    return csv(to_tables(result, style)[table])


def to_gt(result: Result, style: str | None = None, table: int = 0) -> Any:
    """One table of a result as a `great_tables.GT`; IndexError where there is no such table."""
    from neurohlh.report.render.gt import gt

    return gt(to_tables(result, style)[table])

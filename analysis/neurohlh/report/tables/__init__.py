"""Results as display tables and as HTML: one layout per kind, numbers formatted here and nowhere before."""

from __future__ import annotations

from collections.abc import Callable

from neurohlh.core.result import Result
from neurohlh.report.blocks import Table
from neurohlh.report.names import Names
from neurohlh.report.tables import describe, published, survival, tidy
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


def to_html(result: Result) -> str:
    """A result as an HTML fragment that carries its own style, for a notebook."""
    from neurohlh.report.render.html import fragment  # the template engine loads only when something is rendered

    return fragment(tables_of(result))

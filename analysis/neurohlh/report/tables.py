"""Results as display tables and as HTML: one layout per kind, numbers formatted here and nowhere before."""

from __future__ import annotations

from collections.abc import Callable

from neurohlh.core.result import Result
from neurohlh.report import tables_describe, tables_published, tables_survival, tables_tidy
from neurohlh.report.blocks import Table
from neurohlh.report.names import Names

_LAYOUTS: dict[str, Callable[[Result, Names], tuple[Table, ...]]] = {
    "completeness": tables_describe.completeness,
    "table1": tables_describe.table1,
    "frequency": tables_describe.frequency,
    "testing": tables_describe.testing,
    "two_by_two": tables_describe.two_by_two,
    "kaplan_meier": tables_survival.kaplan_meier,
    "kaplan_meier_reverse": tables_survival.followup,
    "reverse_kaplan_meier": tables_survival.followup,
    "logrank": tables_survival.logrank,
    "cox": tables_survival.cox,
    "cox_bounds": tables_survival.cox_bounds,
    **dict.fromkeys(tables_published.KINDS, tables_published.published),
}


def tables_of(result: Result, names: Names | None = None) -> tuple[Table, ...]:
    """The display tables of a result; a kind without a layout of its own shows its rows and checks."""
    names = (names or Names()).with_result(result)
    return _LAYOUTS.get(result.kind, tables_tidy.tidy)(result, names)


def to_html(result: Result) -> str:
    """A result as an HTML fragment that carries its own style, for a notebook."""
    from neurohlh.report.render import fragment  # the template engine loads only when something is rendered

    return fragment(tables_of(result))

"""What a risk table says: its heading, the numbers of each row, and what was suppressed in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.panels import Panel
from neurohlh.report.names import Names

SUPPRESSED = "*"
"""Stands for a number that was suppressed; a note says so."""
COUNTS = ("n_risk", "weight_risk", "n_event", "n_censor")
_HEADINGS = {
    ("n_risk",): "At risk",
    ("n_risk", "n_event"): "At risk ({events})",
    ("n_risk", "n_censor"): "At risk (censored)",
    ("n_risk", "n_event", "n_censor"): "At risk ({events}; censored)",
    ("n_risk", "weight_risk"): "At risk (weighted)",
    ("n_risk", "weight_risk", "n_event"): "At risk (weighted; {events})",
    ("weight_risk",): "At risk, weighted",
}


def heading(wanted: Sequence[str], events: str, names: Names) -> str:
    """The heading of a risk table that counts `wanted`; '' if it counts nothing.

    `events` is the word for what happens. Raises ValueError for counts that no risk table shows.
    """
    if not wanted:
        return ""
    if tuple(wanted) not in _HEADINGS:
        known = "; ".join(", ".join(counts) for counts in _HEADINGS)
        raise ValueError(f"a risk table counts one of: {known}; not {', '.join(wanted)}")
    return names.say(_HEADINGS[tuple(wanted)].format(events=events))


def risk_rows(result: Result, wanted: Sequence[str], panel: str = "") -> dict[str, dict[float, str]]:
    """The numbers of a risk table as texts, by group and time; nothing if `wanted` is empty."""
    rows: dict[str, dict[float, str]] = {}
    for row in result.method.get("risk_table", []) if wanted else ():
        if str(row.get("panel", "")) == panel:
            rows.setdefault(str(row["group"]), {})[float(row["time"])] = _text(row, wanted)
    return rows


def _text(row: Mapping[str, Any], wanted: Sequence[str]) -> str:
    first, *others = (_number(row.get(count), count) for count in wanted)
    return f"{first} ({'; '.join(others)})" if others else first


def _number(value: Any, count: str) -> str:
    if fmt.is_suppressed(value):
        return SUPPRESSED
    return fmt.fixed(value, 1) if count == "weight_risk" else fmt.integer(value)


def suppressed_note(made: Iterable[Panel], names: Names) -> tuple[str, ...]:
    """What the sign of a suppressed number means, where the risk tables show it."""
    texts = [text for panel in made for row in panel.rows.values() for text in row.values()]
    return (names.say("* suppressed: too few patients."),) if any(SUPPRESSED in text for text in texts) else ()

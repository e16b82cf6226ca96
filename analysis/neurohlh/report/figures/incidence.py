"""Cumulative incidence of competing events with its risk table: a plot per event, or stacked by group."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures import panels
from neurohlh.report.figures.look import Drawing
from neurohlh.report.figures.risk import heading, risk_rows, suppressed_note
from neurohlh.report.figures.time_axis import time_axis
from neurohlh.report.names import Names

_TOPS = (0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Where the scale may end: each a round number of per cent in quarters or halves."""


def cumulative_incidence(
    result: Result,
    names: Names,
    *,
    x_label: str | None = None,
    width: float = panels.WIDTH,
    stacked: bool = False,
    bands: bool = True,
    risk: bool = True,
    test: bool = True,
    unit: str = "auto",
) -> Drawing:
    """A plot per kind of event with a curve per group, or (`stacked`) a plot per group with the events on one another.

    All plots share one scale, which ends at 100 % where stacked. The risk table counts who had no event yet, and the
    events of any kind until then. `test` writes the p values that the Result carries.
    """
    ticks, texts, axis_label = time_axis(result, unit, x_label, names)
    groups, causes = (list(dict.fromkeys(result.curves[c])) for c in ("group", "cause"))
    of_group = {str(g): names.say(names.group(str(g))) for g in groups}
    of_cause = {str(c): names.say(_capital(names.prose(str(c)))) for c in causes}
    rows = risk_rows(result, ("n_risk", "n_event")) if risk else {}
    make = _stacked if stacked else _by_cause
    made = make(result, of_group, of_cause, rows, names, test=test)
    sheet = panels.Sheet(
        made, of_cause if stacked else of_group, ticks, texts, axis_label, names.say("Cumulative incidence"),
        heading(("n_risk", "n_event"), "events", names) if rows else "",
        {_ALL: names.say("Patients")} if stacked else {},
        suppressed_note(made, names), top=1.0 if stacked else _top(result.curves, bands), bands=bands,
    )  # fmt: skip
    return panels.draw(sheet, width)


_ALL = "all"


def _by_cause(
    result: Result, of_group: Mapping[str, str], of_cause: Mapping[str, str], rows: panels.Rows, names: Names, *,
    test: bool,
) -> tuple[panels.Panel, ...]:  # fmt: skip
    made = []
    for cause, label in of_cause.items():
        part = result.curves[result.curves["cause"] == cause]
        curves = tuple(_curve(str(g), own) for g, own in part.groupby("group", sort=False))
        made.append(panels.Panel(label, curves, rows=rows, note=_tested(result, cause, names) if test else ""))
    return tuple(made)


def _curve(group: str, part: pd.DataFrame) -> panels.Curve:
    numbers = {c: _from_zero(part[c], 0.0) for c in ("time", "incidence", "conf_low", "conf_high")}
    sparse = np.concatenate([[False], part["sparse"].to_numpy(bool)])
    return panels.Curve(group, numbers["time"], numbers["incidence"], numbers["conf_low"], numbers["conf_high"], sparse)


def _from_zero(column: pd.Series, start: float) -> panels.Floats:
    """The column with the beginning of the curve, where nothing has happened yet, in front."""
    return np.concatenate([[start], column.to_numpy(float)])


def _tested(result: Result, cause: str, names: Names) -> str:
    found = result.method.get("picture", {}).get("tests", {}).get(cause)
    return names.say(f"{found['name']}: {fmt.p_equals(found['p_value'])}.") if found else ""


def _stacked(
    result: Result, of_group: Mapping[str, str], of_cause: Mapping[str, str], rows: panels.Rows, names: Names, *,
    test: bool,
) -> tuple[panels.Panel, ...]:  # fmt: skip
    made = []
    for group, label in of_group.items():
        part = result.curves[result.curves["group"] == group]
        areas: list[panels.Area] = []
        for cause in of_cause:
            own = part[part["cause"] == cause]
            time, share = _from_zero(own["time"], 0.0), _from_zero(own["incidence"], 0.0)
            below = areas[-1].above if areas else np.zeros(len(time))
            areas.append(panels.Area(cause, time, below, below + share))
        shown = {_ALL: rows[group]} if group in rows else {}
        made.append(panels.Panel(label if len(of_group) > 1 else "", areas=tuple(areas), rows=shown))
    return tuple(made)


def _top(curves: pd.DataFrame, bands: bool) -> float:
    """The end of the scale: the least round share above every curve and, where they are drawn, every upper limit."""
    reached = curves["incidence"].to_numpy(float)
    limits = curves["conf_high"].to_numpy(float) if bands else reached
    highest = max(np.nanmax(reached, initial=0.0), np.nanmax(limits, initial=0.0))
    return next((top for top in _TOPS if top >= highest), 1.0)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

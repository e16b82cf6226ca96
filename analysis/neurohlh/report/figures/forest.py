"""A forest of any estimates: lines under headings, counts and numbers at the side, each mark by the part it plays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.look import ACCENT, GRID, INK, MUTED, Drawing, axes, canvas, text_width, write
from neurohlh.report.names import Names

WARNING = "#d55e00"
_ROW, _PLOT, _INDENT, _SIZE = 0.25, 2.9, 10, 9
_WIDEST_LABEL = 4.2
_HEAD = "estimate (interval)"
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_LOOK: dict[str, dict[str, Any]] = {
    "main": {"marker": "s", "mfc": ACCENT, "mec": ACCENT, "colour": ACCENT, "ms": 7},
    "other": {"marker": "o", "mfc": "white", "mec": MUTED, "colour": MUTED, "ms": 6},
    "warning": {"marker": "X", "mfc": WARNING, "mec": WARNING, "colour": WARNING, "ms": 6},
    "published": {"marker": "s", "mfc": INK, "mec": INK, "colour": INK, "ms": 5},
    "pooled": {"marker": "D", "mfc": INK, "mec": INK, "colour": INK, "ms": 8},
    "reference": {"marker": "s", "mfc": MUTED, "mec": MUTED, "colour": MUTED, "ms": 4},
}


def forest(result: Result, names: Names) -> Drawing:
    """Estimates with intervals, from `core.pictures.FOREST_COLUMNS`; an arrow where a limit leaves the axis.

    The answer is a filled square, what stands beside it a hollow dot, a pooled estimate a diamond; a cross marks what
    is shown only as a warning.
    """
    picture = result.method["picture"]
    log = picture["scale"] == "log"
    lines = _lines(result.curves, names)
    left = min(max(text_width(line["label"], _SIZE, bold=line["head"]) for line in lines) + 0.3, _WIDEST_LABEL + 0.3)
    counts = any(line["counts"] for line in lines)
    texts = [_text(line, log) for line in lines if not line["head"]]
    side = (0.95 if counts else 0.0) + max(text_width(t, _SIZE, bold=True) for t in [*texts, _HEAD]) + 0.3
    height = _ROW * (len(lines) + 1) + 0.75
    figure = canvas(left + _PLOT + side, height)
    plot = axes(figure, left, 0.55, _PLOT, _ROW * (len(lines) + 1))
    span = _span(result.curves, log)
    _dress(plot, len(lines), span, log, str(picture["axis"]))
    x_counts, x_text = _PLOT * 72 + 12, _PLOT * 72 + 12 + (0.95 * 72 if counts else 0)
    if counts:
        counted = f"{picture.get('events', 'deaths')}/n" if result.curves["events"].notna().any() else "n"
        write(plot, counted, x_counts, 0, bold=True)
    write(plot, _HEAD, x_text, 0, bold=True)
    for y, line in enumerate(lines, start=1):
        write(plot, line["label"], 8 - left * 72 + line["indent"], y, bold=line["head"], size=_SIZE)
        if not line["head"]:
            write(plot, line["counts"], x_counts, y, size=_SIZE)
            _mark(plot, line, y, span, x_text, log)
    return figure


def _lines(curves: pd.DataFrame, names: Names) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    block = None
    for row in curves.to_dict("records"):
        if row["block"] != block:
            block = row["block"]
            if block:
                lines.append(_line(names.prose(str(block)), head=True))
        lines.append(_line(names.prose(str(row["label"])), row, indent=_INDENT if block else 0))
    return lines


def _line(label: str, row: Mapping[Any, Any] | None = None, *, head: bool = False, indent: int = 0) -> dict[str, Any]:
    room = _WIDEST_LABEL - indent / 72
    while text_width(label, _SIZE, bold=head) > room:
        label = label.removesuffix("…")[:-1].rstrip() + "…"
    found = dict(row or {})
    return {**found, "label": label, "head": head, "indent": indent, "counts": _counts(found)}


def _counts(row: Mapping[Any, Any]) -> str:
    n, events = row.get("n"), row.get("events")
    if fmt.is_missing(n):
        return ""
    return fmt.integer(n) if fmt.is_missing(events) else f"{fmt.integer(events)}/{fmt.integer(n)}"


def _mark(plot: Axes, line: Mapping[str, Any], y: int, span: tuple[float, float], x_text: float, log: bool) -> None:
    look = _LOOK[line["role"]]
    value, low, high = (_number(line[c]) for c in ("estimate", "conf_low", "conf_high"))
    write(plot, _text(line, log), x_text, y, bold=line["role"] in ("main", "pooled"), size=_SIZE)
    if line["role"] == "reference":
        plot.plot(1 if log else 0, y, look["marker"], color=look["colour"], ms=look["ms"])
    if line["role"] == "reference" or np.isnan(value):
        return
    low, high = (value if np.isnan(low) else low), (value if np.isnan(high) else high)
    if low <= span[1] and high >= span[0]:
        dashed: dict[str, Any] = {"ls": (0, (2, 1.5))} if line["role"] == "warning" else {}
        plot.plot([max(low, span[0]), min(high, span[1])], [y, y], color=look["colour"], lw=1.5, **dashed)
    for beyond, at, arrow in ((low < span[0], span[0], "<"), (high > span[1], span[1], ">")):
        if beyond:
            plot.plot(at, y, arrow, color=look["colour"], ms=5, clip_on=False)
    if span[0] <= value <= span[1]:
        plot.plot(value, y, look["marker"], mfc=look["mfc"], mec=look["mec"], mew=1.2, ms=look["ms"])


def _number(value: Any) -> float:
    return float("nan") if fmt.is_missing(value) else float(value)


def _text(line: Mapping[str, Any], log: bool) -> str:
    value, low, high = (_number(line[c]) for c in ("estimate", "conf_low", "conf_high"))
    if line["role"] == "reference" or np.isnan(value):
        return "reference" if line["role"] == "reference" else "not estimated"
    if log:
        return fmt.ratio_with_interval(value, low, high)
    places = fmt.decimals_for((value, low, high), 2)
    return fmt.with_interval(value, low, high, lambda v: fmt.fixed(v, places))


def _span(curves: pd.DataFrame, log: bool) -> tuple[float, float]:
    """The axis: every estimate and most limits; what would make the others unreadable becomes an arrow."""
    shown = curves[curves["role"] != "reference"]
    values = shown[["estimate", "conf_low", "conf_high"]].to_numpy(float)
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not len(values):
        return (0.5, 2.0) if log else (-1.0, 1.0)
    if log:
        return float(np.clip(values.min() / 1.1, 0.02, 0.5)), float(np.clip(values.max() * 1.1, 2.0, 60.0))
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    pad = 0.06 * (high - low or 1.0)
    return low - pad, high + pad


def _dress(plot: Axes, rows: int, span: tuple[float, float], log: bool, label: str) -> None:
    if log:
        plot.set_xscale("log")
        inside = [t for t in _TICKS if span[0] <= t <= span[1]]
        plot.xaxis.set_major_locator(FixedLocator(inside))
        plot.xaxis.set_minor_locator(NullLocator())
        plot.set_xticks(inside, [fmt.shortest(t) for t in inside])
    else:
        plot.xaxis.set_major_locator(MaxNLocator(5))
    plot.set_xlim(*span)
    plot.set_ylim(rows + 0.6, -0.6)
    plot.axvline(1 if log else 0, color=MUTED, lw=0.9, ls=(0, (4, 3)))
    plot.set_xlabel(label)
    plot.yaxis.set_visible(False)
    plot.spines["left"].set_visible(False)
    plot.grid(axis="x", color=GRID, lw=0.6)
    plot.set_axisbelow(True)

"""A forest of any estimates: lines under headings, counts and numbers at the side, each mark by the part it plays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.lettering import text_width, wrapped
from neurohlh.report.figures.look import ACCENT, GRID, INK, MUTED, Drawing, axes, canvas, write
from neurohlh.report.figures.ratios import dress_ratios, ratio_span
from neurohlh.report.names import Names

WARNING = "#d55e00"
_ROW, _MORE, _PLOT, _INDENT, _SIZE = 0.25, 0.15, 2.9, 10, 9
_WIDEST_LABEL = 3.6
_COUNTS = 0.95
_LOOK: dict[str, dict[str, Any]] = {
    "main": {"marker": "s", "mfc": ACCENT, "mec": ACCENT, "colour": ACCENT, "ms": 7},
    "other": {"marker": "o", "mfc": "white", "mec": MUTED, "colour": MUTED, "ms": 6},
    "warning": {"marker": "X", "mfc": WARNING, "mec": WARNING, "colour": WARNING, "ms": 6, "ls": (0, (2, 1.5))},
    "published": {"marker": "s", "mfc": INK, "mec": INK, "colour": INK, "ms": 5},
    "pooled": {"marker": "D", "mfc": INK, "mec": INK, "colour": INK, "ms": 8},
    "prediction": {"marker": "|", "mfc": INK, "mec": INK, "colour": INK, "ms": 7, "ls": (0, (5, 2))},
    "reference": {"marker": "s", "mfc": MUTED, "mec": MUTED, "colour": MUTED, "ms": 4},
}


@dataclass(frozen=True)
class _Line:
    """One line: its label as it is broken, its middle in inches below the top, and the row of the frame it shows."""

    label: str
    y: float
    indent: int = 0
    head: bool = False
    row: Mapping[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Scale:
    """How numbers are drawn and said: the name of the scale, and the two ends of the axis."""

    name: str
    span: tuple[float, float]
    names: Names

    def said(self, row: Mapping[Any, Any]) -> str:
        value, low, high = (_number(row[c]) for c in ("estimate", "conf_low", "conf_high"))
        if row["role"] == "reference":
            return self.names.say("reference")
        if fmt.is_suppressed(row["estimate"]):
            return self.names.say(fmt.SUPPRESSED)
        if np.isnan(value):
            return self.names.say("not estimated")
        if self.name == "log":
            return self.names.say(fmt.ratio_with_interval(value, low, high))
        if self.name == "share":
            return self.names.say(fmt.with_interval(value, low, high, fmt.percent))
        places = fmt.decimals_for((value, low, high), 2)
        return self.names.say(fmt.with_interval(value, low, high, lambda v: fmt.fixed(v, places)))


def forest(result: Result, names: Names) -> Drawing:
    """Estimates with intervals, from `core.pictures.FOREST_COLUMNS`; an arrow where a limit leaves the axis.

    The answer is a filled square, what stands beside it a hollow dot, a pooled estimate a diamond, a prediction
    interval dashed; a cross marks what is shown only as a warning. Long labels break into two lines.
    """
    picture = result.method["picture"]
    lines, tall = _lines(result.curves, names)
    scale = _Scale(picture["scale"], _span(result.curves, picture["scale"]), names)
    left = max(text_width(line.label, _SIZE, bold=line.head) + line.indent / 72 for line in lines) + 0.25
    heads = [names.say("Estimate (interval)"), _counted(result, names)]
    texts = [scale.said(line.row) for line in lines if line.row]
    counts = any(_counts(line.row) for line in lines)
    side = _COUNTS * counts + max(text_width(t, _SIZE, bold=True) for t in [*texts, heads[0]]) + 0.3
    axis = wrapped(names.say(str(picture["axis"])), left + _PLOT + side - 0.4, most=2)
    below = 0.55 + 0.17 * axis.count("\n")
    figure = canvas(left + _PLOT + side, tall + below + 0.1)
    plot = axes(figure, left, below, _PLOT, tall)
    _dress(plot, tall, scale)
    _label_axis(plot, axis, left, side)
    x_counts, x_text = _PLOT * 72 + 12, (_PLOT + _COUNTS * counts) * 72 + 12
    write(plot, heads[0], x_text, _ROW / 2, bold=True, size=_SIZE)
    if counts:
        write(plot, heads[1], x_counts, _ROW / 2, bold=True, size=_SIZE)
    for line in lines:
        write(plot, line.label, 8 - left * 72 + line.indent, line.y, bold=line.head, size=_SIZE)
        if line.row:
            bold = line.row["role"] in ("main", "pooled")
            write(plot, names.say(_counts(line.row)), x_counts, line.y, size=_SIZE)
            write(plot, scale.said(line.row), x_text, line.y, bold=bold, size=_SIZE)
            _mark(plot, line, scale)
    return figure


def _lines(curves: pd.DataFrame, names: Names) -> tuple[list[_Line], float]:
    """The lines from top to bottom, below one for the heads of the columns, and the height of all."""
    lines: list[_Line] = []
    top, block = _ROW, None
    for row in curves.to_dict("records"):
        shown: list[tuple[str, int, bool, Mapping[Any, Any]]] = []
        if row["block"] != block:
            block = row["block"]
            shown += [(str(block), 0, True, {})] if block else []
        shown.append((str(row["label"]), _INDENT if block else 0, False, row))
        for text, indent, head, own in shown:
            said = names.say(names.prose(text))
            label = wrapped(said, _WIDEST_LABEL - indent / 72, _SIZE, bold=head)
            height = _ROW + _MORE * label.count("\n")
            lines.append(_Line(label, top + height / 2, indent, head, own))
            top += height
    return lines, top + 0.05


def _counted(result: Result, names: Names) -> str:
    """The head of the counts: what is counted of the patients."""
    if not result.curves["events"].notna().any():
        return "n"
    return names.say(f"{result.method['picture'].get('events', 'deaths')}/n")


def _counts(row: Mapping[Any, Any]) -> str:
    n, events = row.get("n"), row.get("events")
    if fmt.is_missing(n):
        return ""
    return fmt.integer(n) if fmt.is_missing(events) else fmt.out_of(events, n)


def _mark(plot: Axes, line: _Line, scale: _Scale) -> None:
    look, span = _LOOK[line.row["role"]], scale.span
    value, low, high = (_number(line.row[c]) for c in ("estimate", "conf_low", "conf_high"))
    if line.row["role"] == "reference":
        plot.plot(1 if scale.name == "log" else 0, line.y, look["marker"], color=look["colour"], ms=look["ms"])
        return
    if np.isnan(value):
        return
    low, high = (value if np.isnan(low) else low), (value if np.isnan(high) else high)
    if low <= span[1] and high >= span[0]:
        ends = [max(low, span[0]), min(high, span[1])]
        plot.plot(ends, [line.y] * 2, color=look["colour"], lw=1.5, ls=look.get("ls", "-"))
    for beyond, at, arrow in ((low < span[0], span[0], "<"), (high > span[1], span[1], ">")):
        if beyond:
            plot.plot(at, line.y, arrow, color=look["colour"], ms=5, clip_on=False)
    if span[0] <= value <= span[1]:
        plot.plot(
            value, line.y, look["marker"], mfc=look["mfc"], mec=look["mec"], mew=1.2, ms=look["ms"], clip_on=False
        )


def _number(value: Any) -> float:
    return float("nan") if fmt.is_missing(value) else float(value)


def _span(curves: pd.DataFrame, scale: str) -> tuple[float, float]:
    """The axis: every estimate and most limits; what would make the others unreadable becomes an arrow."""
    if scale in ("percent", "share"):
        return 0.0, 100.0 if scale == "percent" else 1.0
    shown = curves[curves["role"] != "reference"]
    values = shown[["estimate", "conf_low", "conf_high"]].to_numpy(float)
    if scale == "log":
        return ratio_span(values, (0.02, 60.0))
    values = values[np.isfinite(values)]
    if not len(values):
        return -1.0, 1.0
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    pad = 0.06 * (high - low or 1.0)
    return low - pad, high + pad


def _dress(plot: Axes, tall: float, scale: _Scale) -> None:
    if scale.name == "log":
        dress_ratios(plot, scale.span)
    else:
        plot.set_xlim(*scale.span)
        plot.xaxis.set_major_locator(
            MaxNLocator(5) if scale.name == "linear" else FixedLocator(list(np.linspace(0, scale.span[1], 5)))
        )
        plot.xaxis.set_major_formatter(fmt.axis_percent if scale.name == "share" else lambda v, _: fmt.shortest(v))
    if scale.name == "linear":
        plot.axvline(0, color=MUTED, lw=0.9, ls=(0, (4, 3)))
    plot.set_ylim(tall, 0)
    plot.yaxis.set_visible(False)
    plot.spines["left"].set_visible(False)
    plot.grid(axis="x", color=GRID, lw=0.6)
    plot.set_axisbelow(True)


def _label_axis(plot: Axes, text: str, left: float, side: float) -> None:
    """The label below the axis, in its middle where there is room on both sides, else as near to it as it fits."""
    half = text_width(text) / 2
    middle = float(np.clip(_PLOT / 2, half + 0.1 - left, _PLOT + side - 0.1 - half))
    plot.set_xlabel(text, x=middle / _PLOT)

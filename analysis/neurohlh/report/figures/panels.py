"""Step curves over time in panels, each with its risk table on the ticks: the one layout of all survival figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator
from matplotlib.transforms import blended_transform_factory

from neurohlh.core import format as fmt
from neurohlh.report.figures.key import Mark, key_height, key_lines, write_key
from neurohlh.report.figures.lettering import text_width, wrapped
from neurohlh.report.figures.look import GRID, HATCHES, INK, MUTED, Drawing, axes, canvas, colours, dashes

WIDTH = 7.8
"""Inches of a figure, unless the reader asks for another width."""
RISK_TABLE = "risk table"
_ALONE, _AMONG = 3.1, 2.3  # heights of a single plot, and of one among several
_ROW, _LINE = 0.23, 0.19  # heights of a row of the risk table, and of a line of a note
_LABELS = 1.9  # inches that the labels of the risk table may take
_GAP = 0.48  # inches between those labels and the first tick, whose number is centred on it
_RIGHT, _BETWEEN = 0.4, 0.5
_NUMBER, _NOTE = 9, 8.5  # points
_SAMPLE = 0.27  # inches of line before a label of the risk table
_APART = 0.1  # inches between two columns of numbers

Floats = npt.NDArray[np.float64]
Rows = Mapping[str, Mapping[float, str]]
"""The numbers of a risk table as texts, by row and time."""


@dataclass(frozen=True)
class Curve:
    """A step curve of a group: its values by time, limits, where few are at risk, and where patients are censored.

    `points` are single estimates with limits (time, value, low, high), for curves without limits of their own.
    """

    key: str
    time: Floats
    value: Floats
    low: Floats | None = None
    high: Floats | None = None
    sparse: npt.NDArray[np.bool_] | None = None
    censored: Floats | None = None
    points: tuple[tuple[float, float, float, float], ...] = ()
    median: float | None = None


@dataclass(frozen=True)
class Area:
    """What lies between two step curves: the share of patients with one kind of event."""

    key: str
    time: Floats
    below: Floats
    above: Floats


@dataclass(frozen=True)
class Panel:
    """One plot: a title ('' none), its curves or areas, its risk table, and a note below the title."""

    title: str
    curves: tuple[Curve, ...] = ()
    areas: tuple[Area, ...] = ()
    rows: Rows = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Sheet:
    """A figure of panels that share their groups, ticks and scale.

    `labels` are the groups in words, `row_labels` those of the risk table where its rows are others; `notes` stand
    between the key and the plots, one line each or more.
    """

    panels: tuple[Panel, ...]
    labels: Mapping[str, str]
    ticks: tuple[float, ...]
    tick_texts: tuple[str, ...]
    x_label: str
    y_label: str
    heading: str = ""
    row_labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    top: float = 1.0
    medians: bool = False
    bands: bool = True
    censor_marks: bool = True


def draw(sheet: Sheet, width: float = WIDTH) -> Drawing:
    """The sheet as a figure, `width` inches wide; as tall as its panels, risk tables, key and notes need.

    Risk tables stand in the data coordinates of the ticks, on axes of the same edges as their plot. Where the columns
    would run into each other, every second tick (or third, …) is left out of plot and table alike.
    """
    place = _Places(sheet, width)
    figure = canvas(width, place.height)
    for number, panel in enumerate(sheet.panels):
        left, bottom = place.plot(number)
        plot = axes(figure, left, bottom, place.wide, place.tall)
        _paint(plot, sheet, panel)
        _dress(plot, sheet, place, first=number % place.columns == 0)
        _entitle(plot, panel, place)
        if sheet.heading:
            _risk_table(figure, sheet, panel, place, number)
    _head(figure, place)
    return figure


def _entitle(plot: Axes, panel: Panel, place: _Places) -> None:
    outside: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
    if panel.note:
        plot.annotate(panel.note, (0, 1), xytext=(0, 6), fontsize=_NOTE, color=MUTED, **outside)
    title = wrapped(panel.title, place.wide, bold=True)
    up = 6 + 72 * _LINE * bool(panel.note)
    plot.annotate(title, (0, 1), xytext=(0, up), fontweight="bold", linespacing=1.1, **outside)


class _Places:
    """Where everything stands, in inches from the lower left corner."""

    def __init__(self, sheet: Sheet, width: float) -> None:
        self.sheet, self.width = sheet, width
        self.labels = {key: wrapped(text, _LABELS, bold=True) for key, text in _row_labels(sheet).items()}
        self.heading = wrapped(sheet.heading, _LABELS)
        shown = [*self.labels.values(), self.heading] if sheet.heading else []
        self.sampled = 0.0 if sheet.row_labels or len(sheet.labels) < 2 else _SAMPLE + 0.1
        self.left = max([text_width(text, bold=True) + self.sampled + _GAP + 0.1 for text in shown] + [0.95])
        self.columns = min(len(sheet.panels), 2)
        free = width - self.left - _RIGHT - _BETWEEN * (self.columns - 1)
        self.wide = free / self.columns
        self.kept = _thinned(sheet, self.wide)
        self.x_label = _balanced(sheet.x_label, self.wide + 0.6)
        self.table = sum(self.row_heights()) if sheet.heading else 0.0
        self.under = 0.36 + _LINE * (self.x_label.count("\n") + 1) * bool(sheet.x_label)
        self.key = key_lines(_marks(sheet, width - 0.4), width - 0.3)
        self.notes = [wrapped(note, width - 0.3, _NOTE, most=3) for note in sheet.notes]
        self.tall = _ALONE if len(sheet.panels) == 1 else _AMONG
        self.title = max(self._title(panel) for panel in sheet.panels)
        self.block = self.title + self.tall + self.under + self.table
        self.rows = -(-len(sheet.panels) // self.columns)
        said = _LINE * sum(note.count("\n") + 1 for note in self.notes)
        head = key_height(self.key) if self.key[0] else 0.0
        self.above = max(head + said + (0.06 if said or self.title else -0.04), 0.16)
        self.height = self.rows * self.block + (self.rows - 1) * 0.2 + self.above + 0.08

    def plot(self, number: int) -> tuple[float, float]:
        """Left and lower edge of the plot of a panel."""
        row, column = divmod(number, self.columns)
        top = self.height - self.above - row * (self.block + 0.2)
        return self.left + column * (self.wide + _BETWEEN), top - self.title - self.tall

    def _title(self, panel: Panel) -> float:
        lines = wrapped(panel.title, self.wide, bold=True).count("\n") + 1 if panel.title else 0
        return 0.17 * lines + _LINE * bool(panel.note) + 0.1 * bool(lines)

    def row_heights(self) -> list[float]:
        """Heights of the heading of a risk table and of its rows."""
        return [_ROW + 0.15 * text.count("\n") for text in (self.heading, *self.labels.values())]


def _balanced(text: str, room: float) -> str:
    """`text` in lines of about equal length, three at the most."""
    lines = int(np.ceil(text_width(text) / room)) or 1
    return wrapped(text, min(room, 1.15 * text_width(text) / lines + 0.1), most=3)


def _row_labels(sheet: Sheet) -> Mapping[str, str]:
    rows = dict.fromkeys(key for panel in sheet.panels for key in panel.rows)
    words = sheet.row_labels or sheet.labels
    return {key: words[key] for key in rows if key in words}


def _thinned(sheet: Sheet, wide: float) -> list[int]:
    """The ticks that are drawn: as many as the numbers below them leave room for."""
    numbers = [text for panel in sheet.panels for cells in panel.rows.values() for text in cells.values()]
    need = max(text_width(text, _NUMBER) for text in (*sheet.tick_texts, *numbers)) + _APART
    scale = wide / _end(sheet)
    for step in range(1, len(sheet.ticks) + 1):
        kept = list(range(0, len(sheet.ticks), step))
        if all((sheet.ticks[b] - sheet.ticks[a]) * scale >= need for a, b in pairwise(kept)):
            return kept
    return [0]


def _end(sheet: Sheet) -> float:
    """The right end of the time axis."""
    lines = [curve.time for panel in sheet.panels for curve in panel.curves]
    areas = [area.time for panel in sheet.panels for area in panel.areas]
    times = [float(time.max()) for time in (*lines, *areas) if len(time)]
    return 1.005 * (max([*times, sheet.ticks[-1]]) or 1.0)


def _marks(sheet: Sheet, room: float) -> list[Mark]:
    """The key: a sample of every line or area; none for one group alone."""
    if len(sheet.labels) < 2:
        return []
    paint, dash = colours(list(sheet.labels)), dashes(list(sheet.labels))
    filled = {area.key for panel in sheet.panels for area in panel.areas}
    marks = []
    for place, (key, label) in enumerate(sheet.labels.items()):
        look: dict[str, Any] = {"color": paint[key], "lw": 2.0, "ls": dash[key]}
        if key in filled:
            look = {"facecolor": paint[key], "hatch": HATCHES[place % len(HATCHES)], "edgecolor": "white", "lw": 0}
        marks.append(Mark(wrapped(label, room, 9, most=1), look))
    return marks


def _head(figure: Drawing, place: _Places) -> None:
    """The key on top, and the notes between it and the plots."""
    top = place.height - 0.06 + 0.06 * bool(place.key[0])
    if place.key[0]:
        write_key(figure.axes[0], place.key, left=0.15, raised=place.above - key_height(place.key) + place.title)
        top -= key_height(place.key)
    for note in place.notes:
        x, y = 0.15 / place.width, top / place.height
        figure.text(x, y, note, va="top", fontsize=_NOTE, color=MUTED, linespacing=1.3)
        top -= _LINE * (note.count("\n") + 1)


def _paint(plot: Axes, sheet: Sheet, panel: Panel) -> None:
    keys = list(sheet.labels)
    paint, dash = colours(keys), dashes(keys)
    for area in panel.areas:
        hatch = HATCHES[keys.index(area.key) % len(HATCHES)]
        look: dict[str, Any] = {"facecolor": paint[area.key], "hatch": hatch, "edgecolor": "white", "lw": 0}
        plot.fill_between(area.time, area.below, area.above, step="post", **look)
    for curve in panel.curves:
        _paint_curve(plot, sheet, curve, paint[curve.key], dash[curve.key])


def _paint_curve(plot: Axes, sheet: Sheet, curve: Curve, colour: str, dash: Any) -> None:
    known = np.isfinite(curve.value)  # a suppressed end of a curve is not drawn
    sparse = np.zeros(len(curve.time), dtype=bool) if curve.sparse is None else curve.sparse
    looks: tuple[dict[str, Any], ...] = ({"lw": 2.0}, {"lw": 0.9, "alpha": 0.75})
    for chosen, look in zip((~sparse, sparse), looks, strict=True):
        x, y = _steps(curve.time[known], curve.value[known], chosen[known])
        if len(x):
            plot.plot(x, y, color=colour, ls=dash, solid_joinstyle="miter", dash_capstyle="butt", **look)
    if sheet.bands and curve.low is not None and curve.high is not None:
        plot.fill_between(curve.time, curve.low, curve.high, step="post", color=colour, alpha=0.13, lw=0)
    if sheet.censor_marks and curve.censored is not None:
        at = curve.censored > 0
        plot.plot(curve.time[at], curve.value[at], "|", color=colour, ms=5.5, mew=0.9, alpha=0.8)
    if curve.points:
        time, value, low, high = np.array(curve.points, dtype=float).T
        plot.vlines(time, low, high, color=colour, lw=1.2, zorder=3)
        plot.plot(time, value, "o", color=colour, mfc="white", ms=4.5, mew=1.2, zorder=4)
    if sheet.medians and curve.median is not None and np.isfinite(curve.median):
        plot.plot([0, curve.median, curve.median], [0.5, 0.5, 0], color=colour, lw=0.9, ls=(0, (1, 2)))


def _steps(time: Floats, value: Floats, chosen: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The chosen steps as one line, broken where steps between them are not chosen; dashes run on within it.

    The step up to a time belongs to those at risk just before it: a row's flag rules the step that ends there.
    """
    ends = np.flatnonzero(chosen[1:]) + 1
    begins = np.diff(ends, prepend=-1) > 1  # where the step before is not chosen
    x = np.column_stack([np.full(len(ends), np.nan), time[ends - 1], time[ends], time[ends]])
    y = np.column_stack([np.full(len(ends), np.nan), value[ends - 1], value[ends - 1], value[ends]])
    needed = np.column_stack([begins, begins, np.full((len(ends), 2), True)])
    return x[needed], y[needed]


def _dress(plot: Axes, sheet: Sheet, place: _Places, *, first: bool) -> None:
    plot.set_xlim(0, _end(sheet))
    plot.set_ylim(0, sheet.top * 1.02)
    ticks = [sheet.ticks[k] for k in place.kept]
    plot.xaxis.set_major_locator(FixedLocator(ticks))
    plot.set_xticks(ticks, [sheet.tick_texts[k] for k in place.kept])
    plot.set_xlabel(place.x_label, linespacing=1.2)
    plot.yaxis.set_major_locator(FixedLocator(list(np.linspace(0, sheet.top, 5))))
    plot.yaxis.set_major_formatter(fmt.axis_percent)
    plot.tick_params(axis="y", labelleft=first)
    plot.set_ylabel(sheet.y_label if first else "")
    plot.grid(axis="y", color=GRID, lw=0.7)
    plot.set_axisbelow(True)


def _risk_table(figure: Drawing, sheet: Sheet, panel: Panel, place: _Places, number: int) -> None:
    left, bottom = place.plot(number)
    heights = place.row_heights()
    risk = axes(figure, left, bottom - place.under - place.table, place.wide, place.table)
    risk.set_label(RISK_TABLE)
    risk.set_xlim(0, _end(sheet))
    risk.set_ylim(place.table, 0)
    risk.axis("off")
    middles = np.cumsum(heights) - np.array(heights) / 2
    if number % place.columns == 0:
        _row_heads(risk, place, middles)
    for key, middle in zip(place.labels, middles[1:], strict=True):
        for k in place.kept:
            text = panel.rows.get(key, {}).get(sheet.ticks[k])
            if text:
                risk.text(sheet.ticks[k], middle, text, ha="center", va="center", fontsize=_NUMBER)


def _row_heads(risk: Axes, place: _Places, middles: Floats) -> None:
    """The heading and the labels of the rows, each with the line of its group, so that no colour has to be read."""
    start = (0.1 - place.left) * 72
    look: dict[str, Any] = {"xycoords": ("axes points", "data"), "va": "center", "annotation_clip": False}
    look["linespacing"] = 1.1
    risk.annotate(place.heading, (start, middles[0]), color=MUTED, **look)
    paint, dash = colours(list(place.sheet.labels)), dashes(list(place.sheet.labels))
    inches = blended_transform_factory(risk.figure.dpi_scale_trans, risk.transData)
    for (key, label), middle in zip(place.labels.items(), middles[1:], strict=True):
        risk.annotate(label, (start + place.sampled * 72, middle), color=INK, fontweight="bold", **look)
        if place.sampled:
            ends = [0.1, 0.1 + _SAMPLE]
            line = Line2D(ends, [middle] * 2, color=paint[key], ls=dash[key], lw=2.0, transform=inches, clip_on=False)
            risk.add_artist(line)

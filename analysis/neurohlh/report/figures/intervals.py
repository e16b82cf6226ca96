"""Dots with intervals: the forest of a Cox model and the bounds of a frequency, with the numbers at the side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.look import ACCENT, GRID, MUTED, Drawing, axes, canvas, text_width, write
from neurohlh.report.names import Names
from neurohlh.report.tables.describe import FREQUENCY_WORDS
from neurohlh.report.tables.survival import ANALYSIS_WORDS, cox_analyses, cox_terms

_ROW, _PLOT = 0.27, 2.7
_MARKS = (("o", "white", MUTED), ("o", ACCENT, ACCENT))
_HR_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


@dataclass(frozen=True)
class _Line:
    label: str
    level: str
    variable: str
    term: str
    is_head: bool = False
    is_reference: bool = False


def cox(result: Result, names: Names) -> Drawing:
    """Hazard ratios on a log axis, one mark per model, numbers at the side; an arrow where a limit leaves the axis."""
    shown = cox_analyses(result)
    lines = _lines(result, names)
    left = max(text_width(line.label, 9, bold=line.is_head) for line in lines) + 0.5
    side = 1.55 * len(shown)
    height = _ROW * (len(lines) + 1) + 0.75
    figure = canvas(left + _PLOT + side + 0.1, height)
    plot = axes(figure, left, 0.55, _PLOT, _ROW * (len(lines) + 1))
    low, high = _range(result.tidy)
    _dress_forest(plot, len(lines), low, high)
    for y, line in enumerate(lines, start=1):
        indent = 12 if line.level else 0
        write(plot, line.label, 8 - left * 72 + indent, y, bold=line.is_head)
        if line.is_reference:
            plot.plot(1, y, "s", color=MUTED, ms=4)
    offsets = np.linspace(-0.13, 0.13, len(shown)) if len(shown) > 1 else [0.0]
    for i, analysis in enumerate(shown):
        mark = _MARKS[-1] if i == len(shown) - 1 else _MARKS[0]
        heading = ANALYSIS_WORDS.get(analysis, analysis)
        x = _PLOT * 72 + 14 + i * 1.55 * 72
        write(plot, f"{heading} HR" if len(shown) > 1 else "HR", x, 0, bold=True)
        for y, line in enumerate(lines, start=1):
            _mark(plot, _find(result.tidy, analysis, line), y, y + offsets[i], x, (low, high), mark)
    return figure


def _lines(result: Result, names: Names) -> list[_Line]:
    lines: list[_Line] = []
    for variable, term in cox_terms(result):
        part = result.tidy[(result.tidy["variable"] == variable) & (result.tidy["term"] == term)]
        reference = {str(v) for v in part.loc[part["is_reference"], "level"]}
        levels = [level for level in dict.fromkeys(part["level"]) if level]
        if not levels:
            lines.append(_Line(names.term(term, variable), "", variable, term))
            continue
        lines.append(_Line(names.label(variable), "", variable, term, is_head=True))
        for level in sorted(levels, key=lambda v: v not in reference):
            text = names.level(variable, level)
            lines.append(_Line(text, level, variable, term, is_reference=level in reference))
    return lines


def _find(tidy: pd.DataFrame, analysis: str, line: _Line) -> pd.Series | None:
    same = (tidy["analysis"] == analysis) & (tidy["variable"] == line.variable) & (tidy["term"] == line.term)
    found = tidy[same & (tidy["level"] == line.level)]
    return found.iloc[0] if len(found) and not line.is_head else None


def _mark(
    plot: Axes,
    row: pd.Series | None,
    y: int,
    y_mark: float,
    x_text: float,
    limits: tuple[float, float],
    mark: tuple[str, str, str],
) -> None:
    if row is None:
        return
    shape, face, edge = mark
    text = (
        "1 (reference)"
        if row["is_reference"]
        else fmt.ratio_with_interval(row["estimate"], row["conf_low"], row["conf_high"])
    )
    write(plot, text, x_text, y)
    if row["is_reference"] or fmt.is_missing(row["estimate"]):
        return
    low, high = (
        float(row[c]) if not fmt.is_missing(row[c]) else float(row["estimate"]) for c in ("conf_low", "conf_high")
    )
    plot.plot([max(low, limits[0]), min(high, limits[1])], [y_mark, y_mark], color=edge, lw=1.5)
    for beyond, at, arrow in ((low < limits[0], limits[0], "<"), (high > limits[1], limits[1], ">")):
        if beyond:
            plot.plot(at, y_mark, arrow, color=edge, ms=5, clip_on=False)
    if limits[0] <= row["estimate"] <= limits[1]:
        plot.plot(row["estimate"], y_mark, shape, mfc=face, mec=edge, mew=1.3, ms=6)


def _range(tidy: pd.DataFrame) -> tuple[float, float]:
    values = tidy.loc[~tidy["is_reference"], ["conf_low", "conf_high", "estimate"]].to_numpy(float)
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (values.min(), values.max()) if len(values) else (0.5, 2.0)
    # At least half to double, at most 0.05 to 50: beyond that an arrow says it better than a longer axis.
    return float(np.clip(low / 1.1, 0.05, 0.5)), float(np.clip(high * 1.1, 2.0, 50.0))


def _dress_forest(plot: Axes, rows: int, low: float, high: float) -> None:
    plot.set_xscale("log")
    plot.set_xlim(low, high)
    plot.set_ylim(rows + 0.6, -0.6)
    inside = [t for t in _HR_TICKS if low <= t <= high]
    plot.xaxis.set_major_locator(FixedLocator(inside))
    plot.xaxis.set_minor_locator(NullLocator())
    plot.set_xticks(inside, [fmt.shortest(t) for t in inside])
    plot.axvline(1, color=MUTED, lw=0.9, ls=(0, (4, 3)))
    plot.set_xlabel("Hazard ratio (log scale); right of 1: more deaths")
    plot.yaxis.set_visible(False)
    plot.spines["left"].set_visible(False)
    plot.grid(axis="x", color=GRID, lw=0.6)
    plot.set_axisbelow(True)


def frequency(result: Result, names: Names) -> Drawing:
    """The frequency as tested and its two extremes: dots with intervals, counts at the side."""
    tidy = result.tidy[result.tidy["term"].isin(FREQUENCY_WORDS)].drop_duplicates(["group", "term"])
    groups = list(dict.fromkeys(tidy["group"]))
    labels = [_frequency_label(row["group"], row["term"], groups, names) for row in tidy.to_dict("records")]
    left = max(text_width(t) for t in labels) + 0.35
    height = 0.34 * len(labels) + 0.75
    figure = canvas(left + 3.2 + 2.7, height)
    plot = axes(figure, left, 0.55, 3.2, 0.34 * len(labels))
    for y, (label, row) in enumerate(zip(labels, tidy.to_dict("records"), strict=True)):
        colour = ACCENT if row["term"] == "as tested" else MUTED
        write(plot, label, 8 - left * 72, y)
        share = f"{fmt.integer(row['events'])}/{fmt.integer(row['n'])}"
        text = fmt.with_interval(row["estimate"], row["conf_low"], row["conf_high"], fmt.percent)
        write(plot, share, 3.2 * 72 + 14, y)
        write(plot, text, 3.2 * 72 + 68, y)
        if not fmt.is_missing(row["estimate"]):
            plot.plot([row["conf_low"], row["conf_high"]], [y, y], color=colour, lw=2)
            plot.plot(row["estimate"], y, "o", color=colour, ms=7)
    _dress_share(plot, len(labels))
    return figure


def _frequency_label(group: str, term: str, groups: Sequence[str], names: Names) -> str:
    word = FREQUENCY_WORDS[term][0]
    return f"{names.level('center_id', group)}: {word}" if len(groups) > 1 else word


def _dress_share(plot: Axes, rows: int) -> None:
    plot.set_xlim(0, 1)
    plot.set_ylim(rows - 0.4, -0.6)
    plot.xaxis.set_major_formatter(fmt.axis_percent)
    plot.set_xlabel("Patients with CNS involvement")
    plot.yaxis.set_visible(False)
    plot.spines["left"].set_visible(False)
    plot.grid(axis="x", color=GRID, lw=0.6)
    plot.set_axisbelow(True)

"""Dots with intervals: the forest of a Cox model and the bounds of a frequency, with the numbers at the side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.lettering import text_width, wrapped
from neurohlh.report.figures.look import ACCENT, GRID, MUTED, Drawing, axes, canvas, write
from neurohlh.report.figures.ratios import dress_ratios, ratio_span
from neurohlh.report.names import Names
from neurohlh.report.tables.describe import FREQUENCY_WORDS
from neurohlh.report.tables.survival import ANALYSIS_WORDS, cox_analyses, cox_terms

_ROW, _MORE, _PLOT, _SIDE = 0.27, 0.15, 2.7, 1.6
_WIDEST_LABEL = 3.6
_MARKS = (("o", "white", MUTED), ("o", ACCENT, ACCENT))


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
    labels = [wrapped(names.say(line.label), _WIDEST_LABEL, 9, bold=line.is_head) for line in lines]
    middles, tall = _middles(labels, _ROW)
    heads = [names.say(f"{ANALYSIS_WORDS.get(a, a)} HR") if len(shown) > 1 else "HR" for a in shown]
    heads = [wrapped(head, _SIDE - 0.1, 9, bold=True) for head in heads]
    left = max(text_width(label, 9, bold=line.is_head) for label, line in zip(labels, lines, strict=True)) + 0.45
    above = _MORE * max(head.count("\n") for head in heads)
    figure = canvas(left + _PLOT + _SIDE * len(shown) + 0.1, tall + above + 0.75)
    plot = axes(figure, left, 0.55, _PLOT, tall)
    values = result.tidy.loc[~result.tidy["is_reference"], ["conf_low", "conf_high", "estimate"]].to_numpy(float)
    span = ratio_span(values, (0.05, 50.0))
    _dress_forest(plot, tall, span, names)
    for label, line, y in zip(labels, lines, middles, strict=True):
        write(plot, label, 8 - left * 72 + (12 if line.level else 0), y, bold=line.is_head)
        if line.is_reference:
            plot.plot(1, y, "s", color=MUTED, ms=4)
    offsets = np.linspace(-0.035, 0.035, len(shown)) if len(shown) > 1 else [0.0]
    for i, analysis in enumerate(shown):
        mark = _MARKS[-1] if i == len(shown) - 1 else _MARKS[0]
        x = (_PLOT + i * _SIDE) * 72 + 14
        write(plot, heads[i], x, _ROW / 2 - above / 2, bold=True)
        for line, y in zip(lines, middles, strict=True):
            row = _find(result.tidy, analysis, line)
            if row is not None:
                write(plot, _said(row, names), x, y)
                _mark(plot, row, y + offsets[i], span, mark)
    return figure


def _middles(labels: Sequence[str], first: float) -> tuple[list[float], float]:
    """The middle of each line in inches below the top, beginning `first` below it, and the height of all."""
    heights = np.array([_ROW + _MORE * label.count("\n") for label in labels])
    ends = first + np.cumsum(heights)
    return (ends - heights / 2).tolist(), float(ends[-1]) if len(labels) else first


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


def _said(row: pd.Series, names: Names) -> str:
    if row["is_reference"]:
        return names.say("1 (reference)")
    return names.say(fmt.ratio_with_interval(row["estimate"], row["conf_low"], row["conf_high"]))


def _mark(plot: Axes, row: pd.Series, y: float, limits: tuple[float, float], mark: tuple[str, str, str]) -> None:
    if row["is_reference"] or not np.isfinite(float(row["estimate"])):
        return
    shape, face, edge = mark
    low, high = (float(row[c]) if np.isfinite(float(row[c])) else float(row["estimate"]) for c in
                 ("conf_low", "conf_high"))  # fmt: skip
    plot.plot([max(low, limits[0]), min(high, limits[1])], [y, y], color=edge, lw=1.5)
    for beyond, at, arrow in ((low < limits[0], limits[0], "<"), (high > limits[1], limits[1], ">")):
        if beyond:
            plot.plot(at, y, arrow, color=edge, ms=5, clip_on=False)
    if limits[0] <= row["estimate"] <= limits[1]:
        plot.plot(row["estimate"], y, shape, mfc=face, mec=edge, mew=1.3, ms=6)


def _dress_forest(plot: Axes, tall: float, span: tuple[float, float], names: Names) -> None:
    dress_ratios(plot, span)
    plot.set_ylim(tall + 0.05, 0)
    plot.set_xlabel(names.say("Hazard ratio (log scale); right of 1: more deaths"))
    _without_frame(plot)


def _without_frame(plot: Axes) -> None:
    plot.yaxis.set_visible(False)
    plot.spines["left"].set_visible(False)
    plot.grid(axis="x", color=GRID, lw=0.6)
    plot.set_axisbelow(True)


def frequency(result: Result, names: Names) -> Drawing:
    """The frequency as tested and its two extremes: dots with intervals, counts at the side."""
    tidy = result.tidy[result.tidy["term"].isin(FREQUENCY_WORDS)].drop_duplicates(["group", "term"])
    groups = list(dict.fromkeys(tidy["group"]))
    labels = [
        wrapped(_frequency_label(row["group"], row["term"], groups, names), _WIDEST_LABEL)
        for row in tidy.to_dict("records")
    ]
    middles, tall = _middles(labels, 0.05)
    left = max(text_width(t) for t in labels) + 0.35
    figure = canvas(left + 3.2 + 2.7, tall + 0.8)
    plot = axes(figure, left, 0.6, 3.2, tall)
    for y, label, row in zip(middles, labels, tidy.to_dict("records"), strict=True):
        answer = row["term"] == "as tested"
        colour = ACCENT if answer else MUTED
        write(plot, label, 8 - left * 72, y)
        share = names.say(fmt.out_of(row["events"], row["n"]))
        text = names.say(fmt.with_interval(row["estimate"], row["conf_low"], row["conf_high"], fmt.percent))
        write(plot, share, 3.2 * 72 + 14, y)
        write(plot, text, 3.2 * 72 + 68, y)
        if np.isfinite(float(row["estimate"])):
            plot.plot([row["conf_low"], row["conf_high"]], [y, y], color=colour, lw=2)
            plot.plot(row["estimate"], y, "o", color=colour, mfc=colour if answer else "white", ms=7)
    plot.set_xlim(0, 1)
    plot.set_ylim(tall, 0)
    plot.xaxis.set_major_formatter(fmt.axis_percent)
    plot.set_xlabel(names.say("Patients with CNS involvement"))
    _without_frame(plot)
    return figure


def _frequency_label(group: str, term: str, groups: Sequence[str], names: Names) -> str:
    word = names.say(FREQUENCY_WORDS[term][0])
    return f"{names.level('center_id', group)}: {word}" if len(groups) > 1 else word

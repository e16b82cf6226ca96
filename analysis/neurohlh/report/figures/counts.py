"""Counts as areas and boxes: completeness by state, and the flow of patients."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import pandas as pd
from matplotlib.ticker import PercentFormatter

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import FlowStep
from neurohlh.report.figures.look import GRID, INK, MUTED, Drawing, axes, canvas, text_width
from neurohlh.report.names import Names
from neurohlh.report.tables.describe import STATE_WORDS

_STATE_COLOURS = {
    "value": "#0072b2",
    "not_applicable": "#56b4e9",
    "not_done": "#e69f00",
    "equivocal": "#cc79a7",
    "unknown": "#b9a04a",
    "refused": "#d55e00",
    "blank": "#c3c9d0",
    "no_column": "#e9ecef",
}
_MOST_ROWS = 40
_BOX = 0.42  # height of a box of the flow, in inches


def completeness(result: Result, names: Names) -> Drawing:
    """Stacked bars by state of the cell, one per variable; variables without any column are not drawn."""
    wide = result.tidy.pivot_table(index="variable", columns="level", values="estimate", sort=False)
    asked = wide[wide.get("no_column", pd.Series(0.0, index=wide.index)) < 1].head(_MOST_ROWS)
    labels = [names.label(str(v)) for v in asked.index]
    states = [s for s in _STATE_COLOURS if s in asked and asked[s].sum() > 0]
    left = max([text_width(t, 9) for t in labels], default=1.0) + 0.35
    height = 0.2 * max(len(labels), 1) + 0.95
    figure = canvas(max(7.6, left + 4.2), height)
    plot = axes(figure, left, 0.4, figure.get_figwidth() - left - 0.3, 0.2 * max(len(labels), 1))
    start = pd.Series(0.0, index=asked.index)
    for state in states:
        plot.barh(range(len(asked)), asked[state], left=start, color=_STATE_COLOURS[state], height=0.74, lw=0)
        start = start + asked[state]
    plot.set_yticks(range(len(labels)), labels, fontsize=9)
    plot.set_ylim(len(labels) - 0.4, -0.6)
    plot.set_xlim(0, 1)
    plot.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=f"{fmt.THIN}%"))
    plot.grid(axis="x", color=GRID, lw=0.6)
    plot.set_axisbelow(True)
    plot.tick_params(axis="y", length=0)
    _legend(figure, left, height, states)
    return figure


def _legend(figure: Drawing, left: float, height: float, states: list[str]) -> None:
    width = figure.get_figwidth()
    x, y = left, height - 0.2
    for state in states:
        word = STATE_WORDS[state]
        if x + text_width(word, 9) + 0.4 > width:
            x, y = left, y - 0.2
        figure.text(x / width, y / height, "■", color=_STATE_COLOURS[state], va="center", fontsize=10)
        figure.text((x + 0.17) / width, y / height, word, va="center", fontsize=9)
        x += text_width(word, 9) + 0.42


def flow(steps: Sequence[FlowStep]) -> Drawing:
    """The flow of patients: a box per stage, those who left before it at the side."""
    sides = [
        "\n".join(textwrap.fill(f"{n} {who}", 46, subsequent_indent="   ") for who, n in s.excluded) for s in steps
    ]
    gaps = [0.0, *(0.35 + 0.17 * (side.count("\n") + 1 if side else 0) for side in sides[1:])]
    height = sum(gaps) + _BOX * len(steps) + 0.3
    figure = canvas(7.4, height)
    plot = axes(figure, 0, 0, 7.4, height)
    plot.set_xlim(0, 7.4)
    plot.set_ylim(height, 0)
    plot.axis("off")
    box = {"boxstyle": "round,pad=0.5", "fc": "none", "ec": MUTED, "lw": 0.9}
    top = 0.15
    for step, side, gap in zip(steps, sides, gaps, strict=True):
        if gap:
            arrow = {"arrowstyle": "-|>", "color": MUTED, "lw": 0.9}
            plot.annotate("", (1.9, top + gap + 0.04), (1.9, top - 0.04), arrowprops=arrow)
            plot.text(3.7, top + gap / 2, side, ha="left", va="center", color=MUTED, fontsize=9, linespacing=1.35)
            top += gap
        plot.text(1.9, top + _BOX / 2, f"{step.n} {step.label}", ha="center", va="center", bbox=box, color=INK)
        top += _BOX
    return figure

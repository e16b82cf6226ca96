"""Counts as areas: completeness by state."""

from __future__ import annotations

import pandas as pd
from matplotlib.ticker import PercentFormatter

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.look import GRID, Drawing, axes, canvas, text_width
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

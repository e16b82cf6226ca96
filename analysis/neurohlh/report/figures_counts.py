"""Counts as areas and boxes: completeness by state, and the flow of patients."""

from __future__ import annotations

import textwrap

import pandas as pd
from matplotlib.ticker import PercentFormatter

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures_style import GRID, INK, MUTED, Drawing, axes, canvas, text_width
from neurohlh.report.names import Names
from neurohlh.report.tables_describe import STATE_WORDS

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


def flow(frame: pd.DataFrame) -> Drawing:
    """The flow of patients: a box per stage, those who left at the side. Columns as `core.findings.FLOW_COLUMNS`."""
    rows = frame.to_dict("records")
    figure = canvas(7.4, 0.8 * (len(rows) + 1))
    plot = axes(figure, 0, 0, 7.4, 0.8 * (len(rows) + 1))
    plot.set_xlim(0, 7.4)
    plot.set_ylim(len(rows) + 0.5, -0.5)
    plot.axis("off")
    box = {"boxstyle": "round,pad=0.5", "fc": "none", "ec": MUTED, "lw": 0.9}
    first = f"{fmt.integer(rows[0]['n_in'])} supplied" if rows else "No flow"
    plot.text(2.1, 0, first, ha="center", va="center", bbox=box, fontweight="bold")
    for y, row in enumerate(rows, start=1):
        plot.annotate("", (2.1, y - 0.26), (2.1, y - 0.74), arrowprops={"arrowstyle": "-|>", "color": MUTED, "lw": 0.9})
        text = textwrap.fill(f"{row['label']}: {fmt.integer(row['n_out'])}", 44)
        plot.text(2.1, y, text, ha="center", va="center", bbox=box, color=INK)
        if row["n_excluded"]:
            side = textwrap.fill(f"{fmt.integer(row['n_excluded'])} left: {row['reason']}", 42)
            plot.text(4.1, y - 0.5, side, ha="left", va="center", color=MUTED, fontsize=9)
    return figure

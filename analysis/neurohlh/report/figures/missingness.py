"""What is not known: the states of every variable's cells as bars, and which gaps occur together in a patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.key import Mark, key_height, key_lines, write_key
from neurohlh.report.figures.lettering import text_width, wrapped
from neurohlh.report.figures.look import ACCENT, GRID, INK, MUTED, Drawing, axes, canvas, write
from neurohlh.report.names import Names
from neurohlh.report.tables.describe import STATE_WORDS

# A colour and a hatch of its own for each state, so that grey tells them apart too; what is known stays in the back.
LOOKS: dict[str, dict[str, Any]] = {
    "value": {"facecolor": "#a9c1d9", "hatch": ""},
    "not_applicable": {"facecolor": "#56b4e9", "hatch": "...."},
    "not_done": {"facecolor": "#e69f00", "hatch": "////"},
    "equivocal": {"facecolor": "#cc79a7", "hatch": "++++"},
    "unknown": {"facecolor": "#f0e442", "hatch": "\\\\\\\\"},
    "refused": {"facecolor": "#d55e00", "hatch": "xxxx"},
    "blank": {"facecolor": "#ffffff", "hatch": ""},
    "no_column": {"facecolor": "#e9ecef", "hatch": "----"},
}
_EDGE: dict[str, Any] = {"edgecolor": INK, "linewidth": 0.5}
_MOST_ROWS, _MOST_PATTERNS, _FEWEST = 40, 20, 8
_ROW, _COLUMN, _BARS, _SHARES = 0.27, 0.34, 1.2, 2.3
_WIDEST, _SIZE = 3.2, 9


def completeness(result: Result, names: Names) -> Drawing:
    """Stacked bars by state of the cell, one per variable; variables without any column are not drawn."""
    wide = _shares(result.tidy)
    asked = wide[wide.get("no_column", pd.Series(0.0, index=wide.index)) < 1].head(_MOST_ROWS)
    labels = [_short(names.say(names.label(str(v)))) for v in asked.index]
    left = max((text_width(t, _SIZE) for t in labels), default=1.0) + 0.3
    width = max(7.6, left + 4.2)
    states = _occurring(asked)
    key = key_lines(_marks(states, names), width - 0.3)
    height = 0.2 * max(len(labels), 1)
    figure = canvas(width, height + 0.6 + key_height(key))
    plot = axes(figure, left, 0.55, width - left - 0.35, height)
    _bars(plot, asked, states, names)
    plot.set_yticks(range(len(labels)), labels, fontsize=_SIZE)
    plot.tick_params(axis="y", length=0)
    write_key(plot, key, left=0.15)
    return figure


def patterns(result: Result, names: Names) -> Drawing:
    """A column per pattern of gaps with how many patients have it; a row per variable with the share of each state."""
    curves = result.curves
    ranks = list(dict.fromkeys(curves["pattern"]))
    variables = [str(v) for v in dict.fromkeys(curves["variable"])]
    shown = ranks[:_MOST_PATTERNS]
    labels = [_short(names.say(names.label(v))) for v in variables]
    left = max(text_width(t, _SIZE) for t in labels) + 0.45
    wide = _COLUMN * max(len(shown), _FEWEST)
    shares = _shares(result.tidy[result.tidy["variable"] != ""]).reindex(variables)
    states = _occurring(shares)
    key = key_lines(_marks(states, names), left + wide + _SHARES)
    tall, below = _ROW * len(variables), 0.62
    figure = canvas(left + wide + 0.35 + _SHARES + 0.35, below + tall + 0.15 + _BARS + key_height(key))
    grid = axes(figure, left, below, wide, tall)
    counts = axes(figure, left, below + tall + 0.15, wide, _BARS)
    beside = axes(figure, left + wide + 0.35, below, _SHARES, tall)
    _matrix(grid, curves[curves["pattern"].isin(shown)], variables, labels, left)
    _counts(counts, curves.drop_duplicates("pattern").head(_MOST_PATTERNS), names)
    for plot in (grid, counts):
        plot.set_xlim(-0.6, max(len(shown), _FEWEST) - 0.4)
    _bars(beside, shares, states, names)
    beside.set_xticks([0, 0.5, 1])
    beside.yaxis.set_visible(False)
    beside.set_ylim(grid.get_ylim())
    _below(grid, result, len(shown), names)
    write_key(counts, key, left=0.15)
    return figure


def _shares(tidy: pd.DataFrame) -> pd.DataFrame:
    """Variable x state: the share of patients, 0 where a state does not occur; suppressed variables are left out."""
    hidden = tidy.loc[tidy["estimate"].map(fmt.is_suppressed), "variable"]
    known = tidy[~tidy["variable"].isin(hidden)].astype({"estimate": float})
    wide = known.pivot_table(index="variable", columns="level", values="estimate", sort=False)
    return wide.fillna(0.0)


def _occurring(shares: pd.DataFrame) -> list[str]:
    return [s for s in LOOKS if s in shares and shares[s].sum() > 0]


def _marks(states: Sequence[str], names: Names) -> list[Mark]:
    return [Mark(names.say(STATE_WORDS[s]), {**LOOKS[s], **_EDGE}) for s in states]


def _bars(plot: Axes, shares: pd.DataFrame, states: Sequence[str], names: Names) -> None:
    start = np.zeros(len(shares))
    for state in states:
        plot.barh(range(len(shares)), shares[state], left=start, height=0.74, label=state, **LOOKS[state], **_EDGE)
        start = start + shares[state].to_numpy(dtype=float)
    plot.set_ylim(len(shares) - 0.4, -0.6)
    plot.set_xlim(0, 1)
    plot.xaxis.set_major_formatter(fmt.axis_percent)
    plot.set_xlabel(names.say("Patients"))
    plot.grid(axis="x", color=GRID, lw=0.6)
    plot.set_axisbelow(True)


def _matrix(plot: Axes, rows: pd.DataFrame, variables: Sequence[str], labels: Sequence[str], left: float) -> None:
    place = {rank: x for x, rank in enumerate(dict.fromkeys(rows["pattern"]))}
    for row in rows.to_dict("records"):
        x, y = place[row["pattern"]], variables.index(row["variable"])
        cell = Rectangle((x - 0.38, y - 0.38), 0.76, 0.76, gid=f"{row['pattern']}:{row['variable']}:{row['state']}")
        cell.set(**LOOKS[row["state"]], **_EDGE)
        plot.add_patch(cell)
    for y, label in enumerate(labels):
        write(plot, label, 8 - left * 72, y, size=_SIZE)
    plot.set_ylim(len(variables) - 0.4, -0.6)
    plot.axis("off")


def _counts(plot: Axes, patterns: pd.DataFrame, names: Names) -> None:
    n = patterns["n"].to_numpy(dtype=float)
    plot.bar(range(len(n)), n, width=0.76, color=ACCENT, lw=0)
    for x, count in enumerate(patterns["n"]):
        height = 0.0 if fmt.is_missing(count) else float(count)
        plot.annotate(
            fmt.integer(count), (x, height), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=8
        )
    plot.set_ylim(0, float(np.nanmax([*n, 1.0])) * 1.18)
    plot.xaxis.set_visible(False)
    plot.set_ylabel(names.say("Patients"))


def _below(plot: Axes, result: Result, drawn: int, names: Names) -> None:
    complete, used, many = (result.counts[k] for k in ("complete", "used", "patterns"))
    said = []
    if not (fmt.is_suppressed(complete) or fmt.is_suppressed(used)):
        said.append(names.say(f"{fmt.integer(complete)} of {fmt.integer(used)} patients: all known"))
    if fmt.is_suppressed(many):
        said.append(names.say(f"The {drawn} most frequent patterns"))
    elif many > drawn:
        said.append(names.say(f"The {drawn} most frequent of {fmt.integer(many)} patterns"))
    plot.annotate(
        "\n".join(said), (0, 0), xycoords="axes fraction", xytext=(0, -8), textcoords="offset points", ha="left",
        va="top", fontsize=8, color=MUTED,
    )  # fmt: skip


def _short(label: str) -> str:
    return wrapped(label, _WIDEST, _SIZE, most=1)

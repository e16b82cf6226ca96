"""A love plot: how far apart two groups are in each covariate, before and after they are weighted or matched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.key import Mark, key_height, key_lines, key_width, write_key
from neurohlh.report.figures.lettering import text_width, wrapped
from neurohlh.report.figures.look import ACCENT, GRID, INK, MUTED, Drawing, axes, canvas, write
from neurohlh.report.names import Names

_ROW, _PLOT, _SIZE, _LEAST, _WIDEST = 0.25, 4.4, 9, 0.25, 4.0
# Told apart by their shapes as well as by their colours.
_LOOKS: tuple[dict[str, Any], ...] = (
    {"marker": "o", "color": INK, "mfc": "white", "ms": 6.5, "mew": 1.2},
    {"marker": "s", "color": ACCENT, "ms": 6},
    {"marker": "^", "color": "#d55e00", "ms": 7},
    {"marker": "D", "color": INK, "ms": 5},
    {"marker": "X", "color": "#009e73", "ms": 7},
)
_WORDS = {"before": "Before weighting", "after": "After weighting"}
_AUSTIN = 0.1


def love(result: Result, names: Names) -> Drawing:
    """Absolute standardised differences from the curves of a balance, the largest before weighting at the top.

    A hollow circle stands before weighting, a filled mark of its own shape for each weighting; the dashed line is the
    difference up to which a covariate is called balanced.
    """
    curves = result.curves
    rows = _rows(curves)
    labels = [wrapped(_label(names, *key), _WIDEST, _SIZE, most=1) for key in rows]
    looks = dict(zip(dict.fromkeys(curves["population"]), _LOOKS, strict=False))
    threshold = float(curves["threshold"].iloc[0])
    left = max(text_width(text, _SIZE) for text in labels) + 0.3
    marks = _marks(looks, threshold, names)
    width = max(left + _PLOT + 0.3, key_width(marks) + 0.4)
    key = key_lines(marks, width - 0.3)
    figure = canvas(width, _ROW * len(rows) + 0.6 + key_height(key))
    plot = axes(figure, left, 0.55, _PLOT, _ROW * len(rows))
    plot.axvline(threshold, color=INK, lw=1, ls=(0, (4, 3)))
    for y, (row, label) in enumerate(zip(rows.values(), labels, strict=True)):
        write(plot, label, 8 - left * 72, y, size=_SIZE)
        _row(plot, y, row, looks, names)
    _dress(plot, len(rows), max(float(curves["abs_smd"].max()) * 1.08, _LEAST), names)
    write_key(plot, key, left=0.12)
    return figure


def _rows(curves: pd.DataFrame) -> dict[tuple[str, str, str], dict[str, float]]:
    """Covariate (variable, term, level) -> weighting -> |SMD|, by the first weighting from large to small."""
    rows: dict[tuple[str, str, str], dict[str, float]] = {}
    for line in curves.to_dict("records"):
        found = rows.setdefault((line["variable"], line["term"], line["level"]), {})
        found[line["population"]] = float(line["abs_smd"])
    first = curves["population"].iloc[0]
    order = sorted(rows, key=lambda key: -np.nan_to_num(rows[key].get(first, np.nan), nan=-1.0))
    return {key: rows[key] for key in order}


def _label(names: Names, variable: str, term: str, level: str) -> str:
    if level:
        return f"{names.say(names.label(variable))}: {names.say(names.level(variable, level))}"
    label = names.say(names.label(variable))
    return label if term == variable else f"{label} ({term.split('(')[0]})"


def _marks(looks: dict[str, dict[str, Any]], threshold: float, names: Names) -> list[Mark]:
    marks = [Mark(names.say(_WORDS.get(p, p)), {"ls": "none", **look}) for p, look in looks.items()]
    said = f"Differences up to {fmt.shortest(threshold)} are called balanced, by convention"
    said = f"{said} (Austin 2009, Stat Med 28:3083)" if threshold == _AUSTIN else said
    return [*marks, Mark(names.say(said), {"color": INK, "lw": 1, "ls": (0, (4, 3))})]


def _row(plot: Axes, y: int, row: dict[str, float], looks: dict[str, dict[str, Any]], names: Names) -> None:
    known = [v for v in row.values() if not np.isnan(v)]
    if known:
        plot.plot([min(known), max(known)], [y, y], color=GRID, lw=1.6, zorder=1)
    else:
        plot.text(0.005, y, names.say("not estimated"), va="center", fontsize=_SIZE, color=MUTED)
    for population, value in row.items():
        if not np.isnan(value):
            plot.plot(value, y, ls="none", clip_on=False, zorder=3, gid=population, **looks[population])


def _dress(plot: Axes, rows: int, most: float, names: Names) -> None:
    plot.set_xlim(0, most)
    plot.set_ylim(rows - 0.4, -0.6)
    plot.set_xlabel(names.say("Absolute standardised difference of the groups"))
    plot.yaxis.set_visible(False)
    plot.grid(axis="x", color=GRID, lw=0.6)
    plot.set_axisbelow(True)

"""A specification curve: every estimate in its order, below it which choices made it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.look import ACCENT, GREY, GRID, INK, MUTED, Drawing, axes, canvas, text_width, write
from neurohlh.report.names import Names

_WIDTH, _CURVE, _ROW = 6.2, 2.6, 0.155
_TICKS = (0.1, 0.2, 0.33, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)


def specification_curve(result: Result, names: Names) -> Drawing:
    """Estimates with intervals by rank; the pre-declared one is marked; a tick below for each choice that it made."""
    picture, curves = result.method["picture"], result.curves.sort_values("rank", kind="stable")
    rows = _choices(curves, picture["choices"], names)
    left = max(text_width(text, 7.5, bold=head) for text, head, _ in rows) + 0.3
    below = _ROW * len(rows)
    figure = canvas(left + _WIDTH + 0.2, below + _CURVE + 0.75)
    curve = axes(figure, left, below + 0.5, _WIDTH, _CURVE)
    board = axes(figure, left, 0.15, _WIDTH, below)
    _curve(curve, curves, str(picture["axis"]))
    _board(board, rows, len(curves), left)
    return figure


def _choices(curves: pd.DataFrame, choices: list[str], names: Names) -> list[tuple[str, bool, np.ndarray | None]]:
    rows: list[tuple[str, bool, np.ndarray | None]] = []
    for choice in choices:
        rows.append((names.label(choice), True, None))
        for level in dict.fromkeys(curves[choice]):
            rows.append((names.prose(str(level)), False, np.flatnonzero(curves[choice] == level)))
    return rows


def _curve(plot: Axes, curves: pd.DataFrame, label: str) -> None:
    x = np.arange(len(curves))
    value, low, high = (curves[c].to_numpy(float) for c in ("estimate", "conf_low", "conf_high"))
    declared = curves["declared"].to_numpy(bool)
    sure = (low > 1) | (high < 1)
    plot.vlines(x, low, high, color=np.where(sure, MUTED, GRID), lw=min(1.6, 400 / max(len(x), 1)))
    plot.plot(x[~declared], value[~declared], ".", color=INK, ms=3)
    for place in np.flatnonzero(declared):
        plot.vlines(place, low[place], high[place], color=ACCENT, lw=2)
        plot.plot(place, value[place], "s", color=ACCENT, ms=7)
        plot.annotate(
            "declared in advance", (place, high[place]), xytext=(0, 6), textcoords="offset points", color=ACCENT,
            ha="center" if 0.15 < place / max(len(x), 1) < 0.85 else "left" if place / len(x) < 0.5 else "right",
            fontsize=8.5, fontweight="bold",
        )  # fmt: skip
    finite = np.concatenate([value, low, high])
    finite = finite[np.isfinite(finite) & (finite > 0)]
    span = (max(finite.min() / 1.1, 0.05), min(finite.max() * 1.2, 20.0)) if len(finite) else (0.5, 2.0)
    plot.set_yscale("log")
    plot.set_ylim(*span)
    inside = [t for t in _TICKS if span[0] <= t <= span[1]]
    plot.yaxis.set_major_locator(FixedLocator(inside))
    plot.yaxis.set_minor_locator(NullLocator())
    plot.set_yticks(inside, [fmt.shortest(t) for t in inside])
    plot.axhline(1, color=MUTED, lw=0.9, ls=(0, (4, 3)))
    plot.set_xlim(-1, len(x))
    plot.xaxis.set_visible(False)
    plot.spines["bottom"].set_visible(False)
    plot.set_ylabel(label)


def _board(plot: Axes, rows: list[tuple[str, bool, np.ndarray | None]], size: int, left: float) -> None:
    plot.set_xlim(-1, size)
    plot.set_ylim(len(rows) - 0.4, -0.6)
    plot.axis("off")
    for y, (text, head, places) in enumerate(rows):
        write(plot, text, 8 - left * 72 + (0 if head else 8), y, bold=head, size=7.5)
        if places is not None:
            plot.hlines(y, -0.5, size - 0.5, color=GRID, lw=0.4)
            plot.vlines(
                places, y - 0.34, y + 0.34, color=GREY if len(places) > size / 2 else INK, lw=min(1.2, 300 / size)
            )

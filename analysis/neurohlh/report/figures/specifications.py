"""A specification curve: every estimate in its order, below it which choices made it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from neurohlh.core.result import Result
from neurohlh.report.figures.lettering import text_width, wrapped
from neurohlh.report.figures.look import ACCENT, GREY, GRID, INK, MUTED, Drawing, axes, canvas, write
from neurohlh.report.figures.ratios import ratio_ticks
from neurohlh.report.names import Names

_WIDTH, _CURVE, _ROW, _WIDEST = 6.2, 2.6, 0.155, 2.6
_TICKS = (0.1, 0.2, 0.33, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)


def specification_curve(result: Result, names: Names) -> Drawing:
    """Estimates with intervals by rank; the pre-declared one is marked; a tick below for each choice that it made."""
    picture, curves = result.method["picture"], result.curves.sort_values("rank", kind="stable")
    rows = _choices(curves, picture["choices"], names)
    left = max([text_width(text, 7.5, bold=head) + 0.3 for text, head, _ in rows] + [1.0])
    below = _ROW * len(rows)
    figure = canvas(left + _WIDTH + 0.2, below + _CURVE + 0.75)
    curve = axes(figure, left, below + 0.5, _WIDTH, _CURVE)
    board = axes(figure, left, 0.15, _WIDTH, below)
    _curve(curve, curves, names)
    curve.set_ylabel(wrapped(names.say(str(picture["axis"])), _CURVE))
    _board(board, rows, len(curves), left)
    return figure


def _choices(curves: pd.DataFrame, choices: list[str], names: Names) -> list[tuple[str, bool, np.ndarray | None]]:
    rows: list[tuple[str, bool, np.ndarray | None]] = []
    for choice in choices:
        rows.append((wrapped(names.say(names.label(choice)), _WIDEST, 7.5, bold=True, most=1), True, None))
        for level in dict.fromkeys(curves[choice]):
            # A definition stands by the key under which the tables and the study file name it, in every language.
            said = str(level) if choice == "definition" else names.say(names.prose(str(level)))
            text = wrapped(said, _WIDEST, 7.5, most=1)
            rows.append((text, False, np.flatnonzero(curves[choice] == level)))
    return rows


def _curve(plot: Axes, curves: pd.DataFrame, names: Names) -> None:
    x = np.arange(len(curves))
    value, low, high = (curves[c].to_numpy(float) for c in ("estimate", "conf_low", "conf_high"))
    declared = curves["declared"].to_numpy(bool)
    sure = (low > 1) | (high < 1)
    plot.vlines(x, low, high, color=np.where(sure, MUTED, GRID), lw=min(1.6, 400 / max(len(x), 1)))
    plot.plot(x[~declared], value[~declared], ".", color=INK, ms=3)
    finite = np.concatenate([value, low, high])
    finite = finite[np.isfinite(finite) & (finite > 0)]
    span = (max(finite.min() / 1.1, 0.05), min(finite.max() * 1.2, 20.0)) if len(finite) else (0.5, 2.0)
    plot.set_yscale("log")
    plot.set_ylim(*span)
    ratio_ticks(plot.yaxis, span, _TICKS)
    plot.axhline(1, color=MUTED, lw=0.9, ls=(0, (4, 3)))
    plot.set_xlim(-1, len(x))
    plot.xaxis.set_visible(False)
    plot.spines["bottom"].set_visible(False)
    for place in np.flatnonzero(declared):
        for colour, wide in (("white", 6), (ACCENT, 2)):  # the white edge sets it apart in grey too
            plot.vlines(place, low[place], high[place], color=colour, lw=wide)
        plot.plot(place, value[place], "s", color=ACCENT, mec="white", mew=1.2, ms=9)
        _declared(plot, place / max(len(x), 1), (float(place), min(float(high[place]), span[1])), names)


def _declared(plot: Axes, share: float, at: tuple[float, float], names: Names) -> None:
    """The words above the estimate declared in advance, turned inwards at either end."""
    side = "center" if 0.15 < share < 0.85 else "left" if share < 0.5 else "right"
    plot.annotate(
        names.say("declared in advance"), at, xytext=(0, 6), textcoords="offset points", color=ACCENT, ha=side,
        fontsize=8.5, fontweight="bold",
    )  # fmt: skip


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

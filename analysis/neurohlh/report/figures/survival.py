"""Kaplan-Meier curves with their risk table standing on the same ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, PercentFormatter

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.look import GRID, MUTED, Drawing, axes, canvas, colours, text_width
from neurohlh.report.names import Names

_DAYS_PER_YEAR = (365.25, 365.0)
_WIDTH, _PLOT_HEIGHT, _ROW = 7.8, 3.1, 0.23
_GAP = 32  # points between the labels of the risk table and its first tick, whose number is centred on it

_SOLID: dict[str, Any] = {"lw": 1.9}
_SPARSE: dict[str, Any] = {"lw": 1.3, "ls": (0, (3, 2)), "alpha": 0.75}


def kaplan_meier(result: Result, names: Names, *, x_label: str = "", width: float = _WIDTH) -> Drawing:
    """Curves with limits and censor ticks; below them who is at risk, and dashed where fewer than ten are.

    The risk table's columns are placed in the data coordinates of the ticks, on axes of the same left edge and width.
    """
    curves = result.curves
    groups = list(dict.fromkeys(curves["group"]))
    label = {g: names.group(g) for g in groups}
    ticks = risk_ticks(result)
    left = max(text_width(t, bold=True) for t in [*label.values(), "At risk (deaths)"]) + _GAP / 72 + 0.1
    right = 0.4
    table_height = _ROW * (len(groups) + 1)
    key = _key_lines(label, width - left - 0.1)
    above = 0.14 + _ROW * len(key)
    height = _PLOT_HEIGHT + table_height + 0.73 + above
    figure = canvas(width, height)
    plot = axes(figure, left, height - _PLOT_HEIGHT - above, width - left - right, _PLOT_HEIGHT)
    risk = axes(figure, left, 0.08, width - left - right, table_height)
    paint = colours(groups)
    for group in groups:
        _curve(plot, curves[curves["group"] == group], paint[group])
    end = max(float(curves["time"].max()), ticks[-1])
    _dress(plot, ticks, end, x_label)
    _key(plot, key, label, paint)
    _risk_table(risk, result, groups, label, paint, ticks, end)
    return figure


def risk_ticks(result: Result) -> list[float]:
    """The times at which the risk table counts, in the data's unit."""
    ticks = result.method.get("ticks") or sorted({row["time"] for row in result.method.get("risk_table", [])})
    return [float(t) for t in ticks] or [0.0]


def _curve(plot: Axes, part: pd.DataFrame, colour: str) -> None:
    time, survival = part["time"].to_numpy(float), part["survival"].to_numpy(float)
    sparse = part["sparse"].to_numpy(bool)
    for chosen, look in ((~sparse, _SOLID), (sparse, _SPARSE)):
        x, y = _steps(time, survival, chosen)
        if len(x):
            plot.plot(x, y, color=colour, solid_joinstyle="miter", **look)
    low, high = part["conf_low"].to_numpy(float), part["conf_high"].to_numpy(float)
    plot.fill_between(time, low, high, step="post", color=colour, alpha=0.13, lw=0)
    censored = part["n_censor"].to_numpy(float) > 0
    plot.plot(time[censored], survival[censored], "|", color=colour, ms=5.5, mew=0.9, alpha=0.8)


def _steps(time: np.ndarray, survival: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # The step up to a time belongs to those at risk just before it: a row's flag rules the step that ends there.
    ends = np.flatnonzero(chosen[1:]) + 1
    gap = np.full(len(ends), np.nan)
    x = np.column_stack([time[ends - 1], time[ends], time[ends], gap]).ravel()
    y = np.column_stack([survival[ends - 1], survival[ends - 1], survival[ends], gap]).ravel()
    return x, y


def _dress(plot: Axes, ticks: Sequence[float], end: float, x_label: str) -> None:
    plot.set_xlim(0, end * 1.005)
    plot.set_ylim(0, 1.02)
    plot.xaxis.set_major_locator(FixedLocator(list(ticks)))
    texts, unit = tick_words(ticks)
    plot.set_xticks(list(ticks), texts)
    plot.set_xlabel(f"{unit} {x_label}".strip())
    plot.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    plot.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=f"{fmt.THIN}%"))
    plot.set_ylabel("Survival")
    plot.grid(axis="y", color=GRID, lw=0.7)
    plot.set_axisbelow(True)


def tick_words(ticks: Sequence[float]) -> tuple[list[str], str]:
    """Tick labels and their unit: years where every tick is a whole number of half years, otherwise days."""
    for year in _DAYS_PER_YEAR:
        halves = [2 * t / year for t in ticks]
        if ticks[-1] > year and all(abs(h - round(h)) < 1e-6 for h in halves):
            return [f"{h / 2:g}" for h in halves], "Years"
    return [fmt.significant(t, 4) for t in ticks], "Days"


def _key_lines(label: dict[str, str], room: float) -> list[list[tuple[str, float]]]:
    # (group, place in points) by line: as many groups beside one another as the figure is wide.
    lines: list[list[tuple[str, float]]] = [[]]
    x = 0.0
    for group, text in label.items():
        width = 72 * text_width(text, bold=True) + 48
        if lines[-1] and x + width > 72 * room:
            lines.append([])
            x = 0.0
        lines[-1].append((group, x))
        x += width
    return lines


def _key(plot: Axes, lines: list[list[tuple[str, float]]], label: dict[str, str], paint: dict[str, str]) -> None:
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "center"}
    for height, line in enumerate(reversed(lines)):
        for group, x in line:
            y = 13 + height * _ROW * 72
            plot.annotate("━━", (0, 1), xytext=(x, y), color=paint[group], fontsize=11, **place)
            plot.annotate(label[group], (0, 1), xytext=(x + 25, y), color=paint[group], fontweight="bold", **place)


def _risk_table(
    risk: Axes,
    result: Result,
    groups: Sequence[str],
    label: dict[str, str],
    paint: dict[str, str],
    ticks: Sequence[float],
    end: float,
) -> None:
    risk.set_xlim(0, end * 1.005)
    risk.set_ylim(len(groups) + 0.5, -0.5)
    risk.axis("off")
    away: dict[str, Any] = {
        "xycoords": ("axes points", "data"),
        "ha": "right",
        "va": "center",
        "annotation_clip": False,
    }
    risk.annotate("At risk (deaths)", (-_GAP, 0), color=MUTED, **away)
    counts = {(r["group"], float(r["time"])): r for r in result.method.get("risk_table", [])}
    for line, group in enumerate(groups, start=1):
        risk.annotate(label[group], (-_GAP, line), color=paint[group], fontweight="bold", **away)
        for tick in ticks:
            row = counts.get((group, tick))
            if row is not None:
                text = f"{fmt.integer(row['n_risk'])} ({fmt.integer(row['n_event'])})"
                risk.text(tick, line, text, ha="center", va="center", fontsize=9)

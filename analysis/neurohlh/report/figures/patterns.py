"""Which evidence occurs together: an UpSet picture with deaths, tested negatives and untested told apart."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.key import Mark, key_height, key_lines, write_key
from neurohlh.report.figures.lettering import text_width, wrapped
from neurohlh.report.figures.look import ACCENT, GREY, GRID, INK, MUTED, Drawing, axes, canvas, write
from neurohlh.report.names import Names

_COLUMN, _ROW, _BARS, _WIDEST_LABEL = 0.34, 0.3, 1.9, 2.6
_ALL: dict[str, Any] = {"facecolor": GRID}
_DIED: dict[str, Any] = {"facecolor": ACCENT}
_MOST, _FEWEST = 24, 10
"""Patterns drawn at the most, the most frequent ones (the table holds them all), and places drawn at the least."""


def upset(result: Result, names: Names) -> Drawing:
    """A column per pattern: its bar says how many patients, the dark part how many died; below, what each set showed.

    A filled dot is met, an open one not met, a question mark not tested or undecided.
    """
    curves = result.curves
    patterns = curves.drop_duplicates("pattern").sort_values("n", ascending=False, kind="stable").head(_MOST)
    sets = list(dict.fromkeys(curves["set"]))
    labels = [wrapped(names.say(names.label(s)), _WIDEST_LABEL, 9) for s in sets]
    row = _ROW + 0.1 * max(label.count("\n") for label in labels)
    left = max(*(text_width(t, 9) for t in labels), 0.75) + 0.35
    places = max(len(patterns), _FEWEST)
    width, bottom = _COLUMN * places, 0.35 + row * len(sets)
    looks = zip((names.say("Patients"), names.say("Of them died")), (_ALL, _DIED), strict=True)
    key = key_lines([Mark(text, look) for text, look in looks], width)
    figure = canvas(left + width + 0.3, bottom + _BARS + 0.1 + key_height(key))
    bars = axes(figure, left, bottom + 0.1, width, _BARS)
    grid = axes(figure, left, 0.35, width, row * len(sets))
    _bars(bars, patterns, places, names)
    write_key(bars, key)
    states = curves.set_index(["pattern", "set"])["state"]
    grid.set_xlim(-0.6, places - 0.4)
    _dots(grid, patterns, sets, labels, states, left)
    grid.annotate(
        names.say("● met   ○ not met   ? not tested or undecided"), (0, 0), xytext=(0, -14), xycoords="axes fraction",
        textcoords="offset points", fontsize=8, color=MUTED,
    )  # fmt: skip
    return figure


def _bars(plot: Axes, patterns: pd.DataFrame, places: int, names: Names) -> None:
    n = patterns["n"].to_numpy(float)
    died = patterns["events"].fillna(0).to_numpy(float)
    at = range(len(patterns))
    plot.bar(at, n, width=0.7, **_ALL)
    plot.bar(at, died, width=0.7, **_DIED)
    top = max(n.max(), 1.0)
    for x, count in zip(at, n, strict=True):
        plot.annotate(
            fmt.integer(count), (x, count), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=8
        )
    plot.set_xlim(-0.6, places - 0.4)
    plot.set_ylim(0, top * 1.14)
    plot.xaxis.set_visible(False)
    plot.set_ylabel(names.say("Patients"))


def _dots(
    plot: Axes, patterns: pd.DataFrame, sets: list[str], labels: list[str], states: pd.Series, left: float
) -> None:
    plot.set_ylim(len(sets) - 0.4, -0.6)
    plot.axis("off")
    for y, (name, label) in enumerate(zip(sets, labels, strict=True)):
        write(plot, label, 8 - left * 72, y)
        for x, pattern in enumerate(patterns["pattern"]):
            state = states.get((pattern, name), "unknown")
            if state in ("met", "not_met"):
                face = INK if state == "met" else "white"
                plot.plot(x, y, "o", ms=7, mfc=face, mec=INK if state == "met" else GREY, mew=1.1)
            else:
                plot.text(x, y, "?", ha="center", va="center", color=GREY, fontsize=9)

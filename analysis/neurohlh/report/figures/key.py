"""The key above a plot: marks and their words, as many beside one another as the plot is wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from neurohlh.report.figures.look import text_width

LINE = 0.22
"""Height of one line of the key, in inches."""
_SAMPLE, _GAP, _SIZE, _ABOVE = 0.3, 0.3, 9, 0.16


@dataclass(frozen=True)
class Mark:
    """One entry: its words, and how its line or marker looks (arguments of matplotlib's Line2D)."""

    text: str
    look: Mapping[str, Any]


def key_lines(marks: Sequence[Mark], room: float) -> list[list[tuple[Mark, float]]]:
    """The marks in lines with the place of each, in inches from the left; `room` is the width of a line."""
    lines: list[list[tuple[Mark, float]]] = [[]]
    x = 0.0
    for mark in marks:
        width = _SAMPLE + 0.1 + text_width(mark.text, _SIZE)
        if lines[-1] and x + width > room:
            lines.append([])
            x = 0.0
        lines[-1].append((mark, x))
        x += width + _GAP
    return lines


def key_height(lines: Sequence[object]) -> float:
    """How many inches the key takes above a plot."""
    return _ABOVE + LINE * len(lines)


def write_key(plot: Axes, lines: Sequence[Sequence[tuple[Mark, float]]], left: float | None = None) -> None:
    """Writes the key above `plot`, from its left edge or from `left` inches of the figure."""
    figure = plot.get_figure(root=True)
    assert figure is not None
    box = plot.get_position()
    across, up = figure.get_size_inches()
    start = box.x0 * across if left is None else left
    for row, line in enumerate(lines):
        y = box.y1 * up + _ABOVE + LINE * (len(lines) - row - 0.6)
        for mark, x in line:
            ends = [start + x, start + x + _SAMPLE]
            middle = [sum(ends) / 2] if mark.look.get("ls") == "none" else ends
            sample = Line2D(middle, [y] * len(middle), transform=figure.dpi_scale_trans, **mark.look)
            figure.add_artist(sample)
            figure.text(
                (start + x + _SAMPLE + 0.1) / across, y / up, mark.text, va="center_baseline", ha="left", fontsize=_SIZE
            )

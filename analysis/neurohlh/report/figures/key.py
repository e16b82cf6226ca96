"""The key above a plot: marks and their words, as many beside one another as the plot is wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import Transform

from neurohlh.report.figures.look import text_width

LINE = 0.22
"""Height of one line of the key, in inches."""
_SAMPLE, _GAP, _SIZE, _ABOVE = 0.3, 0.3, 9, 0.16


@dataclass(frozen=True)
class Mark:
    """One entry: its words, and how its line, marker or area looks (arguments of Line2D, or of Rectangle if filled)."""

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


def key_width(marks: Sequence[Mark]) -> float:
    """How many inches the widest mark takes: the least that a figure leaves its key."""
    return max((_SAMPLE + 0.1 + text_width(mark.text, _SIZE) for mark in marks), default=0.0)


def key_height(lines: Sequence[object]) -> float:
    """How many inches the key takes above a plot."""
    return _ABOVE + LINE * len(lines)


def write_key(
    plot: Axes, lines: Sequence[Sequence[tuple[Mark, float]]], left: float | None = None, *, raised: float = 0.0
) -> None:
    """Writes the key `raised` inches above `plot`, from its left edge or from `left` inches of the figure."""
    figure = plot.get_figure(root=True)
    assert figure is not None
    box = plot.get_position()
    across, up = figure.get_size_inches()
    start = box.x0 * across if left is None else left
    for row, line in enumerate(lines):
        y = box.y1 * up + raised + _ABOVE + LINE * (len(lines) - row - 0.6)
        for mark, x in line:
            figure.add_artist(_sample(mark, start + x, y, figure.dpi_scale_trans))
            figure.text(
                (start + x + _SAMPLE + 0.1) / across, y / up, mark.text, va="center_baseline", ha="left", fontsize=_SIZE
            )


def _sample(mark: Mark, x: float, y: float, inches: Transform) -> Artist:
    if "facecolor" in mark.look:
        return Rectangle((x, y - 0.06), _SAMPLE, 0.12, transform=inches, **mark.look)
    ends = [x + _SAMPLE / 2] if mark.look.get("ls") == "none" else [x, x + _SAMPLE]
    return Line2D(ends, [y] * len(ends), transform=inches, **mark.look)

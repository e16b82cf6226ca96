"""A nomogram that can be read with a ruler: points above, an axis per predictor, total points and risks below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.lettering import text_width, wrapped
from neurohlh.report.figures.look import GRID, INK, MUTED, Drawing, axes, canvas, write
from neurohlh.report.names import Names

TOTAL, POINTS = "total", "points"
_WIDTH, _RIGHT, _SIZE = 6.4, 0.55, 9
_WIDEST = 3.2
_LANE, _AXIS = 0.17, 0.3
"""Inches that a further line of labels takes, and an axis with one line of them."""
_RISK = re.compile(r"risk_([\d.e+]+)")
_SMALL = 8
_FULL = 100.0
"""Points of the axis above, also where the value that has them all may not be shown."""


@dataclass(frozen=True)
class _Line:
    """One axis: its name, the points that its marks stand at, their texts; `named` where these are names of levels."""

    key: str
    name: str
    places: np.ndarray
    texts: list[str]
    span: float
    named: bool = False
    lanes: Sequence[int] = ()

    @property
    def height(self) -> float:
        return _AXIS + 0.06 + _LANE * max(self.lanes, default=0)


def nomogram(result: Result, names: Names) -> Drawing:
    """The axes of a nomogram Result, every mark at its points; the lower axes share the scale of the total points.

    How to read it: from the value of each predictor straight up to the points, add them, and from their sum on the
    axis of total points straight down to the risk. A curve that turns has an axis per direction.
    """
    upper, lower = _upper(result, names), _lower(result, names)
    left = min(max(text_width(line.name, _SIZE, bold=True) for line in (*upper, *lower)), _WIDEST) + 0.35
    heights = [sum(line.height for line in lines) for lines in (upper, lower)]
    zero = str(result.method.get("time_zero", ""))
    foot = 0.28 if zero else 0.05
    figure = canvas(left + _WIDTH + _RIGHT, sum(heights) + 0.4 + foot)
    predictors = axes(figure, left, heights[1] + 0.15 + foot, _WIDTH, heights[0])
    totals = axes(figure, left, foot, _WIDTH, heights[1])
    if zero:
        said = names.say(f"Days are counted {zero}.")
        figure.text(8 / 72 / figure.get_figwidth(), 0.1 / figure.get_figheight(), said, fontsize=_SMALL, color=MUTED)
    _draw(predictors, upper, left, guides=True)
    _draw(totals, lower, left)
    return figure


def _upper(result: Result, names: Names) -> list[_Line]:
    curves = result.curves
    variables = [a for a in dict.fromkeys(curves["axis"]) if a != TOTAL and not _RISK.fullmatch(a)]
    full = max(_FULL, float(curves.loc[curves["axis"].isin(variables), "points"].max()))
    steps = np.arange(0.0, full + 1e-9, _FULL / 10)
    lines = [_Line(POINTS, names.say("Points"), steps, [fmt.shortest(s) for s in steps], full)]
    for variable in variables:
        part = curves[curves["axis"] == variable]
        number = part["position"].notna().all()
        for k, piece in enumerate(_monotone(part) if number else [part]):
            texts = [
                _number(row["position"]) if number else names.say(names.level(variable, str(row["value"])))
                for row in piece.to_dict("records")
            ]
            name = names.say(names.with_unit(variable)) if k == 0 else ""
            lines.append(_Line(variable, name, piece["points"].to_numpy(dtype=float), texts, full, not number))
    return [_laid_out(line) for line in lines]


def _lower(result: Result, names: Names) -> list[_Line]:
    curves = result.curves
    totals = curves[curves["axis"] == TOTAL]
    most = float(curves.loc[(curves["axis"] == TOTAL) | curves["axis"].str.fullmatch(_RISK), "points"].max())
    texts = [fmt.significant(v, 4) for v in totals["position"]]
    lines = [_Line(TOTAL, names.say("Total points"), totals["points"].to_numpy(dtype=float), texts, most)]
    for axis in (a for a in dict.fromkeys(curves["axis"]) if _RISK.fullmatch(a)):
        part = curves[curves["axis"] == axis]
        found = _RISK.fullmatch(axis)
        assert found is not None
        texts = [fmt.percent(v, 1 if v < 0.01 else 0) for v in part["position"]]
        words = names.say(f"Risk by day {found[1]}")
        lines.append(_Line(axis, words, part["points"].to_numpy(dtype=float), texts, most))
    return [_laid_out(line) for line in lines]


def _number(value: float) -> str:
    return fmt.significant(value, 3 if abs(value) >= 1 else 2)


def _monotone(part: pd.DataFrame) -> list[pd.DataFrame]:
    """The marks of a number in pieces along which the points only rise or only fall."""
    points = part.sort_values("position", kind="stable").reset_index(drop=True)
    turns = [0]
    for k, (one, two) in enumerate(pairwise(np.sign(np.diff(points["points"]))), start=1):
        if one * two < 0:
            turns.append(k)
    return [points.iloc[a : b + 1] for a, b in pairwise([*turns, len(points) - 1])] if len(points) > 1 else [points]


def _laid_out(line: _Line) -> _Line:
    """A lane for every label, -1 for one left out: numbers that would stand on another keep their mark alone.

    The names of levels stand beside their strokes, the rightmost highest, so that no stroke crosses a name.
    """
    at = line.places / line.span * _WIDTH
    spans = [_span(x, text, line.named) for x, text in zip(at, line.texts, strict=True)]
    ends = [0, len(at) - 1]
    order = list(np.argsort(-at)) if line.named else [*ends, *range(1, len(at) - 1)]
    lanes = [-1] * len(at)
    taken: list[tuple[int, float, float]] = []
    for k in dict.fromkeys(order):
        for lane in range(len(at) if line.named else 1 + (k in ends)):
            own = [(lane, *spans[k]), *((above, at[k] - 0.02, at[k] + 0.02) for above in range(lane))]
            if not any(a == b and low < to and start < high for a, low, high in own for b, start, to in taken):
                lanes[k] = lane
                taken += own
                break
    return replace(line, lanes=lanes)


def _span(x: float, text: str, named: bool) -> tuple[float, float]:
    """From where to where a label reaches, in inches: centred, or right of its stroke, or left of it at the end."""
    width = text_width(text, _SMALL) + 0.06
    if not named:
        return x - width / 2, x + width / 2
    return (x, x + width) if x + width <= _WIDTH + _RIGHT else (x - width, x)


def _draw(plot: Axes, lines: list[_Line], left: float, guides: bool = False) -> None:
    total = sum(line.height for line in lines)
    plot.set_xlim(0, lines[0].span)
    plot.set_ylim(total, 0)
    plot.axis("off")
    if guides:
        plot.vlines(lines[0].places, 0.1, total, color=GRID, lw=0.5, zorder=0)
    top = 0.1
    for line in lines:
        bold = line.key in (POINTS, TOTAL)
        write(plot, wrapped(line.name, _WIDEST, _SIZE, bold=bold, most=1), 8 - left * 72, top, bold=bold, size=_SIZE)
        low, high = float(line.places.min()), float(line.places.max())
        plot.plot([low, high], [top, top], color=INK, lw=1.1, clip_on=False)
        plot.plot(line.places, [top] * len(line.places), "|", color=INK, ms=7, clip_on=False, gid=f"axis:{line.key}")
        for place, text, lane in zip(line.places, line.texts, line.lanes, strict=True):
            if lane >= 0:
                _label(plot, line, place, top, text, lane)
        top += line.height


def _label(plot: Axes, line: _Line, place: float, top: float, text: str, lane: int) -> None:
    y = top + 0.13 + _LANE * lane
    if lane or line.named:
        # Beside the name of a level the stroke goes down to it; a number stands below its end.
        plot.plot([place, place], [top, y if line.named else y - 0.08], color=MUTED, lw=0.6, clip_on=False)
    x = place / line.span * _WIDTH
    side = "center" if not line.named else "left" if _span(x, text, True)[0] >= x else "right"
    plot.annotate(
        text, (place, y), xytext=({"center": 0, "left": 3, "right": -3}[side], 0), textcoords="offset points", ha=side,
        va="center", fontsize=_SMALL, annotation_clip=False,
    )  # fmt: skip

"""What makes a figure readable, measured: where its texts stand, and whether its marks differ without colour."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from neurohlh.report.figures.look import style

RISK_TABLE = "risk table"
"""The label of the axes that hold a risk table."""
_SLACK = 1.0  # pixels at 100 dpi that a box of text may stand out or into another: its own margins


def assert_readable(figure: Figure) -> None:
    """Every text stands inside the canvas, whole, and on no other text; risk tables stand on their ticks."""
    boxes = text_boxes(figure)
    assert boxes, "a figure without a word"
    width, height = figure.get_size_inches() * figure.dpi
    for text, box in boxes:
        said = text.get_text()
        assert box.x0 >= -_SLACK, f"leaves the canvas on the left by {-box.x0:.0f}: {said!r}"
        assert box.y0 >= -_SLACK, f"leaves the canvas below by {-box.y0:.0f}: {said!r}"
        assert box.x1 <= width + _SLACK, f"leaves the canvas on the right by {box.x1 - width:.0f}: {said!r}"
        assert box.y1 <= height + _SLACK, f"leaves the canvas above by {box.y1 - height:.0f}: {said!r}"
        if text.get_clip_on() and text.axes is not None and _is_clipped(text):
            assert _within(box, text.axes.bbox), f"is cut off at the edge of its axes: {said!r}"
    for (one, a), (other, b) in combinations(boxes, 2):
        assert not _overlap(a, b), f"stand on each other: {one.get_text()!r} and {other.get_text()!r}"
    for axes in figure.axes:
        if axes.get_label() == RISK_TABLE:
            assert_on_ticks(axes, _plot_above(figure, axes))


def text_boxes(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Every text that a reader sees, with its box in pixels; ticks outside the axis are not seen."""
    with style():
        figure.draw_without_rendering()
    found: list[Text] = list(figure.texts)
    for axes in figure.axes:
        legend = axes.get_legend()
        found += [*axes.texts, *([] if legend is None else legend.get_texts())]
        if axes.axison:
            found += [axes.title, *_of_axis(axes.xaxis), *_of_axis(axes.yaxis)]
    shown = [text for text in found if text.get_visible() and text.get_text().strip()]
    return [(text, text.get_window_extent()) for text in shown]


def assert_on_ticks(risk: Axes, plot: Axes) -> None:
    """The numbers of a risk table are centred on the ticks of the plot above it, a column on each tick."""
    left, right = plot.get_xlim()
    ticks = [plot.transData.transform((t, 0))[0] for t in plot.get_xticks() if left <= t <= right]
    numbers = [text for text in risk.texts if text.get_ha() == "center" and text.get_text()]
    assert numbers, "a risk table without a number"
    centres = {round(float(box.x0 + box.x1) / 2, 1) for box in (text.get_window_extent() for text in numbers)}
    for centre in centres:
        assert np.min(np.abs(np.array(ticks) - centre)) < 1.0, f"a column at {centre} stands on no tick of {ticks}"
    for tick in ticks:
        assert min(abs(centre - tick) for centre in centres) < 1.0, f"a tick at {tick} has no column"


def grey(colour: str) -> float:
    """The luminance of a colour, 0 black to 1 white (Rec. 709 weights)."""
    red, green, blue = to_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def assert_told_apart_in_grey(lines: list[Line2D]) -> None:
    """Any two lines differ by dash or marker, or else by at least 0.25 of luminance."""
    for one, other in combinations(lines, 2):
        same_dash = _dash(one) == _dash(other)
        same_mark = one.get_marker() == other.get_marker()
        far = abs(grey(str(one.get_color())) - grey(str(other.get_color()))) >= 0.25
        assert not (same_dash and same_mark) or far, f"{one.get_color()} and {other.get_color()} look alike in grey"


def _dash(line: Line2D) -> tuple[float, ...]:
    pattern = line._unscaled_dash_pattern[1]  # matplotlib has no public way to ask for it
    return () if pattern is None else tuple(float(v) for v in pattern)


def _of_axis(axis) -> list[Text]:
    if not axis.get_visible():
        return []
    low, high = sorted(axis.get_view_interval())
    inside = [tick for tick in axis.get_major_ticks() if low - 1e-9 <= tick.get_loc() <= high + 1e-9]
    return [axis.label, axis.offsetText, *(tick.label1 for tick in inside if tick.label1.get_visible())]


def _plot_above(figure: Figure, risk: Axes) -> Axes:
    same = [a for a in figure.axes if a is not risk and a.get_label() != RISK_TABLE and _stands_on(a, risk)]
    assert same, "a risk table under no plot"
    return min(same, key=lambda axes: axes.bbox.y0)


def _stands_on(plot: Axes, risk: Axes) -> bool:
    same_edges = abs(plot.bbox.x0 - risk.bbox.x0) < 0.01 and abs(plot.bbox.x1 - risk.bbox.x1) < 0.01
    return same_edges and plot.bbox.y0 >= risk.bbox.y1 - 0.01


def _is_clipped(text: Text) -> bool:
    return text.get_clip_box() is not None or text.get_clip_path() is not None


def _within(box: Bbox, axes: Bbox) -> bool:
    return bool(
        box.x0 >= axes.x0 - _SLACK
        and box.x1 <= axes.x1 + _SLACK
        and box.y0 >= axes.y0 - _SLACK
        and box.y1 <= axes.y1 + _SLACK
    )


def _overlap(a: Bbox, b: Bbox) -> bool:
    across = min(a.x1, b.x1) - max(a.x0, b.x0)
    along = min(a.y1, b.y1) - max(a.y0, b.y0)
    return bool(across > _SLACK and along > _SLACK)

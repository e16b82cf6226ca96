"""The flow of patients as a STROBE diagram: a box per stage, who was left out at the side, CNS status at the end."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from neurohlh.report.blocks import Flow, FlowStep
from neurohlh.report.figures.lettering import text_width, wrapped
from neurohlh.report.figures.look import INK, MUTED, Drawing, axes, canvas
from neurohlh.report.names import Names

_WIDTH, _EDGE = 7.6, 0.12
_MAIN, _SIDE = 2.9, 3.9
_LINE, _PAD, _GAP, _ASIDE = 0.175, 0.11, 0.34, 0.16
_SIZE, _MOST_LINES = 9, 12


def flow(block: Flow, names: Names) -> Drawing:
    """The boxes of a flow, each as high as its words; an arrow from box to box, and one to those left out."""
    drops = [_side_lines(step, names) for step in block.steps]
    numbers = [_number_width(step) for step in block.steps]
    boxes = [_box_lines(step, _MAIN, names) for step in block.steps]
    branches = _branch_lines(block.branches, names)
    height = sum(_height(lines) for lines in boxes) + sum(_between(lines) for lines in drops[1:])
    height += (_GAP * 1.4 + max(_height(lines) for lines in branches) if branches else 0.0) + 2 * _EDGE
    figure = canvas(_WIDTH, height)
    plot = axes(figure, 0, 0, _WIDTH, height)
    plot.set_xlim(0, _WIDTH)
    plot.set_ylim(height, 0)
    plot.axis("off")
    top = _EDGE
    for k, (lines, left_out) in enumerate(zip(boxes, drops, strict=True)):
        if k:
            top += _leave(plot, top, left_out, numbers[k])
        _box(plot, _EDGE, top, _MAIN, lines)
        top += _height(lines)
    if branches:
        _part(plot, top, branches)
    return figure


def _box_lines(step: FlowStep, width: float, names: Names) -> list[str]:
    return [step.n, *_wrapped(names.say(step.label), width - 2 * _PAD)]


def _branch_lines(branches: Sequence[FlowStep], names: Names) -> list[list[str]]:
    width = _branch_width(len(branches))
    return [_box_lines(step, width, names) for step in branches]


def _branch_width(many: int) -> float:
    return (_WIDTH - 2 * _EDGE - 0.2 * (many - 1)) / max(many, 1)


def _side_lines(step: FlowStep, names: Names) -> list[tuple[str, str]]:
    """(number, words) per line of the box at the side; a line that goes on has no number."""
    found: list[tuple[str, str]] = []
    for who, n in step.excluded:
        room = _SIDE - 2 * _PAD - _number_width(step)
        found += [(n if k == 0 else "", line) for k, line in enumerate(_wrapped(names.say(who), room))]
    return found


def _number_width(step: FlowStep) -> float:
    return max((text_width(n, _SIZE) for _, n in step.excluded), default=0.0) + 0.08


def _wrapped(text: str, room: float) -> list[str]:
    return wrapped(text, room, _SIZE, most=_MOST_LINES).split("\n")


def _height(lines: Sequence[object]) -> float:
    return _LINE * len(lines) + 2 * _PAD


def _between(left_out: Sequence[object]) -> float:
    return _height(left_out) + 2 * _ASIDE if left_out else _GAP


def _box(plot: Axes, left: float, top: float, width: float, lines: Sequence[str]) -> None:
    _frame(plot, left, top, width, _height(lines), 1.2)
    for k, line in enumerate(lines):
        look = {"fontsize": _SIZE + 1.5, "fontweight": "bold"} if k == 0 else {"fontsize": _SIZE}
        plot.text(left + width / 2, _at(top, k), line, ha="center", va="center", color=INK, **look)


def _frame(plot: Axes, left: float, top: float, width: float, height: float, line: float) -> None:
    shape = "round,pad=0,rounding_size=0.05"
    plot.add_patch(FancyBboxPatch((left, top), width, height, boxstyle=shape, fc="none", ec=MUTED, lw=line, gid="box"))


def _at(top: float, line: int) -> float:
    return top + _PAD + _LINE * (line + 0.5)


def _leave(plot: Axes, top: float, left_out: Sequence[tuple[str, str]], numbers: float) -> float:
    """The way from one box down to the next, with those who leave in a box at the side; its length."""
    down, x = _between(left_out), _EDGE + _MAIN / 2
    _arrow(plot, (x, top), (x, top + down))
    if left_out:
        aside, beneath = _WIDTH - _EDGE - _SIDE, top + _ASIDE
        _arrow(plot, (x, top + down / 2), (aside, top + down / 2))
        _frame(plot, aside, beneath, _SIDE, _height(left_out), 0.8)
        for k, (n, words) in enumerate(left_out):
            start = aside + _PAD + numbers
            plot.text(start - 0.08, _at(beneath, k), n, ha="right", va="center", color=INK, fontsize=_SIZE)
            plot.text(start, _at(beneath, k), words, ha="left", va="center", color=INK, fontsize=_SIZE)
    return down


def _part(plot: Axes, top: float, branches: Sequence[list[str]]) -> None:
    """The last box parts: a line across, and an arrow down to each of the boxes beside one another."""
    width, x = _branch_width(len(branches)), _EDGE + _MAIN / 2
    middles = [_EDGE + k * (width + 0.2) + width / 2 for k in range(len(branches))]
    across, down = top + 0.6 * _GAP, top + 1.4 * _GAP
    plot.plot([x, x], [top, across], color=MUTED, lw=1)
    plot.plot([min(x, *middles), max(x, *middles)], [across, across], color=MUTED, lw=1)
    for middle, lines in zip(middles, branches, strict=True):
        _arrow(plot, (middle, across), (middle, down))
        _box(plot, middle - width / 2, down, width, lines)


def _arrow(plot: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    look = {"arrowstyle": "-|>", "color": MUTED, "lw": 1, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 9}
    plot.annotate("", end, start, arrowprops=look)

"""The course of every patient: a lane each, with what happened when, and what is not known.

Patient-level: for the owner of the data, never for a report. Identifiers stand on it only where they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from neurohlh.core import format as fmt
from neurohlh.report.figures.key import Mark, key_height, key_lines, write_key
from neurohlh.report.figures.lettering import text_width, wrapped
from neurohlh.report.figures.look import GRID, INK, MUTED, Drawing, axes, canvas
from neurohlh.report.names import Names

LANE = 0.17
"""Height of a lane, in inches."""
_WIDTH, _COLUMN, _WIDEST, _SIZE = 6.6, 0.24, 2.0, 8.5
_TICKS = (-3000, -1000, -365, -90, -30, -7, 0, 7, 30, 90, 365, 1000, 3000, 10000)
_NEAR = 10.0
"""Days around time zero within which the scale is about linear."""
_EVENTS: dict[str, tuple[str, float, dict[str, Any]]] = {
    "cns": ("CNS involvement first seen", 0.0, {"marker": "D", "color": "#d55e00", "mec": INK, "ms": 5.5}),
    "lp": ("First lumbar puncture", -0.2, {"marker": "v", "color": "#0072b2", "ms": 4.5}),
    "imaging": ("First cranial imaging", 0.2, {"marker": "s", "color": "#56b4e9", "mec": INK, "ms": 3.8}),
    "hsct": ("HSCT", 0.0, {"marker": "*", "color": "#009e73", "mec": INK, "ms": 9}),
    "relapse": ("Reactivation", 0.0, {"marker": "P", "color": "#cc79a7", "mec": INK, "ms": 6.5}),
}
_ENDS: dict[str, tuple[str, dict[str, Any]]] = {
    "died": ("Died", {"marker": "X", "color": INK, "ms": 6.5}),
    "alive": ("Alive at last follow-up", {"marker": ">", "color": INK, "mfc": "white", "ms": 6}),
    "unknown": ("Outcome or its day not known", {"marker": "$?$", "color": INK, "ms": 6}),
}
_BARS: dict[str, tuple[str, dict[str, Any]]] = {
    "met": ("CNS involvement seen", {"facecolor": "#f2c6a5", "hatch": ""}),
    "undated": ("CNS involvement, day not known", {"facecolor": "#f2c6a5", "hatch": "////"}),
    "before": ("CNS involvement not yet seen", {"facecolor": "#e9ecef", "hatch": ""}),
    "not_met": ("No CNS involvement", {"facecolor": "#9fc3de", "hatch": ""}),
    "indeterminate": ("CNS status undecided", {"facecolor": "#ffffff", "hatch": "...."}),
}
_EDGE: dict[str, Any] = {"edgecolor": MUTED, "linewidth": 0.4}


@dataclass(frozen=True)
class Page:
    """Which lanes are drawn, and the sentence that says so."""

    lanes: pd.DataFrame
    marks: pd.DataFrame
    said: str


def swimmer(page: Page, names: Names, *, axis: str, groups: dict[str, int], ids: bool = False) -> Drawing:
    """The lanes of `page` in their order, with their marks.

    A lane is a row of lane, patient_id, status, end, outcome (died, alive, unknown), cns_day; a mark one of lane, kind,
    day (NaN not known), happened (False: not known whether). Days are counted from time zero.
    At the right stands what happened on a day that is not known (hollow), and what is not known to have happened (?).
    `axis` says what days count from, `groups` how many patients have each CNS status, `ids` puts identifiers beside.
    """
    lanes, marks = page.lanes.reset_index(drop=True), page.marks
    heads = _heads(lanes, groups, names)
    left = min(max((text_width(h, _SIZE, bold=True) for h in heads.values()), default=1.0), _WIDEST) + 0.3
    shown = [kind for kind in _EVENTS if (marks["kind"] == kind).any()]
    beside = _COLUMN * max(len(shown), 1)
    key = key_lines(_key(lanes, shown, names), left + _WIDTH + beside)
    tall, foot, over = LANE * len(lanes), 0.72, 0.62
    figure = canvas(left + _WIDTH + 0.2 + beside + 0.25, foot + tall + over + key_height(key))
    plot = axes(figure, left, foot, _WIDTH, tall)
    side = axes(figure, left + _WIDTH + 0.2, foot, beside, tall)
    place = {lane: y for y, lane in enumerate(lanes["lane"])}
    _bars(plot, lanes)
    _events(plot, marks[marks["day"].notna()], place)
    _ends(plot, lanes)
    _unknown(side, marks[marks["day"].isna()], place, shown, names)
    _dress(plot, lanes, marks, names.say(axis))
    _name(plot, lanes, heads, left, ids)
    figure.text(0.15 / figure.get_figwidth(), 0.14 / figure.get_figheight(), names.say(page.said), fontsize=8)
    write_key(plot, key, left=0.15, raised=over - 0.1)
    return figure


def _key(lanes: pd.DataFrame, shown: Sequence[str], names: Names) -> list[Mark]:
    marks = [Mark(names.say(_EVENTS[k][0]), {"ls": "none", **_EVENTS[k][2]}) for k in shown]
    marks += [
        Mark(names.say(words), {"ls": "none", **look})
        for k, (words, look) in _ENDS.items()
        if (lanes["outcome"] == k).any()
    ]
    bars = {name for name, *_ in _segments(lanes)}
    return marks + [Mark(names.say(words), {**look, **_EDGE}) for k, (words, look) in _BARS.items() if k in bars]


def _heads(lanes: pd.DataFrame, groups: dict[str, int], names: Names) -> dict[str, str]:
    return {s: f"{names.say(names.group(s))} ({fmt.integer(groups[s])})" for s in dict.fromkeys(lanes["status"])}


def _segments(lanes: pd.DataFrame) -> list[tuple[str, int, float, float]]:
    """(kind of bar, lane's place, from, to): the follow-up from time zero, parted where CNS was first seen."""
    found: list[tuple[str, int, float, float]] = []
    for y, row in enumerate(lanes.to_dict("records")):
        end, seen = row["end"], row["cns_day"]
        if np.isnan(end):
            continue
        if row["status"] != "met":
            found.append((row["status"] if row["status"] in _BARS else "indeterminate", y, 0.0, end))
        elif np.isnan(seen):
            found.append(("undated", y, 0.0, end))
        else:
            turn = float(np.clip(seen, 0.0, end))
            found += [("before", y, 0.0, turn)] if turn > 0 else []
            found += [("met", y, turn, end)] if turn < end or end == 0 else []
    return found


def _bars(plot: Axes, lanes: pd.DataFrame) -> None:
    segments = _segments(lanes)
    for kind, (_, look) in _BARS.items():
        own = [(y, start, end) for name, y, start, end in segments if name == kind]
        if own:
            y, start, end = (np.array(column, dtype=float) for column in zip(*own, strict=True))
            plot.barh(y, end - start, left=start, height=0.62, label=kind, zorder=1, **look, **_EDGE)


def _events(plot: Axes, dated: pd.DataFrame, place: dict[Any, int]) -> None:
    for kind, (_, raised, look) in _EVENTS.items():
        own = dated[dated["kind"] == kind]
        if len(own):
            y = [place[lane] + raised for lane in own["lane"]]
            plot.plot(own["day"], y, ls="none", gid=kind, zorder=3, mew=0.6, clip_on=False, **look)


def _ends(plot: Axes, lanes: pd.DataFrame) -> None:
    for outcome, (_, look) in _ENDS.items():
        own = lanes[lanes["outcome"] == outcome]
        if len(own):
            x = own["end"].fillna(0.0)
            plot.plot(x, own.index, ls="none", gid=outcome, zorder=4, mew=0.8, clip_on=False, **look)


def _unknown(side: Axes, undated: pd.DataFrame, place: dict[Any, int], shown: Sequence[str], names: Names) -> None:
    side.set_xlim(-0.5, max(len(shown), 1) - 0.5)
    side.set_ylim(len(place) - 0.4, -0.6)
    side.axis("off")
    for x, kind in enumerate(shown):
        look = {k: v for k, v in _EVENTS[kind][2].items() if k not in ("mfc", "mec")}
        side.axvline(x, color=GRID, lw=0.6, zorder=0)
        side.plot(x, -1.2, ls="none", clip_on=False, **_EVENTS[kind][2])
        for happened, own_look in (
            (True, {**look, "mfc": "white"}),
            (False, {"marker": "$?$", "color": MUTED, "ms": 5.5}),
        ):
            own = undated[(undated["kind"] == kind) & (undated["happened"] == happened)]
            y = [place[lane] for lane in own["lane"]]
            side.plot([x] * len(y), y, ls="none", gid=f"{kind}:{'undated' if happened else 'unknown'}", **own_look)
    side.annotate(
        wrapped(names.say("Day not known; ?: not known whether"), 1.4, 8, most=3), (1, 1), xycoords="axes fraction",
        xytext=(8, 16), textcoords="offset points", ha="right", va="bottom", fontsize=8, color=MUTED,
    )  # fmt: skip


def _dress(plot: Axes, lanes: pd.DataFrame, marks: pd.DataFrame, axis: str) -> None:
    days = np.concatenate([lanes["end"], marks["day"], [0.0, 30.0]]).astype(float)
    low, high = float(np.nanmin(days)), float(np.nanmax(days))
    plot.set_xscale("function", functions=(narrowed, widened))
    plot.set_xlim(min(low, -3.0) * 1.15, high * 1.15)
    ticks = _readable([t for t in _TICKS if low <= t <= high], plot)
    plot.xaxis.set_major_locator(FixedLocator(ticks))
    plot.xaxis.set_minor_locator(NullLocator())
    plot.set_xticks(ticks, [fmt.integer(t) for t in ticks])
    plot.tick_params(axis="x", top=True, labeltop=True, length=3, width=0.8, labelsize=8)
    plot.spines["top"].set_visible(True)
    plot.set_xlabel(axis)
    plot.set_ylim(len(lanes) - 0.4, -0.6)
    plot.yaxis.set_visible(False)
    plot.grid(axis="x", color=GRID, lw=0.6)
    plot.axvline(0, color=MUTED, lw=0.8)
    plot.set_axisbelow(True)


def _readable(ticks: Sequence[float], plot: Axes) -> list[float]:
    """The ticks whose numbers do not stand on one another, those nearest to time zero first."""
    low, high = plot.get_xlim()
    inch = _WIDTH / float(narrowed(np.array(high)) - narrowed(np.array(low)))
    kept: list[tuple[float, float, float]] = []
    for tick in sorted(ticks, key=abs):
        middle, half = float(narrowed(np.array(tick))) * inch, text_width(fmt.integer(tick), 8) / 2 + 0.05
        if all(middle + half <= start or middle - half >= end for _, start, end in kept):
            kept.append((tick, middle - half, middle + half))
    return sorted(tick for tick, *_ in kept)


def narrowed(days: np.ndarray) -> np.ndarray:
    """Days on the scale of the drawing: about linear around 0, then by their logarithm."""
    return np.sign(days) * np.log1p(np.abs(days) / _NEAR)


def widened(places: np.ndarray) -> np.ndarray:
    """The inverse of `narrowed`."""
    return np.sign(places) * np.expm1(np.abs(places)) * _NEAR


def _name(plot: Axes, lanes: pd.DataFrame, heads: dict[str, str], left: float, ids: bool) -> None:
    away: dict[str, Any] = {"xycoords": ("axes points", "data"), "va": "center", "annotation_clip": False}
    for status, head in heads.items():
        first = int(lanes.index[lanes["status"] == status][0])
        if first:
            plot.axhline(first - 0.5, color=MUTED, lw=0.6)
        if not ids:
            text = wrapped(head, left - 0.2, _SIZE, bold=True, most=1)
            plot.annotate(text, (8 - left * 72, first), ha="left", fontsize=_SIZE, fontweight="bold", **away)
    if ids:
        for y, name in enumerate(lanes["patient_id"]):
            plot.annotate(str(name), (-6, y), ha="right", fontsize=7, **away)

"""Calibration: observed against predicted risk, smoothed and by groups, with the distribution of the risks beneath."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.distribution import STRIP, strip
from neurohlh.report.figures.key import Mark, key_height, key_lines, key_width, write_key
from neurohlh.report.figures.look import ACCENT, GRID, INK, MUTED, Drawing, axes, canvas, share_ticks
from neurohlh.report.names import Names

_SIDE, _LEFT = 4.2, 0.85
_CURVE: dict[str, Any] = {"color": ACCENT, "lw": 2.2}
_APPARENT: dict[str, Any] = {"color": INK, "lw": 1.3, "ls": (0, (5, 2))}
_IDEAL: dict[str, Any] = {"color": MUTED, "lw": 1, "ls": (0, (1, 2))}
_GROUP: dict[str, Any] = {"marker": "o", "mfc": "white", "mec": INK, "mew": 1.2, "ms": 6}


def calibration(result: Result, names: Names) -> Drawing:
    """The smooth curve (corrected for optimism where it is), groups of patients with intervals, and the diagonal."""
    groups, curve = calibration_groups(result.tidy), result.curves
    beneath = pd.DataFrame(result.method.get("distribution", []), columns=["low", "high", "n"])
    most = _most(groups, curve, beneath)
    marks = _marks(result, groups, names)
    width = max(_LEFT + _SIDE + 0.3, key_width(marks) + 0.4)
    key = key_lines(marks, width - 0.3)
    below = 0.55 + (STRIP + 0.12 if len(beneath) else 0.0)
    height = below + _SIDE + key_height(key)
    figure = canvas(width, height)
    plot = axes(figure, _LEFT, below, _SIDE, _SIDE)
    plot.plot([0, most], [0, most], **_IDEAL)
    if "apparent" in curve:
        plot.plot(curve["predicted"], curve["apparent"], **_APPARENT)
    plot.plot(curve["predicted"], curve["observed"], **_CURVE)
    _groups(plot, groups)
    _dress(plot, most, names)
    if len(beneath):
        lower = axes(figure, _LEFT, 0.55, _SIDE, STRIP)
        strip(lower, beneath, names)
        lower.set_xlim(0, most)
        share_ticks(lower.xaxis)
        plot.tick_params(axis="x", labelbottom=False)
        plot.set_xlabel("")
        lower.set_xlabel(names.say("Predicted risk"))
    write_key(plot, key, left=0.15)
    return figure


def calibration_groups(tidy: pd.DataFrame) -> pd.DataFrame:
    """A row per group of patients: predicted, observed, conf_low, conf_high."""
    rows = tidy[tidy["group"] != ""]
    predicted = rows[rows["measure"] == "predicted risk"].set_index("group")["estimate"].rename("predicted")
    observed = rows[rows["measure"] == "observed risk"].set_index("group")[["estimate", "conf_low", "conf_high"]]
    return observed.rename(columns={"estimate": "observed"}).join(predicted)


def _most(groups: pd.DataFrame, curve: pd.DataFrame, beneath: pd.DataFrame) -> float:
    """The end of both axes: nobody's risk lies beyond it, though the curve may end before."""
    held = beneath.loc[beneath["n"] != 0, "high"]
    values = np.concatenate([*(part.to_numpy(dtype=float).ravel() for part in (groups, curve, held)), [0.05]])
    return float(min(np.ceil(np.nanmax(values) * 20 + 1e-9) / 20, 1.0))


def _marks(result: Result, groups: pd.DataFrame, names: Names) -> list[Mark]:
    corrected = "apparent" in result.curves
    marks = [Mark(names.say("Corrected for optimism" if corrected else "Smooth curve"), _CURVE)]
    if corrected:
        marks.append(Mark(names.say("As it seems in the patients it was made from"), _APPARENT))
    if len(groups):
        level = fmt.percent(result.method.get("conf_level", 0.95), 0)
        said = f"{len(groups)} groups by predicted risk, as it seems, with {level} intervals"
        marks.append(Mark(names.say(said), {"ls": "none", **_GROUP}))
    return [*marks, Mark(names.say("Where predictions come true"), _IDEAL)]


def _groups(plot: Axes, groups: pd.DataFrame) -> None:
    for row in groups.to_dict("records"):
        if not np.isnan(float(row["conf_low"])):
            plot.plot([row["predicted"]] * 2, [row["conf_low"], row["conf_high"]], color=INK, lw=1.1)
    known = groups[groups["observed"].notna()]
    plot.plot(known["predicted"], known["observed"], ls="none", gid="groups", clip_on=False, **_GROUP)


def _dress(plot: Axes, most: float, names: Names) -> None:
    plot.set_xlim(0, most)
    plot.set_ylim(0, most)
    share_ticks(plot.xaxis)
    share_ticks(plot.yaxis)
    plot.set_xlabel(names.say("Predicted risk"))
    plot.set_ylabel(names.say("Observed risk"))
    plot.grid(color=GRID, lw=0.6)
    plot.set_axisbelow(True)

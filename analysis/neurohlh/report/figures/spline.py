"""The hazard ratio along a number, with its interval, and the distribution of the number beneath."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures.distribution import STRIP, strip
from neurohlh.report.figures.key import Mark, key_height, key_lines, key_width, write_key
from neurohlh.report.figures.look import ACCENT, GRID, INK, MUTED, Drawing, axes, canvas
from neurohlh.report.names import Names

_WIDTH, _HEIGHT, _LEFT = 6.0, 3.3, 0.9
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_LOWEST, _HIGHEST = 0.02, 50.0


def spline(result: Result, names: Names) -> Drawing:
    """The curve and its pointwise limits on a logarithmic axis; a square marks the value that others are held against.

    Below, the patients in bins; small strokes at the bottom are the knots.
    """
    part = {str(name): rows for name, rows in result.curves.groupby("part")}
    curve, bins = part["curve"], spline_bins(result)
    base, variable = float(result.method["reference_value"]), str(result.method["variable"])
    marks = _marks(result, base, names)
    width = max(_LEFT + _WIDTH + 0.3, key_width(marks) + 0.4)
    key = key_lines(marks, width - 0.3)
    below = 0.6 + STRIP + 0.1
    figure = canvas(width, below + _HEIGHT + key_height(key))
    plot = axes(figure, _LEFT, below, _WIDTH, _HEIGHT)
    plot.fill_between(curve["value"], curve["conf_low"], curve["conf_high"], color=ACCENT, alpha=0.16, lw=0)
    for limit in ("conf_low", "conf_high"):
        plot.plot(curve["value"], curve[limit], color=ACCENT, lw=0.6, alpha=0.7)
    plot.plot(curve["value"], curve["estimate"], color=ACCENT, lw=2.1, gid="curve")
    plot.plot([base], [1.0], "s", color=INK, ms=6, gid="reference")
    _dress(plot, curve, names)
    knots = part.get("knot", pd.DataFrame({"value": []}))["value"]
    plot.plot(knots, [0.0] * len(knots), "|", color=INK, ms=9, transform=plot.get_xaxis_transform(), clip_on=False)
    lower = axes(figure, _LEFT, 0.6, _WIDTH, STRIP)
    strip(lower, bins, names)
    for own in (plot, lower):
        own.set_xlim(float(curve["value"].min()), float(curve["value"].max()))
        own.xaxis.set_major_locator(MaxNLocator(8))
    plot.tick_params(axis="x", labelbottom=False)
    lower.set_xlabel(names.say(names.with_unit(variable)))
    write_key(plot, key, left=0.15)
    return figure


def spline_bins(result: Result) -> pd.DataFrame:
    """The bins of the variable: low, high, n."""
    rows = result.curves[result.curves["part"] == "histogram"]
    return rows.rename(columns={"value": "low", "value_to": "high"})[["low", "high", "n"]].reset_index(drop=True)


def _marks(result: Result, base: float, names: Names) -> list[Mark]:
    level = fmt.percent(result.method.get("conf_level", 0.95), 0)
    marks = [
        Mark(names.say(f"Hazard ratio with its {level} interval"), {"color": ACCENT, "lw": 2.1}),
        Mark(names.say(f"Reference: {fmt.significant(base, 3)}"), {"ls": "none", "marker": "s", "color": INK, "ms": 6}),
    ]
    knotted = (result.curves["part"] == "knot").any()
    knot = {"ls": "none", "marker": "|", "color": INK, "ms": 9}
    return [*marks, Mark(names.say("Knots of the curve"), knot)] if knotted else marks


def _dress(plot: Axes, curve: pd.DataFrame, names: Names) -> None:
    values = curve[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)
    values = values[np.isfinite(values) & (values > 0)]
    low = float(np.clip(values.min() / 1.1, _LOWEST, 0.5)) if len(values) else 0.5
    high = float(np.clip(values.max() * 1.1, 2.0, _HIGHEST)) if len(values) else 2.0
    plot.set_yscale("log")
    ticks = [t for t in _TICKS if low <= t <= high]
    plot.yaxis.set_major_locator(FixedLocator(ticks))
    plot.yaxis.set_minor_locator(NullLocator())
    plot.set_yticks(ticks, [fmt.shortest(t) for t in ticks])
    plot.set_ylim(low, high)
    plot.axhline(1, color=MUTED, lw=0.9, ls=(0, (4, 3)))
    plot.set_ylabel(names.say("Hazard ratio"))
    plot.grid(axis="y", color=GRID, lw=0.6)
    plot.set_axisbelow(True)

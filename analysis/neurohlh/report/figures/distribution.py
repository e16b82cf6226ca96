"""How many patients stand where along an axis: the strip beneath a curve, never a mark per patient."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from neurohlh.core import format as fmt
from neurohlh.report.figures.look import MUTED
from neurohlh.report.names import Names

STRIP = 0.55
"""Height of the strip, in inches."""


def strip(plot: Axes, bins: pd.DataFrame, names: Names) -> None:
    """Draws `bins` (low, high, n) hanging from the top; areas, not heights, are the patients, as widths may differ."""
    width = (bins["high"] - bins["low"]).to_numpy(dtype=float)
    density = bins["n"].to_numpy(dtype=float) / width
    plot.bar(bins["low"], density, width=width, align="edge", color="#c3c9d0", ec="white", lw=0.6)
    plot.set_ylim(float(density.max() or 1.0) * 1.05, 0)
    plot.yaxis.set_visible(False)
    for side in ("left", "bottom"):
        plot.spines[side].set_visible(False)
    plot.tick_params(axis="x", length=0)
    plot.annotate(
        names.say(f"Distribution of {fmt.integer(bins['n'].sum())} patients"), (1, 0), xycoords="axes fraction",
        xytext=(0, 1), textcoords="offset points", ha="right", va="bottom", fontsize=8, color=MUTED,
    )  # fmt: skip

"""How many patients stand where along an axis: the strip beneath a curve, never a mark per patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from neurohlh.core import format as fmt
from neurohlh.report.figures.look import MUTED
from neurohlh.report.names import Names

STRIP = 0.55
"""Height of the strip, in inches."""


def strip(plot: Axes, bins: pd.DataFrame, names: Names) -> None:
    """Draws `bins` (low, high, n) hanging from the top; areas, not heights, are the patients, as widths may differ.

    A stroke along the top marks where there is anybody at all; a bin whose count is not shown is hatched.
    """
    low, high, n = (bins[c].to_numpy(dtype=float) for c in ("low", "high", "n"))
    density, hidden = np.nan_to_num(n / (high - low)), np.isnan(n)
    tallest = float(density.max(initial=0.0)) or 1.0
    plot.bar(low, density, width=high - low, align="edge", color="#c3c9d0", ec="white", lw=0.6)
    plot.bar(
        low[hidden], 0.25 * tallest, width=(high - low)[hidden], align="edge", fc="none", ec=MUTED, lw=0.4, hatch="////"
    )
    plot.hlines([0.0] * int((n > 0).sum()), low[n > 0], high[n > 0], color=MUTED, lw=2)
    plot.set_ylim(tallest * 1.05, 0)
    plot.yaxis.set_visible(False)
    for side in ("left", "bottom"):
        plot.spines[side].set_visible(False)
    plot.tick_params(axis="x", length=0)
    total = names.say("Distribution of the patients; hatched: not shown")
    if not hidden.any():
        total = names.say(f"Distribution of {fmt.integer(float(n.sum()))} patients")
    plot.annotate(
        total, (1, 0), xycoords="axes fraction", xytext=(0, 1), textcoords="offset points", ha="right", va="bottom",
        fontsize=8, color=MUTED,
    )  # fmt: skip

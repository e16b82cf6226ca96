"""An axis of ratios: logarithmic, with round ticks, 1 marked as no difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, NullLocator

from neurohlh.core import format as fmt
from neurohlh.report.figures.look import MUTED

_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def ratio_span(values: npt.NDArray[np.float64], most: tuple[float, float]) -> tuple[float, float]:
    """The ends of the axis for estimates and limits: at least half to double, at most the two ends of `most`.

    What lies beyond says an arrow better than a longer axis.
    """
    known = values[np.isfinite(values) & (values > 0)]
    if not len(known):
        return 0.5, 2.0
    return float(np.clip(known.min() / 1.1, most[0], 0.5)), float(np.clip(known.max() * 1.1, 2.0, most[1]))


def ratio_ticks(axis: Axis, span: tuple[float, float], ticks: Sequence[float]) -> None:
    """Puts those of `ticks` that lie within `span` on a logarithmic axis, and no others."""
    inside = [t for t in ticks if span[0] <= t <= span[1]]
    axis.set_major_locator(FixedLocator(inside))
    axis.set_minor_locator(NullLocator())
    axis.set_ticks(inside, [fmt.shortest(t) for t in inside])


def dress_ratios(plot: Axes, span: tuple[float, float]) -> None:
    """Makes the x axis of `plot` one of ratios between the ends of `span`, with a dashed line at 1."""
    plot.set_xscale("log")
    plot.set_xlim(*span)
    ratio_ticks(plot.xaxis, span, _TICKS)
    plot.axvline(1, color=MUTED, lw=0.9, ls=(0, (4, 3)))

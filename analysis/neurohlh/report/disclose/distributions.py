"""Distributions beneath curves: bins joined until each holds enough patients, without the outermost values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from neurohlh.core.pictures import merged_bins
from neurohlh.report.disclose.rule import Rule

EDGE = 0.05
"""Share of the range by which a spline is cut at each end: its ends are the values of single patients."""


def safe_bins(bins: Sequence[Mapping[str, Any]], rule: Rule) -> list[dict[str, Any]]:
    """The bins of a record (low, high, n), each with at least the minimum; none where all together are fewer."""
    joined = merged_bins(pd.DataFrame(list(bins), columns=["low", "high", "n"]), rule.minimum)
    return [{str(k): v for k, v in line.items()} for line in joined.to_dict("records")]


def safe_spline(curves: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """The curve between the ends that may be shown, the knots within them, and joined bins without their deaths.

    The outer bins reach to a round number beyond the smallest and the largest value.
    """
    grid = curves.loc[curves["part"] == "curve", "value"]
    low, high = float(grid.min()), float(grid.max())
    step = EDGE * (high - low)
    bars = curves[curves["part"] == "histogram"].rename(columns={"value": "low", "value_to": "high"})
    bins = merged_bins(bars, rule.minimum)
    if len(bins):
        bins.loc[bins.index[0], "low"] = math.floor(low / step) * step
        bins.loc[bins.index[-1], "high"] = math.ceil(high / step) * step
    joined = bins.rename(columns={"low": "value", "high": "value_to"}).assign(part="histogram")
    inside = curves["value"].between(low + step, high - step) & (curves["part"] != "histogram")
    return pd.concat([curves[inside], joined], ignore_index=True).reindex(columns=curves.columns)

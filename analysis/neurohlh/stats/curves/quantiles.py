"""The time at which a survival curve, or one of its limits, has fallen to a given height."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurohlh.stats.columns import Floats

_TOLERANCE = float(np.sqrt(np.finfo(float).eps))  # R's tolerance for "the curve is exactly at this height"


def quantile_time(time: Floats, curve: Floats, below: float = 0.5, *, to_end: bool = False) -> float:
    """The first time at which `curve` has fallen to `below`; NaN if it never does.

    Where it stays exactly at `below` for a while before it falls further, the middle of that stretch, as R's survfit
    says (Brookmeyer and Crowley 1982, Biometrics 38:29). Where it stays there until the last time, the first time (the
    median that R prints), or with `to_end` the middle of that stretch too (R's quantile). Missing heights are passed
    over.
    """
    reached = np.flatnonzero(curve < below + _TOLERANCE)
    if not len(reached):
        return float("nan")
    first = reached[0]
    lower = reached[curve[reached] < curve[first]]
    if abs(curve[first] - below) < _TOLERANCE and (len(lower) or to_end):
        return float((time[first] + time[lower[0] if len(lower) else -1]) / 2)
    return float(time[first])


def checked_quantiles(quantiles: Sequence[float]) -> Floats:
    """The shares of patients with the event, sorted and each once; raises ValueError outside 0 to 1 (exclusive)."""
    wanted = np.asarray(list(quantiles), dtype=float)
    if not ((wanted > 0) & (wanted < 1)).all():
        raise ValueError("quantiles must lie between 0 and 1: 0.25 is the time by which a quarter had the event")
    return np.unique(wanted)

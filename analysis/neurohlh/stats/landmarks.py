"""Landmark: follow only those still at risk at a day, from that day on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.stats.survival_data import survival_data


@dataclass(frozen=True)
class Landmark:
    """Patients at risk at the landmark.

    Attributes
    ----------
    frame : their rows, with the time column counted from the landmark.
    counts : supplied, events_before, censored_before (both up to and including the landmark), used, and dropped
        (reason -> rows without follow-up); they add up.
    """

    frame: pd.DataFrame
    counts: dict[str, object]


def landmark(frame: pd.DataFrame, time: str, event: str, at: float) -> Landmark:
    """Those whose follow-up lasts beyond `at` (same unit as `time`), with time restarted there.

    A patient whose follow-up ends at the landmark, by event or censoring, is not at risk after it and is counted among
    those before (Anderson, Cain and Gelber 1983, J Clin Oncol 1:710). Raises ValueError for a negative landmark and
    wrong columns or codes, NotEstimable if no row has follow-up.
    """
    if not np.isfinite(at) or at < 0:
        raise ValueError("the landmark must be a time of at least 0")
    data = survival_data(frame, time, event)
    after = data.time > at
    rows = data.kept.copy()
    rows[data.kept] = after
    restarted = frame.loc[rows].copy()
    restarted[time] = data.time[after] - at
    counts = {
        "supplied": len(frame),
        "dropped": data.dropped,
        "events_before": int((data.event & ~after).sum()),
        "censored_before": int((~data.event & ~after).sum()),
        "used": int(after.sum()),
    }
    return Landmark(restarted, counts)

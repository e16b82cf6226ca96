"""Follow-up times, events and entry times taken from a frame, with everybody who cannot be used counted by reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, column, numbers, truth

_SAME_TIME = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True)
class SurvivalData:
    """Times and events of the rows that can be used.

    Attributes
    ----------
    time, event : end of follow-up (unit of the data) and whether it ended with the event, one per used row.
    entry : time from which the patient is observed (left truncation), or None for everybody from the start.
    kept : which rows of the frame are used.
    dropped : reason -> rows, adding up to the rows not used.
    """

    time: Floats
    event: Bools
    entry: Floats | None
    kept: Bools
    dropped: dict[str, int]

    @property
    def n(self) -> int:
        """Rows used."""
        return len(self.time)

    @property
    def events(self) -> int:
        """Events among them."""
        return int(self.event.sum())

    def subset(self, rows: Bools) -> SurvivalData:
        """The same data for those of the used rows that `rows` (over the whole frame) also keeps."""
        inside = rows[self.kept]
        entry = None if self.entry is None else self.entry[inside]
        return SurvivalData(self.time[inside], self.event[inside], entry, rows & self.kept, self.dropped)


def survival_data(frame: pd.DataFrame, time: str, event: str, *, entry: str | None = None) -> SurvivalData:
    """Follow-up from the columns `time` and `event` (true/false or 1/0) and, for left truncation, `entry`.

    Times that differ by rounding only are made equal (see `without_rounding`). Rows without time, event or entry, and
    rows that enter at or after their end, are dropped and counted. Raises
    ValueError for missing columns, negative times and event codes other than 1/0, NotEstimable if no row is left.
    """
    ends, happened = numbers(column(frame, time)), truth(column(frame, event))
    starts = None if entry is None else numbers(column(frame, entry))
    ends, starts = without_rounding(ends, starts)
    negative = int((ends < 0).sum())
    if negative:
        raise ValueError(f"column {time!r}: {negative} follow-up times are negative")
    reasons = {f"missing {time}": np.isnan(ends), f"missing {event}": np.isnan(happened)}
    if starts is not None:
        reasons[f"missing {entry}"] = np.isnan(starts)
        reasons[f"{entry} not before {time}"] = starts >= ends
    kept, dropped = first_reasons(reasons, len(frame))
    if not kept.any():
        raise NotEstimable(f"no row has both {time!r} and {event!r}")
    return SurvivalData(ends[kept], happened[kept] == 1, None if starts is None else starts[kept], kept, dropped)


def without_rounding(ends: Floats, starts: Floats | None) -> tuple[Floats, Floats | None]:
    """Ends and starts with times that differ by rounding only (0.3 and 0.1 + 0.2) set to the first of them.

    Such are neighbours no further apart than 1.5e-8, or than this share of the mean distinct time: the rule of R's
    survival, without which tied events would count as one after the other.
    """
    both = ends if starts is None else np.concatenate([ends, starts])
    distinct = np.sort(both[~np.isnan(both)])
    distinct = distinct[np.append(True, distinct[1:] != distinct[:-1])] if len(distinct) else distinct
    if len(distinct) < 2:
        return ends, starts
    gap = np.diff(distinct)
    apart = (gap > _SAME_TIME) & (gap / np.abs(distinct).mean() > _SAME_TIME)
    if apart.all():
        return ends, starts
    cuts = distinct[np.append(True, apart)]

    def merged(times: Floats) -> Floats:
        places = np.maximum(np.searchsorted(cuts, times, side="right") - 1, 0)
        return np.where(np.isnan(times), np.nan, cuts[places])

    return merged(ends), None if starts is None else merged(starts)


def first_reasons(reasons: dict[str, Bools], n: int) -> tuple[Bools, dict[str, int]]:
    """Which of `n` rows no reason excludes, and how many each reason excludes first (the numbers add up)."""
    kept = np.ones(n, dtype=bool)
    dropped: dict[str, int] = {}
    for reason, mask in reasons.items():
        hit = int((kept & mask).sum())
        if hit:
            dropped[reason] = hit
        kept &= ~mask
    return kept, dropped

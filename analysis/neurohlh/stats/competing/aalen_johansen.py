"""The Aalen-Johansen estimator of cumulative incidence, ties kept, on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Floats, Ints


@dataclass(frozen=True)
class Incidence:
    """Cumulative incidence of every cause at the distinct times at which somebody ends.

    Attributes
    ----------
    time : (T,) distinct ends, ascending.
    n_risk, n_censor : (T,) patients at risk just before, and censored at, each time (unweighted).
    n_event : (T, K) events by cause (unweighted).
    risk, events : (T,), (T, K) the same weighted.
    before, survival : (T,) survival free of every cause just before and at each time.
    incidence : (T, K) cumulative incidence.
    end : (n,) place of each row's end among the times.
    entry : (n,) place of the last time that is not after each row's entry (-1: none), None without delayed entry.
    begin : (n,) entry times, sorted, or None.
    """

    time: Floats
    n_risk: Ints
    n_censor: Ints
    n_event: Ints
    risk: Floats
    events: Floats
    before: Floats
    survival: Floats
    incidence: Floats
    end: Ints
    entry: Ints | None
    begin: Floats | None

    def row_at(self, times: Floats) -> Ints:
        """Place of the last time that is not after each of `times` (-1: before the first)."""
        return np.searchsorted(self.time, times, side="right") - 1

    def at_risk(self, times: Floats) -> Ints:
        """Patients under observation just before each of `times`."""
        ends = np.concatenate([[0], np.cumsum(self.n_event.sum(axis=1) + self.n_censor)])
        left = ends[np.searchsorted(self.time, times, side="left")]
        if self.begin is None:
            return np.asarray(ends[-1] - left)
        return np.asarray(np.searchsorted(self.begin, times, side="left") - left)


def aalen_johansen(
    time: Floats,
    status: Ints,
    causes: int,
    *,
    entry: Floats | None = None,
    weight: Floats | None = None,
) -> Incidence:
    """Cumulative incidence of `causes` causes (status 1 ... causes, 0 censored), n log n in the rows.

    Events come before censorings at the same time; tied events of several causes share one risk set. Source: Aalen &
    Johansen 1978, Scand J Stat 5:141.
    """
    moments, end = np.unique(time, return_inverse=True)
    w = np.ones(len(time)) if weight is None else weight
    begin = None if entry is None else np.searchsorted(moments, entry, side="right") - 1
    n_event, events = (_by_cause(end, status, causes, len(moments), v) for v in (None, w))
    n_censor = np.bincount(end[status == 0], minlength=len(moments))
    n_risk, risk = (_at_risk(end, begin, len(moments), v) for v in (None, w))
    total = events.sum(axis=1)
    survival = np.cumprod(np.where(n_risk == n_event.sum(axis=1), 0.0, 1 - total / risk), dtype=float)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(before[:, None] * events / risk[:, None], axis=0)
    return Incidence(
        time=moments,
        n_risk=n_risk.astype(np.intp),
        n_censor=n_censor,
        n_event=n_event.astype(np.intp),
        risk=risk,
        events=events,
        before=before,
        survival=survival,
        incidence=incidence,
        end=end,
        entry=begin,
        begin=None if entry is None else np.sort(entry),
    )


def _by_cause(end: Ints, status: Ints, causes: int, size: int, weight: Floats | None) -> Floats:
    happened = status > 0
    cell = end[happened] * causes + status[happened] - 1
    found = np.bincount(cell, None if weight is None else weight[happened], minlength=size * causes)
    return found.reshape(size, causes).astype(float)


def _at_risk(end: Ints, begin: Ints | None, size: int, weight: Floats | None) -> Floats:
    """Those whose end is not before, and whose entry is before, each time."""
    leaving = np.bincount(end, weight, minlength=size)
    staying = np.cumsum(leaving[::-1])[::-1]
    if begin is None:
        return np.asarray(staying)
    # Entry at or after a time (place >= it) is not at risk then: begin is the last time not after the entry.
    late = np.bincount(begin[begin >= 0], None if weight is None else weight[begin >= 0], minlength=size)
    return np.asarray(staying - np.cumsum(late[::-1])[::-1])

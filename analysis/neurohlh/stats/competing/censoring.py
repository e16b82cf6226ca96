"""The distribution of censoring (and of delayed entry) that weighs patients after a competing event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints

CENSORING_TIES = ("together", "events first")


@dataclass(frozen=True)
class Censoring:
    """The product-limit estimate of staying uncensored in one group of patients.

    Attributes
    ----------
    rows : the rows of the group, as places among all rows.
    time, left : (C,) distinct censoring times, and the probability of being uncensored after each.
    risk, count : (C,) weight at risk of censoring, and censored, at each.
    first, last : (rows,) a row is at risk of censoring at times first, ..., last - 1.
    own : (rows,) place of a censored row's own time, -1 for the others.
    end : last follow-up in the group; nothing is known of censoring after it, and the probability is 0.
    left_over : (C,) by what a censoring is divided in the variance: those at risk (as in crr), or with events first
        those that remain, which is the exact derivative.
    entry_time, entered : (L,) distinct entry times, and the probability of having entered by each; None if all are
        observed from the start.
    """

    rows: Ints
    time: Floats
    left: Floats
    risk: Floats
    count: Floats
    first: Ints
    last: Ints
    own: Ints
    entry_time: Floats | None
    entered: Floats | None
    end: float
    left_over: Floats

    def before(self, times: Floats) -> Floats:
        """The probability of being uncensored, and of having entered, just before each of `times`."""
        found = np.append(1.0, self.left)[np.searchsorted(self.time, times, side="left")] * (times <= self.end)
        if self.entry_time is None or self.entered is None:
            return np.asarray(found)
        return np.asarray(found * np.append(0.0, self.entered)[np.searchsorted(self.entry_time, times, side="left")])

    def influence(self, q: Floats, n: int) -> Floats:
        """(n, k) influence of every row on an estimate that changes by q[u] (C, k) with the censoring hazard at u."""
        each = q / self.left_over[:, None]
        drift = np.concatenate([np.zeros((1, q.shape[1])), np.cumsum(each * (self.count / self.risk)[:, None], axis=0)])
        own = np.where((self.own >= 0)[:, None], each[np.maximum(self.own, 0)], 0.0)
        out = np.zeros((n, q.shape[1]))
        out[self.rows] = own - (drift[self.last] - drift[self.first])
        return out


def censoring(time: Floats, censored: Bools, entry: Floats | None, weight: Floats, rows: Ints, ties: str) -> Censoring:
    """Estimate the distribution among `rows`.

    With ties "together" whoever has an event at a time is still at risk of being censored then (cmprsk's crr); with
    "events first" not (survival's finegray). Delayed entry weighs by the probability of having entered, estimated
    backwards in time (Zhang, Zhang & Fine 2011, Stat Med 30:1933).
    """
    t, c, w = time[rows], censored[rows], weight[rows]
    moments = np.unique(t[c])
    side = np.where(c, 1, 0) if ties == "events first" else np.ones(len(t), dtype=int)
    last = np.where(side == 1, np.searchsorted(moments, t, side="right"), np.searchsorted(moments, t, side="left"))
    first = np.zeros(len(t), dtype=np.intp)
    if entry is not None:
        first = np.minimum(np.searchsorted(moments, entry[rows], side="right"), last)
    size = len(moments) + 1
    risk = np.cumsum(np.bincount(first, w, minlength=size) - np.bincount(last, w, minlength=size))[:-1]
    own = np.where(c, last - 1, -1)
    count = np.bincount(own[c], w[c], minlength=len(moments)).astype(float)
    staying = np.where(np.isclose(count, risk, rtol=1e-12, atol=0), 0.0, 1 - count / risk)
    left_over = risk if ties == "together" else np.where(staying > 0, risk - count, np.inf)
    entries = (None, None) if entry is None else _entering(t, entry[rows], w)
    return Censoring(
        rows,
        moments,
        np.cumprod(staying, dtype=float),
        risk,
        count,
        first,
        last,
        own,
        *entries,
        float(t.max()),
        left_over,
    )


def _entering(time: Floats, entry: Floats, weight: Floats) -> tuple[Floats | None, Floats | None]:
    """The probability of having entered by each entry time; nothing if everybody enters before the first end."""
    if entry.max() <= time.min():
        return None, None
    moments, place = np.unique(entry, return_inverse=True)
    entering = np.bincount(place, weight, minlength=len(moments))
    gone = np.bincount(np.searchsorted(moments, time, side="left"), weight, minlength=len(moments) + 1)[:-1]
    inside = np.cumsum(entering - gone)  # entered at or before, and not ended at or before
    step = np.where(np.isclose(entering, inside, rtol=1e-12, atol=0), 0.0, 1 - entering / inside)
    later = np.cumprod(step[::-1])[::-1]
    return moments, np.append(later[1:], 1.0)

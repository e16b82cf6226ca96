"""The product-limit estimate of one group on arrays: counts at each time, survival, variance and limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.curves.influence import Weights, jackknife_variance
from neurohlh.stats.curves.limits import survival_limits


@dataclass(frozen=True)
class Counts:
    """Who is at risk, has the event and leaves at the distinct times of one group, the first row being time 0.

    Attributes
    ----------
    time, n_risk, n_event, n_censor : rows at risk just before the time, events at it, and rows that end at it without.
    risk, died : the same at-risk and event counts, by weight (equal to the rows without weights).
    end, entry : end of follow-up, and entry if delayed, of every row, sorted, for counting those at risk.
    """

    time: Floats
    n_risk: Ints
    n_event: Ints
    n_censor: Ints
    risk: Floats
    died: Floats
    end: Floats
    entry: Floats | None

    def at_risk(self, times: Floats) -> Ints:
        """Rows at risk just before each of `times` (at time 0: those observed from the start)."""
        return count_at_risk(times, self.end, self.entry)

    def row_at(self, times: Floats) -> Ints:
        """The row that holds at each of `times`."""
        return np.searchsorted(self.time, times, side="right") - 1


@dataclass(frozen=True)
class Curve(Counts):
    """A Kaplan-Meier curve.

    Attributes
    ----------
    survival, std_error : S and its standard error (NaN where S is 0).
    conf_low, conf_high : limits of S; NaN while S is 1 (no event has occurred) and where S is 0.
    """

    survival: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats


def product_limit(
    time: Floats,
    event: Bools,
    entry: Floats | None,
    *,
    z: float,
    conf_type: str = "log-log",
    weights: Weights | None = None,
) -> Curve:
    """Kaplan and Meier's estimate (1958, J Am Stat Assoc 53:457) with its variance and limits; equal to R's survfit.

    Patients censored at a time are at risk for the events of that time; a patient with `entry` is at risk after it.
    The variance is Greenwood's (by weight, if there are weights), or the infinitesimal jackknife where the weights say
    so. Limits as in `survival_limits`, whose errors it raises.
    """
    counts = count(time, event, entry, weights)
    survival: Floats = np.cumprod(_staying(counts), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        # The sums are infinite once everybody at risk has died: S is 0 there and has no standard error.
        left = np.where(counts.n_risk > counts.n_event, counts.risk - counts.died, 0.0)
        hazard = np.where(counts.n_event > 0, counts.died / counts.risk, 0.0)
        if weights is None or not weights.robust:
            se_log = np.sqrt(np.cumsum(np.where(hazard > 0, hazard / left, 0.0)))
        else:
            jump = np.where((survival > 0) & (counts.n_event > 0), 1 / left, 0.0)
            se_log = np.sqrt(
                jackknife_variance(jump, np.cumsum(hazard * jump), *places(counts, time, event, entry), weights)
            )
        se = np.where(survival > 0, survival * se_log, np.nan)
    low, high = survival_limits(survival, se_log, z, conf_type)
    return Curve(**vars(counts), survival=survival, std_error=se, conf_low=low, conf_high=high)


def _staying(counts: Counts) -> Floats:
    """The share that stays event-free at each time: exactly 1 without events, exactly 0 where everybody has one."""
    died = counts.n_event > 0
    share = 1 - counts.died / np.where(died, counts.risk, 1.0)
    return np.asarray(np.where(died, np.where(counts.n_event == counts.n_risk, 0.0, share), 1.0))


def count(time: Floats, event: Bools, entry: Floats | None, weights: Weights | None = None) -> Counts:
    """Those at risk, events and ends at every distinct time, from one sort of the times."""
    ends, starts = np.sort(time), None if entry is None else np.sort(entry)
    times, ended = _runs(ends)
    when, how_many = _runs(np.sort(time[event]))
    died = np.zeros(len(times), dtype=np.intp)
    died[np.searchsorted(times, when)] = how_many
    if len(times) == 0 or times[0] > 0:
        times, ended, died = np.append(0.0, times), np.append(0, ended), np.append(0, died)
    at_risk = len(ends) - np.cumsum(ended) + ended
    if starts is not None:
        at_risk = at_risk - (len(ends) - np.searchsorted(starts, times, side="left"))
        if ended[0] == 0:
            at_risk[0] = np.searchsorted(starts, 0.0, side="right")
    risk, by_weight = at_risk.astype(float), died.astype(float)
    if weights is not None:
        risk, by_weight = _weighed(times, time, event, entry, weights.weight)
    return Counts(times, at_risk, died, ended - died, risk, by_weight, ends, starts)


def _runs(ordered: Floats) -> tuple[Floats, Ints]:
    """The distinct values of a sorted array and how often each occurs."""
    if not len(ordered):
        return ordered, np.zeros(0, dtype=np.intp)
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    return ordered[first], np.diff(np.append(first, len(ordered)))


def _weighed(times: Floats, time: Floats, event: Bools, entry: Floats | None, weight: Floats) -> tuple[Floats, Floats]:
    size = len(times)
    end = np.searchsorted(times, time)
    risk = _from_the_end(np.bincount(end, weight, minlength=size).astype(float))
    if entry is not None:
        begin = np.searchsorted(times, entry, side="right") - 1
        inside = begin >= 0
        # Who enters at a time is at risk after it.
        risk = risk - _from_the_end(np.bincount(begin[inside], weight[inside], minlength=size).astype(float))
        if times[0] < time.min():  # nobody ends at time 0: shown there is who is observed from the start
            risk[0] = weight[entry <= 0].sum()
    return risk, np.bincount(end[event], weight[event], minlength=size).astype(float)


def _from_the_end(values: Floats) -> Floats:
    return np.asarray(np.cumsum(values[::-1])[::-1], dtype=np.float64)


def places(counts: Counts, time: Floats, event: Bools, entry: Floats | None) -> tuple[Ints, Bools, Ints | None]:
    """Where each row ends and has entered among the times of the counts (-1: from the start), and its event."""
    end = np.searchsorted(counts.time, time)
    return end, event, None if entry is None else np.searchsorted(counts.time, entry, side="right") - 1


def count_at_risk(times: Floats, end: Floats, entry: Floats | None) -> Ints:
    """Rows at risk just before each of `times`, from sorted ends and entries; at time 0 those there from 0 on."""
    gone: Ints = np.searchsorted(end, times, side="left")
    if entry is None:
        return len(end) - gone
    started: Ints = np.searchsorted(entry, times, side="left") - gone
    return np.asarray(np.where(times == 0, np.searchsorted(entry, 0.0, side="right"), started), dtype=np.intp)

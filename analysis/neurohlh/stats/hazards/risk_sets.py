"""Who is at risk at which event, as integers: rows sorted once by stratum and time, times reduced to event moments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.hazards.running_sums import Segments


@dataclass(frozen=True)
class RiskSets:
    """The risk sets of all strata. A moment is a distinct event time of a stratum; moments run backwards in time.

    Row i is at risk at the moments first[i] <= m < stop[i]; rows stand in the order of `first`, so that the rows that
    join at a moment are neighbours. Rows that are at risk at no event are left out.

    Attributes
    ----------
    rows : (m,) the row of the data that each sorted row is.
    first, stop : (m,) the moments at which it is at risk.
    event : (m,) whether it ends with the event, which then happens at moment `first`.
    ends : (k,) where the stratum of each moment ends.
    times, strata : (k,) the time of each moment and the integer of its stratum (0 without strata).
    """

    rows: Ints
    first: Ints
    stop: Ints
    event: Bools
    ends: Ints
    times: Floats
    strata: Ints

    @property
    def size(self) -> int:
        """Number of moments."""
        return len(self.ends)

    @cached_property
    def starts(self) -> Ints:
        """(k + 1,) offsets of the rows that join at each moment."""
        return _offsets(self.first, self.size)

    @cached_property
    def dead(self) -> Ints:
        """Sorted rows that end with the event, in the order of their moments."""
        return np.flatnonzero(self.event)

    @cached_property
    def moment_of_death(self) -> Ints:
        """The moment of each of `dead`."""
        return self.first[self.dead]

    @cached_property
    def dead_starts(self) -> Ints:
        """(k + 1,) offsets of the deaths of each moment among `dead`."""
        return _offsets(self.moment_of_death, self.size)

    @cached_property
    def tied(self) -> Ints:
        """(k,) events at each moment."""
        return np.diff(self.dead_starts)

    @cached_property
    def fraction(self) -> Floats:
        """(events,) Efron's share of the tied patients that has left before each of the tied events."""
        order = np.arange(len(self.dead)) - self.dead_starts[self.moment_of_death]
        return np.asarray(order / self.tied[self.moment_of_death])

    @cached_property
    def segments(self) -> Segments:
        """The strata as segments of the moments."""
        return Segments.of(self.strata_starts)

    @cached_property
    def strata_starts(self) -> Ints:
        """(strata + 1,) offsets of the strata among the moments."""
        change = np.flatnonzero(np.diff(self.ends)) + 1
        return np.concatenate([[0], change, [self.size]])

    @cached_property
    def late(self) -> Ints:
        """Sorted rows that enter after an event of their stratum, by the moment at which they are not yet there."""
        rows = np.flatnonzero(self.stop < self.ends[self.first])
        return rows[counting_order(self.stop[rows], self.size)] if len(rows) else rows

    @cached_property
    def late_starts(self) -> Ints:
        """(k + 1,) offsets of `late` by moment."""
        return _offsets(self.stop[self.late], self.size)

    def chosen(self, places: Ints | Bools, rows: Ints) -> RiskSets:
        """The risk sets of the sorted rows at `places` (ascending, repeats allowed), which become `rows` of new data.

        Moments without an event left vanish, and with them the rows that are at risk at no other.
        """
        first, stop, event = self.first[places], self.stop[places], self.event[places]
        present = np.zeros(self.size, dtype=bool)
        present[first[event]] = True
        if present.all():
            return RiskSets(rows, first, stop, event, self.ends, self.times, self.strata)
        renumbered = np.concatenate([[0], np.cumsum(present)])
        moments = renumbered[self.ends[present]], self.times[present], self.strata[present]
        sets = RiskSets(rows, renumbered[first], renumbered[stop], event, *moments)
        return sets if (sets.first < sets.stop).all() else sets.without_idle()

    def without_idle(self) -> RiskSets:
        """Without the rows that are at risk at no event."""
        busy = self.first < self.stop
        own = self.rows[busy], self.first[busy], self.stop[busy], self.event[busy]
        return RiskSets(*own, self.ends, self.times, self.strata)


def _offsets(codes: Ints, size: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=size)[:size])])


def counting_order(codes: Ints, size: int) -> Ints:
    """The stable order of integer codes below `size`, in linear time."""
    if size <= np.iinfo(np.uint16).max:
        return np.argsort(codes.astype(np.uint16), kind="stable")  # numpy sorts 16 bits by counting
    places = np.arange(len(codes), dtype=np.int32)
    table = csr_array((np.empty(len(codes), dtype=np.int8), (codes, places)), shape=(size, len(codes)))
    return np.asarray(table.indices)


def risk_sets(time: Floats, event: Bools, entry: Floats | None, strata: Ints | None) -> RiskSets:
    """The risk sets of rows that are at risk over entry < t <= time, each stratum by itself.

    The one sort by time. `strata` holds integers. Without any event there are no moments and no rows.
    """
    order, codes, names = np.argsort(-time, kind="stable"), None, np.zeros(1, dtype=np.intp)
    if strata is not None:
        names, codes = np.unique(strata, return_inverse=True)
        order = order[counting_order(codes[order], len(names))]
        codes = codes[order]
    ends_at, happened = time[order], event[order]
    before, moments = _moments(ends_at, codes, happened)
    times = ends_at[moments]
    if codes is None:
        own, ends = np.zeros(len(moments), dtype=np.intp), np.full(len(moments), len(moments))
        closing = np.full(len(order), len(moments))
    else:
        own = codes[moments]
        offsets = np.cumsum(np.bincount(own, minlength=len(names)))
        ends, closing = offsets[own], offsets[codes]
    stop = closing if entry is None else np.minimum(_entered(entry[order], codes, times, own), closing)
    return RiskSets(order, before, stop, happened, ends, times, names[own]).without_idle()


def _moments(ends_at: Floats, codes: Ints | None, happened: Bools) -> tuple[Ints, Ints]:
    """Per sorted row the number of moments before it; per moment the place of the first row that ends then."""
    fresh = np.ones(len(ends_at), dtype=bool)  # a new time or a new stratum
    np.not_equal(ends_at[1:], ends_at[:-1], out=fresh[1:])
    if codes is not None:
        fresh[1:] |= codes[1:] != codes[:-1]
    blocks = np.flatnonzero(fresh)
    if not len(blocks):
        return np.zeros(0, dtype=np.intp), blocks
    with_event = np.logical_or.reduceat(happened, blocks)
    before = np.cumsum(with_event) - with_event
    return np.repeat(before, np.diff(np.append(blocks, len(ends_at)))), blocks[with_event]


def _entered(entry: Floats, codes: Ints | None, times: Floats, own: Ints) -> Ints:
    """For each row the number of moments in the strata before its own and of those of its own later than its entry."""
    if codes is None:
        return np.searchsorted(-times, -entry, side="left")
    distinct = np.unique(times)
    width = len(distinct) + 1
    keys = own * width + width - np.searchsorted(distinct, times, side="right")
    return np.searchsorted(keys, codes * width + width - np.searchsorted(distinct, entry, side="right"), side="left")

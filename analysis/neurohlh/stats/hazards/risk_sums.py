"""Sums over risk sets: of rows at each moment, and of moments over each row's time at risk."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.hazards.risk_sets import RiskSets

_CANCELLED = 1e4  # mean ratio of what was added and taken away to what is left, up to which digits enough remain
_CANCELLED_ONCE = 1e7  # the same at any one moment


def membership(places: Ints, starts: Ints, columns: int) -> csr_array:
    """The sparse matrix whose row m adds up the entries of `places` between starts[m] and starts[m + 1]."""
    parts = (np.ones(len(places)), places.astype(np.int32), starts.astype(np.int32))
    return csr_array(parts, shape=(len(starts) - 1, columns))


class RunningSums:
    """Running sums over moments: those who join are added, those not yet there are taken away again."""

    def __init__(self, sets: RiskSets) -> None:
        self.sets, m = sets, len(sets.rows)
        self.joining = membership(np.arange(m), sets.starts, m)
        self.delayed = len(sets.late) > 0
        if self.delayed:
            self.leaving = membership(sets.late, sets.late_starts, m)

    def at_risk(self, values: Floats) -> Floats:
        """(k,) sums of `values` (m,) over the risk set of each moment."""
        sets = self.sets
        joined = np.add.reduceat(values, sets.starts[:-1])
        if self.delayed:
            late = sets.late
            joined -= np.bincount(sets.stop[late], weights=values[late], minlength=sets.size)
        return sets.segments.forward(joined)

    def covariates_at_risk(self, risk: Floats, x: Floats) -> Floats:
        """(k, p) sums of risk * x over the risk set of each moment."""
        self.joining.data = risk
        joined = np.asarray(self.joining @ x)
        if self.delayed:
            self.leaving.data = risk[self.sets.late]
            joined -= self.leaving @ x
        return self.sets.segments.forward(joined)

    def over_time(self, per_moment: Floats) -> Floats:
        """(m, ...) sums of `per_moment` (k, ...) over the moments at which each row is at risk (overwrites it)."""
        sets = self.sets
        running = sets.segments.backward(per_moment)
        out = np.repeat(running, np.diff(sets.starts), axis=0)
        if self.delayed:
            out[sets.late] -= running[sets.stop[sets.late]]
        return out

    def lose_digits(self, risk: Floats, events: Floats) -> bool:
        """Whether differences of running sums cancel at these risks, with so many `events` at each moment, so that
        `NestedSums` is needed."""
        if not self.delayed:
            return False
        sets = self.sets
        left = self.at_risk(risk)
        if not (left > 0).all():
            return True
        ratio = sets.segments.forward(np.add.reduceat(risk, sets.starts[:-1])) / left
        if ratio.max() > _CANCELLED_ONCE or np.average(ratio, weights=sets.tied) > _CANCELLED:
            return True
        late = sets.late
        running = sets.segments.backward(events / left)
        taken = risk[late] @ running[sets.stop[late]]
        return bool(taken > _CANCELLED * events.sum())


class NestedSums:
    """Sums by additions only, so that a small risk set keeps its digits beside a large one before or after it.

    The moments are halved again and again. A row's time at risk first reaches across a middle in one of these halves;
    there it is a run up to the middle and a run on from it, both of which are running sums. Costs log2(moments) passes.
    """

    def __init__(self, sets: RiskSets) -> None:
        self.sets, m = sets, len(sets.rows)
        last = sets.stop - 1
        apart = (sets.first ^ last).astype(np.int64)
        level = np.zeros(m, dtype=np.intp)  # place of the highest bit in which first and last differ, from 1
        while apart.any():
            level += apart > 0
            apart >>= 1
        self._size = 1 << int(sets.size - 1).bit_length()
        self._levels = []
        for height in np.unique(level):
            rows = np.flatnonzero(level == height)
            ends = np.stack([sets.first[rows], last[rows]])
            sums = [membership(*_by_code(rows, end, self._size), m) for end in ends]
            self._levels.append((int(height), rows, ends, sums))

    def at_risk(self, values: Floats) -> Floats:
        """(k,) sums of `values` (m,) over the risk set of each moment."""
        return self.covariates_at_risk(values, np.ones((len(values), 1)))[:, 0]

    def covariates_at_risk(self, risk: Floats, x: Floats) -> Floats:
        """(k, p) sums of risk * x over the risk set of each moment."""
        total = np.zeros((self._size, x.shape[1]))
        for height, _, _, (from_first, to_last) in self._levels:
            from_first.data, to_last.data = risk[from_first.indices], risk[to_last.indices]
            if height == 0:
                total += from_first @ x
                continue
            run_up, run_on = _halves(from_first @ x, height), _halves(to_last @ x, height)
            halves = _halves(total, height)
            halves[:, 0] += np.cumsum(run_up[:, 0], axis=1)
            halves[:, 1] += np.cumsum(run_on[:, 1, ::-1], axis=1)[:, ::-1]
        return np.ascontiguousarray(total[: self.sets.size])

    def over_time(self, per_moment: Floats) -> Floats:
        """(m, ...) sums of `per_moment` (k, ...) over the moments at which each row is at risk."""
        flat = per_moment.reshape(len(per_moment), -1)
        padded = np.zeros((self._size, flat.shape[1]))
        padded[: len(flat)] = flat
        out = np.empty((len(self.sets.rows), flat.shape[1]))
        for height, rows, (first, last), _ in self._levels:
            if height == 0:
                out[rows] = padded[first]
                continue
            halves = _halves(padded, height)
            running = np.empty_like(halves)
            running[:, 0] = np.cumsum(halves[:, 0, ::-1], axis=1)[:, ::-1]
            running[:, 1] = np.cumsum(halves[:, 1], axis=1)
            whole = running.reshape(padded.shape)
            out[rows] = whole[first] + whole[last]
        return out.reshape((len(out), *per_moment.shape[1:]))


def _by_code(rows: Ints, codes: Ints, size: int) -> tuple[Ints, Ints]:
    order = np.argsort(codes, kind="stable")
    return rows[order], np.searchsorted(codes[order], np.arange(size + 1))


def _halves(values: Floats, height: int) -> Floats:
    """(size, p) as (blocks, 2, half, p), a block being the 2**height moments within which a row's ends differ."""
    return values.reshape(-1, 2, 1 << (height - 1), values.shape[1])

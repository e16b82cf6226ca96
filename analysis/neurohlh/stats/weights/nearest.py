"""Greedy nearest-neighbour matching on one number: who is paired with whom, by MatchIt's rules."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from neurohlh.stats.columns import Bools, Floats, Ints

ORDERS = ("largest", "smallest", "data")
LARGEST = 25_000_000
"""Possible pairs up to which optimal pairs are looked for (200 MB of distances)."""


def nearest(
    score: Floats,
    exposed: Bools,
    *,
    caliper: float | None = None,
    ratio: int = 1,
    order: str = "largest",
    replace: bool = False,
) -> Ints:
    """Partners of every exposed row: (exposed rows in data order, `ratio`) row numbers, -1 where there is none.

    Exposed rows choose one after another, by `order` of their `score`; nobody gets a second partner before everybody
    had the chance of a first. The nearest unexposed row within `caliper` (inclusive) is taken. Of two equally near the
    one with the lower score, and of equal scores the one that stands next to the exposed row when all rows are sorted
    by score and then as they stand in the data. With `replace` a partner may serve several, but never the same one
    twice. Greedy choice depends on what was chosen before, hence the loop; each choice takes constant time on average.

    Raises ValueError for an unknown `order` and a `ratio` below 1.
    """
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}, not {order!r}")
    if ratio < 1:
        raise ValueError("ratio must be at least 1")
    limit = np.inf if caliper is None else caliper
    line = np.argsort(score, kind="stable")  # equal scores stand as in the data
    others = line[~exposed[line]]
    place = np.empty(len(score), dtype=np.intp)
    place[line] = np.cumsum(~exposed[line])
    focal = np.flatnonzero(exposed)
    partners = np.full((len(focal), ratio), -1, dtype=np.intp)
    turns = _turns(score[focal], order)
    if replace:
        for turn in turns:
            free = _Free(score[others], limit)
            _choose(free, partners[turn], score[focal[turn]], int(place[focal[turn]]), others)
        return partners
    free = _Free(score[others], limit)
    for again in range(ratio):
        for turn in turns:
            _choose(free, partners[turn, again : again + 1], score[focal[turn]], int(place[focal[turn]]), others)
    return partners


def optimal(score: Floats, exposed: Bools, *, caliper: float | None = None) -> Ints:
    """Pairs with the smallest sum of distances among those with the most pairs within `caliper`; shape as `nearest`.

    The assignment problem (Rosenbaum 1989, J Am Stat Assoc 84:1024), which keeps a number for every possible pair.
    Raises ValueError beyond `LARGEST` possible pairs.
    """
    focal, others = np.flatnonzero(exposed), np.flatnonzero(~exposed)
    if len(focal) * len(others) > LARGEST:
        raise ValueError(f"optimal pairs are for up to {LARGEST:,} possible pairs; use the nearest neighbour")
    distance = np.abs(score[focal][:, None] - score[others])
    allowed = distance <= (np.inf if caliper is None else caliper)
    # A pair beyond the caliper costs more than all allowed pairs together: as few as possible are made, then dropped.
    cost = np.where(allowed, distance, 1.0 + distance[allowed].sum() if allowed.any() else 1.0)
    rows, columns = linear_sum_assignment(cost)
    partners = np.full((len(focal), 1), -1, dtype=np.intp)
    good = allowed[rows, columns]
    partners[rows[good], 0] = others[columns[good]]
    return partners


def _turns(score: Floats, order: str) -> list[int]:
    if order == "data":
        return list(range(len(score)))
    sign = -1.0 if order == "largest" else 1.0
    return [int(i) for i in np.argsort(sign * score, kind="stable")]


class _Free:
    """The unexposed rows that can still be chosen, in order of score; taking one joins its neighbours."""

    def __init__(self, score: Floats, limit: float) -> None:
        self.score, self.limit = score.tolist(), limit
        self.before: dict[int, int] = {}
        self.after: dict[int, int] = {}

    def nearest(self, score: float, place: int) -> int:
        """The free row nearest to `score`, of which `place` rows stand before; -1 if none lies within the limit."""
        left, right = _follow(self.before, place - 1), _follow(self.after, place)
        down = score - self.score[left] if left >= 0 else np.inf
        up = self.score[right] - score if right < len(self.score) else np.inf
        if min(down, up) > self.limit or (left < 0 and right >= len(self.score)):
            return -1
        return left if down <= up else right

    def take(self, which: int) -> None:
        """Nobody else can choose this row."""
        self.before[which], self.after[which] = which - 1, which + 1


def _follow(links: dict[int, int], start: int) -> int:
    """The first row from `start` on that is not taken; the way is shortened for those who come later."""
    end = start
    while end in links:
        end = links[end]
    while start in links:
        links[start], start = end, links[start]
    return end


def _choose(free: _Free, into: Ints, score: float, place: int, others: Ints) -> None:
    for again in range(len(into)):
        found = free.nearest(score, place)
        if found < 0:
            return
        free.take(found)
        into[again] = others[found]

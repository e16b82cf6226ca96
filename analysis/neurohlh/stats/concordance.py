"""Concordance of a risk score with survival: Harrell's and Uno's, and their infinitesimal-jackknife standard errors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints

TIME_WEIGHTS = ("n", "S", "S/G", "n/G2", "I")
_FEW = 200_000  # event x patient comparisons up to which every pair is looked at: fewer steps than merging


@dataclass(frozen=True)
class Concordance:
    """How often the higher score has the earlier event.

    Attributes
    ----------
    estimate, std_error : the share of comparable pairs (0.5: no discrimination), and its standard error.
    pairs : comparable pairs (sums of weights, if there are any).
    concordant, discordant, tied : the pairs by their scores.
    influence : what each row (or cluster) adds to the estimate; its squares add up to the squared standard error.
    """

    estimate: float
    std_error: float
    pairs: float
    concordant: float = 0.0
    discordant: float = 0.0
    tied: float = 0.0
    influence: Floats = field(default_factory=lambda: np.empty(0), repr=False, compare=False)


def concordance(
    score: Floats,
    time: Floats,
    event: Bools,
    *,
    entry: Floats | None = None,
    strata: Ints | None = None,
    cluster: Ints | None = None,
    weights: Floats | None = None,
    time_weight: str = "n",
    tau: float | None = None,
) -> Concordance:
    """The share of comparable pairs in which the higher `score` has the earlier event; ties in score count one half.

    A pair is comparable if one has the event while the other is at risk and stays so (a patient censored at the same
    time outlives it); only patients of one stratum are compared. Events are weighted by `time_weight`, with S the
    survival, G the censoring distribution and n the number at risk just before the event: "n" (every pair alike:
    Harrell's C), "S" (n S / n(t)), "S/G", "n/G2" (1/G^2: Uno's C) or "I" (1/n(t)), and not at all after `tau`. The
    standard error is the infinitesimal jackknife, summed over `cluster`, as in R's survival::concordance; the time
    weights count as known. Without comparable pairs estimate and error are NaN. O(n log n).

    Raises ValueError for an unknown time weight, and for one with G together with delayed entry.
    """
    if time_weight not in TIME_WEIGHTS:
        raise ValueError(f"time_weight must be one of {', '.join(TIME_WEIGHTS)}, not {time_weight!r}")
    if entry is not None and "G" in time_weight:
        raise ValueError(f"the time weight {time_weight!r} needs a censoring distribution, which delayed entry hides")
    case = np.ones(len(time)) if weights is None else weights
    own = np.where(event, case, 0.0)
    if time_weight != "n":
        own *= _by_stratum(time, event, entry, strata, case, time_weight)
    if tau is not None:
        own[time > tau] = 0
    counts = _pair_counts(score.round(10), time, event, entry, strata, case, own)
    return _summed(counts, case, own, cluster, whole=weights is None and time_weight == "n")


def _summed(counts: _Counts, case: Floats, own: Floats, cluster: Ints | None, *, whole: bool) -> Concordance:
    pairs, good = counts.pairs, counts.good
    total = float(own @ pairs[0])
    if total <= 0:
        return Concordance(np.nan, np.nan, 0)
    estimate = float(own @ good[0]) / total
    influence = (own * (good[0] - estimate * pairs[0]) + case * (good[1] - estimate * pairs[1])) / total
    if cluster is not None:
        influence = np.bincount(cluster, weights=influence).astype(float)
    tied = float(own @ counts.tied)
    concordant = float(own @ good[0]) - tied / 2
    return Concordance(
        estimate=estimate,
        std_error=float(np.sqrt((influence**2).sum())),
        pairs=round(total) if whole else total,
        concordant=concordant,
        discordant=total - concordant - tied,
        tied=tied,
        influence=influence,
    )


def _by_stratum(
    time: Floats, event: Bools, entry: Floats | None, strata: Ints | None, case: Floats, kind: str
) -> Floats:
    out = np.ones(len(time))
    codes = np.zeros(len(time), dtype=np.intp) if strata is None else strata
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        if event[rows].sum() > 1:
            starts = None if entry is None else entry[rows]
            out[rows] = _time_weights(time[rows], event[rows], starts, case[rows], kind)
    return out


def _time_weights(time: Floats, event: Bools, entry: Floats | None, case: Floats, kind: str) -> Floats:
    """The weight of an event at each patient's time, from Kaplan-Meier curves just before it."""
    moments, which = np.unique(time, return_inverse=True)
    dead = np.bincount(which, weights=case * event)
    ended = np.bincount(which, weights=case)
    at_risk = ended[::-1].cumsum()[::-1]
    if entry is not None:  # those who enter at or after the moment are not at risk
        late = np.bincount(np.searchsorted(moments, entry, side="right"), weights=case, minlength=len(moments) + 1)
        at_risk = at_risk - late[::-1].cumsum()[::-1][1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.append(1.0, np.cumprod(1 - dead / at_risk)[:-1])
        kept = at_risk - dead  # censorings at the time of an event follow it
        lost = np.where(kept > 0, (ended - dead) / kept, 0.0)
        censoring = np.append(1.0, np.cumprod(1 - lost)[:-1])
        found = {
            "S": case.sum() * survival / at_risk,
            "S/G": case.sum() * survival / (censoring * at_risk),
            "n/G2": 1 / censoring**2,
            "I": 1 / at_risk,
        }[kind]
    return np.asarray(np.where(dead > 0, found, 0.0)[which])


@dataclass(frozen=True)
class _Counts:
    """Per patient, as the one with the event [0] and as the other [1]: weighted sums over the partners.

    good : concordant pairs and half of the ties. pairs : comparable pairs. tied : as the one with the event.
    """

    good: tuple[Floats, Floats]
    pairs: tuple[Floats, Floats]
    tied: Floats


def _pair_counts(
    score: Floats, time: Floats, event: Bools, entry: Floats | None, strata: Ints | None, case: Floats, own: Floats
) -> _Counts:
    if strata is not None:  # one stratum after the other on one line; entering there, nobody meets another stratum
        codes = np.unique(strata, return_inverse=True)[1].astype(float)
        both = time if entry is None else np.concatenate([time, entry])
        ranks = np.unique(both, return_inverse=True)[1].astype(float) + 1
        codes *= float(ranks.max()) + 2
        starts = np.zeros(len(time)) if entry is None else ranks[len(time) :]
        time, entry = ranks[: len(time)] + codes, starts + codes
    dead = np.flatnonzero(own > 0)
    if len(dead) * len(time) <= _FEW:
        return _every_pair(score, time, event, entry, case, own, dead)
    found = _merged(score, *_places(time, event, time), case, own, dead)
    if entry is not None:  # those who enter at or after the event were not at risk
        late = _merged(score, *_places(time, event, entry, strict=True), case, own, dead)
        found = [one - other for one, other in zip(found, late, strict=True)]
    lower, equal, later, higher, same, earlier = found
    return _Counts((lower + equal / 2, higher + same / 2), (later, earlier), equal)


def _every_pair(
    score: Floats, time: Floats, event: Bools, entry: Floats | None, case: Floats, own: Floats, dead: Ints
) -> _Counts:
    place, partner = _places(time, event, time)
    comparable = place[dead, None] < partner
    if entry is not None:
        comparable &= entry < time[dead, None]
    equal = (score[dead, None] == score) & comparable
    good = ((score[dead, None] > score) & comparable) + 0.5 * equal
    pairs, n = comparable.astype(float), len(time)
    sums = [np.zeros(n) for _ in range(3)]
    for total, of in zip(sums, (good, pairs, equal), strict=True):
        total[dead] = of @ case
    weight = own[dead]
    return _Counts((sums[0], weight @ good), (sums[1], weight @ pairs), sums[2])


def _places(time: Floats, event: Bools, other: Floats, *, strict: bool = False) -> tuple[Ints, Ints]:
    """Places of the events, and of everybody as a partner, on one line: a partner counts if it stands after the event.

    At equal times partners with an event stand before the event, censored ones after it (`strict`: all after).
    """
    codes = np.unique(np.concatenate([time, other]), return_inverse=True)[1]
    own, partner = codes[: len(time)] * 3 + 1, codes[len(time) :] * 3
    partner[strict | ~event] += 2
    return own, partner


def _merged(score: Floats, place: Ints, partner: Ints, case: Floats, own: Floats, dead: Ints) -> list[Floats]:
    """Weighted sums per patient: partners after its event with a lower score, an equal one, all; the same seen from
    the partner: events before it with a higher score, an equal one, all.

    Events and partners stand on one line by place, and are merged by score: in every merge of two neighbouring blocks
    the events of the left one meet the partners of the right one, and every pair meets exactly once.
    """
    n, d = len(case), len(dead)
    order = np.argsort(np.concatenate([place[dead], partner]), kind="stable")
    ranks = np.unique(np.concatenate([score[dead], score]), return_inverse=True)[1][order]
    owns = np.concatenate([own[dead], np.zeros(n)])[order]
    cases = np.concatenate([np.zeros(d), case])[order]
    sums = np.zeros((4, n + d))
    item = np.argsort(ranks, kind="stable")
    for height in range(int(n + d - 1).bit_length() - 1, -1, -1):
        item = _meet(item, height, ranks, owns, cases, sums)
    back = np.empty_like(sums)
    back[:, order] = sums
    after = np.append(np.cumsum(cases[::-1])[::-1], 0.0)[1:]
    before = np.cumsum(owns) - owns
    totals = np.empty((2, n + d))
    totals[:, order] = after, before
    out = [np.zeros(n) for _ in range(3)]
    for values, found in zip(out, (back[0], back[1], totals[0]), strict=True):
        values[dead] = found[:d]
    return [*out, back[2][d:], back[3][d:], totals[1][d:]]


def _meet(item: Ints, height: int, ranks: Ints, owns: Floats, cases: Floats, sums: Floats) -> Ints:
    """One merge in each block of 2**(height + 1) places: adds to `sums`, gives the order within the halves.

    `item` holds the places in the order of rank within each block.
    """
    index = np.arange(len(item))
    start = (index >> (height + 1)) << (height + 1)
    stop = np.minimum(start + (2 << height), len(item))
    right = (item >> height) & 1 == 1
    rank = ranks[item]
    fresh = np.ones(len(item), dtype=bool)
    fresh[1:] = (rank[1:] != rank[:-1]) | (start[1:] != start[:-1])
    runs = np.flatnonzero(fresh)
    run = np.cumsum(fresh) - 1
    low, high = runs[run], np.append(runs[1:], len(item))[run]
    partners = np.append(0.0, np.cumsum(np.where(right, cases[item], 0.0)))
    events = np.append(0.0, np.cumsum(np.where(right, 0.0, owns[item])))
    left = np.flatnonzero(~right)
    at = item[left]
    sums[0, at] += partners[low[left]] - partners[start[left]]
    sums[1, at] += partners[high[left]] - partners[low[left]]
    right = np.flatnonzero(right)
    at = item[right]
    sums[2, at] += events[stop[right]] - events[high[right]]
    sums[3, at] += events[high[right]] - events[low[right]]
    first = (index >> height) & 1 == 0  # the places of the left halves; within a half the order by rank stays
    following = np.empty_like(item)
    following[first], following[~first] = item[left], item[right]
    return following

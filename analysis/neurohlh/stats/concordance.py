"""Harrell's concordance of a risk score with survival, and its infinitesimal-jackknife standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints


@dataclass(frozen=True)
class Concordance:
    """`estimate` (0.5 = no discrimination), its standard error, and the comparable pairs it rests on."""

    estimate: float
    std_error: float
    pairs: int


def concordance(
    score: Floats,
    time: Floats,
    event: Bools,
    *,
    entry: Floats | None = None,
    strata: Ints | None = None,
    cluster: Ints | None = None,
) -> Concordance:
    """The share of comparable pairs in which the higher `score` has the earlier event; ties in score count one half.

    A pair is comparable if one has the event while the other is at risk and stays so (a patient censored at the same
    time outlives it); only patients of one stratum are compared. The standard error is the infinitesimal jackknife,
    summed over `cluster`, as in R's survival::concordance. Without comparable pairs both are NaN.
    """
    codes = np.zeros(len(time), dtype=np.intp) if strata is None else strata
    good, pairs = np.zeros(len(time)), np.zeros(len(time))
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        starts = None if entry is None else entry[rows]
        good[rows], pairs[rows] = _pair_counts(score[rows], time[rows], event[rows], starts)
    total = pairs.sum() / 2
    if total == 0:
        return Concordance(np.nan, np.nan, 0)
    estimate = good.sum() / 2 / total
    influence = (good - estimate * pairs) / total
    if cluster is not None:
        influence = np.bincount(cluster, weights=influence)
    return Concordance(float(estimate), float(np.sqrt((influence**2).sum())), int(total))


def _pair_counts(score: Floats, time: Floats, event: Bools, entry: Floats | None) -> tuple[Floats, Floats]:
    """Per patient: concordant pairs (ties half) and comparable pairs, counted for both partners."""
    value = np.unique(score.round(10), return_inverse=True)[1]  # equal covariates may differ in the last bits
    ends = _places(time, event, time)
    good, pairs = _both_sides(value, event, *ends)
    if entry is not None:  # those who enter at or after the event were not at risk
        late_good, late_pairs = _both_sides(value, event, *_places(time, event, entry, strict=True))
        good, pairs = good - late_good, pairs - late_pairs
    return good, pairs


def _places(time: Floats, event: Bools, other: Floats, *, strict: bool = False) -> tuple[Floats, Floats]:
    """Places of the events, and of everybody as a partner, on one line: a partner counts if it stands after the event.

    At equal times partners with an event stand before the event, censored ones after it (`strict`: all after).
    """
    codes = np.unique(np.concatenate([time, other]), return_inverse=True)[1]
    own, partner = codes[: len(time)] * 3.0 + 1, codes[len(time) :] * 3.0
    partner[strict | ~event] += 2
    return np.asarray(own), np.asarray(partner)


def _both_sides(value: Ints, event: Bools, own: Floats, partner: Floats) -> tuple[Floats, Floats]:
    good, pairs = np.zeros(len(value)), np.zeros(len(value))
    dead = np.flatnonzero(event)
    lower, equal = _later_and_lower(own[dead], value[dead], partner, value)
    good[dead] = lower + equal / 2
    pairs[dead] = len(partner) - np.searchsorted(np.sort(partner), own[dead], side="right")
    lower, equal = _later_and_lower(-partner, -value, -own[dead], -value[dead])
    good += lower + equal / 2
    pairs += np.searchsorted(np.sort(own[dead]), partner, side="left")
    return good, pairs


def _later_and_lower(place: Floats, value: Ints, other_place: Floats, other_value: Ints) -> tuple[Floats, Floats]:
    """For each point the number of other points at a later place with a lower, and with an equal, value.

    Bottom-up merging: every pair meets in exactly one level, in neighbouring blocks; n log(n) squared in all.
    """
    n = len(place)
    order = np.argsort(np.concatenate([place, other_place]), kind="stable")
    ranks = np.unique(np.concatenate([value, other_value]), return_inverse=True)[1][order]
    asks, width = order < n, len(order) + 1
    index = np.arange(len(order))
    lower, equal = np.zeros(len(order)), np.zeros(len(order))
    for level in range(int(len(order) - 1).bit_length()):
        block, pair = index >> level, index >> (level + 1)
        key = pair * width + ranks
        left = asks & (block % 2 == 0)
        right = np.sort(key[~asks & (block % 2 == 1)])
        below = np.searchsorted(right, key[left], side="left")
        lower[left] += below - np.searchsorted(right, pair[left] * width, side="left")
        equal[left] += np.searchsorted(right, key[left], side="right") - below
    out = np.empty((2, len(order)))
    out[:, order] = lower, equal
    return out[0, :n], out[1, :n]

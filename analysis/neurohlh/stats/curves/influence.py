"""The variance of a curve from each patient's (or cluster's) influence on it: the infinitesimal jackknife."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Weights:
    """What a weighted or robust estimate knows of its rows.

    Attributes
    ----------
    weight : weight of every row, above 0.
    cluster : code of the cluster (patient, centre) that every row belongs to.
    robust : whether the variance is the infinitesimal jackknife over the clusters instead of Greenwood's.
    """

    weight: Floats
    cluster: Ints
    robust: bool

    def subset(self, rows: Bools) -> Weights:
        """The same for some of the rows."""
        return Weights(self.weight[rows], self.cluster[rows], self.robust)

    @property
    def effective_size(self) -> float:
        """Kish's effective sample size, (sum of w) squared over the sum of w squared."""
        return float(self.weight.sum() ** 2 / (self.weight**2).sum())


def jackknife_variance(
    jump: Floats, drift: Floats, end: Ints, event: Bools, entry: Ints | None, weights: Weights
) -> Floats:
    """The sum over clusters of their squared influence at every time of a curve.

    A row's influence at time t is event * jump(its end) - (drift(t) - drift(its entry)), the drift standing still after
    its end. `jump` and `drift` (cumulated) are given at the curve's times; `end` and `entry` are places among these
    times (entry -1: from the start). Between entries and ends a cluster's influence is C - W * drift, so that the
    sums of C squared, C * W and W squared are all that is needed: n log n in the rows, whatever the times.

    Method: Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans; as in R's survfit(robust = TRUE).
    """
    w = weights.weight
    begin = np.full(len(w), -1) if entry is None else entry
    # From its entry a row starts at the drift until then; after its end it keeps what it has gathered.
    at_entry = np.where(begin >= 0, w * drift[np.maximum(begin, 0)], 0.0)
    at_end = w * (np.where(event, jump[end], 0.0) - drift[end])
    place, cluster = np.concatenate([end, begin]), np.concatenate([weights.cluster, weights.cluster])
    constant, slope = np.concatenate([at_end, at_entry]), np.concatenate([-w, w])
    return _cluster_squares(place, cluster, constant, slope, drift)


def _cluster_squares(place: Ints, cluster: Ints, constant: Floats, slope: Floats, drift: Floats) -> Floats:
    order = np.lexsort((place, cluster))
    place, cluster = place[order], cluster[order]
    c, w = _running(constant[order], cluster), _running(slope[order], cluster)
    first = np.append(True, cluster[1:] != cluster[:-1])

    def total(values: Floats) -> Floats:
        change = np.diff(values, prepend=0.0)
        change[first] = values[first]
        # A change before the first time (place -1) holds from the first time on.
        return np.cumsum(np.bincount(np.maximum(place, 0), change, minlength=len(drift)))

    square, steep = total(c * c), drift**2 * total(w * w)
    variance = square - 2 * drift * total(c * w) + steep
    # What is left of a difference of equal numbers is rounding: the clusters have no variance (one cluster alone).
    return np.asarray(np.where(variance > _ROUNDING * np.maximum.accumulate(square + steep), variance, 0.0))


def _running(values: Floats, cluster: Ints) -> Floats:
    """Cumulated within each cluster (rows sorted by cluster)."""
    total = np.cumsum(values)
    starts = np.flatnonzero(np.append(True, cluster[1:] != cluster[:-1]))
    sizes = np.diff(np.append(starts, len(values)))
    return total - np.repeat(total[starts] - values[starts], sizes)


def cluster_variance(influence: Floats, weights: Weights | None) -> Floats:
    """The sum over clusters of squared influence: a number for n influences, a matrix for n rows of k influences."""
    rows = influence.reshape(len(influence), -1)
    if weights is not None:
        rows = rows * weights.weight[:, None]
        size = int(weights.cluster.max()) + 1
        rows = np.column_stack([np.bincount(weights.cluster, column, minlength=size) for column in rows.T])
    product = rows.T @ rows
    return np.asarray(product[0, 0] if influence.ndim == 1 else product)

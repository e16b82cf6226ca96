"""Robust covariances of a regression: heteroskedasticity (HC0, HC1, HC3) and clusters (CR0, CR1)."""

from __future__ import annotations

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints

VARIANCES = ("model", "HC0", "HC1", "HC3", "CR0", "CR1")
WORDS = {
    "model": "model-based (inverse information)",
    "HC0": "robust sandwich, HC0",
    "HC1": "robust sandwich, HC1 (n / (n - k))",
    "HC3": "robust sandwich, HC3 (jackknife-like)",
    "CR0": "robust to clusters, CR0 (no small-sample factor)",
    "CR1": "robust to clusters, CR1 (G / (G - 1))",
}
REFERENCES = {
    "HC": "White 1980, Econometrica 48:817",
    "HC3": "MacKinnon & White 1985, J Econom 29:305",
    "CR": "Liang & Zeger 1986, Biometrika 73:13",
}


def checked_variance(variance: str | None, cluster: str | None, otherwise: str) -> str:
    """The variance asked for, or "CR1" with clusters and `otherwise` without; raises ValueError if it does not fit."""
    chosen = variance or ("CR1" if cluster else otherwise)
    if chosen not in VARIANCES:
        raise ValueError(f"variance must be one of {', '.join(VARIANCES)}, not {chosen!r}")
    if chosen.startswith("CR") != bool(cluster):
        need = "needs a cluster column" if not cluster else "ignores the clusters; choose CR0 or CR1"
        raise ValueError(f"variance {chosen} {need}")
    return chosen


def sandwich(cov: Floats, scores: Floats, leverage: Floats, variance: str, cluster: Ints | None = None) -> Floats:
    """The covariance named: `cov` (k, k) inverse information, `scores` (n, k) per row, `leverage` (n,) hat values.

    Equal to R's sandwich: vcovHC for HC0, HC1 and HC3, vcovCL for clusters (factor G / (G - 1) in CR1, none in CR0).
    Raises NotEstimable for fewer than two clusters, and for HC3 where a patient is fitted exactly.
    """
    if variance == "model":
        return cov
    n, k = scores.shape
    if variance == "HC3":
        if (leverage > 1 - 1e-10).any():
            raise NotEstimable("HC3: a patient's fitted value is determined by that patient alone")
        scores = scores / (1 - leverage)[:, None]
    factor = n / (n - k) if variance == "HC1" else 1.0
    if cluster is not None:
        size = int(cluster.max()) + 1
        if size < 2:
            raise NotEstimable("a variance that is robust to clusters needs at least two clusters")
        factor = size / (size - 1) if variance == "CR1" else 1.0
        scores = cluster_sums(scores, cluster)
    return np.asarray(factor * cov @ (scores.T @ scores) @ cov)


def cluster_sums(values: Floats, cluster: Ints) -> Floats:
    """(clusters, k) sums of the rows of `values`."""
    sums = np.zeros((int(cluster.max()) + 1, values.shape[1]))
    np.add.at(sums, cluster, values)
    return sums


def variance_reference(variance: str) -> list[str]:
    """What to cite for a variance."""
    if variance == "model":
        return []
    return [REFERENCES["HC3" if variance == "HC3" else variance[:2]]]

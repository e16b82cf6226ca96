"""Areas under ROC curves and their covariance, by the ranks of DeLong's structural components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from neurohlh.stats.columns import Bools, Floats


@dataclass(frozen=True)
class Areas:
    """AUC of each marker (k,), and the covariance of the estimates (k, k); NaN with a single case or control."""

    auc: Floats
    cov: Floats


def delong(markers: Floats, outcome: Bools) -> Areas:
    """The probability that a case has a higher marker than a control, ties half, for the rows of `markers` (k, n).

    DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44:837, by midranks (Sun and Xu 2014, IEEE Signal Process Lett
    21:1389): O(k n log n). `outcome` must hold cases and controls.
    """
    cases, controls = markers[:, outcome], markers[:, ~outcome]
    m, n = cases.shape[1], controls.shape[1]
    joint = np.concatenate([cases, controls], axis=1)
    ranks = rankdata(joint, axis=1)
    below = (ranks[:, :m] - rankdata(cases, axis=1)) / n  # share of the controls below each case
    above = 1 - (ranks[:, m:] - rankdata(controls, axis=1)) / m  # share of the cases above each control
    cov = np.full((len(markers), len(markers)), np.nan)
    if m > 1 and n > 1:
        cov = np.atleast_2d(np.cov(below)) / m + np.atleast_2d(np.cov(above)) / n
    return Areas(below.mean(axis=1), cov)

"""Groups of patients of neighbouring predicted risk."""

from __future__ import annotations

import numpy as np

from neurohlh.stats.columns import Floats, Ints


def risk_groups(risk: Floats, groups: int) -> Ints:
    """The group, from 0, of every patient: equal shares of the patients as far as equal risks allow.

    Patients of the same risk are never parted, so that there may be fewer groups. Raises ValueError unless `groups` is
    at least 2.
    """
    if groups < 2:
        raise ValueError(f"groups must be at least 2, not {groups}")
    edges = np.unique(np.quantile(risk, np.arange(1, groups) / groups))
    found = np.searchsorted(edges, risk, side="left")
    return np.asarray(np.unique(found, return_inverse=True)[1], dtype=np.intp)

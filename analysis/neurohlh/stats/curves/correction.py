"""P values adjusted for several comparisons by a named method."""

from __future__ import annotations

import numpy as np

from neurohlh.stats.columns import Floats

_METHODS = {
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "bonferroni": "bonferroni",
    "benjamini-hochberg": "fdr_bh",
    "benjamini-yekutieli": "fdr_by",
}
CORRECTIONS = (*_METHODS, "none")


def adjusted(p_values: Floats, correction: str) -> Floats:
    """The p values adjusted by `correction`, in their order; missing ones stay missing and count for nothing.

    Computed by statsmodels, equal to R's p.adjust. Raises ValueError for an unknown correction.
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"correction must be one of {', '.join(CORRECTIONS)}, not {correction!r}")
    out = np.array(p_values, dtype=float)
    known = ~np.isnan(out)
    if correction == "none" or not known.any():
        return out
    from statsmodels.stats.multitest import multipletests  # loads slowly

    out[known] = multipletests(out[known], method=_METHODS[correction])[1]
    return out

"""p values adjusted for how many there are, as R's p.adjust gives them."""

from __future__ import annotations

import numpy as np

from neurohlh.stats.columns import Floats

METHODS = {
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "bonferroni": "bonferroni",
    "BH": "fdr_bh",
    "BY": "fdr_by",
}
"""R's name of a method -> that of statsmodels."""


def p_adjust(p_values: Floats, method: str) -> Floats:
    """Adjusted p values in the same order, as R's p.adjust gives them; unknown ones (NaN) stay so and do not count.

    Raises ValueError for another method or p values outside 0 to 1.
    """
    from statsmodels.stats.multitest import multipletests

    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    p = np.asarray(p_values, dtype=float)
    known = ~np.isnan(p)
    if ((p[known] < 0) | (p[known] > 1)).any():
        raise ValueError("p values must lie between 0 and 1")
    out = np.full(p.shape, np.nan)
    if known.sum() == 1:
        out[known] = p[known]
    elif known.any():
        out[known] = multipletests(p[known], method=METHODS[method])[1]
    return out

"""The share of the spread of a number that categories explain: eta squared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import column, numbers
from neurohlh.stats.design.terms import model_design


def eta_squared(frame: pd.DataFrame, outcome: str, factors: Sequence[str]) -> float:
    """Sum of squares explained by the main effects of `factors` over the total one, 0 to 1; R2 of R's lm.

    Rows without `outcome` or a factor are left out. Factors that others determine add nothing and do no harm. Raises
    ValueError for wrong columns, NotEstimable where `outcome` does not vary. Fisher 1925, Statistical Methods for
    Research Workers.
    """
    known = frame[~np.isnan(numbers(column(frame, outcome)))]
    design = model_design(known, factors)
    y = numbers(column(known, outcome))[design.complete]
    total = float(((y - y.mean()) ** 2).sum()) if len(y) else 0.0
    if not total > 0:
        raise NotEstimable(f"{outcome} does not vary")
    matrix = np.column_stack([np.ones(len(y)), design.matrix])
    coef = np.linalg.lstsq(matrix, y, rcond=None)[0]
    return float(np.clip(1 - ((y - matrix @ coef) ** 2).sum() / total, 0.0, 1.0))

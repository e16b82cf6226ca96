"""The clock of a study: days from its time zero."""

from __future__ import annotations

import numpy as np
import pandas as pd

from neurohlh.study.parts.material import Material


def days_after_zero(material: Material, frame: pd.DataFrame, date: str) -> pd.Series[float]:
    """Days from time zero to `date` for the patients of `frame` (NaN where one of them is missing)."""
    origin = material.config.endpoint.os.origin
    if date not in frame or origin not in frame:
        return pd.Series(np.nan, index=frame.index)
    return (frame[date] - frame[origin]).dt.days.astype(float)

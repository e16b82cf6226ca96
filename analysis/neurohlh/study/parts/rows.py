"""Rows of a table as records: what a part takes over from the statistics and completes with words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

Row = dict[str, Any]
NUMBERS = ("estimate", "conf_low", "conf_high", "coef", "std_error", "scale", "statistic", "df", "p_value", "note")
"""What an estimate says of itself, beside whom and what it is about."""


def records(frame: pd.DataFrame) -> list[Row]:
    """Each row as a record of column and value."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def picked(row: Mapping[Any, Any] | pd.Series[Any], names: Iterable[str] = NUMBERS) -> Row:
    """Those entries of a row."""
    return {name: row[name] for name in names}

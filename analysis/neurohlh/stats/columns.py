"""How a column becomes numbers, truth values or group labels for a statistic, with the unknown kept apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from neurohlh.core.errors import NotEstimable, did_you_mean
from neurohlh.stats.status import NOT_MET, STATUS_WORDS

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]
Labels = npt.NDArray[np.object_]

MISSING_GROUP = "missing"
OVERALL = "overall"


def column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """The column `name`; raises ValueError that names the nearest columns if there is none."""
    if name not in frame.columns:
        raise ValueError(f"there is no column {name!r}. {did_you_mean(name, map(str, frame.columns))}")
    if list(frame.columns).count(name) > 1:
        raise ValueError(f"there is more than one column named {name!r}")
    return frame[name]


def is_truth(series: pd.Series[Any]) -> bool:
    """Whether a column holds truth values (bool, nullable boolean, or objects that are all True/False/missing)."""
    if pd.api.types.is_bool_dtype(series.dtype):
        return True
    if series.dtype != object:
        return False
    known = series.dropna()
    return len(known) > 0 and set(map(type, known.unique())) <= {bool, np.bool_}


def is_number(series: pd.Series[Any]) -> bool:
    """Whether a column holds numbers (truth values are not numbers here)."""
    if pd.api.types.is_numeric_dtype(series.dtype):
        return not pd.api.types.is_bool_dtype(series.dtype)
    return series.dtype == object and pd.api.types.infer_dtype(series, skipna=True) in {
        "integer",
        "floating",
        "mixed-integer-float",
        "decimal",
    }


def numbers(series: pd.Series[Any]) -> Floats:
    """The column as float64 with NaN for unknown; raises ValueError for infinite numbers and for other types."""
    if not (is_number(series) or is_truth(series) or series.isna().all()):
        raise ValueError(f"column {series.name!r} does not hold numbers")
    values = np.asarray(pd.to_numeric(series).to_numpy(dtype="float64", na_value=np.nan))
    if np.isinf(values).any():
        raise ValueError(f"column {series.name!r} holds {int(np.isinf(values).sum())} infinite numbers")
    return values


def truth(series: pd.Series[Any]) -> Floats:
    """The column as 1, 0 and NaN (unknown); raises ValueError for anything but true/false or 1/0.

    Which code means an event is never guessed: other codings must be declared before (1 = yes is the only one known).
    """
    if not (is_truth(series) or is_number(series) or series.isna().all()):
        raise ValueError(f"column {series.name!r} must hold true/false or 1/0")
    values = numbers(series)
    known = values[~np.isnan(values)]
    if not np.isin(known, (0.0, 1.0)).all():
        other = int((~np.isin(known, (0.0, 1.0))).sum())
        raise ValueError(f"column {series.name!r} must hold true/false or 1/0; {other} cells hold another number")
    return values


def labels(series: pd.Series[Any]) -> tuple[Labels, list[str]]:
    """The column as texts (None where unknown) and its levels in order: a categorical's own, otherwise sorted.

    Truth values become "false" and "true", status words stand as met, not_met, indeterminate; whole numbers lose their
    decimal point.
    """
    known = series.notna().to_numpy()
    out = np.full(len(series), None, dtype=object)
    if is_truth(series):
        out[known] = np.where(series[known].to_numpy(dtype=bool), "true", "false")
        return out, [level for level in ("false", "true") if level in set(out[known])]
    codes, distinct = pd.factorize(series[known], sort=not isinstance(series.dtype, pd.CategoricalDtype))
    texts = np.array([_text(value) for value in distinct], dtype=object)
    out[known] = texts[codes] if len(texts) else out[known]
    if isinstance(series.dtype, pd.CategoricalDtype):
        return out, [_text(c) for c in series.dtype.categories if _text(c) in set(texts)]
    if set(texts) <= set(STATUS_WORDS):
        return out, [word for word in STATUS_WORDS if word in set(texts)]
    return out, list(dict.fromkeys(texts))


def _text(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def groups(frame: pd.DataFrame, by: str | None) -> tuple[Labels, list[str]]:
    """The group of every row and the groups in order; one group "overall" without `by`, unknown rows in "missing"."""
    if by is None:
        return np.full(len(frame), OVERALL, dtype=object), [OVERALL]
    found, levels = labels(column(frame, by))
    unknown = np.array([label is None for label in found], dtype=bool)
    if not unknown.any():
        return found, levels
    found[unknown] = MISSING_GROUP
    return found, [*levels, MISSING_GROUP]


class ReferenceAbsent(NotEstimable, ValueError):
    """No row has the declared reference level: a slip of the caller, or data that leave nobody to compare with."""


def reference_level(levels: list[str], counts: dict[str, int], declared: str | None, name: str) -> str:
    """The level that the others are compared with: the declared one, else "not_met"/"false", else the most frequent.

    Raises ReferenceAbsent (a NotEstimable and a ValueError) if the declared level does not occur.
    """
    if declared is not None:
        if declared not in levels:
            raise ReferenceAbsent(
                f"reference {declared!r} does not occur in {name!r}. {did_you_mean(declared, levels)}"
            )
        return declared
    for usual in (NOT_MET, "false"):
        if usual in levels:
            return usual
    return max(levels, key=lambda level: counts[level])

"""Columns of a frame as variables of an imputation: numbers or levels, their method, and the way back to the frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.columns import Bools, Floats, Ints, is_number, is_truth, numbers

METHODS = ("pmm", "norm", "logistic", "polytomous")
MOST_LEVELS = 20
"""More levels than a multinomial regression can estimate in a cohort; a free text, most likely."""


@dataclass(frozen=True)
class Variable:
    """A column as it enters the models.

    Attributes
    ----------
    values : one number per row, NaN where unknown; for a categorical variable the place in `levels`.
    levels : the values of a categorical variable in order (those that occur), empty for a number.
    method : how its unknown values are drawn.
    """

    name: str
    values: Floats
    levels: tuple[Any, ...]
    method: str

    @property
    def unknown(self) -> Bools:
        """The rows without a value."""
        return np.isnan(self.values)

    @property
    def width(self) -> int:
        """Columns that it takes in a model matrix."""
        return max(len(self.levels) - 1, 1)

    def block(self, values: Floats) -> Floats:
        """`values` as columns of a model matrix: standardised numbers, or one 0/1 column per level but the first."""
        if self.levels:
            return (values[:, None] == np.arange(1, self.width + 1)).astype(float)
        known = self.values[~self.unknown]
        spread = float(known.std()) if len(known) else 0.0
        return np.asarray(((values - (known.mean() if len(known) else 0.0)) / (spread or 1.0))[:, None])


def variable(series: pd.Series[Any], method: str | None = None) -> Variable:
    """The column as a variable; without `method` pmm for numbers, (multinomial) logistic for two (more) levels.

    Numbers of two distinct values are levels. Raises ValueError for dates, texts of very many levels, unknown methods
    and methods that do not fit the column.
    """
    name = str(series.name)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        raise ValueError(f"column {name!r} holds dates; impute a number of days or years")
    if is_number(series):
        values = numbers(series)
        distinct = np.unique(values[~np.isnan(values)])
        if len(distinct) != 2 or method in ("pmm", "norm"):
            return Variable(name, values, (), _fits(name, method or "pmm", ("pmm", "norm")))
        return Variable(name, _codes(values, distinct), tuple(distinct), _fits(name, method or "logistic", _BINARY))
    codes, levels = _levels(series)
    values = np.where(codes < 0, np.nan, codes)
    if len(levels) > MOST_LEVELS:
        raise ValueError(f"column {name!r} has {len(levels)} levels, more than the {MOST_LEVELS} that can be imputed")
    usual = "logistic" if len(levels) <= 2 else "polytomous"
    fitting = _BINARY if len(levels) <= 2 else ("polytomous", "pmm")
    if method == "pmm" and not _ordered(series):
        raise ValueError(f"column {name!r} has no order: pmm is for numbers and ordered categories")
    return Variable(name, values, tuple(levels), _fits(name, method or usual, fitting))


_BINARY = ("logistic", "polytomous", "pmm")


def _ordered(series: pd.Series[Any]) -> bool:
    return is_truth(series) or (isinstance(series.dtype, pd.CategoricalDtype) and bool(series.dtype.ordered))


def _fits(name: str, method: str, fitting: tuple[str, ...]) -> str:
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    if method not in fitting:
        raise ValueError(f"method {method!r} does not fit column {name!r}; use {' or '.join(fitting)}")
    return method


def _codes(values: Floats, distinct: Floats) -> Floats:
    return np.where(np.isnan(values), np.nan, np.searchsorted(distinct, values))


def _levels(series: pd.Series[Any]) -> tuple[Ints, list[Any]]:
    if is_truth(series):
        known = series.notna().to_numpy()
        values = np.full(len(series), -1)
        values[known] = series[known].astype(bool).astype(int)
        found = sorted(set(values[known]))
        places: Ints = np.where(known, np.searchsorted(found, values), -1).astype(np.intp)
        return places, [bool(v) for v in found]
    if isinstance(series.dtype, pd.CategoricalDtype):
        plain = series.cat.remove_unused_categories()
        codes: Ints = np.asarray(plain.cat.codes, dtype=np.intp)
        return codes, list(plain.cat.categories)
    numbered, distinct = pd.factorize(series, sort=True)
    return np.asarray(numbered, dtype=np.intp), list(distinct)


def filled(series: pd.Series[Any], rows: Ints, values: Floats, levels: tuple[Any, ...]) -> pd.Series[Any]:
    """The column with `values` (numbers, or places in `levels`) at `rows`; truth values without gaps become bool."""
    whole = np.zeros(len(series), dtype=bool)
    whole[rows] = True
    if levels and isinstance(levels[0], bool):
        out = series.astype(object)
        out[whole] = np.array(levels, dtype=object)[values.astype(np.intp)]
        return out.astype(bool) if out.notna().all() else out
    if levels and isinstance(series.dtype, pd.CategoricalDtype):
        codes = series.cat.codes.to_numpy(dtype=np.intp).copy()
        codes[whole] = series.cat.categories.get_indexer(pd.Index(list(levels)))[values.astype(np.intp)]
        return pd.Series(
            pd.Categorical.from_codes(codes.tolist(), dtype=series.dtype), index=series.index, name=series.name
        )
    number = is_number(series) and series.dtype != object
    new = np.array(levels, dtype=float if number else object)[values.astype(np.intp)] if levels else values
    out = series.astype(float) if number else series.astype(object)
    out = out.copy()
    out[whole] = new
    return out.astype(series.dtype) if _whole_numbers(series, out) else out


def _whole_numbers(series: pd.Series[Any], out: pd.Series[Any]) -> bool:
    """Whether a nullable integer column can stay one."""
    if not pd.api.types.is_extension_array_dtype(series.dtype) or not pd.api.types.is_integer_dtype(series.dtype):
        return False
    known = out.dropna().to_numpy(dtype=float)
    return bool((known == np.floor(known)).all())

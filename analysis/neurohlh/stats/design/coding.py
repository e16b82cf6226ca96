"""How a column becomes columns of a model matrix: learned on one frame, applied to any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable, did_you_mean
from neurohlh.stats.columns import Bools, Floats, Labels, column, is_number, labels, numbers, reference_level
from neurohlh.stats.design.formula import Factor
from neurohlh.stats.design.splines import checked_knots, rcs_basis, rcs_knots

_FUNCTIONS = {"log2": np.log2, "log10": np.log10, "log": np.log, "sqrt": np.sqrt}


@dataclass(frozen=True)
class Values:
    """A factor's column as read: numbers (NaN unknown), or texts with their levels in order.

    `reasons` says for which rows it has no value, and why.
    """

    numbers: Floats | None
    texts: Labels | None
    order: tuple[str, ...]
    reasons: dict[str, Bools]


@dataclass(frozen=True)
class Coding:
    """What was learned about a factor.

    Attributes
    ----------
    kind : "numeric", "spline" or "categorical".
    levels : a categorical factor's levels with patients, without the reference; absent : those without patients.
    reference : its reference level ("" if no patient has a known value).
    knots : a spline's knots.
    constant : whether it has one value only, and hence no columns.
    """

    factor: Factor
    kind: str
    levels: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    reference: str = ""
    knots: tuple[float, ...] = ()
    constant: bool = False

    def names(self) -> list[tuple[str, str]]:
        """(term, level) of each column: Hmisc's names for a spline (age, age', age''), or the level."""
        if self.kind == "categorical":
            return [(self.factor.variable, level) for level in self.levels]
        if self.kind == "spline":
            return [(self.factor.variable + "'" * j, "") for j in range(len(self.knots) - 1)]
        return [(self.factor.name, "")]

    def columns(self, values: Values, rows: Bools) -> Floats:
        """(rows, columns) of the factor for the chosen rows; raises ValueError for levels that were not learned."""
        if self.kind == "categorical":
            assert values.texts is not None
            used = values.texts[rows]
            self._require_known(used)
            return np.column_stack([used == level for level in self.levels] or [np.empty((len(used), 0))]).astype(float)
        assert values.numbers is not None
        used_numbers = values.numbers[rows]
        if self.kind == "spline":
            return rcs_basis(used_numbers, np.array(self.knots))
        return used_numbers[:, None]

    def _require_known(self, used: Labels) -> None:
        known = {self.reference, *self.levels}
        for level in set(used) - known:
            raise ValueError(
                f"level {level!r} of {self.factor.variable!r} did not occur where the model was fitted. "
                f"{did_you_mean(level, known)}"
            )


def read_values(factor: Factor, frame: pd.DataFrame, kind: str = "") -> Values:
    """The factor's column; `kind` is what was learned about it before ("" if nothing).

    Raises ValueError for an unknown column, dates, and a function or spline of what is no number.
    """
    series = column(frame, factor.variable)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        raise ValueError(f"covariate {factor.variable!r} holds dates; use a number of days or years")
    as_found = bool(factor.function) or is_number(series) or bool(series.isna().all())
    if kind != "categorical" if kind else as_found:
        return _numeric(series, factor)
    texts, order = labels(series)
    unknown = np.array([value is None for value in texts], dtype=bool)
    return Values(None, texts, tuple(order), {f"missing {factor.variable}": unknown})


def _numeric(series: pd.Series[Any], factor: Factor) -> Values:
    if factor.function == "rcs" and not (is_number(series) or series.isna().all()):
        raise ValueError(f"{factor.name}: a spline needs numbers, and {factor.variable!r} holds categories")
    values = numbers(series)
    reasons = {f"missing {factor.variable}": np.isnan(values)}
    if factor.function in _FUNCTIONS:
        outside = values < 0 if factor.function == "sqrt" else values <= 0
        reasons[f"{factor.name} does not exist"] = outside
        values = _FUNCTIONS[factor.function](np.where(outside, np.nan, values))
    return Values(values, None, (), reasons)


def learn(factor: Factor, values: Values, rows: Bools, declared: str | None) -> Coding:
    """The coding of a factor from the chosen rows; `declared` is the reference level asked for.

    Raises ValueError for a reference level that does not occur, NotEstimable if a spline has too few distinct values.
    """
    if values.texts is not None:
        return _learn_levels(factor, values.texts[rows], values.order, declared)
    assert values.numbers is not None
    used = values.numbers[rows]
    constant = len(used) == 0 or bool(np.ptp(used) == 0)
    if factor.function != "rcs" or constant:
        return Coding(factor, "numeric", constant=constant)
    if not isinstance(factor.knots, int):
        return Coding(factor, "spline", knots=tuple(checked_knots(np.array(factor.knots), used, factor.name)))
    try:
        return Coding(factor, "spline", knots=tuple(rcs_knots(used, factor.knots)))
    except NotEstimable as error:
        raise NotEstimable(f"{factor.name}: {error}") from None


def _learn_levels(factor: Factor, used: Labels, order: tuple[str, ...], declared: str | None) -> Coding:
    counts = {level: int((used == level).sum()) for level in order}
    present = [level for level in order if counts[level]]
    if not present:
        return Coding(factor, "categorical", absent=order, constant=True)
    base = reference_level(present, counts, declared, factor.variable)
    levels = tuple(level for level in present if level != base)
    absent = tuple(level for level in order if not counts[level])
    return Coding(factor, "categorical", levels, absent, base, constant=not levels)

"""A measurement as an interval: the smallest and the largest value that it may have had.

An exact value is both ends; unknown is from minus to plus infinity; a value beyond a limit is open on one side. Every
comparison then has a certain and a possible answer, whether the value is known, censored or absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import narwhals as nw

from neurohlh.core.errors import InputError

INFINITY = float("inf")
# Unit conversions in binary floating point (and single-precision columns) miss a cut-off by less than this fraction.
SAME = 1e-7
# Where nobody named the unit and the printed cut-offs of two units disagree (dossier 0.1, DOSSIER RULE).
TOLERANCE = 0.005
DAYS_PER_YEAR = 365.25

Schema = Mapping[str, nw.dtypes.DType]


@dataclass(frozen=True)
class Interval:
    """Names of the two columns that hold a measurement's bounds; never null."""

    low: str
    high: str

    def certainly(self, comparator: str, threshold: float) -> nw.Expr:
        """Where every possible value passes."""
        low, high, step = nw.col(self.low), nw.col(self.high), abs(threshold) * SAME
        if comparator == ">=":
            return low >= threshold - step
        if comparator == ">":
            return low > threshold + step
        if comparator == "<=":
            return high <= threshold + step
        if comparator == "<":
            return high < threshold - step
        return (low >= threshold - step) & (high <= threshold + step)

    def possibly(self, comparator: str, threshold: float) -> nw.Expr:
        """Where at least one possible value passes."""
        low, high, step = nw.col(self.low), nw.col(self.high), abs(threshold) * SAME
        if comparator == ">=":
            return high >= threshold - step
        if comparator == ">":
            return high > threshold + step
        if comparator == "<=":
            return low <= threshold + step
        if comparator == "<":
            return low < threshold - step
        return (low <= threshold + step) & (high >= threshold - step)

    def against(self, comparator: str, other: Interval, factor: float) -> tuple[nw.Expr, nw.Expr]:
        """(certainly, possibly) for a threshold that is `factor` times another, positive measurement."""
        low, high = nw.col(self.low), nw.col(self.high)
        least, most = nw.col(other.low) * factor, nw.col(other.high) * factor
        if comparator == ">=":
            return low >= most, high >= least
        if comparator == ">":
            return low > most, high > least
        if comparator == "<=":
            return high <= least, low <= most
        return high < least, low < most

    def recorded(self) -> nw.Expr:
        """Where anything is known about the value."""
        return (nw.col(self.low) > -INFINITY) | (nw.col(self.high) < INFINITY)


def bounds(schema: Schema, column: str, censored: str) -> tuple[nw.Expr, nw.Expr]:
    """Lowest and highest possible value of a numeric column, by its column of directions ('left', 'right') if any.

    NaN and null both mean unknown. Raises InputError where the column holds no numbers.
    """
    if column not in schema:
        return nw.lit(-INFINITY), nw.lit(INFINITY)
    value = number(schema, column)
    known = ~value.is_null() & ~value.is_nan()
    low = nw.when(known).then(value).otherwise(nw.lit(-INFINITY))
    high = nw.when(known).then(value).otherwise(nw.lit(INFINITY))
    if censored not in schema:
        return low, high
    # The true value lies strictly beyond the limit: by more than what counts as the same.
    beyond = value.abs() * (2 * SAME) + 1e-12
    right, left = is_code(schema, censored, ("right",)), is_code(schema, censored, ("left",))
    low_known = nw.when(known & ~left).then(nw.when(right).then(value + beyond).otherwise(value))
    high_known = nw.when(known & ~right).then(nw.when(left).then(value - beyond).otherwise(value))
    return low_known.otherwise(nw.lit(-INFINITY)), high_known.otherwise(nw.lit(INFINITY))


def age_in_days(schema: Schema) -> tuple[nw.Expr, nw.Expr]:
    """Bounds of the age in days; where only years are recorded, what they allow (whole years are completed years)."""
    low, high = bounds(schema, "age_days", "age_days_censored")
    if "age_years" not in schema:
        return low, high
    years = number(schema, "age_years")
    known = ~years.is_null() & ~years.is_nan()
    if "age_days" in schema:
        days = number(schema, "age_days")
        known = known & (days.is_null() | days.is_nan())
    whole = nw.when(known & (years - years.round(0) == 0)).then(nw.lit(1.0)).otherwise(nw.lit(0.0))
    low = nw.when(known).then(years * DAYS_PER_YEAR).otherwise(low)
    return low, nw.when(known).then((years + whole) * DAYS_PER_YEAR).otherwise(high)


def age_in_years(schema: Schema) -> tuple[nw.Expr, nw.Expr]:
    """Bounds of the age in years as recorded; where only days are recorded, those."""
    low, high = bounds(schema, "age_years", "age_years_censored")
    if "age_days" not in schema:
        return low, high
    days = number(schema, "age_days")
    known = ~days.is_null() & ~days.is_nan() & (low == -INFINITY) & (high == INFINITY)
    years = days / DAYS_PER_YEAR
    return nw.when(known).then(years).otherwise(low), nw.when(known).then(years).otherwise(high)


def number(schema: Schema, column: str) -> nw.Expr:
    """A numeric column in double precision."""
    dtype = schema[column]
    if isinstance(dtype, nw.String | nw.Categorical | nw.Enum | nw.Boolean | nw.Date | nw.Datetime):
        raise InputError(f"numbers are expected, the column holds {dtype}", where=f"column {column!r}")
    return nw.col(column) if dtype == nw.Float64 else nw.col(column).cast(nw.Float64)


def is_code(schema: Schema, column: str, codes: tuple[str, ...]) -> nw.Expr:
    """Where a text column holds one of the codes; never null."""
    if schema[column].is_numeric() or isinstance(schema[column], nw.Boolean):
        raise InputError(f"codes are expected, the column holds {schema[column]}", where=f"column {column!r}")
    text = nw.col(column)
    holds = text == codes[0] if len(codes) == 1 else text.is_in(list(codes))
    return holds & ~text.is_null()


def yes_no(schema: Schema, column: str) -> tuple[nw.Expr, nw.Expr]:
    """(is yes, is no) of a boolean column, or of a column of 1 and 0; never null."""
    dtype = schema[column]
    if dtype.is_numeric():
        value = number(schema, column)
        known = ~value.is_null() & ~value.is_nan()
        return (value == 1) & known, (value == 0) & known
    if isinstance(dtype, nw.String | nw.Categorical | nw.Enum | nw.Date | nw.Datetime):
        raise InputError(f"yes or no is expected, the column holds {dtype}", where=f"column {column!r}")
    value, known = nw.col(column), ~nw.col(column).is_null()
    yes, no = nw.lit(True), nw.lit(False)
    return (value == yes) & known, (value == no) & known

"""What the columns of a frame say: yes, no or nothing, whatever the backend and its way of writing a missing value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any, NamedTuple

import narwhals as nw

from neurohlh.clinical.kleene import Truth, statement

FALSE = nw.lit(False)


class Known(NamedTuple):
    """A statement as two null-free boolean expressions: known to hold, known not to hold; neither: unknown."""

    true: nw.Expr
    false: nw.Expr

    def truth(self) -> Truth:
        """The same as bounds."""
        return statement(self.true, self.false)


UNKNOWN = Known(FALSE, FALSE)


def either(parts: Iterable[nw.Expr]) -> nw.Expr:
    """Any of some null-free conditions (none given: false)."""
    parts = [p for p in parts if p is not FALSE]
    return reduce(or_, parts) if parts else FALSE


def each(parts: Iterable[nw.Expr]) -> nw.Expr:
    """All of some null-free conditions (none given: false, for nothing was looked at)."""
    parts = list(parts)
    return reduce(and_, parts) if parts and not any(p is FALSE for p in parts) else FALSE


def unless(condition: nw.Expr, exception: nw.Expr) -> nw.Expr:
    """The first condition where the second does not hold (what is false everywhere costs nothing)."""
    return condition if exception is FALSE or condition is FALSE else condition & ~exception


def any_known(parts: Sequence[Known]) -> Known:
    """At least one holds; known false only where every part is; without parts unknown."""
    return Known(either(p.true for p in parts), each(p.false for p in parts))


class Columns:
    """The columns that a frame has; a column that it has not is unknown for every patient.

    Booleans are read from boolean, 0/1 and tri (met / not_met / indeterminate) columns alike; NaN and null are both
    missing.
    """

    def __init__(self, schema: Mapping[str, Any], ready: Iterable[str] = ()) -> None:
        self._schema = dict(schema)
        self.ready = frozenset(ready)
        """Working columns that are there already, so that nothing is read twice."""

    def dtype(self, name: str) -> Any:
        """The column's type, None where it is not known."""
        return self._schema.get(name)

    def prepare(self, flags: Iterable[str], numbers: Iterable[str]) -> dict[str, nw.Expr]:
        """Working columns for the flags and numbers among these that the frame has."""
        exprs: dict[str, nw.Expr] = {}
        for name in (f for f in flags if f in self):
            exprs |= {f"_{name}_yes": self.yes(name), f"_{name}_no": self.no(name)}
        return exprs | {f"_{name}_number": self.number(name) for name in numbers if name in self}

    def with_ready(self, names: Iterable[str]) -> Columns:
        """The same columns with further working columns."""
        return Columns(self._schema, self.ready | set(names))

    def __contains__(self, name: object) -> bool:
        return name in self._schema

    def replaced(self, name: str) -> Columns:
        """The same columns after `name` was computed anew: present, and no working column of it holds any more."""
        stale = {r for r in self.ready if r.startswith(f"_{name}_")}
        return Columns({**self._schema, name: None}, self.ready - stale)

    def yes(self, name: str) -> nw.Expr:
        """Where the column says yes (met, 1)."""
        return self._says(name, True, ("met", "true"))

    def no(self, name: str) -> nw.Expr:
        """Where the column says no (not_met, 0)."""
        return self._says(name, False, ("not_met", "false"))

    def known(self, name: str) -> Known:
        """Yes and no."""
        return Known(self.yes(name), self.no(name))

    def is_code(self, name: str, code: str) -> nw.Expr:
        """Where a text column holds `code`."""
        dtype = self._schema.get(name)
        if name not in self or dtype == nw.Boolean or (dtype is not None and dtype.is_numeric()):
            return FALSE
        return (nw.col(name) == code).fill_null(False)

    def blank(self, name: str) -> nw.Expr:
        """Where the cell is empty (everywhere, if there is no such column)."""
        return nw.col(name).is_null() if name in self else nw.lit(True)

    def number(self, name: str) -> nw.Expr:
        """The number, null where unknown."""
        if name not in self:
            return nw.lit(None).cast(nw.Float64)
        if (working := f"_{name}_number") in self.ready:
            return nw.col(working)
        return nw.col(name).cast(nw.Float64).fill_nan(None)

    def is_number(self, name: str) -> nw.Expr:
        """Where a number is known."""
        return ~self.number(name).is_null() if name in self else FALSE

    def after(self, later: str, earlier: str) -> nw.Expr:
        """Where both dates are known and the first is the later one."""
        both = later in self and earlier in self
        return (nw.col(later) > nw.col(earlier)).fill_null(False) if both else FALSE

    def _says(self, name: str, value: bool, words: tuple[str, ...]) -> nw.Expr:
        if name not in self:
            return FALSE
        if (working := f"_{name}_{'yes' if value else 'no'}") in self.ready:
            return nw.col(working)
        column, dtype = nw.col(name), self._schema[name]
        if dtype == nw.Boolean:
            return (column if value else ~column).fill_null(False)
        if dtype.is_numeric():
            return (column == int(value)).fill_null(False)
        if dtype == nw.Object:  # pandas: True / False / None in a column of objects
            return (column == value).fill_null(False)
        return either([(column == word).fill_null(False) for word in words])

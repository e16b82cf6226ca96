"""Suppressed is a state of a cell, not a number: it stays suppressed in arithmetic and compares as false."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

WORD: Final = "suppressed"
"""How the state is written in JSON and CSV."""


class Suppressed:
    """The state of a number that disclosure control took away; its only instance is `SUPPRESSED`.

    Arithmetic gives `SUPPRESSED`, every comparison is false, `int()` and `round()` raise ValueError, and as a float it
    is NaN, so that no array of floats can hold a number in its place. It is not missing: pandas and `core.format` tell
    the two apart. It is no float itself, since pandas turns floats of any kind into plain ones on its way to records.
    """

    is_suppressed: Final = True
    __slots__ = ()

    def __new__(cls) -> Suppressed:
        """The one instance."""
        return _ONE[0] if _ONE else super().__new__(cls)

    def __float__(self) -> float:
        return math.nan

    def __int__(self) -> int:
        raise ValueError("a suppressed count is no number")

    def __round__(self, ndigits: int | None = None) -> int:
        raise ValueError("a suppressed count is no number")

    def _stay(self, *_: Any) -> Suppressed:
        return self

    def _no(self, _: object) -> bool:
        return False

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _stay
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _stay
    __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = _stay
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _no

    def __hash__(self) -> int:
        return hash(WORD)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return WORD

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return WORD

    def __reduce__(self) -> tuple[type[Suppressed], tuple[()]]:
        return Suppressed, ()


_ONE: list[Suppressed] = []
SUPPRESSED: Final = Suppressed()
_ONE.append(SUPPRESSED)


def is_suppressed(value: Any) -> bool:
    """Whether disclosure control took the number away."""
    return isinstance(value, Suppressed)


def numbers(values: list[Any]) -> pd.Series:
    """Numbers and states as a column: floats where nothing is suppressed, otherwise objects."""
    floats = [v if is_suppressed(v) else float("nan") if pd.isna(v) else float(v) for v in values]
    return pd.Series(floats, dtype=object if any(map(is_suppressed, floats)) else float)


def written(value: Any) -> Any:
    """`value`, a number, text, list or mapping, with the word in the place of every state."""
    if is_suppressed(value):
        return WORD
    if isinstance(value, Mapping):
        return {key: written(one) for key, one in value.items()}
    return [written(one) for one in value] if isinstance(value, list | tuple) else value


def restored(value: Any) -> Any:
    """The reverse of `written`, for mappings and lists that hold counts."""
    if isinstance(value, str):
        return SUPPRESSED if value == WORD else value
    if isinstance(value, Mapping):
        return {key: restored(one) for key, one in value.items()}
    return [restored(one) for one in value] if isinstance(value, list) else value

"""A reference case: which entry of R it recomputes, and how far the two answers lie apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurohlh.study.verification.reference import Entry, entries

TOLERANCE = 1e-6
"""Relative difference up to which an answer counts as R's."""
_ZERO = 1e-12
"""Below this size a number counts as 0, and differences are taken absolutely."""


@dataclass(frozen=True)
class Compared:
    """One quantity, R's and ours: a number, or numbers of any shape in the same order.

    `tolerance` differs from the usual one only where `why` says why. `zero` is the size below which a number of this
    quantity is rounding.
    """

    quantity: str
    expected: Any
    got: Any
    tolerance: float = TOLERANCE
    why: str = ""
    zero: float = _ZERO


@dataclass(frozen=True)
class Case:
    """The recomputation of one reference entry; `compute` gives its quantities, R's beside ours."""

    entry: str
    compute: Callable[[Entry], Iterable[Compared]]

    def compared(self) -> list[Compared]:
        """All quantities of the case; raises KeyError if the entry is not shipped."""
        return list(self.compute(entries()[self.entry]))


@dataclass(frozen=True)
class Difference:
    """Where a quantity's two answers lie farthest apart: the pair, the relative difference, how many were compared."""

    expected: float
    got: float
    relative: float
    numbers: int


def difference(compared: Compared) -> Difference:
    """The largest relative difference of a quantity; unequal shapes and a value on one side only are infinite.

    Both missing, or both infinite with one sign, is no difference.
    """
    expected, got = _numbers(compared.expected), _numbers(compared.got)
    if expected.shape != got.shape:
        return Difference(np.nan, np.nan, np.inf, max(expected.size, got.size))
    if not expected.size:
        raise ValueError(f"{compared.quantity}: nothing is compared")
    with np.errstate(invalid="ignore"):
        apart = np.abs(got - expected) / np.maximum(np.abs(expected), compared.zero)
        tiny = np.maximum(np.abs(expected), np.abs(got)) <= compared.zero
    same = (expected == got) | (np.isnan(expected) & np.isnan(got)) | tiny
    apart = np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
    worst = int(np.argmax(apart))
    return Difference(float(expected[worst]), float(got[worst]), float(apart[worst]), expected.size)


def _numbers(value: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Numbers of any nesting, flattened; None is missing (R's NA), and a mapping stands for its values in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        parts = [_numbers(v) for v in value]
        return np.concatenate(parts) if parts else np.empty(0)
    if value is None:
        return np.array([np.nan])
    return np.atleast_1d(np.asarray(value, dtype=float)).ravel()

"""Which counts are small, and which totals stand so near another that their difference is small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neurohlh.core import format as fmt

DEFAULT_MINIMUM = 5
"""The smallest count that is shown where nobody chose another: 'in general a minimum cell count of 5 is used'
(omopgenerics, vignette on suppression, the practice of OMOP network studies; read on the web, secondary source). It is
a convention and no law: data holders ask for 3, 5, 8, 10 or 11, and theirs decides."""


@dataclass(frozen=True)
class Rule:
    """Counts from 1 to below `minimum` are small; 0 is shown.

    `near` holds numbers of patients of whole analyses that are not shown, because another analysis differs by few.
    """

    minimum: int
    near: frozenset[int] = frozenset()

    def small(self, value: Any) -> bool:
        """Whether the value is a count from 1 to below the minimum (weighted counts included)."""
        if fmt.is_missing(value) or fmt.is_suppressed(value) or isinstance(value, bool):
            return False
        return 0 < float(value) < self.minimum

    def hidden(self, value: Any) -> bool:
        """Whether the value is small, or a total that stands too near another one."""
        if self.small(value):
            return True
        known = not (fmt.is_missing(value) or fmt.is_suppressed(value) or isinstance(value, bool))
        return known and float(value).is_integer() and int(value) in self.near

    def pinned(self, values: list[float]) -> bool:
        """Whether hidden counts can be told from their sum: none but one beside 0, or all of them 1."""
        found = [v for v in values if v > 0]
        return len(found) == 1 or (bool(found) and sum(found) == len(found))


def near(totals: Iterable[tuple[float, float]], minimum: int) -> frozenset[tuple[float, float]]:
    """The totals (patients, deaths) that differ by a small number from one that is kept; those used most often are.

    Two analyses that differ by three patients would otherwise say something about just these three, and so would one
    that leaves out few patients, three of whom died: deaths are compared where one analysis holds nearly all patients
    (`_NESTED`) of the other.
    """
    counted = Counter(totals)
    kept: list[tuple[float, float]] = []
    for total, _ in sorted(counted.items(), key=lambda item: (-item[1], -item[0][0], str(item[0][1]))):
        if not any(_few_between(total, other, minimum) for other in kept):
            kept.append(total)
    return frozenset(counted) - frozenset(kept)


_NESTED = 0.85


def _few_between(one: tuple[float, float], other: tuple[float, float], minimum: int) -> bool:
    patients, deaths = abs(one[0] - other[0]), abs(one[1] - other[1])
    if 0 < patients < minimum:
        return True
    return 0 < deaths < minimum and min(one[0], other[0]) >= _NESTED * max(one[0], other[0])

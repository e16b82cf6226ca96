"""Three-valued logic as bounds: every statement is (certainly true, possibly true), a pair of 0/1 expressions.

met = (1, 1), not met = (0, 0), unknown = (0, 1). Kleene's rules then become minimum, maximum and sums, and a score with
missing items becomes a lowest and a highest possible score (dossier 0.3). The expressions are Narwhals', so that one
definition runs on pandas, Polars, DuckDB and Spark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import narwhals as nw

MET, NOT_MET, INDETERMINATE, NOT_APPLICABLE = "met", "not_met", "indeterminate", "not_applicable"


@dataclass(frozen=True)
class Truth:
    """A statement's bounds: `low` is 1 where it certainly holds, `high` is 1 where it may hold. Never null."""

    low: nw.Expr
    high: nw.Expr

    def status(self) -> nw.Expr:
        """'met', 'not_met' or 'indeterminate'."""
        return status_of(self.low >= 1, self.high <= 0)


def status_of(met: nw.Expr, not_met: nw.Expr) -> nw.Expr:
    """The three words from two exclusive null-free conditions."""
    # Nested when/then: the chained form is not offered by every backend.
    return (
        nw.when(met)
        .then(nw.lit(MET))
        .otherwise(nw.when(not_met).then(nw.lit(NOT_MET)).otherwise(nw.lit(INDETERMINATE)))
    )


def statement(true: nw.Expr, false: nw.Expr) -> Truth:
    """From two null-free boolean expressions: where it is known to hold, where it is known not to."""
    return Truth(
        nw.when(true).then(nw.lit(1)).otherwise(nw.lit(0)), nw.when(false).then(nw.lit(0)).otherwise(nw.lit(1))
    )


def unknown() -> Truth:
    """A statement nobody looked into."""
    return Truth(nw.lit(0), nw.lit(1))


def negate(a: Truth) -> Truth:
    """Not a."""
    return Truth(1 - a.high, 1 - a.low)


def total(parts: Sequence[Truth], weights: Sequence[float] | None = None) -> Truth:
    """The lowest and the highest possible (weighted) number of true parts."""
    if weights is not None:
        parts = [Truth(p.low * k, p.high * k) for p, k in zip(parts, weights, strict=True)]
    return Truth(reduce(add, [p.low for p in parts]), reduce(add, [p.high for p in parts]))


def at_least(k: float, count: Truth) -> Truth:
    """A (bounded) count or score reaches k."""
    # A Truth is never null, so a cast does; it costs a fifth of a when/then on pandas.
    return Truth((count.low >= k).cast(nw.Int32), (count.high >= k).cast(nw.Int32))


def any_of(parts: Sequence[Truth]) -> Truth:
    """At least one holds; known false only where every part is known false."""
    return at_least(1, total(parts))


def all_of(parts: Sequence[Truth]) -> Truth:
    """Every part holds; known false as soon as one is."""
    return at_least(len(parts), total(parts))


def evidence(met_if: Sequence[Truth], not_met_if: Sequence[Truth]) -> Truth:
    """Met by positive evidence, not met by negative evidence where there is no positive; unknown without either."""
    low = total(met_if).low >= 1
    if not not_met_if:
        return Truth(low.cast(nw.Int32), nw.lit(1))
    return Truth(low.cast(nw.Int32), (low | (total(not_met_if).low < 1)).cast(nw.Int32))


def established(parts: Sequence[Truth]) -> Truth:
    """At least one is known to hold; what is unknown counts as not established."""
    low = any_of(parts).low
    return Truth(low, low)

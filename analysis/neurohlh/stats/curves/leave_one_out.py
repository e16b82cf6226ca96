"""What a Kaplan-Meier curve becomes without each patient in turn, for all patients at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.curves.product_limit import Counts, count, places


@dataclass(frozen=True)
class _Products:
    """Products of factors over stretches of times, with the zeros counted apart so that they can be divided out."""

    log: Floats
    zeros: Ints

    @classmethod
    def of(cls, factors: Floats) -> _Products:
        zero = factors <= 0
        log = np.cumsum(np.where(zero, 0.0, np.log(np.where(zero, 1.0, factors))))
        return cls(np.append(0.0, log), np.append(0, np.cumsum(zero)))

    def over(self, since: Ints, until: Ints) -> Floats:
        """The product of the factors with places from `since` up to before `until` (1 if there is none)."""
        until = np.maximum(since, until)
        intact = self.zeros[until] == self.zeros[since]
        return np.where(intact, np.exp(self.log[until] - self.log[since]), 0.0)

    def area(self, since: Ints, until: Ints, widths: Floats) -> Floats:
        """The area under the product that starts at 1 before place `since`, over the steps from `since` to `until`.

        The step at a place is as wide as `widths` says, and as high as the product up to and with that place.
        """
        until = np.maximum(since, until)
        areas = np.append(0.0, np.cumsum(widths * np.exp(self.log[1:])))
        gone = np.searchsorted(self.zeros, self.zeros[since], side="right") - 1  # the first zero at or after `since`
        return (areas[np.minimum(until, gone)] - areas[since]) * np.exp(-self.log[since])


@dataclass(frozen=True)
class _Without:
    """The factors of the curve: as it is, while a patient who leaves later is missing, and at its own end."""

    counts: Counts
    begin: Ints
    end: Ints
    whole: _Products
    missing: _Products
    own: Floats


def survival_without_each(time: Floats, event: Bools, entry: Floats | None, at: float) -> Floats:
    """S(`at`) of the curve of all but one, for each one of the n rows: n log n, without any refit."""
    w = _without(time, event, entry)
    stop = int(w.counts.row_at(np.array([at]))[0]) + 1
    before = w.whole.over(np.zeros_like(w.begin), np.minimum(w.begin, stop))
    during = w.missing.over(np.minimum(w.begin, stop), np.minimum(w.end, stop))
    after = np.where(w.end < stop, w.own * w.whole.over(np.minimum(w.end + 1, stop), np.full_like(w.end, stop)), 1.0)
    return before * during * after


def area_without_each(time: Floats, event: Bools, entry: Floats | None, at: float) -> Floats:
    """The area up to `at` under the curve of all but one, for each one of the n rows."""
    w = _without(time, event, entry)
    widths = np.diff(np.minimum(np.append(w.counts.time, np.inf), at))
    size, zero = len(widths), np.zeros_like(w.begin)
    to_begin = w.whole.area(zero, w.begin, widths)
    height = w.whole.over(zero, w.begin)
    to_end = height * w.missing.area(w.begin, w.end, widths)
    height = height * w.missing.over(w.begin, w.end) * w.own
    rest = widths[w.end] + w.whole.area(w.end + 1, np.full_like(w.end, size), widths)
    return to_begin + to_end + height * rest


def _without(time: Floats, event: Bools, entry: Floats | None) -> _Without:
    counts = count(time, event, entry)
    n, d = counts.n_risk.astype(float), counts.n_event.astype(float)
    end, happened, begin = places(counts, time, event, entry)
    # A row is at risk at the places from `begin` to `end`; nobody is taken out of the risk set before.
    first = np.zeros_like(end) if begin is None else begin + 1
    whole = 1 - np.where(d > 0, d / np.maximum(n, 1), 0.0)
    missing = 1 - np.where(d > 0, d / np.maximum(n - 1, 1), 0.0)
    own = 1 - (d[end] - happened) / np.maximum(n[end] - 1, 1)
    return _Without(counts, first, end, _Products.of(whole), _Products.of(missing), own)

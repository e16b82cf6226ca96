"""Follow-up with several kinds of event, read from declared codes, with everybody who cannot be used counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable, did_you_mean
from neurohlh.stats.columns import Bools, Floats, Ints, column, labels, numbers
from neurohlh.stats.survival_data import first_reasons, without_rounding

Code = str | int | bool


@dataclass(frozen=True)
class CompetingData:
    """Times and kinds of event of the rows that can be used.

    Attributes
    ----------
    time : end of follow-up, one per used row.
    status : 0 for censored, otherwise 1 + the place of the cause in `causes` (the cause of interest is 1).
    causes : names of the causes, the one of interest first.
    entry, weight : entry times and case weights, or None.
    kept : which rows of the frame are used.
    dropped : reason -> rows, adding up to the rows not used.
    """

    time: Floats
    status: Ints
    causes: tuple[str, ...]
    entry: Floats | None
    weight: Floats | None
    kept: Bools
    dropped: dict[str, int]

    @property
    def n(self) -> int:
        """Rows used."""
        return len(self.time)

    def events(self, cause: int = 1) -> int:
        """Events of one cause among them."""
        return int((self.status == cause).sum())

    def subset(self, rows: Bools) -> CompetingData:
        """The same data for those of the used rows that `rows` (over the whole frame) also keeps."""
        inside = rows[self.kept]
        entry, weight = (None if v is None else v[inside] for v in (self.entry, self.weight))
        kept = rows & self.kept
        return replace(self, time=self.time[inside], status=self.status[inside], entry=entry, weight=weight, kept=kept)

    def counts(self, supplied: int) -> dict[str, Any]:
        """Supplied, used, events of the cause of interest, events by cause, censored, dropped by reason."""
        return {
            "supplied": supplied,
            "used": self.n,
            "events": self.events(),
            "events_by_cause": {name: self.events(k) for k, name in enumerate(self.causes, start=1)},
            "censored": self.events(0),
            "dropped": self.dropped,
        }


def competing_data(
    frame: pd.DataFrame,
    time: str,
    event: str,
    *,
    cause: Code,
    censored: Code,
    competing: Sequence[Code] | None = None,
    entry: str | None = None,
    weights: str | None = None,
    known: Sequence[str | None] = (),
) -> CompetingData:
    """Follow-up from `time` and `event`, whose codes are declared: `cause` of interest, `censored`, and the rest.

    `competing` lists the codes of the competing events (by default every other code that occurs). Times that differ by
    rounding only are made equal. Rows unknown in time, event, entry, weights or a column of `known`, rows that enter at
    or after their end and rows of weight 0 are dropped and counted.

    Raises ValueError for wrong columns, undeclared codes, negative times or weights, and if no row holds the censoring
    code while `competing` is not declared (a mistyped code would turn the censored into events); NotEstimable if no
    row is left.
    """
    found, levels = labels(column(frame, event))
    causes = _causes(frame, event, levels, cause, censored, competing)
    ends = numbers(column(frame, time))
    starts = None if entry is None else numbers(column(frame, entry))
    ends, starts = without_rounding(ends, starts)
    weight = None if weights is None else numbers(column(frame, weights))
    for name, values in ((time, ends), (weights, weight)):
        if values is not None and (values < 0).any():
            raise ValueError(f"column {name!r}: {int((values < 0).sum())} values are negative")
    reasons = {f"missing {time}": np.isnan(ends), f"missing {event}": np.array([v is None for v in found], dtype=bool)}
    if starts is not None:
        reasons[f"missing {entry}"] = np.isnan(starts)
        reasons[f"{entry} not before {time}"] = starts >= ends
    reasons |= {f"missing {name}": column(frame, name).isna().to_numpy() for name in known if name is not None}
    if weight is not None:
        reasons |= {f"missing {weights}": np.isnan(weight), f"{weights} is 0": weight == 0}
    kept, dropped = first_reasons(reasons, len(frame))
    if not kept.any():
        raise NotEstimable(f"no row has both {time!r} and {event!r}")
    place = {_text(censored): 0} | {name: k for k, name in enumerate(causes, start=1)}
    status = np.array([place[v] for v in found[kept]], dtype=np.intp)
    starts, weight = (None if v is None else v[kept] for v in (starts, weight))
    return CompetingData(ends[kept], status, causes, starts, weight, kept, dropped)


def _causes(
    frame: pd.DataFrame, event: str, levels: list[str], cause: Code, censored: Code, competing: Sequence[Code] | None
) -> tuple[str, ...]:
    """The names of the causes, the one of interest first; refuses codes that do not fit the column."""
    first, none = _text(cause), _text(censored)
    if first == none:
        raise ValueError(f"cause and censored are both {first!r}")
    dtype = frame[event].dtype
    possible = [_text(c) for c in dtype.categories] if isinstance(dtype, pd.CategoricalDtype) else levels
    if competing is None:
        if none not in possible:
            raise ValueError(
                f"no row of {event!r} holds the censoring code {none!r}; if nobody was censored, declare the other "
                f"causes with competing=. {did_you_mean(none, possible)}"
            )
        if first not in possible:
            raise ValueError(f"cause {first!r} does not occur in {event!r}. {did_you_mean(first, possible)}")
        return (first, *(level for level in levels if level not in (first, none)))
    others = tuple(dict.fromkeys(_text(c) for c in competing))
    if {first, none} & set(others):
        raise ValueError("competing must not hold the cause of interest or the censoring code")
    undeclared = [level for level in levels if level not in (first, none, *others)]
    if undeclared:
        raise ValueError(f"column {event!r} holds codes that are not declared: {', '.join(undeclared)}")
    return (first, *others)


def _text(code: Any) -> str:
    """A code as `labels` writes it: truth values as true and false, whole numbers without decimal point."""
    if isinstance(code, bool | np.bool_):
        return "true" if code else "false"
    if isinstance(code, float | np.floating) and float(code).is_integer():
        return str(int(code))
    return str(code)

"""Exposures that begin during follow-up: one row per patient becomes rows from start to stop, as in R's tmerge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, column, numbers, truth
from neurohlh.stats.survival_data import SurvivalData, first_reasons, survival_data, without_rounding

START, STOP, PERIOD = "start", "stop", "period"
AT_ZERO = "ends at time 0 (a half day more keeps it: R's users add 0.5)"


@dataclass(frozen=True)
class Episodes:
    """Follow-up cut where something changes; each row is at risk over start < t <= stop.

    Attributes
    ----------
    frame : the rows, with `start`, `stop`, the event (only in the row in which it ends), the patient's columns.
    counts : supplied, used (patients), rows, events, dropped (reason -> patients), and, with exposures, for each of
        them: exposed_from_start, exposed_during, exposed_at_end, after_end, never.
    notes : the rules that decided, in words.
    """

    frame: pd.DataFrame
    counts: dict[str, Any]
    notes: tuple[str, ...]


def episodes(
    frame: pd.DataFrame,
    time: str,
    event: str,
    exposures: Mapping[str, str],
    *,
    known: Mapping[str, str] | None = None,
    id: str | None = None,
    entry: str | None = None,
    before_event: float = 0.0,
) -> Episodes:
    """Rows from start to stop in which each exposure is false before and true after it begins.

    `frame` has one row per patient: follow-up `time`, `event` (true/false or 1/0), optionally `entry`; all times count
    from the same day and share a unit. `exposures` names new columns and the columns with the time at which each
    begins (missing: never). `known` names, for an exposure, the column that says whether it ever began: "yes" without a
    time, or unknown, drops the patient, counted by reason, since neither exposed nor unexposed time would be right;
    "no" with a time is an error. Without `known` a missing time is taken as never, and the notes say so.

    An exposure that begins at or before the start of follow-up holds throughout; one that begins after its end never
    does in this follow-up. One that begins on the day follow-up ends does not count: the last interval includes its
    end, and an event there happened to the unexposed. Follow-up that ends at 0 has no interval and is dropped. The
    columns that tell of the exposure ahead of time (`exposures`, `known`) are not in the rows returned.

    Where an exposure is known to come first on that day, `before_event` (such as 0.5, as is usual in R) moves the
    exposures that begin on the last day of their patient that much earlier.

    Raises ValueError for wrong columns, names that exist, repeated patients; NotEstimable if no patient is left.
    Source: Therneau and Grambsch 2000, Modeling Survival Data, 3.7.
    """
    _require_names(frame, exposures, known or {}, id)
    if not (np.isfinite(before_event) and before_event >= 0):
        raise ValueError("before_event must be a time of at least 0")
    survival = _at_risk(frame, time, event, entry)
    begins, reasons = _begins(frame, exposures, known or {})
    kept, dropped = first_reasons({"no usable follow-up": ~survival.kept, **reasons}, len(frame))
    dropped = {**survival.dropped, **{k: n for k, n in dropped.items() if k != "no usable follow-up"}}
    data = survival.subset(kept)
    if not data.n:
        raise NotEstimable("no patient has follow-up and known exposures")
    start, stop, begins_at = _one_grid(data, [values[kept] for values in begins.values()])
    at = {n: _moved(v, start, stop, before_event) for n, v in zip(begins, begins_at, strict=True)}
    patient, low, high = _cut(start, stop, np.column_stack(list(at.values())))
    gone = {time, *([entry] if entry else []), *exposures.values(), *(known or {}).values()} - {event}
    out = frame.loc[kept].iloc[patient].drop(columns=sorted(gone)).reset_index(drop=True)
    out[START], out[STOP] = low, high
    out[event] = data.event[patient] & (high == stop[patient])
    for name, values in at.items():
        out[name] = values[patient] <= low
    if id is None:
        out["id"] = np.flatnonzero(kept)[patient]
    counts = {
        "supplied": len(frame),
        "used": data.n,
        "rows": len(out),
        "events": data.events,
        "dropped": dropped,
        **{name: _counted(values, start, stop) for name, values in at.items()},
    }
    return Episodes(out, counts, tuple(_notes(exposures, known or {}, before_event)))


def _require_names(frame: pd.DataFrame, exposures: Mapping[str, str], known: Mapping[str, str], id: str | None) -> None:
    if not exposures:
        raise ValueError("exposures must name at least one column with the time at which it begins")
    taken = [name for name in (*exposures, START, STOP, *([] if id else ["id"])) if name in frame.columns]
    if taken:
        raise ValueError(f"columns that the rows from start to stop would overwrite: {', '.join(taken)}")
    for name in set(known) - set(exposures):
        raise ValueError(f"known names {name!r}, which is no exposure")
    if id is not None and column(frame, id).duplicated().any():
        raise ValueError(f"column {id!r} names a patient more than once; episodes needs one row per patient")


def _begins(
    frame: pd.DataFrame, exposures: Mapping[str, str], known: Mapping[str, str]
) -> tuple[dict[str, Floats], dict[str, Bools]]:
    """For each exposure when it begins (infinite: never), and the patients for whom that cannot be told."""
    begins: dict[str, Floats] = {}
    reasons: dict[str, Bools] = {}
    for name, when in exposures.items():
        times = numbers(column(frame, when))
        missing = np.isnan(times)
        if name in known:
            ever = truth(column(frame, known[name]))
            contradicted = int(((ever == 0) & ~missing).sum())
            if contradicted:
                raise ValueError(f"{contradicted} patients have a time in {when!r} but no {known[name]!r}")
            reasons[f"{name} without a time"] = (ever == 1) & missing
            reasons[f"unknown whether {name}"] = np.isnan(ever) & missing
        begins[name] = np.where(missing, np.inf, times)
    return begins, reasons


def _at_risk(frame: pd.DataFrame, time: str, event: str, entry: str | None) -> SurvivalData:
    """Usable follow-up; without `entry`, what ends at 0 has no interval to stand in and is counted as dropped."""
    data = survival_data(frame, time, event, entry=entry)
    kept = data.kept.copy()
    kept[data.kept] = data.time > (0.0 if data.entry is None else data.entry)
    lost = int(data.kept.sum() - kept.sum())
    if not kept.any():
        raise NotEstimable("no follow-up lasts beyond its start")
    return replace(data.subset(kept), dropped={**data.dropped, **({AT_ZERO: lost} if lost else {})})


def _one_grid(data: SurvivalData, others: Sequence[Floats]) -> tuple[Floats, Floats, list[Floats]]:
    """Starts, ends and other times (infinite: none), with times that differ by rounding only made equal."""
    start = np.zeros(data.n) if data.entry is None else data.entry
    every = np.concatenate([start, *others]) if others else start
    stop, merged = without_rounding(data.time, np.where(np.isinf(every), np.nan, every))
    assert merged is not None
    times = np.where(np.isnan(merged), np.inf, merged)
    return times[: data.n], stop, np.split(times[data.n :], len(others)) if others else []


def _moved(begins: Floats, start: Floats, stop: Floats, before_event: float) -> Floats:
    """Exposures that begin on the day follow-up ends, moved earlier by `before_event`, but not to before its start."""
    tied = (begins > start) & (begins == stop)
    return np.where(tied, np.maximum(begins - before_event, start), begins)


def _cut(start: Floats, stop: Floats, cuts: Floats) -> tuple[Any, Floats, Floats]:
    """Intervals between the start, the distinct cuts strictly inside follow-up, and the stop: patient, low, high."""
    inside = (cuts > start[:, None]) & (cuts < stop[:, None])
    patient, which = np.nonzero(inside)
    people = np.concatenate([np.arange(len(start)), patient])
    lows = np.concatenate([start, cuts[patient, which]])
    order = np.lexsort((lows, people))
    people, lows = people[order], lows[order]
    fresh = np.append(True, (people[1:] != people[:-1]) | (lows[1:] != lows[:-1]))
    people, lows = people[fresh], lows[fresh]
    last = np.append(people[1:] != people[:-1], True)
    return people, lows, np.where(last, stop[people], np.append(lows[1:], np.nan))


def _counted(begins: Floats, start: Floats, stop: Floats) -> dict[str, int]:
    never, at_start = np.isinf(begins), begins <= start
    return {
        "exposed_from_start": int(at_start.sum()),
        "exposed_during": int((~at_start & (begins < stop)).sum()),
        "exposed_at_end": int((~at_start & (begins == stop)).sum()),
        "after_end": int((~at_start & (begins > stop) & ~never).sum()),
        "never": int(never.sum()),
    }


def _notes(exposures: Mapping[str, str], known: Mapping[str, str], before_event: float) -> list[str]:
    rule = (
        f"An exposure that begins on the last day of follow-up is taken to begin {before_event:g} earlier, so that it "
        "precedes what happens on that day."
        if before_event
        else "An event on the day an exposure begins belongs to the unexposed time."
    )
    silent = [name for name in exposures if name not in known]
    assumed = f"A missing time of {', '.join(silent)} is taken as never exposed." if silent else ""
    return [rule, *([assumed] if assumed else [])]


def split_at(
    frame: pd.DataFrame, time: str, event: str, times: Sequence[float], *, entry: str | None = None
) -> Episodes:
    """Follow-up cut at `times` (unit of `time`), as R's survSplit does, for effects that differ between periods.

    Every row becomes one row per period that it reaches: `start`, `stop`, the event in the last one, and `period`, a
    category such as "0-30", "30-180", ">180" whose intervals exclude their start and include their end. A covariate
    times `period` ("cns*period" with strata or as a term) gives its hazard ratio per period. `id` numbers the rows
    supplied, unless there is such a column. Raises ValueError for wrong columns and for times that are not positive and
    increasing; NotEstimable if no row has follow-up.
    """
    cuts = np.asarray(times, dtype=float)
    if cuts.ndim != 1 or not len(cuts) or not np.isfinite(cuts).all() or (np.diff(cuts, prepend=0.0) <= 0).any():
        raise ValueError("times must be positive and increasing")
    taken = [n for n in (START, STOP, PERIOD) if n in frame.columns and n not in (time, entry)]
    if taken:
        raise ValueError(f"columns that the rows from start to stop would overwrite: {', '.join(taken)}")
    data = _at_risk(frame, time, event, entry)
    start, stop, merged = _one_grid(data, [np.full(data.n, cut) for cut in cuts])
    row, low, high = _cut(start, stop, np.column_stack(merged))
    merged_cuts = np.array([cut[0] for cut in merged])
    out = frame.loc[data.kept].iloc[row].drop(columns=[time, *([entry] if entry else [])]).reset_index(drop=True)
    out[START], out[STOP] = low, high
    out[event] = data.event[row] & (high == stop[row])
    names = np.array([*(f"{a:g}-{b:g}" for a, b in pairwise([0.0, *cuts])), f">{cuts[-1]:g}"], dtype=object)
    out[PERIOD] = pd.Categorical(names[np.searchsorted(merged_cuts, low, side="right")], categories=names.tolist())
    if "id" not in out.columns:
        out["id"] = np.flatnonzero(data.kept)[row]
    counts = {"supplied": len(frame), "used": data.n, "rows": len(out), "events": data.events, "dropped": data.dropped}
    return Episodes(out, counts, ("Periods exclude their start and include their end.",))

"""Curves in coarse steps: a step holds at least the minimum of events, and no curve goes on where few are at risk.

A full curve gives the day of every death and of every last contact. Here a curve is read off every `STEP` days only,
at those days between which no event lies or at least the minimum of them, and ends where fewer are at risk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result
from neurohlh.core.suppression import SUPPRESSED, is_suppressed, numbers
from neurohlh.report.disclose.rows import IN_TIME, NUMBERS
from neurohlh.report.disclose.rule import Rule

STEP = 30.0
"""Days between two places at which a curve may be read off."""
NOTE = (
    "For disclosure control the curve is drawn in coarse steps with at least {minimum} events in each, without the "
    "days of single events or last contacts, and ends where fewer than {minimum} patients are at risk."
)


def coarse(curves: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Curves by group (and cause) with counts at risk, read off at the days that may be shown."""
    keys = [c for c in ("group", "cause") if c in curves]
    parts = [_coarse_group(part, rule) for _, part in curves.groupby(keys, sort=False)] if len(curves) else []
    return pd.concat(parts, ignore_index=True) if parts else curves.iloc[:0]


def _coarse_group(part: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    part = part.sort_values("time", kind="stable")
    time = part["time"].to_numpy(float)
    events = part["n_event"].to_numpy(float).cumsum()
    last = time[part["n_risk"].to_numpy(float) >= rule.minimum].max(initial=0.0)
    grid = np.arange(0.0, last + 1e-9, STEP)
    place = np.searchsorted(time, grid, side="right") - 1
    grid, place = grid[place >= 0], place[place >= 0]
    kept = steps(events[place], events[-1] if len(events) else 0.0, rule.minimum)
    shown = part.iloc[place[kept]].copy()
    shown["time"] = grid[kept]
    for column in ("n_risk", "n_event", "n_censor"):
        shown[column] = numbers([SUPPRESSED] * len(shown)).array
    return shown


def steps(totals: Sequence[float] | np.ndarray, end: float, minimum: int) -> np.ndarray:
    """Which of running totals may be shown so that none of them, and not the end, lies 1 to below `minimum` from the
    one shown before it; the first of equal totals and the last of them both stay."""
    kept: list[int] = []
    before = 0.0
    for place, total in enumerate(totals):
        if total == before or abs(total - before) >= minimum:
            kept.append(place)
            before = float(total)
    while kept and 0 < abs(end - totals[kept[-1]]) < minimum:
        kept.pop()
    last = totals[kept[-1]] if kept else 0.0
    if last != end and abs(end - last) >= minimum:  # what was left over joins the last step
        kept += [place for place, total in enumerate(totals) if total == end]
    return np.array(kept, dtype=int)


def at_times(tidy: pd.DataFrame, rule: Rule) -> np.ndarray:
    """Rows of a curve at named times that may not be shown, because few events or losses lie between two of them."""
    away = np.zeros(len(tidy), dtype=bool)
    timed = tidy[tidy["measure"].isin(IN_TIME)]
    # A difference of two curves is shown only at the times at which every curve is.
    plain = timed[(timed["contrast"] == "") & timed["events"].notna()]
    ends = tidy[tidy["term"].isin(("size", "median"))]
    keys = ["population", "variable", "term", "level", "group", "measure"]
    for key, rows in plain.groupby(keys, sort=False):
        ordered = rows.sort_values("time", kind="stable")
        same = ends[(ends["group"] == key[4]) & (ends["level"] == key[3])]["events"]
        end = float(same.iloc[0]) if len(same) and same.notna().all() else float(ordered["events"].iloc[-1])
        few = ordered["n"].to_numpy(float) < rule.minimum
        kept = ordered.index[steps(ordered["events"].to_numpy(float), end, rule.minimum)]
        away[tidy.index.get_indexer(ordered.index)] = True
        away[tidy.index.get_indexer(kept)] = False
        away[tidy.index.get_indexer(ordered.index[few])] = True
    lost = set(tidy.loc[away, "time"])
    contrasts = timed[timed["contrast"] != ""]
    away[tidy.index.get_indexer(contrasts.index[contrasts["time"].isin(lost)])] = True
    return away


def timed_numbers(tidy: pd.DataFrame, away: np.ndarray) -> dict[str, np.ndarray]:
    """What of the rows at times is withheld: all of those in `away`, and how many are at risk in every one.

    The number at risk falls by single patients from one time to the next.
    """
    at = tidy["measure"].isin(IN_TIME).to_numpy()
    return {column: away | at if column == "n" else away.copy() for column in NUMBERS}


def risk_table(rows: Sequence[Mapping[str, Any]], rule: Rule) -> list[dict[str, Any]]:
    """The counts below a curve; those that would show a small number of events or losses are suppressed."""
    found = [dict(row) for row in rows]
    for group in dict.fromkeys(row.get("group") for row in found):
        own = [row for row in found if row.get("group") == group]
        kept = _kept_ticks(own, rule)
        for place, row in enumerate(own):
            if place not in kept:
                row |= {c: SUPPRESSED for c in ("n_risk", "n_event", "n_censor") if c in row}
    return found


def _kept_ticks(own: Sequence[Mapping[str, Any]], rule: Rule) -> set[int]:
    kept: set[int] = set()
    before: tuple[float, ...] | None = None
    for place, row in enumerate(own):
        now = tuple(float(row[c]) for c in ("n_risk", "n_event", "n_censor") if c in row)
        apart = [abs(a - b) for a, b in zip(now, before, strict=True)] if before else []
        if not any(rule.small(d) for d in (*apart, *now)):
            kept.add(place)
            before = now
    return kept


def by_day(curves: pd.DataFrame) -> pd.DataFrame:
    """Modelled curves by group, whose steps lie on the days of events, read off every `STEP` days."""
    keys = [c for c in curves.columns if c in ("group", "cause", "term", "population")]
    rows = []
    for _, part in curves.groupby(keys, sort=False) if keys else [((), curves)]:
        ordered = part.sort_values("time", kind="stable")
        grid = np.arange(0.0, float(ordered["time"].max()) + 1e-9, STEP)
        place = np.searchsorted(ordered["time"].to_numpy(float), grid, side="right") - 1
        shown = ordered.iloc[place[place >= 0]].copy()
        shown["time"] = grid[place >= 0]
        rows.append(shown)
    return pd.concat(rows, ignore_index=True) if rows else curves


def without_days(result: Result, rule: Rule) -> Result:
    """The result with its curve in coarse steps, and a note that says so.

    A curve that is coarse already stays if it was made so for this minimum, otherwise it goes: its counts are not there
    to be judged by another one.
    """
    curves, note = result.curves, NOTE.format(minimum=rule.minimum)
    if "time" not in curves or not len(curves) or note in result.notes:
        return result
    counted = {"n_risk", "n_event"} <= set(curves.columns)
    if counted and any(map(is_suppressed, curves["n_event"])):
        return result.with_(curves=curves.iloc[:0])
    shown = coarse(curves, rule) if counted else by_day(curves)
    return result.with_(curves=shown, notes=(*result.notes, note))

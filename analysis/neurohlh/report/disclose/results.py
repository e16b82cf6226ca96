"""One result under disclosure control: its rows, curve, picture, checks, counts, notes and record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result
from neurohlh.core.suppression import SUPPRESSED, is_suppressed, numbers
from neurohlh.report.disclose.counts import hidden_values, safe_counts
from neurohlh.report.disclose.curves import at_times, risk_table, timed_numbers, without_days
from neurohlh.report.disclose.distributions import safe_bins, safe_spline
from neurohlh.report.disclose.rows import IN_TIME, NUMBERS, mask, own_rows, withheld
from neurohlh.report.disclose.rule import Rule
from neurohlh.report.disclose.texts import mask_text

_PUBLICATIONS = ("published cohorts", "cohorts", "printed effects", "checks")
_DRAWN = ("estimate", "conf_low", "conf_high", "n", "events")


def speaks_of_publications(result: Result) -> bool:
    """Whether the result counts publications and their patients, not the study's own."""
    return result.counts.get("unit") in _PUBLICATIONS


def totals_of(result: Result) -> Iterator[tuple[float, float]]:
    """The (patients, deaths) by which whole analyses can be set against each other; deaths NaN where none are counted.

    A result that knows how many were supplied gives these too.
    """
    supplied, used, events = (result.counts.get(key) for key in ("supplied", "used", "events"))
    if isinstance(supplied, int):
        yield supplied, math.nan
    if isinstance(used, int):
        yield used, events if isinstance(events, int) else math.nan


def safe_result(result: Result, rule: Rule) -> Result:
    """The result with its small counts, and whatever would give one away, suppressed."""
    if speaks_of_publications(result):
        return _own_study_beside(result, rule)
    found = _rows_away(result.tidy, rule)
    tidy, _ = mask(result.tidy, found)
    counts = safe_counts(result.counts, rule, _numbers_away(result.tidy, found))
    hidden = hidden_values(result.counts, counts) | _numbers_away(result.tidy, found)
    tidy = tidy.assign(note=[mask_text(t, rule, hidden) for t in tidy["note"]])
    safe = result.with_(
        tidy=tidy.drop(index=_nomogram_ends(result)).reset_index(drop=True),
        counts=counts,
        checks=_checks(result.checks, rule, hidden),
        notes=tuple(mask_text(note, rule, hidden) for note in result.notes),
        method=_method(result.method, rule, hidden),
    )
    return _drawn(safe, result, found, rule)


def _rows_away(tidy: pd.DataFrame, rule: Rule) -> dict[str, np.ndarray]:
    found = withheld(tidy, rule)
    timed = timed_numbers(tidy, at_times(tidy, rule))
    own = own_rows(tidy)
    return {column: (found[column] | timed[column]) & own for column in NUMBERS}


def _numbers_away(tidy: pd.DataFrame, found: Mapping[str, np.ndarray]) -> frozenset[int]:
    """The counts that are withheld, which a sentence beside them must not say either; not those at single times."""
    plain = ~tidy["measure"].isin(IN_TIME).to_numpy()
    values = [v for column in ("n", "events") for v in tidy.loc[found[column] & plain, column]]
    return frozenset(int(v) for v in values if not is_suppressed(v) and v == v and float(v).is_integer() and v > 0)


def _own_study_beside(result: Result, rule: Rule) -> Result:
    """Published rows stay as printed; the study's own row among them follows the rule."""
    own = (result.tidy["term"] == "own").to_numpy()
    if not own.any():
        return result
    small = np.array([any(rule.hidden(v) for v in (n, e, n - e)) for n, e in result.tidy[["n", "events"]].to_numpy()])
    found = dict.fromkeys(NUMBERS, own & small)
    tidy, taken = mask(result.tidy, found)
    if not taken:
        return result
    hidden = _numbers_away(result.tidy, found)
    return _drawn(
        result.with_(tidy=tidy, notes=tuple(mask_text(n, rule, hidden) for n in result.notes)), result, found, rule
    )


def _checks(checks: pd.DataFrame, rule: Rule, hidden: frozenset[int]) -> pd.DataFrame:
    """The checks without those on single patients (how much one of them moves a coefficient).

    Where the note of a check loses a count its numbers go too: deaths per parameter give the deaths.
    """
    kept = checks[checks["check"] != "largest influence"].reset_index(drop=True)
    notes = [mask_text(t, rule, hidden) if isinstance(t, str) else t for t in kept["note"]]
    lost = np.array([a != b for a, b in zip(notes, kept["note"], strict=True) if isinstance(a, str)], dtype=bool)
    if len(lost) == len(kept) and lost.any():
        kept, _ = mask(kept, dict.fromkeys(("value", "statistic"), lost))
    return kept.assign(note=notes)


def _method(method: Mapping[str, Any], rule: Rule, hidden: frozenset[int]) -> dict[str, Any]:
    found = dict(method)
    if "risk_table" in found:
        found["risk_table"] = risk_table(found["risk_table"], rule)
    if "distribution" in found:
        found["distribution"] = safe_bins(found["distribution"], rule)
    return {k: mask_text(v, rule, hidden) if isinstance(v, str) and k in _SAID else v for k, v in found.items()}


_SAID = ("denominator", "population", "missing", "merged", "left_out")
"""Entries of a record whose words may hold counts of patients; the others name methods."""


def _drawn(safe: Result, result: Result, found: Mapping[str, np.ndarray], rule: Rule) -> Result:
    """The result with what is drawn of it following its rows."""
    curves = result.curves
    if not len(curves):
        return safe
    if "time" in curves:
        return _in_time(safe, result, found, rule)
    if result.kind == "nomogram":
        return safe.with_(curves=_without_ends(curves))
    if result.kind == "cox_spline":
        return safe.with_(curves=safe_spline(curves, rule))
    if "n" in curves:
        return safe.with_(curves=_picture(curves, result.tidy, found, rule))
    return safe


def _in_time(safe: Result, result: Result, found: Mapping[str, np.ndarray], rule: Rule) -> Result:
    size = result.tidy["term"].eq("size").to_numpy()
    if (size & found["estimate"]).any() or (size & found["n"]).any():
        blank = [{**row, **dict.fromkeys(("n_risk", "n_event", "n_censor"), SUPPRESSED)} for row in _table(safe)]
        method = {**safe.method, "risk_table": blank} if blank else safe.method
        if (size & found["estimate"]).any() and result.tidy.loc[size, "group"].nunique() > 1:
            return safe.with_(curves=result.curves.iloc[:0], method=method)
        return without_days(safe.with_(method=method), rule)
    return without_days(safe, rule)


def _table(result: Result) -> list[dict[str, Any]]:
    return list(result.method.get("risk_table", []))


def _picture(curves: pd.DataFrame, tidy: pd.DataFrame, found: Mapping[str, np.ndarray], rule: Rule) -> pd.DataFrame:
    """Lines of a picture: one that repeats a withheld row is withheld as the row is."""
    away = {v for c in ("estimate", "conf_low") for v in tidy.loc[found[c], c] if v == v}
    counts = {(n, e) for n, e, a in zip(tidy["n"].fillna(-1), tidy["events"].fillna(-1), found["n"], strict=True) if a}
    line = np.array(
        [
            any(rule.hidden(v) for v in (row.get("n"), row.get("events")))
            or (_or(row.get("n")), _or(row.get("events"))) in counts
            for row in curves.to_dict("records")
        ]
    )
    shown = curves.copy()
    value = np.array([any(row.get(c) in away for c in _DRAWN[:3]) for row in curves.to_dict("records")])
    few = np.array([_few(row, rule) for row in curves.to_dict("records")])
    for column in _DRAWN:
        if column in curves:
            hit = (line | value | few) if column in ("n", "events") else value | few
            hit = hit & curves[column].notna().to_numpy()
            if hit.any():
                shown[column] = numbers(
                    [SUPPRESSED if h else v for h, v in zip(hit, curves[column], strict=True)]
                ).array
    # A pattern whose counts are hidden has no bar that could be drawn.
    if "pattern" in curves:
        return shown[~line & ~few].reset_index(drop=True).astype({c: float for c in _DRAWN[3:] if c in shown})
    return shown


def _few(row: Mapping[Any, Any], rule: Rule) -> bool:
    n, events = row.get("n"), row.get("events")
    return (
        rule.small(n) or rule.small(events) or (_or(n) >= 0 and _or(events) >= 0 and rule.small(_or(n) - _or(events)))
    )


def _or(value: Any) -> float:
    return float(value) if value is not None and value == value else -1.0


def _nomogram_ends(result: Result) -> list[Any]:
    """Rows of a nomogram at the ends of an axis: the smallest and the largest value that one patient has."""
    if result.kind != "nomogram":
        return []
    scaled = result.tidy.assign(value=pd.to_numeric(result.tidy["level"], errors="coerce")).dropna(subset=["value"])
    ends: list[Any] = []
    for variable, rows in scaled.groupby("variable", sort=False):
        if variable and len(rows) > 2:
            ends += [rows["value"].idxmin(), rows["value"].idxmax()]
    return ends


_SCALES = r"total|risk_[\d.e+]+"
"""Axes of a nomogram that hold sums and risks, no value of a patient."""


def _without_ends(curves: pd.DataFrame) -> pd.DataFrame:
    values = pd.to_numeric(curves["value"], errors="coerce").mask(curves["axis"].str.fullmatch(_SCALES))
    ends: list[Any] = []
    for _, rows in values.dropna().groupby(curves["axis"], sort=False):
        if len(rows) > 2:
            ends += [rows.idxmin(), rows.idxmax()]
    return curves.drop(index=ends).reset_index(drop=True)

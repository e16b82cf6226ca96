"""Who lacks what: patterns of missing values, flux, and how incomplete patients differ from complete ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Bools, Floats, column, is_number, labels, numbers
from neurohlh.stats.describe.smd import Difference, smd_levels, smd_numbers
from neurohlh.stats.recipe import software

_DIFFERENT = 0.1
"""SMD from which incomplete and complete patients are said to differ (Austin 2009)."""


def missing_patterns(frame: pd.DataFrame, variables: Sequence[str], *, compare: Sequence[str] = ()) -> Result:
    """Patterns of missing values among `variables`; as R's mice::md.pattern, md.pairs and flux.

    `tidy`, by `analysis`: "missing_by_variable" (n, events = missing, proportion), "missing_patterns" (per pattern in
    `level`, the missing variables joined by " + ": how many rows in `events`, their share, and how many variables),
    "flux" (influx, outflux, average inbound and outbound, fraction of incomplete cases), "usable_pairs" (`term` known
    and `variable` missing, as a share of the latter) and "complete_or_not" (per column of `compare`, or of `variables`:
    mean or share of each level among incomplete and complete rows, and their SMD). `curves`: one row per pattern, 1
    known and 0 missing, n. `checks`: whether the patterns are monotone, and columns in which incomplete rows differ.

    Raises ValueError for unknown or no columns, NotEstimable without rows. van Buuren 2018, Flexible Imputation of
    Missing Data.
    """
    if not variables:
        raise ValueError("name at least one variable")
    names = list(dict.fromkeys(variables))
    unknown: Bools = np.column_stack([column(frame, name).isna().to_numpy(dtype=bool) for name in names])
    if not len(frame):
        raise NotEstimable("there are no rows")
    patterns, counts = _patterns(unknown)
    rows = [*_by_variable(names, unknown), *_by_pattern(names, patterns, counts, len(frame)), *_flux(names, unknown)]
    compared = list(_compared(frame, list(compare) or names, np.asarray(unknown.any(axis=1))))
    rows += [row for row, _ in compared]
    return Result(
        kind="missing_patterns",
        tidy=tidy_frame(rows),
        curves=pd.DataFrame(1 - patterns.astype(int), columns=names).assign(n=counts),
        checks=check_frame([_monotone(names, patterns), *(check for _, check in compared if check)]),
        method={
            "estimator": "counts of patterns, influx and outflux, standardised mean differences",
            "denominator": "all rows",
            "test": "none",
            "software": software("numpy", "pandas"),
            "reference": ["van Buuren 2018, Flexible Imputation of Missing Data", "Austin 2009, Stat Med 28:3083"],
        },
        counts={
            "supplied": len(frame),
            "used": len(frame),
            "dropped": {},
            "complete": int((~unknown.any(axis=1)).sum()),
            "missing_cells": int(unknown.sum()),
            "patterns": len(patterns),
        },
    )


def _patterns(unknown: Bools) -> tuple[Bools, Any]:
    """The distinct patterns, the most frequent first (then the fewest gaps), and how many rows have each."""
    found, counts = np.unique(unknown, axis=0, return_counts=True)
    order = np.lexsort((found.sum(axis=1), -counts))
    return found[order], counts[order]


def _by_variable(names: Sequence[str], unknown: Bools) -> Iterator[dict[str, Any]]:
    for name, hit in zip(names, unknown.T, strict=True):
        row = {"analysis": "missing_by_variable", "variable": name, "term": "missing", "measure": "proportion"}
        yield {**row, "n": len(hit), "events": int(hit.sum()), "estimate": float(hit.mean())}


def _by_pattern(names: Sequence[str], patterns: Bools, counts: Any, n: int) -> Iterator[dict[str, Any]]:
    for pattern, count in zip(patterns, counts, strict=True):
        lacking = [name for name, gone in zip(names, pattern, strict=True) if gone]
        row = {
            "analysis": "missing_patterns",
            "term": f"{len(lacking)} missing",
            "level": " + ".join(lacking) or "none",
        }
        yield {**row, "measure": "proportion", "n": n, "events": int(count), "estimate": count / n}


def _flux(names: Sequence[str], unknown: Bools) -> Iterator[dict[str, Any]]:
    """R's mice::flux, and the usable cases of every pair; empty where a share has no denominator."""
    gone, have = unknown.astype(float), (~unknown).astype(float)
    gone_have, have_gone, both_gone, both = gone.T @ have, have.T @ gone, gone.T @ gone, have.T @ have
    others = max(len(names) - 1, 1)
    incomplete = np.asarray(unknown.any(axis=1))
    shares = {
        "influx": _share(gone_have.sum(axis=1), (gone_have + both).sum(axis=1)),
        "outflux": _share(have_gone.sum(axis=1), (have_gone + both_gone).sum(axis=1)),
        "average inbound": np.nansum(_share(gone_have, gone_have + both_gone), axis=1) / others,
        "average outbound": np.nansum(_share(have_gone, have_gone + both), axis=1) / others,
        "incomplete cases among observed": _share((have * incomplete[:, None]).sum(axis=0), have.sum(axis=0)),
    }
    for term, values in shares.items():
        for name, value in zip(names, values, strict=True):
            row = {"analysis": "flux", "variable": name, "term": term, "measure": "proportion", "n": len(unknown)}
            yield {**row, "estimate": value, "note": "not estimable: nothing to divide by" if np.isnan(value) else ""}
    usable = _share(gone_have, gone_have + both_gone)
    for i, name in enumerate(names):
        for j, other in enumerate(names):
            if i != j and gone[:, i].any():
                row = {"analysis": "usable_pairs", "variable": name, "term": other, "measure": "proportion"}
                yield {**row, "n": int(gone[:, i].sum()), "events": int(gone_have[i, j]), "estimate": usable[i, j]}


def _share(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


def _monotone(names: Sequence[str], patterns: Bools) -> dict[str, Any]:
    """Monotone: ordered by the number of gaps, whoever lacks a variable lacks all that follow."""
    order = np.argsort(patterns.sum(axis=0), kind="stable")
    # Two sets of gaps of which neither contains the other cannot lie on one chain.
    sets = patterns[:, order]
    nested = all((a <= b).all() or (b <= a).all() for a in sets for b in sets)
    verdict = "monotone" if nested else "not monotone"
    row = {"check": "monotone pattern", "term": "GLOBAL", "value": float(nested), "verdict": "ok"}
    return {**row, "note": f"the patterns are {verdict}"}


def _compared(
    frame: pd.DataFrame, names: Sequence[str], incomplete: Bools
) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    for name in dict.fromkeys(names):
        series = column(frame, name)
        if series.isna().all() or pd.api.types.is_datetime64_any_dtype(series.dtype):
            continue
        shared = {"analysis": "complete_or_not", "variable": name}
        if is_number(series):
            values = numbers(series)
            sides = [values[side & ~np.isnan(values)] for side in (incomplete, ~incomplete)]
            for group, side in zip(("incomplete", "complete"), sides, strict=True):
                mean = float(side.mean()) if len(side) else np.nan
                yield (
                    {**shared, "term": "mean", "group": group, "measure": "mean", "n": len(side), "estimate": mean},
                    None,
                )
            found = smd_numbers(*sides)
        else:
            texts, levels = labels(series)
            counts = [
                np.array([(texts[s] == level).sum() for level in levels], float) for s in (incomplete, ~incomplete)
            ]
            for group, side in zip(("incomplete", "complete"), counts, strict=True):
                for level, count in zip(levels, side, strict=True):
                    share = count / side.sum() if side.sum() else np.nan
                    row = {**shared, "term": "level", "level": level, "group": group, "measure": "proportion"}
                    yield {**row, "n": int(side.sum()), "events": int(count), "estimate": share}, None
            found = smd_levels(*counts)
        yield _smd_row(shared, found), _smd_check(name, found)


def _smd_row(shared: dict[str, Any], found: Difference) -> dict[str, Any]:
    contrast = {"term": "difference", "contrast": "incomplete vs complete", "measure": "SMD"}
    return {**shared, **contrast, "estimate": found.value, "note": found.note}


def _smd_check(name: str, found: Difference) -> dict[str, Any]:
    row = {"check": "incomplete against complete", "term": name, "value": found.value}
    if found.note:
        return {**row, "verdict": "not estimable", "note": found.note}
    far = abs(found.value) > _DIFFERENT
    note = "value: SMD; a complete-case analysis describes other patients" if far else "value: SMD"
    return {**row, "verdict": "attention" if far else "ok", "note": note}

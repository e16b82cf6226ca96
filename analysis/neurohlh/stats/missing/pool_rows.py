"""One row of a table pooled over imputations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from neurohlh.stats.columns import Floats
from neurohlh.stats.missing.rubin import pool_estimates
from neurohlh.stats.missing.scales import Working, working

_NUMBERS = ("estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "df", "p_value")
_MUCH = 0.5
"""Fraction of missing information from which a row is marked."""


def pooled_row(
    base: dict[str, Any], rows: pd.DataFrame, m: int, dfcom: float, level: float
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The pooled row of `rows` (one per imputation), and the check that says how much information was missing.

    `base` holds what identifies the row. The check has one key more than `checks`: the scale.
    """
    row = {k: v for k, v in base.items() if k not in _NUMBERS}
    row["n"], n_note = _count(rows["n"], "n")
    row["events"], events_note = _count(rows["events"], "events")
    notes = [n_note, events_note]
    if len(rows) < m:
        return _refused(row, f"this row exists in {len(rows)} of {m} imputations only", notes), None
    failed = rows["note"].str.startswith("not estimable") & rows["estimate"].isna()
    if failed.any():
        why = rows.loc[failed, "note"].iloc[0].removeprefix("not estimable: ")
        reason = why if failed.all() else f"in {int(failed.sum())} of {m} imputations: {why}"
        return _refused(row, reason, notes), None
    estimate = rows["estimate"].to_numpy(dtype=float)
    if np.isnan(estimate).all() and np.isnan(rows["coef"]).all():
        return _carried(row, rows, notes), None
    if np.isnan(estimate).any():
        return _refused(row, f"no estimate in {int(np.isnan(estimate).sum())} of {m} imputations", notes), None
    coef, se = rows["coef"].to_numpy(dtype=float), rows["std_error"].to_numpy(dtype=float)
    found = working(base["measure"], base["scale"], estimate, coef, se, rows["n"].to_numpy(dtype=float))
    if isinstance(found, str):
        return _without_limits(row, rows, estimate, found, notes), None
    return _pooled(row, rows, found, dfcom, level, notes)


def _pooled(
    row: dict[str, Any], rows: pd.DataFrame, found: Working, dfcom: float, level: float, notes: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    pooled = pool_estimates(found.q[:, None], found.u[:, None], dfcom=dfcom)
    low, high = pooled.limits(level)
    coef, se, df = float(pooled.qbar[0]), float(np.sqrt(pooled.t[0])), float(pooled.df[0])
    row |= {"scale": found.name, "coef": coef, "std_error": se, "df": df}
    if rows["p_value"].notna().all():
        row |= {"statistic": coef / se, "p_value": float(2 * student.sf(abs(coef / se), df))}
    if found.back is None:
        notes.append("only the coefficient is pooled: the estimate does not follow from it")
    else:
        with np.errstate(over="ignore", under="ignore"):
            ends = np.sort(found.back(np.array([low[0], high[0]])))
            row |= {"estimate": float(found.back(pooled.qbar)[0]), "conf_low": ends[0], "conf_high": ends[1]}
    row["note"] = "; ".join(filter(None, [*dict.fromkeys(rows["note"]), *notes]))
    fmi = float(pooled.fmi[0])
    check = {
        "check": "missing information",
        "term": _name(row),
        "statistic": float(pooled.riv[0]),
        "df": df,
        "value": fmi,
        "verdict": "attention" if fmi > _MUCH else "ok",
        "note": f"value: fraction of missing information; statistic: riv; scale: {found.name}",
        "scale": found.name,
    }
    return row, check


def _name(row: dict[str, Any]) -> str:
    at = "" if np.isnan(row["time"]) else f"at {row['time']:g}"
    parts = (row["analysis"], row["group"], row["contrast"], row["term"], row["level"], at)
    return " ".join(str(part) for part in parts if part)


def _refused(row: dict[str, Any], reason: str, notes: list[str]) -> dict[str, Any]:
    return {**row, "note": "; ".join(filter(None, [f"not estimable: {reason}", *notes]))}


def _carried(row: dict[str, Any], rows: pd.DataFrame, notes: list[str]) -> dict[str, Any]:
    """A reference level, or a row that holds a test only: what all imputations share; a test is not averaged."""
    shared = {c: rows[c].iloc[0] for c in ("statistic", "df", "p_value") if rows[c].nunique(dropna=False) == 1}
    if len(shared) < 3:
        notes = [*notes, "not estimable: the test differs between imputations; pool it by D1, D2 or D3"]
    return {**row, **shared, "note": "; ".join(filter(None, [*dict.fromkeys(rows["note"]), *notes]))}


def _without_limits(
    row: dict[str, Any], rows: pd.DataFrame, estimate: Floats, why: str, notes: list[str]
) -> dict[str, Any]:
    said = [*dict.fromkeys(rows["note"]), *notes]
    if np.ptp(estimate) == 0:
        same = {c: rows[c].iloc[0] for c in _NUMBERS if rows[c].nunique(dropna=False) == 1}
        return {**row, **same, "note": "; ".join(filter(None, said))}
    said.append(f"mean over the imputations, from {estimate.min():.4g} to {estimate.max():.4g}; no limits: {why}")
    return {**row, "estimate": float(estimate.mean()), "note": "; ".join(filter(None, said))}


def _count(values: pd.Series, name: str) -> tuple[float, str]:
    """A count that all imputations share; otherwise empty, with its range."""
    if values.nunique(dropna=False) == 1:
        return float(values.iloc[0]), ""
    return float("nan"), f"{name} {values.min():.0f} to {values.max():.0f} between imputations"

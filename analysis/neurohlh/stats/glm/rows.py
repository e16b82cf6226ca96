"""The lines of a regression table: one per number, level or product, with the reason where there is no estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import norm, t

from neurohlh.stats.columns import Floats
from neurohlh.stats.design.terms import TermRow
from neurohlh.stats.glm.data import INTERCEPT, ModelData

_DOUBTFUL, _ABSURD, _LARGEST = np.log(1e6), np.log(1e12), np.log(1e300)
"""Ratios further from 1 than the first have a note; further than the second they are not shown (the coefficient is)."""


@dataclass(frozen=True)
class Estimates:
    """What a fit says about the columns of a matrix.

    Attributes
    ----------
    coef, std_error : (k,) on the working scale.
    low, high : (k,) limits on the working scale; NaN is a limit that does not exist.
    statistic, p_value : (k,).
    df : degrees of freedom of the statistic (NaN: normal).
    why_not : place -> why this coefficient has no estimate.
    notes : place -> what must stand beside it.
    """

    coef: Floats
    std_error: Floats
    low: Floats
    high: Floats
    statistic: Floats
    p_value: Floats
    df: float = float("nan")
    why_not: Mapping[int, str] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)


def wald(coef: Floats, cov: Floats, conf_level: float, *, df: float | None = None, **said: Any) -> Estimates:
    """Wald limits and tests, normal or (with `df`) Student's t."""
    se = np.sqrt(np.maximum(np.diag(cov), 0.0))
    tail = 0.5 + conf_level / 2
    wide = norm.ppf(tail) if df is None else t.ppf(tail, df)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(se > 0, coef / se, np.nan)
    p = 2 * (norm.sf(np.abs(statistic)) if df is None else t.sf(np.abs(statistic), df))
    return Estimates(coef, se, coef - wide * se, coef + wide * se, statistic, p, df or float("nan"), **said)


def model_rows(
    data: ModelData, found: Estimates, *, measure: str, base: str, method: str, log: bool = True
) -> list[dict[str, Any]]:
    """The intercept (its measure is `base`), then the lines of the design; `log`: estimates are exp of coefficients."""
    shared = {"outcome": data.outcome, "scale": "log" if log else "identity", "method": method}
    first = {"term": INTERCEPT, "measure": base, **_numbers(data, found, 0, log), **_tally(data, None)}
    rows = [{**_line(data, row, found, log), "measure": measure} for row in data.design.rows]
    return [{**shared, **row} for row in (first, *rows)]


def _tally(data: ModelData, row: TermRow | None) -> dict[str, Any]:
    inside = np.ones(len(data.y), dtype=bool)
    if row is not None and row.level:
        inside = data.design.levels[row.variable] == row.level
    events = {"events": float(data.y[inside].sum())} if "events" in data.counts else {}
    return {"n": int(inside.sum()), **events}


def _line(data: ModelData, row: TermRow, found: Estimates, log: bool) -> dict[str, Any]:
    out = {
        "variable": row.variable,
        "term": row.term,
        "level": row.level,
        "is_reference": row.is_reference,
        **_tally(data, row),
    }
    if row.column is None:
        return {**out, "note": row.note}
    if row.column in data.aliases:
        return {**out, "note": _collinear(data, data.aliases[row.column])}
    return {**out, **_numbers(data, found, data.kept.index(row.column) + 1, log)}


def _collinear(data: ModelData, others: Sequence[int]) -> str:
    by_column = {row.column: f"{row.term} {row.level}".strip() for row in data.design.rows}
    return f"not estimable: collinear with {', '.join(by_column[j] for j in others) or 'the intercept'}"


def _numbers(data: ModelData, found: Estimates, place: int, log: bool) -> dict[str, Any]:
    if place in found.why_not:
        return {"note": f"not estimable: {found.why_not[place]}"}
    coef, se = float(found.coef[place]), float(found.std_error[place])
    if not (np.isfinite(coef) and np.isfinite(se) and se > 0):
        return {"note": "not estimable: the variance is 0 or not a number"}
    working = np.array([coef, found.low[place], found.high[place]])
    shown, notes = _ratios(data, working, place) if log else (working, [])
    names = ("estimate", "lower limit", "upper limit")
    notes += [f"{name} not reached" for name, x in zip(names, working, strict=True) if not np.isfinite(x)]
    return {
        "estimate": shown[0],
        "conf_low": shown[1],
        "conf_high": shown[2],
        "coef": coef,
        "std_error": se,
        "statistic": float(found.statistic[place]),
        "df": found.df,
        "p_value": float(found.p_value[place]),
        "note": "; ".join(filter(None, (found.notes.get(place, ""), *notes))),
    }


def _ratios(data: ModelData, working: Floats, place: int) -> tuple[Floats, list[str]]:
    """exp of the estimate and its limits without what is absurd, and why it is, or is doubtful."""
    far = np.abs(working)
    if not (far > _DOUBTFUL).any():
        return np.exp(working), []
    names = [name for name, x in zip(("estimate", "lower limit", "upper limit"), far, strict=True) if x > _DOUBTFUL]
    # The value where all covariates are 0 may rightly be as far out as the covariates are from 0.
    furthest = _ABSURD if place else _LARGEST
    lost = f" and not shown beyond {'1e-12 to 1e12' if place else '1e-300 to 1e300'}" if (far > furthest).any() else ""
    said = f"{', '.join(names)} outside 1e-6 to 1e6{lost}: {_why_far(data, working, place)}"
    return np.where(far <= furthest, np.exp(np.clip(working, -furthest, furthest)), np.nan), [said]


def _why_far(data: ModelData, working: Floats, place: int) -> str:
    if place == 0:
        return "it stands for covariates of 0; centre them"
    spread = float(np.ptp(data.matrix[:, place]))
    if np.nanmax(np.abs(working)) * spread <= _DOUBTFUL:
        return "a ratio per unit; choose a larger unit"
    return "the data hardly determine it"


def row_notes(data: ModelData, rows: Sequence[Mapping[str, Any]], unit: str = "patients") -> list[str]:
    """Sentences on who was left out, and on the lines without an estimate."""
    counts, notes = data.counts, []
    if counts["used"] < counts["supplied"]:
        lost = "; ".join(f"{reason}: {n}" for reason, n in counts["dropped"].items())
        notes.append(f"{counts['used']} of {counts['supplied']} {unit} used; left out ({lost}).")
    for row in rows:
        if row.get("note"):
            notes.append(f"{' '.join(filter(None, (row['term'], row.get('level', ''))))}: {row['note']}.")
    return notes

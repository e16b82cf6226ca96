"""The checks of the imputations' analyses as checks of the pooled one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import chi2

from neurohlh.stats.missing.pooled_tests import d2
from neurohlh.stats.missing.rubin import pool_estimates


def pooled_checks(frames: Sequence[pd.DataFrame], level: float) -> list[dict[str, Any]]:
    """Chi-square tests by D2, concordance on the logit scale, other numbers by their mean and range.

    A check that is missing in some imputation, or not estimable there, is not estimable.
    """
    whole = pd.concat([f.assign(imputation=i) for i, f in enumerate(frames)], ignore_index=True)
    if whole.empty:
        return []
    whole["repeat"] = whole.groupby(["imputation", "check", "term"], dropna=False, sort=False).cumcount()
    out: list[dict[str, Any]] = []
    for (check, term, _), rows in whole.groupby(["check", "term", "repeat"], dropna=False, sort=False):
        numbers = {c: pd.to_numeric(rows[c]).to_numpy(dtype=float) for c in ("statistic", "df", "p_value", "value")}
        shared = {"check": check, "term": term, "verdict": _worst(rows)}
        failed = int((rows["verdict"] == "not estimable").sum()) + len(frames) - len(rows)
        if failed:
            note = f"not estimable: without an answer in {failed} of {len(frames)} imputations"
            out.append({**shared, "verdict": "not estimable", "note": note})
        elif check == "concordance" and (numbers["statistic"] > 0).all() and _inside(numbers["value"]):
            out += _concordance(shared, numbers["value"], numbers["statistic"], level)
        elif _chi_squares(numbers):
            out.append(_by_d2(shared, numbers["statistic"], int(numbers["df"][0])))
        else:
            out.append({**shared, **_ranged(numbers), "note": _note(rows, numbers)})
    return out


def _worst(rows: pd.DataFrame) -> str:
    said = [v for v in rows["verdict"] if v != "ok"]
    return str(said[0]) if said else "ok"


def _inside(values: Any) -> bool:
    return bool(((values > 0) & (values < 1)).all())


def _chi_squares(numbers: dict[str, Any]) -> bool:
    x, df, p = numbers["statistic"], numbers["df"], numbers["p_value"]
    if np.isnan([x, df, p]).any() or len(set(df)) > 1 or (x < 0).any() or df[0] < 1 or df[0] != int(df[0]):
        return False
    return bool((np.abs(chi2.sf(x, df) - p) <= 1e-6 * np.maximum(p, 1e-300)).all())


def _by_d2(shared: dict[str, Any], statistics: Any, df: int) -> dict[str, Any]:
    found = d2(statistics, df)
    note = f"D2 of {len(statistics)} chi-squares of {df} df: F with {df} and {found.df2:.4g} df, value: riv"
    test = {"statistic": found.statistic, "df": df, "p_value": found.p_value, "value": found.riv}
    verdict = shared["verdict"]
    if verdict in ("ok", "attention") and "proportional hazards" in shared["check"]:
        verdict = "attention" if found.p_value < 0.05 else "ok"
    return {**shared, **test, "verdict": verdict, "note": note}


def _concordance(shared: dict[str, Any], values: Any, errors: Any, level: float) -> list[dict[str, Any]]:
    q, u = logit(values), (errors / (values * (1 - values))) ** 2
    pooled = pool_estimates(q[:, None], u[:, None])
    low, high = pooled.limits(level)
    centre = float(expit(pooled.qbar[0]))
    se, df = float(np.sqrt(pooled.t[0])), float(pooled.df[0])
    how = "pooled on the logit scale"
    return [
        {**shared, "value": centre, "statistic": se * centre * (1 - centre), "df": df,
         "note": f"value: Harrell's C, {how}; statistic: its standard error"},
        {**shared, "check": "concordance, logit", "value": float(pooled.qbar[0]), "statistic": se, "df": df,
         "note": "value: logit of C; statistic: its standard error"},
        {**shared, "check": "concordance, lower limit", "value": float(expit(low[0])), "note": f"{level:.0%}, {how}"},
        {**shared, "check": "concordance, upper limit", "value": float(expit(high[0])), "note": f"{level:.0%}, {how}"},
    ]  # fmt: skip


def _ranged(numbers: dict[str, Any]) -> dict[str, float]:
    """The mean of `value`; a statistic, its df and p only where all imputations agree."""
    same = {c: float(v[0]) for c, v in numbers.items() if c != "value" and len(set(v)) == 1}
    return {**same, "value": float(np.mean(numbers["value"]))}


def _note(rows: pd.DataFrame, numbers: dict[str, Any]) -> str:
    values = numbers["value"]
    said = list(dict.fromkeys(str(n) for n in rows["note"] if n))
    base = said[0] if len(said) == 1 else ""
    spread = "" if not np.ptp(values) > 0 else f"mean over imputations, from {values.min():.4g} to {values.max():.4g}"
    return "; ".join(filter(None, (base, spread)))

"""Restricted mean survival time by group: the area under the Kaplan-Meier curve, with the estimator's own variance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Bools, Floats, groups
from neurohlh.stats.curves.product_limit import product_limit
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.survival_data import survival_data


def rmst(
    frame: pd.DataFrame, time: str, event: str, *, tau: float, by: str | None = None, conf_level: float = 0.95
) -> Result:
    """Mean time survived up to `tau` in every group of `by`, and its difference between each group and the first.

    The variance is Greenwood's for the area under the curve (Karrison 1987; Royston and Parmar 2013, BMC Med Res
    Methodol 13:152); lifelines gives the variance of min(T, tau) instead. A group whose last follow-up is before `tau`
    and ends in censoring is not estimable. Raises ValueError for wrong columns, codes or `tau`, NotEstimable without
    usable rows.
    """
    if not np.isfinite(tau) or tau <= 0:
        raise ValueError("tau must be a time above 0")
    z = z_value(conf_level)
    data = survival_data(frame, time, event)
    found, names = groups(frame.loc[data.kept], by)
    shared = {"analysis": "rmst", "outcome": event, "variable": by or "", "time": tau}
    rows = [{"group": g, **_area(data.time[found == g], data.event[found == g], tau, z)} for g in names]
    rows += [_difference(rows[0], row, z) for row in rows[1:]]
    return Result(
        kind="rmst",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method={
            "estimator": "area under the Kaplan-Meier curve",
            "variance": "Greenwood, of the area",
            "interval": "Wald",
            "conf_level": conf_level,
            "tau": tau,
            "software": software("numpy", "scipy"),
            "reference": "Royston & Parmar 2013, BMC Med Res Methodol 13:152",
        },
        counts={"supplied": len(frame), "used": data.n, "events": data.events, "dropped": data.dropped},
    )


def _area(time: Floats, event: Bools, tau: float, z: float) -> dict[str, Any]:
    row: dict[str, Any] = {"term": "mean", "measure": "RMST", "scale": "identity", "n": len(time)}
    row["events"] = int((event & (time <= tau)).sum())
    curve = product_limit(time, event, None, z=z)
    if curve.time[-1] < tau and curve.survival[-1] > 0:
        return {**row, "note": f"not estimable: follow-up ends at {curve.time[-1]:g}, before {tau:g}"}
    inside = curve.time < tau
    widths = np.diff(np.append(curve.time[inside], tau))
    areas = widths * curve.survival[inside]
    beyond = areas.sum() - np.cumsum(areas) + areas  # the area to the right of each time, within tau
    died, n = curve.n_event[inside], curve.n_risk[inside]
    terms = np.zeros(len(areas))
    some = (died > 0) & (n > died)
    terms[some] = beyond[some] ** 2 * died[some] / (n[some] * (n[some] - died[some]))
    mean, se = float(areas.sum()), float(np.sqrt(terms.sum()))
    limits = {"conf_low": mean - z * se, "conf_high": mean + z * se} if se > 0 else {"note": "no event before tau"}
    return {**row, "estimate": mean, "coef": mean, "std_error": se if se > 0 else np.nan, **limits}


def _difference(first: dict[str, Any], other: dict[str, Any], z: float) -> dict[str, Any]:
    row = {"term": "difference", "measure": "RMST difference", "scale": "identity"}
    row["contrast"] = f"{other['group']} vs {first['group']}"
    row |= {"n": first["n"] + other["n"], "events": first["events"] + other["events"]}
    if "estimate" not in first or "estimate" not in other:
        return {**row, "note": "not estimable: a group has too little follow-up"}
    difference = other["estimate"] - first["estimate"]
    se = float(np.hypot(first["std_error"], other["std_error"]))
    if np.isnan(se):
        return {**row, "estimate": difference, "note": "limits not estimable: a group without an event before tau"}
    row |= {"estimate": difference, "conf_low": difference - z * se, "conf_high": difference + z * se}
    statistic = difference / se
    return {**row, "coef": difference, "std_error": se, "statistic": statistic, "p_value": 2 * norm.sf(abs(statistic))}

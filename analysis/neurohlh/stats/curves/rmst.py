"""Restricted mean survival time by group: the area under the Kaplan-Meier curve, with the estimator's own variance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.curves.areas import Area, area_under
from neurohlh.stats.curves.correction import adjusted_rows, checked_correction, chosen_pairs
from neurohlh.stats.curves.follow_up import FollowUp, follow_up, independent_groups
from neurohlh.stats.recipe import software, z_value

_REFERENCES = ["Karrison 1987, Appl Stat 36:167", "Royston & Parmar 2013, BMC Med Res Methodol 13:152"]
_GIVEN = "given"
_SMALLEST = "smallest of the groups' last follow-ups"


def rmst(
    frame: pd.DataFrame,
    time: str,
    event: str,
    *,
    tau: float | None = None,
    by: str | None = None,
    entry: str | None = None,
    weights: str | None = None,
    id: str | None = None,
    robust: bool | None = None,
    pairs: str = "first",
    correction: str = "none",
    conf_level: float = 0.95,
) -> Result:
    """Mean time survived up to `tau` in every group of `by`, and each group against the first (or all `pairs`).

    Groups are compared by the difference of mean times, the ratio of mean times and the ratio of mean times lost
    (tau - RMST), the ratios on the log scale. `correction` adds p values of the differences adjusted over the pairs.
    `tau` is by default the smallest of the groups' last follow-ups (a choice that looks at the data: name one if you
    can). The variance is Greenwood's for the area under the curve (Karrison 1987; Royston and Parmar 2013, BMC Med Res
    Methodol 13:152), or the robust one with fractional `weights`; lifelines gives the variance of min(T, tau) instead.
    `entry`, `weights`, `id` and `robust` are those of `kaplan_meier`.

    A group whose last follow-up is before `tau` and ends in censoring is not estimable. Raises ValueError for wrong
    columns, codes or `tau`, and if a patient is in several groups; NotEstimable without usable rows.
    """
    if tau is not None and not (np.isfinite(tau) and tau > 0):
        raise ValueError("tau must be a time above 0")
    checked_correction(correction)
    z = z_value(conf_level)
    data = follow_up(frame, time, event, entry=entry, weights=weights, id=id, robust=robust)
    found, names = independent_groups(frame, data, by)
    horizon = float(tau) if tau is not None else min(float(data.data.time[found == g].max()) for g in names)
    if horizon <= 0:
        raise ValueError("tau must be a time above 0: a group is followed to time 0 only")
    areas = {}
    for name in names:
        ends, happened, begin, weight = data.of(found == name)
        areas[name] = area_under(ends, happened, begin, horizon, weight)
    people = {name: data.people(found == name) for name in names}
    rows = [_mean(areas[g], g, people[g], z) for g in names]
    chosen = [(areas[a], areas[b], f"{b} vs {a}", people[a] + people[b]) for a, b in chosen_pairs(names, pairs)]
    rows += [_compared(*pair, z, "difference") for pair in chosen]
    rows += [_compared(*pair, z, kind, horizon) for kind in ("ratio", "lost ratio") for pair in chosen]
    rows += adjusted_rows(rows, ("difference",), correction)
    shared = {"analysis": "rmst", "outcome": event, "variable": by or "", "time": horizon}
    return Result(
        kind="rmst",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method={
            **_method(data, horizon, _GIVEN if tau is not None else _SMALLEST, conf_level),
            "correction": correction,
        },
        counts=data.counts(len(frame)),
        notes=(*([] if tau is not None else [f"tau is the {_SMALLEST} ({horizon:g})."]), *data.notes()),
    )


def _mean(area: Area, group: str, people: int, z: float) -> dict[str, Any]:
    row = {"term": "mean", "measure": "RMST", "scale": "identity", "group": group, "n": people, "events": area.events}
    if area.reason:
        return {**row, "note": f"not estimable: {area.reason}"}
    row |= {"estimate": area.mean, "coef": area.mean}
    if np.isnan(area.std_error):
        return {**row, "note": "no event before tau"}
    spread = z * area.std_error
    return {**row, "std_error": area.std_error, "conf_low": area.mean - spread, "conf_high": area.mean + spread}


_COMPARISONS = {
    "difference": ("difference", "RMST difference", "identity"),
    "ratio": ("ratio", "RMST ratio", "log"),
    "lost ratio": ("ratio of time lost", "RMTL ratio", "log"),
}


def _compared(
    first: Area, other: Area, contrast: str, people: int, z: float, kind: str, tau: float = 0.0
) -> dict[str, Any]:
    term, measure, scale = _COMPARISONS[kind]
    row: dict[str, Any] = {"term": term, "measure": measure, "scale": scale, "contrast": contrast, "n": people}
    row["events"] = first.events + other.events
    if first.reason or other.reason:
        return {**row, "note": "not estimable: a group has too little follow-up"}
    one, two = ((tau - a.mean if kind == "lost ratio" else a.mean) for a in (first, other))
    if kind == "difference":
        coef, se = two - one, float(np.hypot(first.std_error, other.std_error))
    elif one <= 0 or two <= 0:
        return {**row, "note": "not estimable: a group lost no time before tau"}
    else:
        coef, se = float(np.log(two / one)), float(np.hypot(first.std_error / one, other.std_error / two))
    back = np.exp if scale == "log" else np.asarray
    row["estimate"] = float(back(coef))
    if np.isnan(se):
        return {**row, "note": "limits not estimable: a group without an event before tau"}
    row |= {"conf_low": float(back(coef - z * se)), "conf_high": float(back(coef + z * se)), "coef": coef}
    return {**row, "std_error": se, "statistic": coef / se, "p_value": 2 * float(norm.sf(abs(coef / se)))}


def _method(data: FollowUp, tau: float, rule: str, conf_level: float) -> dict[str, Any]:
    return {
        "estimator": "area under the Kaplan-Meier curve",
        "test": "Wald",
        "variance": data.variance("Greenwood, of the area"),
        "interval": "Wald (ratios on the log scale)",
        "conf_level": conf_level,
        "tau": tau,
        "tau_rule": rule,
        "ties": "events before censorings at the same time",
        **data.recipe(),
        "denominator": "patients with follow-up and outcome known",
        "software": software("numpy", "scipy"),
        "reference": data.sources_of_method(_REFERENCES),
    }

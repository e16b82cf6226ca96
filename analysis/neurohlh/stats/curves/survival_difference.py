"""Survival compared between groups at chosen times: difference and ratio with limits, and the log-log test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.curves.correction import adjusted_rows, checked_correction, chosen_pairs
from neurohlh.stats.curves.follow_up import FollowUp, follow_up, independent_groups
from neurohlh.stats.curves.product_limit import Curve, product_limit
from neurohlh.stats.curves.risk_table import checked_times
from neurohlh.stats.recipe import software, z_value

_REFERENCES = ["Klein, Logan, Harhoff & Andersen 2007, Stat Med 26:4505"]


def survival_difference(
    frame: pd.DataFrame,
    time: str,
    event: str,
    by: str,
    *,
    times: Sequence[float],
    pairs: str = "first",
    correction: str = "none",
    entry: str | None = None,
    weights: str | None = None,
    id: str | None = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Survival at each of `times` compared between groups of `by`: every other group with the first, or all `pairs`.

    Rows of `tidy` per pair and time: the survival difference (Wald limits and test), the survival ratio (limits on the
    log scale), and the test on the log(-log S) scale, which holds its level best in small groups (Klein 2007). At every
    time the log(-log S) test also compares all groups at once (term "all groups"). `correction` adjusts the p values of
    each kind over all pairs and times; adjusted ones stand in rows of their own. Options as in `kaplan_meier`; there is
    no clustering, because groups must be independent. Differences with a group beyond its follow-up, or whose curve is
    1 or 0, are empty with the reason.

    Raises ValueError for wrong columns, codes or options, and if a patient is in several groups; NotEstimable without
    two groups.
    """
    checked_correction(correction)
    data = follow_up(frame, time, event, entry=entry, weights=weights, id=id, robust=robust, known=(by,))
    found, names = independent_groups(frame, data, by)
    if len(names) < 2:
        raise NotEstimable(f"{by!r} has one group only")
    z, at = z_value(conf_level), checked_times(times)
    curves = {}
    for name in names:
        ends, happened, begin, weight = data.of(found == name)
        curves[name] = product_limit(ends, happened, begin, z=z, weights=weight)
    chosen = chosen_pairs(names, pairs)
    rows = [row for t in at for a, b in chosen for row in _pair(curves, a, b, float(t), z)]
    rows += adjusted_rows(rows, ("difference", "log-log test"), correction)
    rows += [_all_groups(curves, float(t)) for t in at] if len(names) > 2 else []
    shared = {"analysis": "survival_difference", "outcome": event, "variable": by}
    return Result(
        kind="survival_difference",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method={**_method(data, correction, conf_level), "times": at.tolist()},
        counts=data.counts(len(frame)),
        notes=tuple(data.notes()),
    )


def _method(data: FollowUp, correction: str, conf_level: float) -> dict[str, Any]:
    return {
        "estimator": "difference and ratio of Kaplan-Meier estimates",
        "test": "Wald; on the log(-log S) scale: Klein's test",
        "variance": data.variance("Greenwood"),
        "interval": "Wald (the ratio on the log scale)",
        "conf_level": conf_level,
        "correction": correction,
        "ties": "events before censorings at the same time",
        **data.recipe(),
        "denominator": "patients with follow-up, outcome and group known",
        "software": software("numpy", "scipy"),
        "reference": data.sources_of_method(_REFERENCES),
    }


def _state(curve: Curve, time: float) -> tuple[float, float, str]:
    """S, its standard error, and why there is none ('' if there is)."""
    i = int(curve.row_at(np.array([time]))[0])
    survival, se = float(curve.survival[i]), float(curve.std_error[i])
    if time > curve.time[-1] and survival > 0:
        return np.nan, np.nan, f"follow-up ends at {curve.time[-1]:g}, before {time:g}"
    if 0 < survival < 1 and se > 0:
        return survival, se, ""
    why = {1.0: "no event so far", 0.0: "the curve has reached 0"}.get(survival, "too few clusters")
    return survival, np.nan, why


def _pair(curves: dict[str, Curve], first: str, other: str, time: float, z: float) -> list[dict[str, Any]]:
    one, two = _state(curves[first], time), _state(curves[other], time)
    at_risk = sum(int(curves[g].at_risk(np.array([time]))[0]) for g in (first, other))
    events = sum(int(curves[g].n_event[curves[g].time <= time].sum()) for g in (first, other))
    shared = {"contrast": f"{other} vs {first}", "time": time, "n": at_risk, "events": events}
    difference = {**shared, "term": "difference", "measure": "survival difference", "scale": "identity"}
    ratio = {**shared, "term": "ratio", "measure": "survival ratio", "scale": "log"}
    cloglog = {**shared, "term": "log-log test", "scale": "log-log"}
    (s1, se1, why1), (s2, se2, why2) = one, two
    reasons = [f"{g}: {why}" for g, why in ((first, why1), (other, why2)) if why]
    if reasons:
        note = "; ".join(reasons)
        if np.isnan(s1) or np.isnan(s2):
            return [{**row, "note": f"not estimable: {note}"} for row in (difference, ratio, cloglog)]
        difference |= {"estimate": s2 - s1, "note": f"limits not estimable: {note}"}
        ratio |= {"estimate": s2 / s1, "note": difference["note"]} if s1 > 0 else {"note": f"not estimable: {note}"}
        return [difference, ratio, {**cloglog, "note": f"not estimable: {note}"}]
    difference |= _wald(s2 - s1, float(np.hypot(se1, se2)), z, log=False)
    ratio |= _wald(float(np.log(s2 / s1)), float(np.hypot(se1 / s1, se2 / s2)), z, log=True)
    (c1, v1), (c2, v2) = _log_log(s1, se1), _log_log(s2, se2)
    coef, se = c2 - c1, float(np.sqrt(v1 + v2))
    test = {
        "coef": coef,
        "std_error": se,
        "statistic": (coef / se) ** 2,
        "df": 1,
        "p_value": 2 * norm.sf(abs(coef / se)),
    }
    return [difference, ratio, {**cloglog, **test}]


def _log_log(survival: float, se: float) -> tuple[float, float]:
    return float(np.log(-np.log(survival))), (se / (survival * np.log(survival))) ** 2


def _wald(coef: float, se: float, z: float, *, log: bool) -> dict[str, float]:
    numbers = np.array([coef, coef - z * se, coef + z * se])
    estimate, low, high = np.exp(numbers) if log else numbers
    row = {"estimate": estimate, "conf_low": low, "conf_high": high, "coef": coef, "std_error": se}
    return {**row, "statistic": coef / se, "p_value": 2 * float(norm.sf(abs(coef / se)))}


def _all_groups(curves: dict[str, Curve], time: float) -> dict[str, Any]:
    states = {name: _state(curve, time) for name, curve in curves.items()}
    row = {"term": "all groups", "contrast": " vs ".join(curves), "time": time, "scale": "log-log"}
    reasons = [f"{name}: {why}" for name, (_, _, why) in states.items() if why]
    if reasons:
        return {**row, "note": f"not estimable: {'; '.join(reasons)}"}
    values, variances = (np.array(v) for v in zip(*(_log_log(s, se) for s, se, _ in states.values()), strict=True))
    # Homogeneity of independent estimates: squares about their mean weighted by precision.
    mean = (values / variances).sum() / (1 / variances).sum()
    statistic, df = float(((values - mean) ** 2 / variances).sum()), len(values) - 1
    return {**row, "statistic": statistic, "df": df, "p_value": float(chi2.sf(statistic, df))}

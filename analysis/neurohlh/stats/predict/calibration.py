"""Calibration of a predicted risk of an event by a horizon: in the large, slope, by groups, smoothed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Floats, column, numbers
from neurohlh.stats.curves.product_limit import product_limit
from neurohlh.stats.design.splines import rcs_basis, rcs_knots
from neurohlh.stats.hazards.baseline import predicted_survival
from neurohlh.stats.hazards.fit import CoxFit, SortedDesign, fit
from neurohlh.stats.predict.risk_groups import risk_groups
from neurohlh.stats.predict.tripod import tripod
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.survival_data import SurvivalData, survival_data

KNOTS = 3
"""Knots of the smooth curve (Austin, Harrell and van Klaveren use 3)."""
BINS = 20
"""Bins of the predicted risks that stand beneath the curve."""
_ERRORS = {"ICI": "mean", "E50": "median", "E90": "90th percentile", "Emax": "maximum"}


def calibration(
    frame: pd.DataFrame,
    time: str,
    event: str,
    risk: str,
    *,
    horizon: float,
    groups: int = 5,
    conf_level: float = 0.95,
) -> Result:
    """Whether predicted risks of the event by `horizon` come true, with censored follow-up.

    Observed is 1 - Kaplan-Meier. The slope is the coefficient of log(-log(1 - risk)) in a Cox model of the follow-up up
    to the horizon: 1 if risks are neither too extreme nor too timid. The smooth curve is such a model with a restricted
    cubic spline of 3 knots; ICI, E50, E90 and Emax are the mean, median, 90th percentile and maximum of the absolute
    distance between predicted and smoothed risk. `curves`: predicted, observed. `method["distribution"]`: how many
    patients have a predicted risk from `low` to `high`, in bins of equal width.

    Rows without follow-up or risk are dropped and counted. Raises ValueError for wrong columns, risks outside 0 to 1 or
    a horizon that is not above 0, NotEstimable without an event by the horizon or nobody followed to it.
    """
    z = z_value(conf_level)
    if not horizon > 0:
        raise ValueError("horizon must be a time above 0")
    survival = survival_data(frame, time, event)
    risks = numbers(column(frame, risk))
    outside = int(((risks < 0) | (risks > 1)).sum())
    if outside:
        raise ValueError(f"column {risk!r}: {outside} predicted risks lie outside 0 to 1")
    unknown = np.isnan(risks) & survival.kept
    data = survival.subset(survival.kept & ~unknown)
    dropped = {**survival.dropped, **({f"missing {risk}": int(unknown.sum())} if unknown.any() else {})}
    p = risks[data.kept]
    events = int((data.event & (data.time <= horizon)).sum())
    _require(data, p, events, horizon)
    found = [_observed_expected(data, p, horizon, z, events)]
    slope, curves, errors = _models(data, p, horizon, z)
    found += [slope, *errors, *_group_rows(data, p, horizon, groups, z)]
    shared = {"analysis": "calibration", "outcome": event, "variable": risk, "time": horizon}
    return Result(
        kind="calibration",
        tidy=tidy_frame([{**shared, **row} for row in found]),
        curves=curves,
        method={
            "estimator": "1 - Kaplan-Meier against the mean predicted risk; Cox recalibration",
            "censoring": "follow-up is cut at the horizon",
            "smoother": f"Cox model on a restricted cubic spline, {KNOTS} knots, of log(-log(1 - risk))",
            "interval": "Wald; groups: log-log",
            "variance": "Greenwood; inverse information",
            "test": "Wald test against 1 (slope)",
            "correction": "none",
            "ties": "efron",
            "conf_level": conf_level,
            "horizon": horizon,
            "distribution": _distribution(p),
            "denominator": "patients with follow-up and predicted risk known",
            "software": software("numpy", "scipy"),
            "reference": [
                "Austin, Harrell & van Klaveren 2020, Stat Med 39:2714",
                "McLernon, Giardiello, Van Calster, Wynants et al. 2023, Ann Intern Med 176:105",
            ],
            "tripod": tripod("10d", "16"),
        },
        counts={"supplied": len(frame), "used": data.n, "events": events, "dropped": dropped},
    )


def _require(data: SurvivalData, p: Floats, events: int, horizon: float) -> None:
    if not data.n:
        raise NotEstimable("no row has both follow-up and predicted risk")
    if not events:
        raise NotEstimable(f"no events by {horizon:g} among {data.n} patients")
    if not (data.time >= horizon).any():
        raise NotEstimable(f"nobody is followed to {horizon:g}")
    if ((p == 0) | (p == 1)).any():
        raise NotEstimable("a predicted risk of exactly 0 or 1 cannot be recalibrated")


def _observed(data: SurvivalData, own: Any, horizon: float, z: float) -> dict[str, Any]:
    """1 - Kaplan-Meier at the horizon of some patients, with its standard error and limits; empty where not known."""
    curve = product_limit(data.time[own], data.event[own], None, z=z)
    place = int(curve.row_at(np.array([horizon]))[0])
    if curve.time[-1] < horizon and curve.survival[-1] > 0:
        return {"note": f"not estimable: nobody of this group is followed to {horizon:g}"}
    limits = {"conf_low": 1 - curve.conf_high[place], "conf_high": 1 - curve.conf_low[place]}
    return {"estimate": 1 - curve.survival[place], "std_error": curve.std_error[place], **limits}


def _observed_expected(data: SurvivalData, p: Floats, horizon: float, z: float, events: int) -> dict[str, Any]:
    seen = _observed(data, np.ones(data.n, dtype=bool), horizon, z)
    ratio = seen["estimate"] / p.mean()
    row = {"term": "observed/expected", "measure": "ratio", "scale": "log", "n": data.n, "events": events}
    row |= {"estimate": ratio, "coef": np.log(ratio), "method": "1 - Kaplan-Meier / mean predicted risk"}
    if np.isnan(seen["std_error"]):
        return {**row, "note": "limits not estimable: the curve has reached 0"}
    se = seen["std_error"] / seen["estimate"]
    return {**row, "std_error": se, "conf_low": ratio * np.exp(-z * se), "conf_high": ratio * np.exp(z * se)}


def _models(
    data: SurvivalData, p: Floats, horizon: float, z: float
) -> tuple[dict[str, Any], pd.DataFrame, list[dict[str, Any]]]:
    """The slope, the smooth curve and its distances from the predicted risks."""
    scale = np.log(-np.log1p(-p))
    row = {"term": "slope", "measure": "calibration slope", "scale": "identity", "method": "Cox regression"}
    if np.ptp(scale) == 0:
        reason = "all predicted risks are the same"
        return {**row, "note": f"not estimable: {reason}"}, pd.DataFrame(), _without_curve(reason)
    time, event = np.minimum(data.time, horizon), data.event & (data.time <= horizon)
    design = SortedDesign.of(scale[:, None], time, event)
    slope = row | _slope(fit(design), z)
    try:
        observed = _smoothed(design, scale, horizon)
    except NotEstimable as reason:
        return slope, pd.DataFrame(), _without_curve(str(reason))
    away = np.abs(observed - p)
    values = (away.mean(), np.median(away), np.quantile(away, 0.9), away.max())
    errors = [{**_ERROR, "term": k, "measure": k, "estimate": float(v)} for k, v in zip(_ERRORS, values, strict=True)]
    curves = pd.DataFrame({"predicted": p, "observed": observed}).drop_duplicates().sort_values("predicted")
    return slope, curves.reset_index(drop=True), errors


_ERROR = {"scale": "identity", "method": "smooth curve"}


def _without_curve(reason: str) -> list[dict[str, Any]]:
    return [{**_ERROR, "term": k, "measure": k, "note": f"not estimable: {reason}"} for k in _ERRORS]


def _smoothed(design: SortedDesign, scale: Floats, horizon: float) -> Floats:
    """The risk by the horizon of every patient from the spline; NotEstimable if it has too few values or no end."""
    basis = rcs_basis(scale, rcs_knots(scale, KNOTS))
    bent = design.with_matrix(basis)
    smooth = fit(bent)
    if smooth.diverging.any() or not smooth.converged:
        raise NotEstimable("the smooth curve runs to infinity")
    return np.asarray(1 - predicted_survival(bent, smooth, basis, np.array([horizon]))[:, 0])


def _slope(found: CoxFit, z: float) -> dict[str, Any]:
    if found.diverging.any() or not found.converged:
        return {"note": "not estimable: the slope runs to infinity (the risks part those with the event perfectly)"}
    slope, se = float(found.coef[0]), float(np.sqrt(found.cov[0, 0]))
    statistic = (slope - 1) / se
    limits = {"conf_low": slope - z * se, "conf_high": slope + z * se}
    said = {"estimate": slope, "coef": slope, "std_error": se, "statistic": statistic}
    return {**said, **limits, "p_value": float(2 * norm.sf(abs(statistic)))}


def _distribution(p: Floats) -> list[dict[str, float]]:
    counts, edges = np.histogram(p, BINS, range=(0.0, float(p.max())))
    bins = zip(edges[:-1], edges[1:], counts, strict=True)
    return [{"low": float(low), "high": float(high), "n": int(n)} for low, high, n in bins]


def _group_rows(data: SurvivalData, p: Floats, horizon: float, groups: int, z: float) -> list[dict[str, Any]]:
    found = risk_groups(p, groups)
    rows = []
    for k in range(int(found.max()) + 1):
        own = found == k
        events = int((data.event[own] & (data.time[own] <= horizon)).sum())
        shared = {"group": str(k + 1), "n": int(own.sum()), "events": events}
        rows.append({**shared, "measure": "predicted risk", "estimate": float(p[own].mean())})
        seen = _observed(data, own, horizon, z)
        rows.append({**shared, "measure": "observed risk", "method": "1 - Kaplan-Meier", **seen})
    return rows

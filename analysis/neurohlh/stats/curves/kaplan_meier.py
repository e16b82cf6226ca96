"""Kaplan-Meier curves by group as a Result: estimates at chosen times, quantiles, numbers at risk, follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Bools, Floats, column, groups
from neurohlh.stats.curves.follow_up import FollowUp, follow_up
from neurohlh.stats.curves.influence import Weights
from neurohlh.stats.curves.product_limit import Curve, product_limit
from neurohlh.stats.curves.quantiles import checked_quantiles, quantile_time
from neurohlh.stats.curves.risk_table import SPARSE, checked_times, risk_rows, risk_ticks, sparse_notes, weight_at_risk
from neurohlh.stats.recipe import software, z_value

DEFAULT_TIMES = (30.0, 180.0, 365.0, 1095.0)

_REFERENCES = [
    "Kaplan & Meier 1958, J Am Stat Assoc 53:457",
    "Greenwood 1926; log-log limits: Kalbfleisch & Prentice 1980",
    "median and its limits: Brookmeyer & Crowley 1982, Biometrics 38:29",
]


@dataclass(frozen=True)
class _Group:
    """One group's curve, how many patients it describes, their weights, and when their rows end and begin."""

    curve: Curve
    n: int
    weights: Weights | None
    end: Floats
    entry: Floats | None


def kaplan_meier(
    frame: pd.DataFrame,
    time: str,
    event: str,
    *,
    by: str | None = None,
    times: Sequence[float] = DEFAULT_TIMES,
    quantiles: Sequence[float] = (),
    ticks: Sequence[float] | None = None,
    entry: str | None = None,
    weights: str | None = None,
    id: str | None = None,
    cluster: str | None = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> Result:
    """Survival of every group of `by` (or of all): at `times`, the median, and the whole curve; equal to R's survfit.

    Times share the unit of the column `time`; `event` holds true/false or 1/0; rows without `by` form the group
    "missing". `quantiles` adds the times by which these shares had the event (0.5 is the median). `conf_type` is
    log-log, log, plain, logit or arcsin. Estimates beyond a group's last follow-up are empty with a note, and so are
    limits while no event has occurred. `ticks` are the times of the numbers at risk in method["risk_table"] (default:
    about six round steps), with weight_risk beside them under weights.

    `entry` is left truncation; with `id` a patient may have several rows, and `by` may change between them (Simon and
    Makuch 1984, Stat Med 3:35). `weights` are case weights: `n` and `events` stay unweighted, and the variance is
    robust (infinitesimal jackknife) if a weight is fractional or `cluster` is given, unless `robust` says otherwise.

    `curves`: group, time, n_risk, n_event, n_censor, survival, conf_low, conf_high, std_error, sparse (fewer than 10
    at risk), and with weights weight_risk, weight_event. Raises ValueError for wrong columns, codes or options,
    NotEstimable if no row can be used.
    """
    _one_kind_of_event(frame, event)
    data = follow_up(frame, time, event, entry=entry, weights=weights, id=id, cluster=cluster, robust=robust)
    curves = _curves(frame, data, data.data.event, by, conf_level, conf_type)
    wanted, shares = checked_times(times), [q for q in checked_quantiles(quantiles) if q != 0.5]
    shared = {"analysis": "kaplan_meier", "outcome": event, "variable": by or ""}
    rows = [
        {**shared, "group": name, **row}
        for name, group in curves.items()
        for row in (
            *_size(group),
            *_estimates(group.curve, wanted, conf_type),
            _median(group, "median survival"),
            *(_quantile(group, share) for share in shares),
        )
    ]
    at = risk_ticks(data.data.time, ticks)
    return Result(
        kind="kaplan_meier",
        tidy=tidy_frame(rows),
        curves=_long(curves, "weights" in data.sources),
        method={
            **_method(data, conf_level, conf_type),
            "ticks": at.tolist(),
            "risk_table": [row for name, group in curves.items() for row in _risk_rows(name, group, at, data)],
        },
        counts=_counts(frame, data, curves),
        notes=(*sparse_notes({name: group.curve for name, group in curves.items()}), *data.notes()),
    )


def _risk_rows(name: str, group: _Group, at: Floats, data: FollowUp) -> list[dict[str, Any]]:
    rows = risk_rows(name, group.curve, at)
    if "weights" not in data.sources or group.weights is None:
        return rows
    weighed = weight_at_risk(at, group.end, group.entry, group.weights.weight)
    return [{**row, "weight_risk": weight} for row, weight in zip(rows, weighed.tolist(), strict=True)]


def _one_kind_of_event(frame: pd.DataFrame, event: str) -> None:
    codes = column(frame, event).nunique()
    if codes > 2:
        raise ValueError(
            f"column {event!r} must hold true/false or 1/0, not {codes} codes; for competing events use "
            "cumulative_incidence"
        )


def reverse_kaplan_meier(
    frame: pd.DataFrame,
    time: str,
    event: str,
    *,
    by: str | None = None,
    entry: str | None = None,
    weights: str | None = None,
    id: str | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> Result:
    """Median follow-up of every group: the Kaplan-Meier median with censoring as the event.

    Method of Schemper and Smith 1996, Control Clin Trials 17:343. A row that another one of the same patient follows at
    once is no censoring. Options, curves and errors as in `kaplan_meier`.
    """
    data = follow_up(frame, time, event, entry=entry, weights=weights, id=id)
    curves = _curves(frame, data, ~data.data.event & (data.next_row < 0), by, conf_level, conf_type)
    shared = {"analysis": "kaplan_meier_reverse", "outcome": event, "variable": by or ""}
    rows = [{**shared, "group": g, **_median(group, "median follow-up")} for g, group in curves.items()]
    return Result(
        kind="kaplan_meier_reverse",
        tidy=tidy_frame(rows),
        curves=_long(curves, "weights" in data.sources),
        method={
            **_method(data, conf_level, conf_type),
            "estimator": "reverse Kaplan-Meier (censoring is the event)",
            "reference": ["Schemper & Smith 1996, Control Clin Trials 17:343", *_REFERENCES],
        },
        counts=_counts(frame, data, {}),
        notes=tuple(data.notes()),
    )


def _curves(
    frame: pd.DataFrame, data: FollowUp, event: Bools, by: str | None, conf_level: float, conf_type: str
) -> dict[str, _Group]:
    z = z_value(conf_level)
    found, names = groups(frame.loc[data.data.kept], by)
    goes_on = data.goes_on(found)
    out = {}
    for name in names:
        rows = found == name
        time, _, entry, weights = data.of(rows)
        curve = product_limit(time, event[rows], entry, z=z, conf_type=conf_type, weights=weights)
        further = np.bincount(np.searchsorted(curve.time, time[goes_on[rows]]), minlength=len(curve.time))
        curve = replace(curve, n_censor=curve.n_censor - further)
        out[name] = _Group(curve, data.people(rows), weights, time, entry)
    return out


def _size(group: _Group) -> list[dict[str, Any]]:
    both = {"n": group.n, "events": int(group.curve.n_event.sum())}
    rows: list[dict[str, Any]] = [{"term": "size", "measure": "count", **both, "estimate": group.n}]
    weights = group.weights
    if weights is not None and (weights.weight != 1).any():
        for word, value in (
            ("sum of weights", float(weights.weight.sum())),
            ("effective sample size", weights.effective_size),
        ):
            rows.append({"term": word, "measure": word, **both, "estimate": value})
    return rows


def _estimates(curve: Curve, times: Floats, conf_type: str) -> list[dict[str, Any]]:
    at_risk, place = curve.at_risk(times), curve.row_at(times)
    events = np.cumsum(curve.n_event)
    rows = []
    for time, n, i in zip(times, at_risk, place, strict=True):
        row = {"term": "survival at time", "time": time, "n": n, "events": events[i]}
        row |= {"measure": "survival", "scale": conf_type, "method": "Kaplan-Meier"}
        rows.append({**row, **_estimate_at(curve, time, int(n), int(i))})
    return rows


def _estimate_at(curve: Curve, time: float, n_risk: int, i: int) -> dict[str, Any]:
    last, survival = float(curve.time[-1]), float(curve.survival[i])
    if time > last and survival > 0:
        return {"note": f"not estimable: beyond the last follow-up of this group ({last:g})"}
    notes = []
    if survival == 1:
        notes.append("no event so far: limits not estimable")
    elif survival == 0:
        notes.append("the curve has reached 0: limits not estimable")
    elif not curve.std_error[i] > 0:
        notes.append("the clusters are too few for a robust variance: limits not estimable")
    if n_risk < SPARSE:
        notes.append(f"fewer than {SPARSE} at risk")
    numbers = {"estimate": survival, "conf_low": curve.conf_low[i], "conf_high": curve.conf_high[i]}
    known = 0 < survival < 1 and curve.std_error[i] > 0
    return {**numbers, "std_error": curve.std_error[i] if known else np.nan, "note": "; ".join(notes)}


def _median(group: _Group, measure: str) -> dict[str, Any]:
    return {"term": "median", "measure": measure, **_fallen_to(group, 0.5)}


def _quantile(group: _Group, share: float) -> dict[str, Any]:
    return {"term": f"quantile {share:g}", "measure": "time to event, quantile", **_fallen_to(group, 1 - share, True)}


def _fallen_to(group: _Group, height: float, to_end: bool = False) -> dict[str, Any]:
    curve = group.curve
    heights = (curve.survival, curve.conf_low, curve.conf_high)
    found, low, high = (quantile_time(curve.time, c, height, to_end=to_end) for c in heights)
    notes = ["not estimable: not reached"] if np.isnan(found) else []
    if not np.isnan(found) and (np.isnan(low) or np.isnan(high)):
        ends = [name for name, limit in (("lower", low), ("upper", high)) if np.isnan(limit)]
        notes.append(f"{' and '.join(ends)} limit not reached")
    return {
        "n": group.n,
        "events": int(curve.n_event.sum()),
        "estimate": found,
        "conf_low": low,
        "conf_high": high,
        "method": "Brookmeyer-Crowley limits",
        "note": "; ".join(notes),
    }


def _long(curves: dict[str, _Group], weighted: bool) -> pd.DataFrame:
    parts = []
    for name, group in curves.items():
        c = group.curve
        columns = {"group": name, "time": c.time, "n_risk": c.n_risk, "n_event": c.n_event, "n_censor": c.n_censor}
        columns |= {"survival": c.survival, "conf_low": c.conf_low, "conf_high": c.conf_high}
        columns |= {"std_error": c.std_error, "sparse": c.n_risk < SPARSE}
        columns |= {"weight_risk": c.risk, "weight_event": c.died} if weighted else {}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _method(data: FollowUp, conf_level: float, conf_type: str) -> dict[str, Any]:
    weighted = "Greenwood, by weight" if "weights" in data.sources else "Greenwood"
    return {
        "estimator": "Kaplan-Meier",
        "variance": data.variance(weighted),
        "interval": conf_type,
        "conf_level": conf_level,
        "median": "first time at which the curve (or limit) is at or below one half; the middle of a rest at one half",
        "ties": "events before censorings at the same time",
        **data.recipe(),
        "sparse_below": SPARSE,
        "denominator": "patients with follow-up time and outcome",
        "software": software("numpy"),
        "reference": data.sources_of_method(_REFERENCES),
    }


def _counts(frame: pd.DataFrame, data: FollowUp, curves: dict[str, _Group]) -> dict[str, Any]:
    counts = data.counts(len(frame))
    people = counts.get("patients", counts["used"])
    return {
        **counts,
        "censored": people - counts["events"],
        "groups": {name: {"n": g.n, "events": int(g.curve.n_event.sum())} for name, g in curves.items()},
    }

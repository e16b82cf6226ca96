"""Kaplan-Meier curves by group as a Result: estimates at chosen times, medians, numbers at risk, follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Bools, Floats, groups
from neurohlh.stats.curves.product_limit import Curve, product_limit, quantile_time
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.survival_data import SurvivalData, survival_data

SPARSE = 10
"""Patients at risk below which a curve is marked as uncertain (dossier 13.14)."""
DEFAULT_TIMES = (30.0, 180.0, 365.0, 1095.0)

_REFERENCES = [
    "Kaplan & Meier 1958, J Am Stat Assoc 53:457",
    "Greenwood 1926; log-log limits: Kalbfleisch & Prentice 1980",
    "median and its limits: Brookmeyer & Crowley 1982, Biometrics 38:29",
]


def kaplan_meier(
    frame: pd.DataFrame,
    time: str,
    event: str,
    *,
    by: str | None = None,
    times: Sequence[float] = DEFAULT_TIMES,
    ticks: Sequence[float] | None = None,
    entry: str | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> Result:
    """Survival of every group of `by` (or of all): at `times`, the median, and the whole curve; equal to R's survfit.

    Times share the unit of the column `time`; `event` holds true/false or 1/0; rows without `by` form the group
    "missing". Estimates beyond a group's last follow-up are empty with a note, and so are limits while no event has
    occurred. `ticks` are the times of the numbers at risk in method["risk_table"] (default: about six round steps).

    `curves`: group, time, n_risk, n_event, n_censor, survival, conf_low, conf_high, std_error, sparse (fewer than 10
    at risk). Raises ValueError for wrong columns, codes or options, NotEstimable if no row can be used.
    """
    data = survival_data(frame, time, event, entry=entry)
    found, names = groups(frame.loc[data.kept], by)
    curves = _curves(data, data.event, found, names, conf_level, conf_type)
    wanted = _times(times)
    shared = {"analysis": "kaplan_meier", "outcome": event, "variable": by or ""}
    rows = [
        {**shared, "group": name, **row}
        for name, c in curves.items()
        for row in (_size(c), *_estimates(c, wanted, conf_type), _median(c, "median survival"))
    ]
    at = _ticks(data, ticks)
    return Result(
        kind="kaplan_meier",
        tidy=tidy_frame(rows),
        curves=_long(curves),
        method={
            **_method(conf_level, conf_type, entry),
            "ticks": at.tolist(),
            "risk_table": [row for name, curve in curves.items() for row in _risk_rows(name, curve, at)],
        },
        counts=_counts(frame, data, curves),
        notes=_notes(curves),
    )


def reverse_kaplan_meier(
    frame: pd.DataFrame,
    time: str,
    event: str,
    *,
    by: str | None = None,
    entry: str | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> Result:
    """Median follow-up of every group: the Kaplan-Meier median with censoring as the event.

    Method of Schemper and Smith 1996, Control Clin Trials 17:343. Options, curves and errors as in `kaplan_meier`.
    """
    data = survival_data(frame, time, event, entry=entry)
    found, names = groups(frame.loc[data.kept], by)
    curves = _curves(data, ~data.event, found, names, conf_level, conf_type)
    shared = {"analysis": "kaplan_meier_reverse", "outcome": event, "variable": by or ""}
    rows = [{**shared, "group": g, **_median(curve, "median follow-up")} for g, curve in curves.items()]
    method = _method(conf_level, conf_type, entry)
    return Result(
        kind="kaplan_meier_reverse",
        tidy=tidy_frame(rows),
        curves=_long(curves),
        method={
            **method,
            "estimator": "reverse Kaplan-Meier (censoring is the event)",
            "reference": ["Schemper & Smith 1996, Control Clin Trials 17:343", *_REFERENCES],
        },
        counts=_counts(frame, data, {}),
    )


def _curves(
    data: SurvivalData, event: Bools, found: Any, names: Sequence[str], conf_level: float, conf_type: str
) -> dict[str, Curve]:
    z = z_value(conf_level)
    out = {}
    for name in names:
        rows = found == name
        entry = None if data.entry is None else data.entry[rows]
        out[name] = product_limit(data.time[rows], event[rows], entry, z=z, conf_type=conf_type)
    return out


def _times(times: Sequence[float]) -> Floats:
    wanted = np.asarray(list(times), dtype=float)
    if len(wanted) and (not np.isfinite(wanted).all() or (wanted < 0).any()):
        raise ValueError("times must be numbers of at least 0")
    return np.unique(wanted)


def _size(curve: Curve) -> dict[str, Any]:
    n = len(curve.end)
    return {"term": "size", "measure": "count", "n": n, "events": int(curve.n_event.sum()), "estimate": n}


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
    if n_risk < SPARSE:
        notes.append(f"fewer than {SPARSE} at risk")
    numbers = {"estimate": survival, "conf_low": curve.conf_low[i], "conf_high": curve.conf_high[i]}
    return {**numbers, "std_error": curve.std_error[i] if 0 < survival < 1 else np.nan, "note": "; ".join(notes)}


def _median(curve: Curve, measure: str) -> dict[str, Any]:
    median = quantile_time(curve.time, curve.survival)
    low, high = quantile_time(curve.time, curve.conf_low), quantile_time(curve.time, curve.conf_high)
    notes = ["not estimable: not reached"] if np.isnan(median) else []
    if not np.isnan(median) and (np.isnan(low) or np.isnan(high)):
        ends = [name for name, limit in (("lower", low), ("upper", high)) if np.isnan(limit)]
        notes.append(f"{' and '.join(ends)} limit not reached")
    return {
        "term": "median",
        "measure": measure,
        "n": len(curve.end),
        "events": int(curve.n_event.sum()),
        "estimate": median,
        "conf_low": low,
        "conf_high": high,
        "method": "Brookmeyer-Crowley limits",
        "note": "; ".join(notes),
    }


def _long(curves: dict[str, Curve]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "group": name,
                "time": c.time,
                "n_risk": c.n_risk,
                "n_event": c.n_event,
                "n_censor": c.n_censor,
                "survival": c.survival,
                "conf_low": c.conf_low,
                "conf_high": c.conf_high,
                "std_error": c.std_error,
                "sparse": c.n_risk < SPARSE,
            }
        )
        for name, c in curves.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _ticks(data: SurvivalData, ticks: Sequence[float] | None) -> Floats:
    """The times of the risk table: those asked for, or about six round steps up to the last follow-up."""
    if ticks is not None:
        return _times(ticks)
    longest = float(data.time.max())
    if longest <= 0:
        return np.zeros(1)
    rough = longest / 6
    power = 10 ** np.floor(np.log10(rough))
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= rough)
    return np.arange(0, longest + step / 1e6, step)


def _risk_rows(name: str, curve: Curve, ticks: Floats) -> list[dict[str, Any]]:
    place, at_risk = curve.row_at(ticks), curve.at_risk(ticks)
    events, censored = np.cumsum(curve.n_event)[place], np.cumsum(curve.n_censor)[place]
    return [
        {"group": name, "time": float(t), "n_risk": int(n), "n_event": int(d), "n_censor": int(c)}
        for t, n, d, c in zip(ticks, at_risk, events, censored, strict=True)
    ]


def _method(conf_level: float, conf_type: str, entry: str | None) -> dict[str, Any]:
    return {
        "estimator": "Kaplan-Meier",
        "variance": "Greenwood",
        "interval": conf_type,
        "conf_level": conf_level,
        "median": "first time at which the curve (or limit) is at or below one half",
        "ties": "events before censorings at the same time",
        "entry": entry or "",
        "sparse_below": SPARSE,
        "denominator": "patients with follow-up time and outcome",
        "software": software("numpy"),
        "reference": _REFERENCES,
    }


def _counts(frame: pd.DataFrame, data: SurvivalData, curves: dict[str, Curve]) -> dict[str, Any]:
    return {
        "supplied": len(frame),
        "used": data.n,
        "events": data.events,
        "censored": data.n - data.events,
        "dropped": data.dropped,
        "groups": {name: {"n": len(c.end), "events": int(c.n_event.sum())} for name, c in curves.items()},
    }


def _notes(curves: dict[str, Curve]) -> tuple[str, ...]:
    notes = []
    for name, curve in curves.items():
        enough = np.flatnonzero(curve.n_risk >= SPARSE)
        if not len(enough):
            notes.append(f"{name}: never {SPARSE} patients at risk; read the curve with care.")
        elif enough[-1] + 1 < len(curve.time):
            start = curve.time[enough[-1] + 1]
            notes.append(f"{name}: fewer than {SPARSE} at risk from {start:g} on; read the curve there with care.")
        if curve.entry is not None and ((curve.n_risk == 0) & (curve.time > 0) & (curve.time < curve.end[-1])).any():
            notes.append(f"{name}: with delayed entry nobody was at risk for a while; the curve there means nothing.")
    return tuple(notes)

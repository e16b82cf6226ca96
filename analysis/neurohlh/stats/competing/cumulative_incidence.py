"""Cumulative incidence by cause and group as a Result: Aalen-Johansen, never one minus Kaplan-Meier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, groups
from neurohlh.stats.competing.aalen_johansen import Incidence, aalen_johansen
from neurohlh.stats.competing.data import Code, CompetingData, competing_data
from neurohlh.stats.competing.incidence_variance import Influence, aalen_variance, incidence_influence
from neurohlh.stats.curves.limits import survival_limits
from neurohlh.stats.curves.quantiles import checked_quantiles, quantile_time
from neurohlh.stats.curves.risk_table import SPARSE, checked_times, risk_ticks
from neurohlh.stats.recipe import software, z_value

VARIANCES = ("infinitesimal jackknife", "Aalen")


@dataclass(frozen=True)
class _Cause:
    """One cause's incidence in one group: the curve, the place of the cause, standard error and limits."""

    group: str
    name: str
    k: int
    curve: Incidence
    influence: Influence
    weight: Floats
    se: Floats
    low: Floats
    high: Floats

    @property
    def f(self) -> Floats:
        return self.curve.incidence[:, self.k]


def cumulative_incidence(
    frame: pd.DataFrame,
    time: str,
    event: str,
    *,
    cause: Code,
    censored: Code,
    competing: Sequence[Code] | None = None,
    by: str | None = None,
    times: Sequence[float] = (30.0, 180.0, 365.0, 1095.0),
    quantiles: Sequence[float] = (),
    tau: float | None = None,
    ticks: Sequence[float] | None = None,
    entry: str | None = None,
    weights: str | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
    variance: str = "infinitesimal jackknife",
) -> Result:
    """Cumulative incidence of every cause in every group of `by`: at `times`, quantiles, time lost, contrasts.

    `event` holds the declared codes (see `competing_data`); the cause of interest comes first. `variance` is R's
    survfit's ("infinitesimal jackknife") or cmprsk's ("Aalen"); limits are on the scale `conf_type` of the incidence
    itself, as in survfit. `tau` adds the mean time lost to each cause up to it. Groups are compared with the first by
    differences (plain limits) and ratios (delta method on the log scale). `curves`: group, cause, time, n_risk,
    n_event, n_censor, incidence, conf_low, conf_high, std_error, survival, sparse. Raises ValueError for wrong columns,
    codes or options; NotEstimable if no row can be used.
    """
    z = z_value(conf_level)
    if variance not in VARIANCES:
        raise ValueError(f"variance must be one of {', '.join(VARIANCES)}, not {variance!r}")
    if tau is not None and not (np.isfinite(tau) and tau > 0):
        raise ValueError("tau must be a time above 0")
    data = competing_data(
        frame, time, event, cause=cause, censored=censored, competing=competing, entry=entry, weights=weights
    )
    if variance == "Aalen" and data.weight is not None and (data.weight % 1 != 0).any():
        raise ValueError("Aalen's variance takes whole weights only; use the infinitesimal jackknife")
    found, names = groups(frame.loc[data.kept], by)
    parts = [p for g in names for p in _causes(data, found == g, g, variance, z, conf_type)]
    wanted, shares = checked_times(times), checked_quantiles(quantiles)
    rows = [row for p in parts for row in _rows(p, wanted, shares, tau, z, conf_type)]
    rows += [row for p in parts if p.group != names[0] for row in _contrasts(p, parts, wanted, tau, z)]
    at = risk_ticks(data.time, ticks)
    shared = {"analysis": "cumulative_incidence", "outcome": event, "variable": by or ""}
    return Result(
        kind="cumulative_incidence",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        curves=pd.concat([_long(p) for p in parts], ignore_index=True),
        checks=check_frame([_sum_check(p) for p in parts if p.k == 0]),
        method={
            "estimator": "Aalen-Johansen",
            "variance": variance,
            "interval": conf_type,
            "test": "Wald, of differences and of log ratios between groups",
            "correction": "none",
            "conf_level": conf_level,
            "cause": data.causes[0],
            "censored": str(censored),
            "competing": list(data.causes[1:]),
            "ties": "kept; events of all causes share a risk set, censorings come after them",
            "entry": entry or "",
            "weights": weights or "",
            "ticks": at.tolist(),
            "risk_table": [row for p in parts if p.k == 0 for row in _risk_rows(p, at)],
            "sparse_below": SPARSE,
            "denominator": "patients with follow-up time and status",
            "software": software("numpy"),
            "reference": ["Aalen & Johansen 1978, Scand J Stat 5:141"],
        },
        counts=data.counts(len(frame)),
        notes=(
            "A competing event is not censoring: one minus Kaplan-Meier of a single cause would overstate its risk.",
        ),
    )


def _causes(
    data: CompetingData, rows: np.ndarray[Any, Any], group: str, variance: str, z: float, conf_type: str
) -> list[_Cause]:
    entry, weight = (None if v is None else v[rows] for v in (data.entry, data.weight))
    status = data.status[rows]
    curve = aalen_johansen(data.time[rows], status, len(data.causes), entry=entry, weight=weight)
    w = np.ones(len(status)) if weight is None else weight
    out = []
    for k, name in enumerate(data.causes):
        influence = incidence_influence(curve, k, status)
        square = influence.variance(w) if variance != "Aalen" else aalen_variance(curve, k)
        se, f = np.sqrt(square), curve.incidence[:, k]
        low, high = survival_limits(f, np.divide(se, f, out=np.zeros_like(f), where=f > 0), z, conf_type)
        out.append(_Cause(group, name, k, curve, influence, w, se, low, high))
    return out


def _size(p: _Cause) -> dict[str, Any]:
    return {"group": p.group, "level": p.name, "n": len(p.weight), "events": int(p.curve.n_event[:, p.k].sum())}


def _rows(
    p: _Cause, times: Floats, shares: Floats, tau: float | None, z: float, conf_type: str
) -> list[dict[str, Any]]:
    rows = [{**_size(p), "term": "size", "measure": "count", "estimate": len(p.weight)}]
    for t, i, n in zip(times, p.curve.row_at(times), p.curve.at_risk(times), strict=True):
        row = {**_size(p), "term": "incidence at time", "time": t, "n": int(n), "scale": conf_type}
        row |= {"measure": "cumulative incidence", "method": "Aalen-Johansen"}
        row["events"] = int(p.curve.n_event[: i + 1, p.k].sum())
        rows.append({**row, **_at(p, float(t), int(i))})
    for share in shares:
        ends = [quantile_time(p.curve.time, 1 - v, 1 - share) for v in (p.f, p.high, p.low)]
        note = "not estimable: not reached" if np.isnan(ends[0]) else ""
        found = dict(zip(("estimate", "conf_low", "conf_high"), ends, strict=True))
        rows.append({**_size(p), "term": f"quantile {share:g}", "measure": "time to incidence", **found, "note": note})
    if tau is not None:
        rows.append({**_size(p), "term": "mean time lost", "time": tau, "measure": "time lost", **_lost(p, tau, z)})
    return rows


def _ends_before(p: _Cause, time: float) -> bool:
    return bool(time > p.curve.time[-1] and p.curve.survival[-1] > 1e-12)


def _beyond(p: _Cause) -> str:
    return f"not estimable: beyond the last follow-up of this group ({p.curve.time[-1]:g})"


def _at(p: _Cause, time: float, i: int) -> dict[str, Any]:
    if _ends_before(p, time):
        return {"note": _beyond(p)}
    if i < 0 or p.f[i] == 0:
        return {"estimate": 0.0, "note": "no event of this cause so far: limits not estimable"}
    return {"estimate": p.f[i], "std_error": p.se[i], "conf_low": p.low[i], "conf_high": p.high[i]}


def _lost(p: _Cause, tau: float, z: float) -> dict[str, Any]:
    if _ends_before(p, tau):
        return {"note": _beyond(p)}
    width = np.diff(np.clip(np.append(p.curve.time, np.inf), None, tau))
    se = float(np.sqrt(((p.weight * p.influence.integral(p.curve.time, tau)) ** 2).sum()))
    lost = float(p.f @ width)
    if se == 0:
        return {"estimate": lost, "note": "no event of this cause before tau: limits not estimable"}
    return {"estimate": lost, "std_error": se, "conf_low": lost - z * se, "conf_high": lost + z * se}


def _contrasts(p: _Cause, parts: list[_Cause], times: Floats, tau: float | None, z: float) -> list[dict[str, Any]]:
    first = next(q for q in parts if q.k == p.k)
    pairs = [("incidence", t, *(_at(c, float(t), int(c.curve.row_at(t))) for c in (p, first))) for t in times]
    if tau is not None:
        pairs.append(("time lost", tau, *(_lost(c, tau, z) for c in (p, first))))
    out = []
    for measure, t, one, two in pairs:
        shared = {"level": p.name, "contrast": f"{p.group} vs {first.group}", "time": t}
        shared["n"] = len(p.weight) + len(first.weight)
        for term, found in (("difference", _difference(one, two, z)), ("ratio", _ratio(one, two, z))):
            scale = "identity" if term == "difference" else "log"
            out.append({**shared, "term": term, "measure": f"{measure} {term}", "scale": scale, **found})
    return out


_NO_VARIANCE = "limits not estimable: an estimate without variance in a group"
_NO_CONTRAST = {"note": "not estimable: a group has no estimate with limits at this time"}


def _difference(one: dict[str, Any], two: dict[str, Any], z: float) -> dict[str, Any]:
    if "std_error" not in one or "std_error" not in two:
        return _NO_CONTRAST
    gap, se = one["estimate"] - two["estimate"], float(np.hypot(one["std_error"], two["std_error"]))
    row: dict[str, Any] = {"estimate": gap, "coef": gap, "std_error": se}
    if not min(one["std_error"], two["std_error"]) > 0:  # one group alone would make the limits too narrow
        return {**row, "std_error": np.nan, "note": _NO_VARIANCE}
    row |= {"conf_low": gap - z * se, "conf_high": gap + z * se}
    return {**row, "statistic": gap / se, "df": 1, "p_value": 2 * norm.sf(abs(gap / se))}


def _ratio(one: dict[str, Any], two: dict[str, Any], z: float) -> dict[str, Any]:
    """Delta method on the log scale; the standard error is that of the log ratio."""
    if "std_error" not in one or "std_error" not in two:
        return _NO_CONTRAST
    coef = float(np.log(one["estimate"] / two["estimate"]))
    se = float(np.hypot(one["std_error"] / one["estimate"], two["std_error"] / two["estimate"]))
    row: dict[str, Any] = {"estimate": np.exp(coef), "coef": coef, "std_error": se}
    if not min(one["std_error"], two["std_error"]) > 0:  # one group alone would make the limits too narrow
        return {**row, "std_error": np.nan, "note": _NO_VARIANCE}
    row |= {"conf_low": np.exp(coef - z * se), "conf_high": np.exp(coef + z * se)}
    return {**row, "statistic": coef / se, "df": 1, "p_value": 2 * norm.sf(abs(coef / se))}


def _long(p: _Cause) -> pd.DataFrame:
    c = p.curve
    return pd.DataFrame(
        {"group": p.group, "cause": p.name, "time": c.time, "n_risk": c.n_risk, "n_event": c.n_event[:, p.k],
         "n_censor": c.n_censor, "incidence": p.f, "conf_low": p.low, "conf_high": p.high, "std_error": p.se,
         "survival": c.survival, "sparse": c.n_risk < SPARSE}
    )  # fmt: skip


def _risk_rows(p: _Cause, ticks: Floats) -> list[dict[str, Any]]:
    c = p.curve
    events, censored = (np.append(0, np.cumsum(v))[c.row_at(ticks) + 1] for v in (c.n_event.sum(axis=1), c.n_censor))
    return [
        {"group": p.group, "time": float(t), "n_risk": int(n), "n_event": int(d), "n_censor": int(x)}
        for t, n, d, x in zip(ticks, c.at_risk(ticks), events, censored, strict=True)
    ]


def _sum_check(p: _Cause) -> dict[str, Any]:
    off = float(np.abs(p.curve.incidence.sum(axis=1) + p.curve.survival - 1).max())
    verdict = "ok" if off < 1e-9 else "attention"
    note = "largest distance of the incidences and the survival from adding up to 1"
    return {"check": "incidences add up", "term": p.group, "value": off, "verdict": verdict, "note": note}

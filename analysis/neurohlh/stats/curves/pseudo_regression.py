"""Adjusted differences of survival or restricted mean survival time: regression on pseudo-observations as a Result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, Ints, column
from neurohlh.stats.curves.estimating_equations import MeanModel, fit_mean, independent_columns
from neurohlh.stats.curves.follow_up import follow_up
from neurohlh.stats.curves.pseudo import pseudo_observations
from neurohlh.stats.design.terms import Design, TermRow, model_design
from neurohlh.stats.recipe import software, z_value

_MEASURES = {
    ("survival", "identity"): "survival difference",
    ("survival", "log"): "survival ratio",
    ("survival", "cloglog"): "HR",
    ("rmst", "identity"): "RMST difference",
    ("rmst", "log"): "RMST ratio",
}
FEW_PATIENTS = 10
"""Patients per parameter below which the robust variance is announced as unreliable."""


@dataclass(frozen=True)
class _Fitted:
    """The fit with its design: `place` maps a column of the design to its coefficient (absent: collinear)."""

    design: Design
    model: MeanModel
    place: dict[int, int]
    times: Floats
    clusters: Ints


def pseudo_regression(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    times: Sequence[float],
    kind: str = "survival",
    link: str = "identity",
    reference: Mapping[str, str] | None = None,
    cluster: str | None = None,
    entry: str | None = None,
    jackknife: str = "leave-one-out",
    conf_level: float = 0.95,
) -> Result:
    """Effects of `covariates` (terms as in `model_design`) on survival at `times`, or on the mean time up to them.

    `kind` is "survival" or "rmst". `link` "identity" gives differences, "log" ratios, "cloglog" (survival only) hazard
    ratios. With several times every time has an intercept and the effects are common to all. Fitted by generalised
    estimating equations with independence and the robust variance over patients (or `cluster`); equal to R's geeglm.
    Pseudo-observations come from all rows with follow-up, the regression from those with all covariates known.

    `checks` holds patients per parameter and convergence. Raises ValueError for wrong columns, codes or options;
    NotEstimable if no patient is left, beyond the follow-up, or if the equations have no solution.
    """
    if (kind, link) not in _MEASURES:
        raise ValueError(f"kind and link must be one of {', '.join(' '.join(pair) for pair in _MEASURES)}")
    z = z_value(conf_level)
    values = pseudo_observations(frame, time, event, times=times, kind=kind, entry=entry, jackknife=jackknife)
    data = follow_up(frame, time, event, entry=entry, known=(cluster,)).data
    design = model_design(frame.loc[data.kept], covariates, reference=reference)
    if not design.complete.any():
        raise NotEstimable("no patient has all covariates known")
    used = np.flatnonzero(data.kept)[design.complete]
    groups = np.arange(len(used)) if cluster is None else pd.factorize(column(frame, cluster).iloc[used])[0]
    fitted = _fitted(design, values.to_numpy()[used], groups, link, values.columns.to_numpy(dtype=float))
    measure = _MEASURES[kind, link]
    shared = {
        "analysis": "pseudo_regression",
        "outcome": event,
        "measure": measure,
        "method": "GEE, pseudo-observations",
    }
    rows = [*_intercepts(fitted, len(used), z), *(_row(fitted, row, link, z) for row in design.rows)]
    dropped = {**data.dropped, **design.dropped}
    options = {"link": link, "jackknife": jackknife, "conf_level": conf_level, "cluster": cluster, "entry": entry}
    return Result(
        kind="pseudo_regression",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        checks=check_frame(_checks(fitted, len(np.unique(groups)))),
        method={**_method(kind, fitted, options), "covariates": list(covariates)},
        counts={
            "supplied": len(frame), "used": len(used), "events": int(data.event[design.complete].sum()),
            "pseudo_observations_from": data.n, "dropped": dropped,
        },
        notes=tuple(_notes(fitted)),
    )  # fmt: skip


def _fitted(design: Design, values: Floats, groups: Ints, link: str, times: Floats) -> _Fitted:
    n, k = values.shape
    kept = independent_columns(np.column_stack([np.ones(n), design.matrix]))
    place = {j - 1: k + i for i, j in enumerate(j for j in kept if j > 0)}
    # One row per patient and time: an intercept for each time, the covariates common to all.
    matrix = np.column_stack([np.tile(np.eye(k), (n, 1)), np.repeat(design.matrix[:, list(place)], k, axis=0)])
    model = fit_mean(values.ravel(), matrix, np.repeat(groups, k), link)
    return _Fitted(design, model, place, times, groups)


def _intercepts(fitted: _Fitted, n: int, z: float) -> list[dict[str, Any]]:
    rows = []
    for j, at in enumerate(fitted.times):
        coef, se = float(fitted.model.coef[j]), float(np.sqrt(fitted.model.covariance[j, j]))
        row = {"term": "intercept", "time": at, "n": n, "measure": "intercept", "scale": fitted.model.link}
        row |= {"estimate": coef, "conf_low": coef - z * se, "conf_high": coef + z * se, "coef": coef, "std_error": se}
        rows.append(
            {**row, "note": "on the scale of the link, at 0 of every number and the reference of every category"}
        )
    return rows


def _row(fitted: _Fitted, row: TermRow, link: str, z: float) -> dict[str, Any]:
    inside = np.ones(len(fitted.design.matrix), dtype=bool)
    if row.level:
        inside = fitted.design.levels[row.variable] == row.level
    out = {"variable": row.variable, "term": row.term, "level": row.level, "is_reference": row.is_reference}
    out |= {"n": int(inside.sum()), "scale": "identity" if link == "identity" else "log", "note": row.note}
    if len(fitted.times) == 1:
        out["time"] = fitted.times[0]
    if row.column is None:
        return out
    if row.column not in fitted.place:
        return {**out, "note": "not estimable: collinear with the terms before it"}
    j = fitted.place[row.column]
    coef, se = float(fitted.model.coef[j]), float(np.sqrt(fitted.model.covariance[j, j]))
    if not se > 1e-9 * abs(coef):
        return {**out, "note": "not estimable: the pseudo-observations do not vary, or the clusters are too few"}
    numbers = np.array([coef, coef - z * se, coef + z * se])
    estimate, low, high = numbers if link == "identity" else np.exp(numbers)
    out |= {"estimate": estimate, "conf_low": low, "conf_high": high, "coef": coef, "std_error": se}
    return {**out, "statistic": coef / se, "df": 1, "p_value": 2 * float(norm.sf(abs(coef / se)))}


def _checks(fitted: _Fitted, clusters: int) -> list[dict[str, Any]]:
    ratio = clusters / len(fitted.model.coef)
    return [
        {"check": "clusters per parameter", "value": ratio, "verdict": "ok" if ratio >= FEW_PATIENTS else "attention"},
        {"check": "convergence", "value": fitted.model.steps, "verdict": "ok"},
    ]


def _notes(fitted: _Fitted) -> list[str]:
    notes = ["Pseudo-observations need censoring that does not depend on the covariates."]
    ratio = len(np.unique(fitted.clusters)) / len(fitted.model.coef)
    if ratio < FEW_PATIENTS:
        notes.append(
            f"Fewer than {FEW_PATIENTS} patients (or clusters) per parameter: the robust variance is unreliable."
        )
    return notes


def _method(kind: str, fitted: _Fitted, options: Mapping[str, Any]) -> dict[str, Any]:
    unit = options["cluster"] or "patients"
    outcome = {"survival": "survival", "rmst": "restricted mean survival time"}[kind]
    return {
        "model": f"linear model of {outcome} on pseudo-observations ({options['link']} link)",
        "estimator": "generalised estimating equations, independence",
        "test": "Wald",
        "interval": "Wald",
        "conf_level": options["conf_level"],
        "variance": f"robust sandwich, clusters: {unit}",
        "correction": "none",
        "jackknife": options["jackknife"],
        "times": fitted.times.tolist(),
        "entry": options["entry"] or "",
        "cluster": options["cluster"] or "",
        "ties": "events before censorings at the same time",
        "reference_levels": dict(fitted.design.references),
        "denominator": "patients with follow-up and all covariates known",
        "software": software("numpy", "scipy"),
        "reference": [
            "Andersen, Klein & Rosthoj 2003, Biometrika 90:15",
            "Andersen, Hansen & Klein 2004, Lifetime Data Anal 10:335",
        ],
    }

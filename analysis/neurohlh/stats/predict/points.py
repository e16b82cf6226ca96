"""A points score from a Cox model: whole points per category, and the risk that goes with every total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable, did_you_mean
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, Ints, labels
from neurohlh.stats.concordance import concordance
from neurohlh.stats.curves.product_limit import product_limit
from neurohlh.stats.predict.partial_predictor import AdditiveModel, additive_model
from neurohlh.stats.predict.tripod import tripod
from neurohlh.stats.recipe import software, z_value

MOST = 10
"""Points of the variable that moves the log hazard most, unless the size of a point is named."""
LOST = 0.02
"""Loss of concordance from rounding above which the score is marked (a convention of this package)."""


@dataclass(frozen=True)
class _Categories:
    """One variable in categories: names, how much each adds to the log hazard, and every patient's category."""

    variable: str
    names: list[str]
    added: Floats
    of_patient: Ints


def points_score(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    cuts: Mapping[str, Sequence[float]] | None = None,
    horizon: float,
    log_hazard_per_point: float | None = None,
    reference: Mapping[str, str] | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
) -> Result:
    """Whole points for the categories of every covariate of a Cox model, and the risk by `horizon` for each total.

    Numbers are cut at `cuts` (a value at a cut belongs above it) and stand for the median of their category; the most
    favourable category of each variable has 0 points. One point is `log_hazard_per_point`, by default a tenth of the
    range of the variable that moves the log hazard most, so that it has 10 points. The method is Sullivan's (2004).
    Risks are the model's; beside them stand those observed (Kaplan-Meier), and how much concordance the rounding costs
    is in `checks`.

    `curves`: total, n, events, predicted, observed, conf_low, conf_high. Raises ValueError for wrong columns, numbers
    without cuts, or cuts that leave a category empty; NotEstimable if a coefficient cannot be estimated.
    """
    z = z_value(conf_level)
    found = additive_model(frame, time, event, covariates, reference=reference, ties=ties)
    parts = [_categories(found, name, dict(cuts or {})) for name in found.variables]
    unknown = set(cuts or {}) - set(found.variables)
    if unknown:
        raise ValueError(f"cuts for {sorted(unknown)[0]!r}. {did_you_mean(sorted(unknown)[0], found.variables)}")
    per_point = _per_point(parts) if log_hazard_per_point is None else log_hazard_per_point
    if not per_point > 0:
        raise ValueError("log_hazard_per_point must be above 0")
    points = {p.variable: np.rint((p.added - p.added.min()) / per_point).astype(int) for p in parts}
    totals = np.sum([points[p.variable][p.of_patient] for p in parts], axis=0)
    lowest = float(sum(p.added.min() for p in parts))
    curves = _by_total(found, totals, lowest, per_point, horizon, z)
    return Result(
        kind="points_score",
        tidy=tidy_frame([*_rows(parts, points, found, event), *_total_rows(curves, event, horizon)]),
        curves=curves,
        checks=check_frame([_rounding(found, totals)]),
        method={
            "model": "Cox proportional hazards",
            "estimator": "points: contribution to the log hazard, rounded to whole multiples of one point",
            "log_hazard_per_point": per_point,
            "cuts": {name: list(own) for name, own in (cuts or {}).items()},
            "horizon": horizon,
            "interval": "log-log, of the observed risk",
            "conf_level": conf_level,
            "ties": ties,
            "covariates": list(covariates),
            "denominator": "patients with follow-up and all covariates known",
            "software": software("numpy", "scipy"),
            "reference": ["Sullivan, Massaro & D'Agostino 2004, Stat Med 23:1631"],
            "tripod": tripod("10a", "11", "15a", "15b"),
        },
        counts=found.model.counts,
        notes=("For describing a model; not for decisions about an individual patient before external validation.",),
    )


def _categories(found: AdditiveModel, name: str, cuts: dict[str, Sequence[float]]) -> _Categories:
    if found.is_category(name):
        if name in cuts:
            raise ValueError(f"{name!r} is a category and needs no cuts")
        names = found.levels(name)
        texts = labels(found.patients[name])[0]
        places = {level: place for place, level in enumerate(names)}
        return _Categories(
            name, names, found.contribution(name, names), np.array([places[t] for t in texts], dtype=np.intp)
        )
    edges = np.asarray(cuts.get(name, ()), dtype=float)
    if not len(edges) or (np.diff(edges) <= 0).any():
        raise ValueError(f"the number {name!r} needs rising cuts")
    values = found.patients[name].to_numpy(dtype=float)
    place = np.searchsorted(edges, values, side="right")
    sizes = np.bincount(place, minlength=len(edges) + 1)
    names = [f"below {edges[0]:g}", *(f"{a:g} to below {b:g}" for a, b in pairwise(edges))]
    names.append(f"{edges[-1]:g} or more")
    if not sizes.all():
        raise ValueError(f"{name!r}: no patient has a value {names[int(np.argmin(sizes))]}")
    middles = [float(np.median(values[place == k])) for k in range(len(sizes))]
    return _Categories(name, names, found.contribution(name, middles), place)


def _per_point(parts: Sequence[_Categories]) -> float:
    widest = max(float(np.ptp(part.added)) for part in parts)
    if widest < 1e-8:
        raise NotEstimable("no category differs from another")
    return widest / MOST


def _by_total(
    found: AdditiveModel, totals: Ints, lowest: float, per_point: float, horizon: float, z: float
) -> pd.DataFrame:
    data = found.model.data
    lines = []
    for total in np.unique(totals):
        own = totals == total
        curve = product_limit(data.time[own], data.event[own], None, z=z)
        place = int(curve.row_at(np.array([horizon]))[0])
        followed = curve.time[-1] >= horizon or curve.survival[-1] == 0
        predicted = 1 - float(found.survival(np.array([lowest + total * per_point]), np.array([horizon]))[0, 0])
        lines.append(
            {
                "total": int(total),
                "n": int(own.sum()),
                "events": int((data.event[own] & (data.time[own] <= horizon)).sum()),
                "predicted": predicted,
                "observed": 1 - curve.survival[place] if followed else np.nan,
                "conf_low": 1 - curve.conf_high[place] if followed else np.nan,
                "conf_high": 1 - curve.conf_low[place] if followed else np.nan,
            }
        )
    return pd.DataFrame(lines)


def _rows(
    parts: Sequence[_Categories], points: Mapping[str, Ints], found: AdditiveModel, event: str
) -> list[dict[str, Any]]:
    died = found.model.data.event
    return [
        {
            "analysis": "points_score",
            "outcome": event,
            "variable": part.variable,
            "level": name,
            "is_reference": own == 0,
            "n": int((part.of_patient == k).sum()),
            "events": int(died[part.of_patient == k].sum()),
            "measure": "points",
            "scale": "log",
            "estimate": own,
            "coef": float(part.added[k] - part.added.min()),
        }
        for part in parts
        for k, (name, own) in enumerate(zip(part.names, points[part.variable], strict=True))
    ]


def _total_rows(curves: pd.DataFrame, event: str, horizon: float) -> list[dict[str, Any]]:
    shared = {"analysis": "points_score", "outcome": event, "term": "total points", "time": horizon}
    rows = []
    for line in curves.to_dict("records"):
        own = {**shared, "level": str(line["total"]), "n": line["n"], "events": line["events"]}
        rows.append({**own, "measure": "predicted risk", "estimate": line["predicted"]})
        observed = {"estimate": line["observed"], "conf_low": line["conf_low"], "conf_high": line["conf_high"]}
        note = "not estimable: nobody with this total is followed to the horizon" if np.isnan(line["observed"]) else ""
        rows.append({**own, "measure": "observed risk", "method": "Kaplan-Meier", **observed, "note": note})
    return rows


def _rounding(found: AdditiveModel, totals: Ints) -> dict[str, Any]:
    data = found.model.data
    predictor = found.model.design.matrix[:, found.model.kept] @ found.model.fit.coef
    whole = concordance(predictor, data.time, data.event).estimate
    rounded = concordance(totals.astype(float), data.time, data.event).estimate
    return {
        "check": "concordance of the points",
        "term": "GLOBAL",
        "value": rounded,
        "verdict": "attention" if whole - rounded > LOST else "ok",
        "note": f"the model itself: {whole:.3f}; both on the patients it was made from",
    }

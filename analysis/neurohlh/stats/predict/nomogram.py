"""A nomogram as numbers: points along every variable's axis, and what a total of points means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Floats
from neurohlh.stats.predict.partial_predictor import AdditiveModel, additive_model
from neurohlh.stats.predict.tripod import tripod
from neurohlh.stats.recipe import software

FULL_SCALE = 100.0
"""Points of the variable with the widest range, as in rms."""
TICKS = 7
"""Values along the axis of a number, about."""
TOTALS = 11
"""Values along the axis of total points, about."""
RISKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, *(k / 10 for k in range(1, 10)), 0.95, 0.98, 0.99)
"""Round risks that can stand on the axes of risk."""


def nomogram(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    times: Sequence[float],
    reference: Mapping[str, str] | None = None,
    ties: str = "efron",
) -> Result:
    """The axes of a nomogram of a Cox model: points for values of each variable, survival at `times` for their total.

    The variable whose observed range moves the log hazard most spans 0 to 100 points; every axis starts at 0 for its
    most favourable value. `curves`: axis (a variable, or "total"), value (number or level as text), points, position
    (number or NaN), and one column of survival per time for the totals ("survival_365"). Axes "risk_365" hold the
    points in all at which the risk of the event by that time is a round number. `tidy` holds the same but for these.

    Raises ValueError for wrong columns, interactions or times, NotEstimable if a coefficient cannot be estimated.
    """
    wanted = np.asarray(sorted(times), dtype=float)
    if not len(wanted) or not (wanted > 0).all():
        raise ValueError("times must name at least one time above 0")
    found = additive_model(frame, time, event, covariates, reference=reference, ties=ties)
    axes = {name: _axis(found, name) for name in found.variables}
    ranges = {name: float(np.ptp(added)) for name, (_, added) in axes.items()}
    per_point = max(ranges.values()) / FULL_SCALE
    lines = [line for name, (values, added) in axes.items() for line in _points(found, name, values, added, per_point)]
    lowest = sum(float(added.min()) for _, added in axes.values())
    most = sum(ranges.values()) / per_point
    lines += _totals(found, lowest, per_point, most, wanted)
    lines += [line for t in wanted for line in _risks(found, lowest, per_point, most, float(t))]
    curves = pd.DataFrame(lines)
    return Result(
        kind="nomogram",
        tidy=tidy_frame(_rows(curves, event, wanted, found)),
        curves=curves,
        method={
            "model": "Cox proportional hazards",
            "estimator": "points proportional to the contribution to the log hazard",
            "log_hazard_per_point": per_point,
            "ties": ties,
            "interval": "none",
            "covariates": list(covariates),
            "reference_levels": dict(found.model.design.references),
            "denominator": "patients with follow-up and all covariates known",
            "software": software("numpy"),
            "reference": ["Harrell 2015, Regression Modeling Strategies, 2nd ed., Springer"],
            "tripod": tripod("15a", "15b"),
        },
        counts=found.model.counts,
        notes=("For describing a model; not for decisions about an individual patient before external validation.",),
    )


def _axis(found: AdditiveModel, name: str) -> tuple[list[Any], Floats]:
    """Values along the axis of a variable and what each adds to the log hazard."""
    if found.is_category(name):
        levels = found.levels(name)
        return levels, found.contribution(name, levels)
    seen = found.patients[name].to_numpy(dtype=float)
    if seen.min() == seen.max():
        raise NotEstimable(f"{name} has the same value in all patients used, so that it has no axis")
    values = np.unique(np.concatenate([[seen.min(), seen.max()], round_steps(seen.min(), seen.max(), TICKS)]))
    return values.tolist(), found.contribution(name, values)


def round_steps(low: float, high: float, about: int) -> Floats:
    """Round numbers from `low` to `high`, about so many (steps of 1, 2 or 5 times a power of ten)."""
    rough = (high - low) / about
    power = 10 ** np.floor(np.log10(rough))
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= rough * (1 - 1e-12))
    return np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step + 0.0  # no -0


def _points(
    found: AdditiveModel, name: str, values: Sequence[Any], added: Floats, per_point: float
) -> list[dict[str, Any]]:
    points = (added - added.min()) / per_point
    number = not found.is_category(name)
    return [
        {
            "axis": name,
            "value": f"{value:g}" if number else str(value),
            "position": float(value) if number else np.nan,
            "points": float(p),
        }
        for value, p in zip(values, points, strict=True)
    ]


def _totals(found: AdditiveModel, lowest: float, per_point: float, most: float, times: Floats) -> list[dict[str, Any]]:
    totals = round_steps(0.0, most, TOTALS)
    survival = found.survival(lowest + totals * per_point, times)
    return [
        {"axis": "total", "value": f"{total:g}", "position": float(total), "points": float(total)}
        | {f"survival_{t:g}": float(s) for t, s in zip(times, own, strict=True)}
        for total, own in zip(totals, survival, strict=True)
    ]


def _risks(found: AdditiveModel, lowest: float, per_point: float, most: float, time: float) -> list[dict[str, Any]]:
    """The points in all at which the risk by `time` is round: log(-log survival) rises by `per_point` with each."""
    survival = float(found.survival(np.array([lowest]), np.array([time]))[0, 0])
    if not 0 < survival < 1:
        return []
    risks = np.array(RISKS)
    totals = (np.log(-np.log1p(-risks)) - np.log(-np.log(survival))) / per_point
    return [
        {"axis": f"risk_{time:g}", "value": f"{risk:g}", "position": float(risk), "points": float(total)}
        for risk, total in zip(risks, totals, strict=True)
        if 0 <= total <= most
    ]


def _rows(curves: pd.DataFrame, event: str, times: Floats, found: AdditiveModel) -> list[dict[str, Any]]:
    shared = {"analysis": "nomogram", "outcome": event, "n": found.model.data.n, "events": found.model.data.events}
    rows: list[dict[str, Any]] = []
    for line in curves[~curves["axis"].isin([f"risk_{t:g}" for t in times])].to_dict("records"):
        if line["axis"] != "total":
            rows.append(
                {"variable": line["axis"], "level": line["value"], "measure": "points", "estimate": line["points"]}
            )
            continue
        rows += [
            {"term": "total points", "level": line["value"], "time": t, "measure": "survival",
             "estimate": line[f"survival_{t:g}"]}
            for t in times
        ]  # fmt: skip
    return [{**shared, **row} for row in rows]

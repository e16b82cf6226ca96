"""Decision curves: the net benefit of acting on a predicted risk, against acting on everybody and on nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import column, numbers, truth
from neurohlh.stats.predict.tripod import tripod
from neurohlh.stats.recipe import software
from neurohlh.stats.survival_data import first_reasons

ALL, NONE = "all", "none"
"""The two strategies that every model is held against."""
THRESHOLDS = tuple(np.round(np.arange(0.01, 0.61, 0.01), 2))
"""Threshold probabilities by default: 1 to 60 %."""
_TOO_SHORT = "not estimable: nobody above this threshold is followed to the horizon"


def decision_curve(
    frame: pd.DataFrame,
    outcome: str,
    risks: Sequence[str],
    *,
    time: str | None = None,
    horizon: float | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
) -> Result:
    """Net benefit of treating those whose predicted risk reaches a threshold, for every column of `risks`.

    Net benefit is the share of true positives minus the share of false positives times the odds of the threshold. With
    `time` and `horizon` the outcome is the event by the horizon and censoring is met by Kaplan-Meier among those above
    the threshold; otherwise `outcome` is binary. `curves`: group, threshold, net_benefit, interventions_avoided (per
    patient, against treating all). Computed by dcurves, the package of the method's authors.

    Rows without outcome, time or any risk are dropped and counted. Raises ValueError for wrong columns, risks or
    thresholds outside 0 to 1, NotEstimable without an event or a row, or where everybody has the event.
    """
    from dcurves import dca  # loads lifelines and matplotlib: only when a decision curve is wanted

    if (time is None) != (horizon is None):
        raise ValueError("time and horizon belong together")
    if horizon is not None and not (np.isfinite(horizon) and horizon > 0):
        raise ValueError("horizon must be a time above 0")
    wanted = np.unique(np.asarray(list(thresholds), dtype=float))
    if not len(wanted) or not ((wanted > 0) & (wanted < 1)).all():
        raise ValueError("thresholds must lie between 0 and 1")
    data, dropped = _data(frame, outcome, list(risks), time)
    _require_both(data, horizon)
    names = {f"model_{i}": risk for i, risk in enumerate(risks)}  # dcurves keeps "all" and "none" for itself
    survival = {} if time is None else {"time": horizon, "time_to_outcome_col": "followup"}
    found = dca(data, "outcome", list(names), thresholds=wanted.tolist(), **survival)
    curves = _curves(found, names)
    return Result(
        kind="decision_curve",
        tidy=tidy_frame(_rows(curves, data, outcome, horizon)),
        curves=curves,
        method={
            "estimator": "net benefit",
            "censoring": "none" if time is None else "Kaplan-Meier among those above the threshold",
            "horizon": horizon if horizon is not None else "",
            "default_strategies": [ALL, NONE],
            "interval": "none",
            "denominator": "patients with outcome and all predicted risks known",
            "software": software("dcurves"),
            "reference": [
                "Vickers & Elkin 2006, Med Decis Making 26:565",
                "Vickers, Cronin, Elkin & Gonen 2008, BMC Med Inform Decis Mak 8:53",
            ],
            "tripod": tripod("10d", "16"),
        },
        counts={
            "supplied": len(frame),
            "used": len(data),
            "events": int(data["outcome"].sum()),
            "dropped": dropped,
        },
        notes=("A risk predicted for the patients from whom the model was made is too good: validate it first.",),
    )


def _data(frame: pd.DataFrame, outcome: str, risks: list[str], time: str | None) -> tuple[pd.DataFrame, dict[str, int]]:
    if not risks or len(set(risks)) != len(risks):
        raise ValueError("risks must name columns of predicted risk, each once")
    values = {"outcome": truth(column(frame, outcome))}
    values |= {f"model_{i}": numbers(column(frame, risk)) for i, risk in enumerate(risks)}
    for i, risk in enumerate(risks):
        outside = int(((values[f"model_{i}"] < 0) | (values[f"model_{i}"] > 1)).sum())
        if outside:
            raise ValueError(f"column {risk!r}: {outside} predicted risks lie outside 0 to 1")
    if time is not None:
        values["followup"] = numbers(column(frame, time))
    said = dict(zip(values, [outcome, *risks, time], strict=False))
    kept, dropped = first_reasons({f"missing {said[k]}": np.isnan(v) for k, v in values.items()}, len(frame))
    if not kept.any():
        raise NotEstimable("no row has outcome and all predicted risks")
    data = pd.DataFrame({key: value[kept] for key, value in values.items()})
    if not data["outcome"].any():
        raise NotEstimable(f"no events among {len(data)} patients")
    return data.assign(outcome=data["outcome"] == 1), dropped


def _require_both(data: pd.DataFrame, horizon: float | None) -> None:
    """Refuse where the risk of everybody is 1: there are no false positives to weigh."""
    last = data
    if horizon is not None:
        if (data["followup"] < 0).any():
            raise ValueError(f"{int((data['followup'] < 0).sum())} follow-up times are negative")
        last = data[data["followup"] == data["followup"].max()]
    ended = horizon is None or bool((data["followup"] <= horizon).all())
    if ended and last["outcome"].all():
        raise NotEstimable("everybody has the event, so that no decision can be a false positive")


def _curves(found: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    odds = found["threshold"] / (1 - found["threshold"])
    benefit = pd.to_numeric(found["net_benefit"])
    everybody = benefit[found["model"] == ALL].to_numpy()
    return pd.DataFrame(
        {
            "group": found["model"].replace(names),
            "threshold": found["threshold"],
            "net_benefit": benefit,
            "interventions_avoided": (benefit - np.tile(everybody, found["model"].nunique())) / odds,
        }
    )


def _rows(curves: pd.DataFrame, data: pd.DataFrame, outcome: str, horizon: float | None) -> list[dict[str, Any]]:
    shared: dict[str, Any] = {
        "analysis": "decision_curve",
        "outcome": outcome,
        "measure": "net benefit",
        "scale": "identity",
    }
    shared |= {"time": horizon, "n": len(data), "events": int(data["outcome"].sum()), "term": "threshold"}
    return [
        {
            **shared,
            "group": group,
            "level": f"{threshold:g}",
            "estimate": benefit,
            "note": _TOO_SHORT if np.isnan(benefit) else "",
        }
        for group, threshold, benefit in zip(curves["group"], curves["threshold"], curves["net_benefit"], strict=True)
    ]

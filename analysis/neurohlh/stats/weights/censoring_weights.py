"""Inverse probability of censoring weights: those still followed stand for those like them who were lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, column, truth
from neurohlh.stats.curves.product_limit import product_limit
from neurohlh.stats.hazards.baseline import predicted_survival
from neurohlh.stats.hazards.model import CoxOptions, cox_model
from neurohlh.stats.recipe import software
from neurohlh.stats.start_stop import START, STOP, split_at
from neurohlh.stats.weights.distribution import heaviest_check
from neurohlh.stats.weights.estimands import effective_size, truncated

WEIGHT = "censoring_weight"
_PATIENT = "patient_number"
MOST_ROWS = 5_000_000
"""Rows from start to stop above which times must be named."""


@dataclass(frozen=True)
class CensoringWeights:
    """Follow-up from start to stop with a weight per interval.

    Attributes
    ----------
    frame : rows with `start`, `stop`, the event, `censoring_weight`, `id` (the patient) and the other columns.
    result : kind "censoring_weights": the censoring model, the distribution of the weights, what was dropped.
    """

    frame: pd.DataFrame
    result: Result


def censoring_weights(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    times: Sequence[float] | None = None,
    stabilised: bool = True,
    truncate: tuple[float, float] | None = None,
    reference: Mapping[str, str] | None = None,
    ties: str = "efron",
) -> CensoringWeights:
    """Cut follow-up at `times` and weight each interval by 1/P(uncensored up to its start | covariates).

    `frame` has one row per patient; `event` true/false or 1/0, everybody else counts as censored at the end of
    follow-up. P is from a Cox model of being censored on `covariates` (terms as in `cox`); `stabilised` weights are
    multiplied by the Kaplan-Meier probability of being uncensored. `times` are by default all times at which an event
    happens. A patient with an event counts as under observation all that day. `truncate` moves weights beyond two of
    their quantiles (type 7) to them. Analyse the rows with entry="start", weights="censoring_weight", and "id" as
    cluster or id.

    Right if, within the covariates, who is lost does not differ from who is followed. Raises ValueError for wrong
    columns or options, NotEstimable without a censoring, or where nobody like a patient stays in follow-up. Robins and
    Finkelstein 2000, Biometrics 56:779.
    """
    lost = f"{event} (censored)"
    taken = {lost, WEIGHT, _PATIENT} & set(frame.columns)
    if taken:
        raise ValueError(f"the frame already has a column {sorted(taken)[0]!r}")
    happened = truth(column(frame, event))
    data = frame.assign(**{lost: 1 - happened})
    model = cox_model(data, time, lost, covariates, CoxOptions(reference=reference, ties=ties))
    if not model.sound:
        raise NotEstimable("a coefficient of the censoring model cannot be estimated")
    patients = data.loc[model.used]
    ends = model.data.time[~model.data.event]
    cuts = np.unique(ends if times is None else np.asarray(list(times), dtype=float))
    cuts = cuts[(cuts > 0) & (cuts < model.data.time.max())]
    if not len(cuts):
        raise NotEstimable("no time lies inside follow-up: there is nothing to weight")
    if len(cuts) * len(patients) > MOST_ROWS:
        raise ValueError(f"{len(cuts)} times for {len(patients)} patients are too many rows; name fewer times")
    numbered = patients.drop(columns=lost).assign(**{_PATIENT: np.arange(len(patients))})
    rows = split_at(numbered, time, event, cuts.tolist())
    weights = _weights(model, rows.frame, stabilised)
    weights, limits, moved = truncated(weights, truncate)
    out = rows.frame.drop(columns=["period", _PATIENT]).assign(**{WEIGHT: weights})
    truncation = "none" if limits is None else f"{moved} weights moved to {limits[0]:.6g} and {limits[1]:.6g}"
    said = {"stabilised": stabilised, "covariates": list(covariates), "ties": ties, "truncation": truncation}
    said["truncation_limits"] = list(limits or ())
    return CensoringWeights(out, _result(model, out, weights, said, lost))


def _weights(model: Any, rows: pd.DataFrame, stabilised: bool) -> Floats:
    """The weight of each interval from its patient and its start."""
    starts, place = np.unique(rows[START].to_numpy(dtype=float), return_inverse=True)
    # Uncensored up to and with the start: who is lost on that day no longer counts afterwards.
    free = predicted_survival(model.rows, model.fit, model.design.matrix[:, model.kept], starts)
    own = free[rows[_PATIENT].to_numpy(dtype=np.intp), place]
    if not (own > 0).all():
        raise NotEstimable("some patients would have no chance to be still in follow-up: their weight is infinite")
    if not stabilised:
        return np.asarray(1 / own)
    curve = product_limit(model.data.time, model.data.event, None, z=1.0)
    return np.asarray(curve.survival[curve.row_at(starts)][place] / own)


def _result(model: Any, rows: pd.DataFrame, weights: Floats, said: dict[str, Any], lost: str) -> Result:
    numbers = {
        "mean weight": float(weights.mean()),
        "smallest weight": float(weights.min()),
        "median weight": float(np.median(weights)),
        "largest weight": float(weights.max()),
        "effective number of intervals": effective_size(weights),
    }
    shared = {"analysis": "censoring_weights", "outcome": lost, "n": model.data.n, "events": model.data.events}
    return Result(
        kind="censoring_weights",
        tidy=tidy_frame([{**shared, "term": t, "measure": t, "estimate": v} for t, v in numbers.items()]),
        checks=check_frame([heaviest_check(weights, "intervals")]),
        method={
            "estimand": "all patients with known covariates, had nobody been lost to follow-up",
            "model": "Cox model of being censored",
            **said,
            "intervals": int(rows[STOP].nunique()),
            "variance": "robust by patient, with the weights as known",
            "denominator": "patients with follow-up, outcome and covariates known",
            "software": software("numpy", "scipy"),
            "reference": ["Robins & Finkelstein 2000, Biometrics 56:779"],
        },
        counts={**model.counts, "rows": len(rows)},
        notes=("Rests on losses that depend on nothing beyond the covariates named.",),
    )

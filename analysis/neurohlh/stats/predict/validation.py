"""Internal validation of a Cox model by the bootstrap: what optimism there is, and what is left without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.hazards.fit import SortedDesign
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model
from neurohlh.stats.predict.optimism import Performance, Replicate, own_performance, replicate
from neurohlh.stats.predict.tripod import tripod
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.resample import bootstrap_rows, run_replicates, seeds

MEASURES = {
    "concordance": "concordance",
    "dxy": "Somers' Dxy",
    "slope": "calibration slope",
    "r2": "Nagelkerke R2",
    "discrimination": "discrimination index D",
    "unreliability": "unreliability index U",
    "quality": "quality index Q",
    "spread": "Gini's mean difference",
}
"""Field of `Performance` -> measure."""
FEW_LEFT = 0.9
"""Share of the replicates that must give a finite model for a correction to be printed."""


def validate_cox(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    seed: int | np.random.Generator,
    replicates: int = 200,
    reference: Mapping[str, str] | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
    n_jobs: int | None = None,
    rows: Ints | None = None,
) -> Result:
    """Apparent and optimism-corrected performance of a Cox model; equal to rms::validate for the same samples.

    Every replicate refits the model to a bootstrap sample of the patients used, and the optimism is the mean of its
    performance there minus on the original patients. Terms, knots, levels and covariates are those of the original
    data. Limits of the corrected value are the bootstrap percentiles of the apparent one, shifted by the optimism
    (Noma 2021). `rows` (replicates, patients used) hands in the samples as row numbers from 0, in place of `seed`.

    `tidy`: for each measure the rows apparent, training, test, optimism and corrected. Raises ValueError for wrong
    columns or options, NotEstimable if the model has no finite estimate or too few replicates have one.
    """
    z_value(conf_level)
    model = cox_model(frame, time, event, covariates, CoxOptions(reference=reference, ties=ties))
    if not model.sound:
        raise NotEstimable("a coefficient of the model runs to infinity, so that it cannot be validated")
    matrix = model.design.matrix[:, model.kept]
    data = SortedDesign.of(matrix, model.data.time, model.data.event, ties=ties)
    apparent = own_performance(matrix @ model.fit.coef, model.fit, model.data.time, model.data.event)
    found = _replicates(model, matrix, data, seed, replicates, rows, n_jobs)
    sound = [one for one in found if one is not None]
    if len(sound) < max(2, FEW_LEFT * len(found)):
        raise NotEstimable(
            f"only {len(sound)} of {len(found)} bootstrap samples give a finite model; it has too many parameters"
        )
    return Result(
        kind="cox_validation",
        tidy=tidy_frame(_rows(apparent, sound, model, event, conf_level)),
        checks=check_frame([_check(len(sound), len(found))]),
        method=_method(covariates, conf_level, ties, len(found)),
        counts={**model.counts, "replicates": len(found), "replicates_without_a_model": len(found) - len(sound)},
        notes=("Choices made before the model was written down (which covariates, which cuts) are not corrected for.",),
    )


def _replicates(
    model: CoxModel,
    matrix: Floats,
    data: SortedDesign,
    seed: int | np.random.Generator,
    replicates: int,
    rows: Ints | None,
    n_jobs: int | None,
) -> list[Replicate | None]:
    time, event = model.data.time, model.data.event
    if rows is None:
        one = partial(_drawn, matrix=matrix, data=data, time=time, event=event)
        return run_replicates(one, seeds(seed, replicates), n_jobs)
    given = np.asarray(rows)
    if given.ndim != 2 or given.shape[1] != len(time) or given.min() < 0 or given.max() >= len(time):
        raise ValueError(f"rows must be (replicates, {len(time)}) row numbers from 0 to {len(time) - 1}")
    return [replicate(own, matrix, data, time, event) for own in given]


def _drawn(
    seed: np.random.SeedSequence, matrix: Floats, data: SortedDesign, time: Floats, event: Any
) -> Replicate | None:
    return replicate(bootstrap_rows(seed, len(time)), matrix, data, time, event)


def _rows(
    apparent: Performance, found: Sequence[Replicate], model: CoxModel, event: str, conf_level: float
) -> list[dict[str, Any]]:
    training = np.array([one.training.values() for one in found])
    test = np.array([one.test.values() for one in found])
    optimism = (training - test).mean(axis=0)
    tail = (1 - conf_level) / 2
    low, high = np.quantile(training, [tail, 1 - tail], axis=0) - optimism
    out = []
    for place, name in enumerate(f.name for f in fields(Performance)):
        shared: dict[str, Any] = {
            "analysis": "cox_validation",
            "outcome": event,
            "measure": MEASURES[name],
            "scale": "identity",
        }
        shared |= {"n": model.data.n, "events": model.data.events, "method": "bootstrap optimism"}
        value = float(apparent.values()[place])
        corrected = {"estimate": value - optimism[place]}
        if name != "slope":  # refitted to the sample it comes from, the slope is 1 there by construction
            corrected |= {"conf_low": low[place], "conf_high": high[place]}
        else:
            spread = np.quantile(test[:, place], [tail, 1 - tail])
            corrected |= {"conf_low": spread[0], "conf_high": spread[1]}
        said = {
            "apparent": {"estimate": value},
            "training": {"estimate": training[:, place].mean()},
            "test": {"estimate": test[:, place].mean()},
            "optimism": {"estimate": optimism[place]},
            "corrected": corrected,
        }
        out += [{**shared, "term": term, **numbers} for term, numbers in said.items()]
    return out


def _check(sound: int, replicates: int) -> dict[str, Any]:
    return {
        "check": "replicates with a finite model",
        "term": "GLOBAL",
        "value": sound,
        "verdict": "ok" if sound == replicates else "attention",
        "note": f"of {replicates}; the others are left out of the mean",
    }


def _method(covariates: Sequence[str], conf_level: float, ties: str, replicates: int) -> dict[str, Any]:
    return {
        "model": "Cox proportional hazards",
        "estimator": "apparent performance minus bootstrap optimism",
        "replicates": replicates,
        "interval": "bootstrap percentiles of the apparent value shifted by the optimism; slope: its percentiles",
        "conf_level": conf_level,
        "ties": ties,
        "test": "none",
        "correction": "bootstrap optimism",
        "covariates": list(covariates),
        "denominator": "patients with follow-up and all covariates known",
        "software": software("numpy", "scipy", "joblib"),
        "reference": [
            "Harrell, Lee & Mark 1996, Stat Med 15:361",
            "Noma, Shinozaki, Iba, Teramukai & Furukawa 2021, Stat Med 40:5691",
        ],
        "tripod": tripod("10b", "10d", "16"),
    }

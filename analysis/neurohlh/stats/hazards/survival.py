"""Survival predicted by a Cox model as a Result, with limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, column, labels
from neurohlh.stats.curves.limits import hazard_limits, survival_limits
from neurohlh.stats.hazards.baseline import Baseline, baselines, predicted
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model
from neurohlh.stats.recipe import software, z_value

_BEYOND = "not estimable: beyond the last follow-up"


def cox_survival(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    newdata: pd.DataFrame,
    times: Sequence[float],
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    entry: str | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> Result:
    """Survival and cumulative hazard at `times` that the model of `cox` predicts for the rows of `newdata`.

    `newdata` holds the covariates, and the column `strata` if the model has one. Estimates and standard errors are
    those of R's survfit.coxph (Efron's ties: Efron's baseline; otherwise Breslow's). `conf_type` is the scale on which
    the limits of survival are symmetric: "log-log", "log", "plain", "logit" or "arcsin"; limits of the cumulative
    hazard are symmetric on the log scale. A time beyond the last follow-up (of the stratum) has no estimate.

    `tidy`: measures "survival" and "cumulative hazard" per row of `newdata` (`group`: its index) and time. `curves`:
    group, stratum, time, survival, conf_low, conf_high, cumulative_hazard at every event time; and, in group
    "baseline", the cumulative hazard of covariates 0 ("uncentred") and of mean covariates ("centred").

    Raises ValueError for wrong columns, levels, strata or options, NotEstimable as `cox` does and if a coefficient has
    no estimate.
    """
    options = CoxOptions(reference, strata, entry, cluster, ties, conf_level, weights=weights)
    model = cox_model(frame, time, event, covariates, options)
    base = baselines(model.rows, model.fit)
    design = model.design.apply(newdata)
    if not design.complete.all():
        raise ValueError(f"newdata: {int((~design.complete).sum())} rows lack a covariate")
    own = _strata(frame, newdata, strata, model, base)
    at = np.asarray(times, dtype=float)
    if at.ndim != 1 or not len(at) or not np.isfinite(at).all() or (at < 0).any():
        raise ValueError("times must be finite and not negative")
    last = _last(model)
    rows, curves = [], [_baseline_curves(model, base)]
    for place, label in enumerate(newdata.index):
        matrix = design.matrix[place : place + 1, model.kept]
        stratum = own[place]
        rows += _rows(model, base[stratum], matrix, at, last[stratum], str(label), event, conf_level, conf_type)
        curves.append(_curve(model, base[stratum], matrix, str(label), conf_level, conf_type))
    return Result(
        kind="cox_survival",
        tidy=tidy_frame(rows),
        curves=pd.concat(curves, ignore_index=True),
        checks=check_frame([]),
        method=_method(options, covariates, conf_type, model),
        counts=model.counts,
    )


def _strata(
    frame: pd.DataFrame, newdata: pd.DataFrame, strata: str | None, model: CoxModel, base: Mapping[int, Baseline]
) -> list[int]:
    """The stratum of each new row, as the integer it has in the model."""
    if strata is None or model.strata is None:
        return [0] * len(newdata)
    names = labels(column(frame, strata))[0][model.used]
    codes = dict(zip(names.tolist(), model.strata.tolist(), strict=True))
    asked = labels(column(newdata, strata))[0].tolist()
    unknown = sorted({str(name) for name in asked if codes.get(name) not in base})
    if unknown:
        raise ValueError(f"newdata: {strata} {', '.join(unknown)} has no event in the model, and so no baseline")
    return [codes[name] for name in asked]


def _last(model: CoxModel) -> dict[int, float]:
    strata = np.zeros(model.data.n, dtype=np.intp) if model.strata is None else model.strata
    return {int(code): float(model.data.time[strata == code].max()) for code in np.unique(strata)}


def _survival(
    model: CoxModel, base: Baseline, matrix: Floats, at: Floats, conf_level: float, conf_type: str
) -> dict[str, Floats]:
    found = predicted(model.rows, model.cov, model.fit.coef, base, matrix, at)
    hazard, error = found.hazard[0], found.std_error[0]
    survival = np.exp(-hazard)
    low, high = survival_limits(survival, error, z_value(conf_level), conf_type)
    return {"survival": survival, "conf_low": low, "conf_high": high, "hazard": hazard, "std_error": error}


def _rows(
    model: CoxModel, base: Baseline, matrix: Floats, at: Floats, last: float, label: str, event: str,
    conf_level: float, conf_type: str,
) -> list[dict[str, Any]]:  # fmt: skip
    found = _survival(model, base, matrix, at, conf_level, conf_type)
    low, high = hazard_limits(found["hazard"], found["std_error"], z_value(conf_level))
    rows = []
    for i, moment in enumerate(at):
        said = {"analysis": "cox_survival", "outcome": event, "group": label, "time": moment}
        said |= {"n": model.data.n, "events": model.data.events, "method": "Cox regression"}
        survival = {"measure": "survival", "scale": "identity"}
        hazard = {"measure": "cumulative hazard", "scale": "identity"}
        if moment > last:
            rows += [{**said, **measure, "note": f"{_BEYOND} ({last:g})"} for measure in (survival, hazard)]
            continue
        survival |= {"estimate": found["survival"][i], "conf_low": found["conf_low"][i]}
        survival |= {"conf_high": found["conf_high"][i], "coef": found["survival"][i]}
        survival |= {"std_error": found["survival"][i] * found["std_error"][i]}
        hazard |= {"estimate": found["hazard"][i], "coef": found["hazard"][i], "std_error": found["std_error"][i]}
        rows += [{**said, **survival}, {**said, **hazard, "conf_low": low[i], "conf_high": high[i]}]
    return rows


def _curve(
    model: CoxModel, base: Baseline, matrix: Floats, label: str, conf_level: float, conf_type: str
) -> pd.DataFrame:
    found = _survival(model, base, matrix, base.times, conf_level, conf_type)
    columns = {"survival": found["survival"], "conf_low": found["conf_low"], "conf_high": found["conf_high"]}
    return pd.DataFrame({"group": label, "time": base.times, **columns, "cumulative_hazard": found["hazard"]})


def _baseline_curves(model: CoxModel, base: Mapping[int, Baseline]) -> pd.DataFrame:
    """Cumulative hazards of covariates 0 and of the mean covariates of the patients used, per stratum."""
    matrix = model.design.matrix[:, model.kept]
    means = matrix.mean(axis=0) if model.weights is None else np.average(matrix, axis=0, weights=model.weights)
    parts = []
    for code, one in base.items():
        for name, at in (("uncentred", np.zeros(len(means))), ("centred", means)):
            hazard = one.hazard * np.exp((at - model.rows.centre) @ model.fit.coef)
            said = {"group": "baseline", "level": name, "stratum": code, "time": one.times}
            parts.append(pd.DataFrame({**said, "cumulative_hazard": hazard}))
    return pd.concat(parts, ignore_index=True)


def _method(options: CoxOptions, covariates: Sequence[str], conf_type: str, model: CoxModel) -> dict[str, Any]:
    return {
        "model": "Cox proportional hazards",
        "estimator": "Efron's baseline hazard" if options.ties == "efron" else "Breslow's baseline hazard",
        "test": "none",
        "correction": "none",
        "interval": f"symmetric on the {conf_type} scale; cumulative hazard on the log scale",
        "conf_level": options.conf_level,
        "ties": options.ties,
        "variance": "of the baseline and of the coefficients"
        + (" (robust sandwich)" if model.cluster is not None else " (model-based)"),
        "strata": options.strata or "",
        "entry": options.entry or "",
        "weights": options.weights or "none",
        "covariates": list(covariates),
        "reference_levels": dict(model.design.references),
        "denominator": "patients with follow-up and all covariates known",
        "software": software("numpy", "scipy"),
        "reference": ["Breslow 1972, J R Stat Soc B 34:216", "Tsiatis 1981, Ann Stat 9:93"],
    }

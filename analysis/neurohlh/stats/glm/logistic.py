"""Logistic regression as a Result: odds ratios by maximum or penalised likelihood, tests, checks, and what fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.glm.covariance import WORDS, checked_variance, variance_reference
from neurohlh.stats.glm.data import ModelData, model_data
from neurohlh.stats.glm.logistic_checks import logistic_checks
from neurohlh.stats.glm.logistic_model import (
    LogisticModel,
    firth_estimates,
    logistic_model,
    profile_estimates,
)
from neurohlh.stats.glm.rows import model_rows, row_notes, wald
from neurohlh.stats.recipe import software, z_value


def logistic(
    frame: pd.DataFrame,
    outcome: str,
    covariates: Sequence[str],
    *,
    reference: Mapping[str, str] | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    variance: str | None = None,
    limits: str = "profile",
    penalty: str | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Odds ratios of `covariates` (terms as in `model_design`) for `outcome` (true/false or 1/0), equal to R's glm.

    `limits` are "profile" (likelihood, as R's confint) or "wald"; tests are Wald's. `variance`: "model" (default),
    "HC0", "HC1", "HC3", or with `cluster` "CR1" (default) and "CR0"; robust variances have Wald limits. `weights`
    multiply the likelihood: a whole number stands for that many patients under the model variance. `penalty="firth"`
    maximises the penalised likelihood, with its own profile limits and tests. A coefficient that separates the outcomes
    is empty with the reason; those that are still determined keep their numbers, with Wald limits.

    Raises ValueError for wrong columns, codes or options; NotEstimable if the outcome is the same in everybody.
    """
    z_value(conf_level)
    chosen = checked_variance(variance, cluster, "model")
    if limits not in ("profile", "wald"):
        raise ValueError(f"limits must be 'profile' or 'wald', not {limits!r}")
    if penalty not in (None, "firth"):
        raise ValueError(f"penalty must be None or 'firth', not {penalty!r}")
    if penalty and chosen != "model":
        raise ValueError("the penalised fit has the model-based variance only")
    data = model_data(frame, outcome, covariates, reference=reference, cluster=cluster, weights=weights)
    model = logistic_model(data, chosen)
    said = {
        "covariates": list(covariates),
        "conf_level": conf_level,
        "weights": weights or "",
        "cluster": cluster or "",
    }
    if penalty:
        return _firth(model, conf_level, said)
    profiled = limits == "profile" and chosen == "model" and model.sound
    found = (
        profile_estimates(model, conf_level)
        if profiled
        else wald(model.coef, model.cov, conf_level, why_not=model.why_not)
    )
    rows = model_rows(data, found, measure="OR", base="odds", method="logistic regression")
    recipe = {
        "model": "logistic regression",
        "estimator": "maximum likelihood (Newton)",
        "test": "Wald",
        "interval": "profile likelihood" if profiled else "Wald on the log scale",
        "variance": WORDS[chosen],
        "reference": ["Cox 1958, J R Stat Soc B 20:215", *variance_reference(chosen), *_cited(model)],
    }
    return _result(model, rows, {**_method(data, said), **recipe}, conf_level, _notes(model))


def _firth(model: LogisticModel, conf_level: float, said: Mapping[str, Any]) -> Result:
    fit, found = firth_estimates(model.data, conf_level)
    rows = model_rows(model.data, found, measure="OR", base="odds", method="logistic regression with Firth's penalty")
    recipe = {
        "model": "logistic regression with Firth's penalty",
        "estimator": "maximum penalised likelihood (plus half the log determinant of the information)",
        "test": "penalised likelihood ratio",
        "interval": "profile penalised likelihood",
        "variance": "inverse information at the penalised estimate",
        "correction": "Firth's bias reduction",
        "reference": ["Firth 1993, Biometrika 80:27", "Heinze & Schemper 2002, Stat Med 21:2409"],
    }
    notes = [] if model.sound else ["The covariates separate the outcomes; read the limits, not the standard errors."]
    result = _result(model, rows, {**_method(model.data, said), **recipe}, conf_level, notes)
    extra = {"check": "penalised log likelihood", "term": "GLOBAL", "value": fit.loglik, "verdict": "ok", "note": ""}
    kept = result.checks[result.checks["check"].isin(["events per parameter", "separation"])]
    return result.with_(checks=check_frame([extra, *kept.to_dict("records")]))  # type: ignore[list-item]


def _cited(model: LogisticModel) -> list[str]:
    return [] if model.sound else ["Albert & Anderson 1984, Biometrika 71:1"]


def _notes(model: LogisticModel) -> list[str]:
    found = model.fit.separation
    if found is None or found.kind == "none":
        return []
    names = ", ".join(name for j, name in enumerate(model.data.names) if found.infinite[j])
    return [
        f"Separation ({found.kind}): {names} predict the outcome of {int(found.rows.sum())} patients without error, so "
        "that their odds ratios have no finite estimate. Firth's penalised likelihood (penalty='firth') gives finite "
        "ones."
    ]


def _method(data: ModelData, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **said,
        "correction": "none",
        "reference_levels": dict(data.design.references),
        "knots": data.design.knots,
        "denominator": "patients with the outcome and all covariates known",
        "separation": "decided by linear programming (Konis 2007) where fitted risks come near 0 or 1",
        "software": software("numpy", "scipy"),
    }


def _result(
    model: LogisticModel, rows: list[dict[str, Any]], method: dict[str, Any], conf_level: float, notes: list[str]
) -> Result:
    return Result(
        kind="logistic",
        tidy=tidy_frame([{"analysis": "logistic", **row} for row in rows]),
        checks=check_frame(logistic_checks(model, conf_level)),
        method=method,
        counts=model.data.counts,
        notes=(*notes, *row_notes(model.data, rows)),
    )

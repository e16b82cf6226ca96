"""Generalised estimating equations as a Result: average effects on correlated outcomes, with robust limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import column, numbers
from neurohlh.stats.glm.data import model_data
from neurohlh.stats.glm.families import BINOMIAL, GAUSSIAN, POISSON
from neurohlh.stats.glm.gee_fit import STRUCTURES, Clusters, GeeFit, fit_gee
from neurohlh.stats.glm.rows import model_rows, row_notes, wald
from neurohlh.stats.glm.separation import separation
from neurohlh.stats.glm.zero_cells import log_link_empty
from neurohlh.stats.recipe import software, z_value

FAMILIES = {
    "binomial": (BINOMIAL, "yes/no", "OR", "odds"),
    "poisson": (POISSON, "count", "rate ratio", "rate"),
    "gaussian": (GAUSSIAN, "number", "mean difference", "mean"),
}
VARIANCES = {
    "robust": "robust sandwich of the clusters (CR0)",
    "mancl_derouen": "robust sandwich with Mancl and DeRouen's small-sample correction",
    "model": "model-based (working correlation taken as true)",
}
_FEW_CLUSTERS = 40


def gee(
    frame: pd.DataFrame,
    outcome: str,
    covariates: Sequence[str],
    *,
    cluster: str,
    family: str = "binomial",
    correlation: str = "exchangeable",
    order: str | None = None,
    person_time: str | None = None,
    variance: str = "robust",
    reference: Mapping[str, str] | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Population-average effects on an outcome measured repeatedly within `cluster`, equal to R's geepack.

    `family`: "binomial" (odds ratios), "poisson" (rate ratios, with `person_time`), "gaussian" (mean differences).
    `correlation`: "independence", "exchangeable", or "ar1" of rows sorted by `order` (without it: as they come).
    `variance`: "robust", "mancl_derouen" (for few clusters) or "model". Limits and tests are Wald's.

    Raises ValueError for wrong columns or options; NotEstimable with fewer than two clusters, separated outcomes, an
    impossible working correlation or no convergence.
    """
    z_value(conf_level)
    _check_options(family, correlation, variance)
    own, kind, measure, base = FAMILIES[family]
    rows = frame if order is None else frame.iloc[np.argsort(numbers(column(frame, order)), kind="stable")]
    data = model_data(
        rows, outcome, covariates, kind=kind, reference=reference, cluster=cluster, person_time=person_time
    )
    assert data.cluster is not None
    if data.cluster.max() < 1:
        raise NotEstimable("estimating equations need at least two clusters")
    if family == "binomial":
        if data.y.min() == data.y.max():
            raise NotEstimable("the outcome is the same in all patients used")
        if separation(data.matrix, data.y).kind != "none":
            raise NotEstimable("the covariates separate the outcomes: an odds ratio runs to 0 or infinity")
    if family == "poisson" and log_link_empty(data).infinite.any():
        raise NotEstimable("a level has no events: its rate ratio runs to 0")
    sort = np.argsort(data.cluster, kind="stable")
    clusters = Clusters(data.cluster[sort], correlation)
    fit = fit_gee(data.matrix[sort], data.y[sort], own, clusters, None if data.offset is None else data.offset[sort])
    if not fit.converged:
        raise NotEstimable("the estimating equations did not converge")
    cov = {"robust": fit.robust, "mancl_derouen": fit.corrected, "model": fit.model}[variance]
    words = {"family": family, "correlation": correlation, "order": order or "as the rows come", "variance": variance}
    table = model_rows(data, replace(wald(fit.coef, cov, conf_level)), measure=measure, base=base,
                       method="generalised estimating equations", log=family != "gaussian")  # fmt: skip
    return Result(
        kind="gee",
        tidy=tidy_frame([{"analysis": "gee", **row} for row in table]),
        checks=check_frame(_checks(fit, correlation, variance)),
        method={**_method(words), "conf_level": conf_level, "cluster": cluster, "person_time": person_time or "",
                "covariates": list(covariates), "reference_levels": dict(data.design.references)},
        counts={**data.counts, "clusters": fit.clusters, "largest_cluster": fit.largest},
        notes=tuple(row_notes(data, table, "rows")),
    )  # fmt: skip


def _check_options(family: str, correlation: str, variance: str) -> None:
    for name, value, allowed in (
        ("family", family, FAMILIES),
        ("correlation", correlation, STRUCTURES),
        ("variance", variance, VARIANCES),
    ):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")


def _checks(fit: GeeFit, correlation: str, variance: str) -> list[dict[str, Any]]:
    few = fit.clusters < _FEW_CLUSTERS and variance == "robust"
    note = f"fewer than {_FEW_CLUSTERS}: use variance='mancl_derouen'" if few else ""
    return [
        {"check": "working correlation", "term": "GLOBAL", "value": fit.alpha, "verdict": "ok", "note": correlation},
        {"check": "scale", "term": "GLOBAL", "value": fit.scale, "verdict": "ok",
            "note": "mean squared Pearson residual"},
        {"check": "clusters", "term": "GLOBAL", "value": float(fit.clusters), "verdict": "attention" if few else "ok",
         "note": note},
    ]  # fmt: skip


def _method(words: Mapping[str, str]) -> dict[str, Any]:
    return {
        "model": f"generalised estimating equations, {words['family']}",
        "estimator": "estimating equations (Fisher scoring)",
        "test": "Wald",
        "interval": "Wald",
        "correlation": words["correlation"],
        "order": words["order"],
        "variance": VARIANCES[words["variance"]],
        "correction": "none",
        "denominator": "rows with outcome, cluster and all covariates known",
        "software": software("numpy", "scipy"),
        "reference": ["Liang & Zeger 1986, Biometrika 73:13", "Mancl & DeRouen 2001, Biometrics 57:126"],
    }

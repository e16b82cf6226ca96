"""Risk ratios as a Result: modified Poisson regression, and the log-binomial model where it has a maximum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.glm.covariance import WORDS, checked_variance, sandwich, variance_reference
from neurohlh.stats.glm.data import ModelData, model_data
from neurohlh.stats.glm.families import LOG_BINOMIAL, POISSON
from neurohlh.stats.glm.fit import GlmFit, fit_glm
from neurohlh.stats.glm.rows import Estimates, model_rows, row_notes, wald
from neurohlh.stats.glm.zero_cells import log_link_empty
from neurohlh.stats.recipe import software, z_value

_POISSON = "modified Poisson regression"
_BINOMIAL = "log-binomial regression"


def risk_ratio(
    frame: pd.DataFrame,
    outcome: str,
    covariates: Sequence[str],
    *,
    model: str = "poisson",
    reference: Mapping[str, str] | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    variance: str | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Risk ratios of `covariates` (terms as in `model_design`) for `outcome` (true/false or 1/0).

    `model`: "poisson" (modified Poisson, robust variance) or "log_binomial" (maximum likelihood of the risks, model
    variance; if its maximum lies at the edge of the possible risks, that is said, and modified Poisson stands beside
    it). `variance`: "HC0" (default of Poisson), "HC1", "HC3", "model", or with `cluster` "CR1" (default), "CR0".
    Limits and tests are Wald's on the log scale. A level without events has no estimate and says so.

    Raises ValueError for wrong columns, codes or options; NotEstimable without any event.
    """
    z_value(conf_level)
    if model not in ("poisson", "log_binomial"):
        raise ValueError(f"model must be 'poisson' or 'log_binomial', not {model!r}")
    chosen = checked_variance(variance, cluster, "HC0" if model == "poisson" else "model")
    data = model_data(frame, outcome, covariates, reference=reference, cluster=cluster, weights=weights)
    if data.y.max() == 0:
        raise NotEstimable("no patient has the outcome")
    fit, found = poisson_estimates(data, chosen if model == "poisson" else "HC0" if not cluster else "CR1", conf_level)
    rows, notes, checks = _poisson_part(data, fit, found)
    if model == "log_binomial":
        rows, notes, checks = _log_binomial_part(data, chosen, conf_level, rows, notes, checks)
    return Result(
        kind="risk_ratio",
        tidy=tidy_frame(rows),
        checks=check_frame(checks),
        method=_method(data, model, chosen, conf_level, covariates, weights, cluster),
        counts=data.counts,
        notes=tuple(dict.fromkeys((*notes, *row_notes(data, rows)))),
    )


def poisson_estimates(data: ModelData, variance: str, conf_level: float) -> tuple[GlmFit, Estimates]:
    """A Poisson fit with the variance named; coefficients that run to minus infinity are told, the others kept."""
    empty = log_link_empty(data)
    if empty.infinite.all():
        raise NotEstimable("the covariates tell all patients with the outcome from those without")
    rows, columns = ~empty.rows, empty.columns
    part = data.matrix[rows][:, columns]
    own = [None if v is None else v[rows] for v in (data.weights, data.offset)]
    fit = fit_glm(part, data.y[rows], POISSON, weights=own[0], offset=own[1])
    cluster = None if data.cluster is None else np.unique(data.cluster[rows], return_inverse=True)[1]
    cov = sandwich(fit.cov, fit.scores, fit.leverage(part), variance, cluster)
    k = data.matrix.shape[1]
    coef, full = np.full(k, np.nan), np.full((k, k), np.nan)
    coef[columns], full[np.ix_(columns, columns)] = fit.coef, cov
    why = {int(j): "no events in this level, or in what it is compared with" for j in np.flatnonzero(empty.infinite)}
    if not fit.converged:
        why = dict.fromkeys(range(k), "the fit did not converge")
    return fit, wald(coef, full, conf_level, why_not=why)


def _poisson_part(data: ModelData, fit: GlmFit, found: Estimates) -> tuple[list[Any], list[str], list[Any]]:
    rows = [
        {"analysis": "risk_ratio", **r} for r in model_rows(data, found, measure="RR", base="risk", method=_POISSON)
    ]
    above = int((fit.mean > 1).sum())
    check = {
        "check": "fitted risks above 1",
        "term": "GLOBAL",
        "value": float(above),
        "verdict": "attention" if above else "ok",
        "note": "modified Poisson does not keep risks below 1; ratios stay consistent, single risks do not",
    }
    return rows, [], [check]


def _log_binomial_part(
    data: ModelData, variance: str, conf_level: float, rows: list[Any], notes: list[str], checks: list[Any]
) -> tuple[list[Any], list[str], list[Any]]:
    fit = (
        None
        if log_link_empty(data).infinite.any()
        else fit_glm(data.matrix, data.y, LOG_BINOMIAL, weights=data.weights)
    )
    good = fit is not None and fit.converged
    check = {
        "check": "log-binomial convergence",
        "term": "GLOBAL",
        "value": float(good),
        "verdict": "ok" if good else "attention",
        "note": "" if good else "the maximum lies at the edge of the possible risks (a fitted risk of 0 or 1)",
    }
    if fit is None or not good:
        found = wald(
            np.full(data.matrix.shape[1], np.nan),
            np.full((data.matrix.shape[1],) * 2, np.nan),
            conf_level,
            why_not=dict.fromkeys(range(data.matrix.shape[1]), "the log-binomial model did not converge"),
        )
        notes = [*notes, "The log-binomial model did not converge; modified Poisson regression stands beside it."]
    else:
        cov = sandwich(fit.cov, fit.scores, fit.leverage(data.matrix), variance, data.cluster)
        found = wald(fit.coef, cov, conf_level)
    own = [
        {"analysis": "risk_ratio", **r} for r in model_rows(data, found, measure="RR", base="risk", method=_BINOMIAL)
    ]
    return ([*own, *rows] if not good else own), notes, [check, *(checks if not good else [])]


def _method(
    data: ModelData,
    model: str,
    variance: str,
    conf_level: float,
    covariates: Sequence[str],
    weights: str | None,
    cluster: str | None,
) -> dict[str, Any]:
    return {
        "model": _POISSON if model == "poisson" else _BINOMIAL,
        "estimator": "maximum likelihood (Fisher scoring)",
        "test": "Wald",
        "interval": "Wald on the log scale",
        "variance": WORDS[variance],
        "correction": "none",
        "conf_level": conf_level,
        "weights": weights or "",
        "cluster": cluster or "",
        "covariates": list(covariates),
        "reference_levels": dict(data.design.references),
        "denominator": "patients with the outcome and all covariates known",
        "software": software("numpy", "scipy"),
        "reference": ["Zou 2004, Am J Epidemiol 159:702", *variance_reference(variance)],
    }

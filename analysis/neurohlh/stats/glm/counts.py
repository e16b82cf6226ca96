"""Rate ratios as a Result: Poisson and negative binomial regression of counts over person-time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.glm.count_fit import fit_negative_binomial
from neurohlh.stats.glm.covariance import WORDS, checked_variance, sandwich, variance_reference
from neurohlh.stats.glm.data import ModelData, model_data
from neurohlh.stats.glm.families import POISSON
from neurohlh.stats.glm.fit import GlmFit, fit_glm
from neurohlh.stats.glm.risk_ratio import poisson_estimates
from neurohlh.stats.glm.rows import Estimates, model_rows, row_notes, wald
from neurohlh.stats.glm.zero_cells import log_link_empty
from neurohlh.stats.recipe import software, z_value

_OVERDISPERSED = 1.5


def poisson_rates(
    frame: pd.DataFrame,
    count: str,
    covariates: Sequence[str],
    *,
    person_time: str | None = None,
    reference: Mapping[str, str] | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    variance: str | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Rate ratios of `covariates` for a `count` (0, 1, 2 ...) over `person_time` (any unit), equal to R's glm.

    `variance`: "model" (default), "HC0", "HC1", "HC3", or with `cluster` "CR1" (default), "CR0". `checks` says whether
    counts vary more than Poisson counts do. Raises ValueError for wrong columns or options; NotEstimable without
    events.
    """
    z_value(conf_level)
    chosen = checked_variance(variance, cluster, "model")
    data = _data(frame, count, covariates, person_time, reference, cluster, weights)
    fit, found = poisson_estimates(data, chosen, conf_level)
    checks = _dispersion(data, fit)
    said = ("Poisson regression", chosen, conf_level, covariates, person_time)
    return _result(data, found, checks, said, [])


def negative_binomial(
    frame: pd.DataFrame,
    count: str,
    covariates: Sequence[str],
    *,
    person_time: str | None = None,
    reference: Mapping[str, str] | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    variance: str | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Rate ratios for counts whose variance is mean + mean^2 / theta, equal to MASS's glm.nb.

    Options as in `poisson_rates`. `checks` holds theta with its standard error, and the likelihood-ratio test against
    Poisson (half a chi-square with 1 df). Raises ValueError for wrong columns or options; NotEstimable without events
    or where counts vary no more than Poisson counts.
    """
    z_value(conf_level)
    chosen = checked_variance(variance, cluster, "model")
    data = _data(frame, count, covariates, person_time, reference, cluster, weights)
    if log_link_empty(data).infinite.any():
        raise NotEstimable("a level has no events: its rate ratio runs to 0")
    found = fit_negative_binomial(data.matrix, data.y, data.weights, data.offset)
    if not found.converged:
        raise NotEstimable("the negative binomial fit did not converge")
    fit = found.fit
    cov = sandwich(fit.cov, fit.scores, fit.leverage(data.matrix), chosen, data.cluster)
    poisson = fit_glm(data.matrix, data.y, POISSON, weights=data.weights, offset=data.offset)
    ratio = max(0.0, 2 * (fit.loglik - poisson.loglik))
    rows = [
        {"check": "theta", "term": "GLOBAL", "value": found.theta, "statistic": found.theta_se, "verdict": "ok",
         "note": "statistic: standard error; variance = mean + mean^2 / theta"},
        {"check": "likelihood ratio test against Poisson", "term": "GLOBAL", "statistic": ratio, "df": 1,
         "p_value": float(chi2.sf(ratio, 1)) / 2, "verdict": "ok", "note": "theta at its bound: half a chi-square"},
        {"check": "log likelihood", "term": "GLOBAL", "value": fit.loglik, "verdict": "ok", "note": ""},
    ]  # fmt: skip
    said = ("negative binomial regression", chosen, conf_level, covariates, person_time)
    return _result(data, wald(fit.coef, cov, conf_level), rows, said, [])


def _data(
    frame: pd.DataFrame,
    count: str,
    covariates: Sequence[str],
    person_time: str | None,
    reference: Mapping[str, str] | None,
    cluster: str | None,
    weights: str | None,
) -> ModelData:
    data = model_data(frame, count, covariates, kind="count", reference=reference, cluster=cluster, weights=weights,
                      person_time=person_time)  # fmt: skip
    if data.y.sum() == 0:
        raise NotEstimable("there are no events")
    return data


def _dispersion(data: ModelData, fit: GlmFit) -> list[dict[str, Any]]:
    """Pearson's chi-square over its degrees of freedom, of the patients whose fitted mean is above 0."""
    y, w = (data.y, data.weights) if len(fit.mean) == len(data.y) else (None, None)
    if y is None:
        return [
            {"check": "overdispersion", "term": "GLOBAL", "verdict": "not estimable", "note": "a level has no events"}
        ]
    own = np.ones(len(y)) if w is None else w
    df = data.total - len(fit.coef)
    statistic = float(own @ ((y - fit.mean) ** 2 / fit.mean))
    value = statistic / df
    note = "Pearson's chi-square over df; well above 1: use robust variance or negative binomial"
    verdict = "attention" if value > _OVERDISPERSED else "ok"
    said = {"statistic": statistic, "df": df, "p_value": float(chi2.sf(statistic, df)), "value": value}
    return [{"check": "overdispersion", "term": "GLOBAL", **said, "verdict": verdict, "note": note}]


def _result(
    data: ModelData,
    found: Estimates,
    checks: list[dict[str, Any]],
    said: tuple[str, str, float, Sequence[str], str | None],
    notes: list[str],
) -> Result:
    model, variance, conf_level, covariates, person_time = said
    rows = model_rows(data, found, measure="rate ratio", base="rate", method=model)
    book = "Venables & Ripley 2002, Modern Applied Statistics with S, 4th ed."
    return Result(
        kind="count_model",
        tidy=tidy_frame([{"analysis": "count_model", **row} for row in rows]),
        checks=check_frame(checks),
        method={
            "model": model,
            "estimator": "maximum likelihood (Fisher scoring)",
            "test": "Wald",
            "interval": "Wald on the log scale",
            "variance": WORDS[variance],
            "correction": "none",
            "conf_level": conf_level,
            "person_time": person_time or "none: counts per patient",
            "covariates": list(covariates),
            "reference_levels": dict(data.design.references),
            "denominator": "patients with count, person-time and all covariates known",
            "software": software("numpy", "scipy"),
            "reference": [book, *variance_reference(variance)],
        },
        counts=data.counts,
        notes=(*notes, *row_notes(data, rows)),
    )

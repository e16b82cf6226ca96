"""Least squares as a Result: differences in means with usual or robust limits; and its thin path on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2, f

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats
from neurohlh.stats.glm.covariance import WORDS, checked_variance, sandwich, variance_reference
from neurohlh.stats.glm.data import ModelData, model_data
from neurohlh.stats.glm.logistic_checks import variance_inflation
from neurohlh.stats.glm.rows import model_rows, row_notes, wald
from neurohlh.stats.recipe import software, z_value


@dataclass(frozen=True)
class LinearFit:
    """`coef` (k,), `cov` (k, k) with the residual variance, `bread` (k, k) without it, residuals, `sigma`, `df`."""

    coef: Floats
    cov: Floats
    bread: Floats
    residuals: Floats
    sigma: float
    df: int
    loglik: float

    def leverage(self, matrix: Floats, weights: Floats | None = None) -> Floats:
        """Hat values of the rows of the matrix that was fitted."""
        hat = np.einsum("ij,jk,ik->i", matrix, self.bread, matrix)
        return np.asarray(hat if weights is None else hat * weights)


def fit_linear(matrix: Floats, y: Floats, weights: Floats | None = None) -> LinearFit:
    """(Weighted) least squares of `y` on `matrix`, intercept included, columns independent, by QR.

    With weights the residual variance divides by rows minus parameters, as R's lm does. Raises NotEstimable if no
    degree of freedom is left.
    """
    df = len(y) - matrix.shape[1]
    if df < 1:
        raise NotEstimable(f"{len(y)} patients are too few for {matrix.shape[1]} parameters")
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    q, r = np.linalg.qr(matrix * root[:, None])
    coef = np.linalg.solve(r, q.T @ (root * y))
    inverse = np.linalg.inv(r)
    residuals = y - matrix @ coef
    rss = float(((root * residuals) ** 2).sum())
    bread = inverse @ inverse.T
    scale = rss / len(y)
    loglik = -0.5 * len(y) * (np.log(2 * np.pi * scale) + 1) + float(np.log(root).sum()) if scale > 0 else np.inf
    return LinearFit(coef, bread * rss / df, bread, residuals, float(np.sqrt(rss / df)), df, loglik)


def linear(
    frame: pd.DataFrame,
    outcome: str,
    covariates: Sequence[str],
    *,
    reference: Mapping[str, str] | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    variance: str | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Differences in the mean of the number `outcome` per unit or level of `covariates`, equal to R's lm.

    `variance`: "HC3" (default), "model", "HC0", "HC1", or with `cluster` "CR1" (default) and "CR0". Limits and tests
    are Student's t with the residual degrees of freedom (robust: the normal distribution). Raises ValueError for wrong
    columns or options; NotEstimable without enough patients, or if the covariates fit the outcome exactly.
    """
    z_value(conf_level)
    chosen = checked_variance(variance, cluster, "HC3")
    data = model_data(frame, outcome, covariates, kind="number", reference=reference, cluster=cluster, weights=weights)
    fit = fit_linear(data.matrix, data.y, data.weights)
    if fit.sigma <= 1e-12 * max(float(np.abs(data.y).max()), 1e-300):
        raise NotEstimable("the covariates fit the outcome exactly")
    own = np.ones(len(data.y)) if data.weights is None else data.weights
    scores = data.matrix * (own * fit.residuals)[:, None]
    robust = chosen != "model"
    hat = fit.leverage(data.matrix, data.weights)
    cov = sandwich(fit.bread, scores, hat, chosen, data.cluster) if robust else fit.cov
    found = wald(fit.coef, cov, conf_level, df=None if robust else fit.df)
    rows = model_rows(data, found, measure="mean difference", base="mean", method="least squares", log=False)
    return Result(
        kind="linear",
        tidy=tidy_frame([{"analysis": "linear", **row} for row in rows]),
        checks=check_frame(_checks(data, fit, own)),
        method={
            "model": "linear regression",
            "estimator": "least squares",
            "test": "Wald" if robust else "t",
            "interval": "normal" if robust else "Student's t",
            "variance": WORDS[chosen] if robust else "model-based (one residual variance)",
            "correction": "none",
            "conf_level": conf_level,
            "weights": weights or "",
            "cluster": cluster or "",
            "covariates": list(covariates),
            "reference_levels": dict(data.design.references),
            "denominator": "patients with the outcome and all covariates known",
            "software": software("numpy", "scipy"),
            "reference": [*variance_reference(chosen), "Breusch & Pagan 1979, Econometrica 47:1287"],
        },
        counts=data.counts,
        notes=tuple(row_notes(data, rows)),
    )


def breusch_pagan(matrix: Floats, residuals: Floats) -> float:
    """Koenker's studentised statistic, as lmtest's bptest; degrees of freedom: columns beside the intercept."""
    square = residuals**2
    fitted = square - fit_linear(matrix, square).residuals
    return float(len(square) * ((fitted - square.mean()) ** 2).sum() / ((square - square.mean()) ** 2).sum())


def _checks(data: ModelData, fit: LinearFit, own: Floats) -> list[dict[str, Any]]:
    k = len(fit.coef)
    mean = float(np.average(data.y, weights=own))
    total = float((own * (data.y - mean) ** 2).sum())
    rss = fit.sigma**2 * fit.df
    r2 = 1 - rss / total
    values = {
        "residual standard deviation": fit.sigma,
        "R2": r2,
        "adjusted R2": 1 - (1 - r2) * (len(data.y) - 1) / fit.df,
        "log likelihood": fit.loglik,
    }
    rows = [
        {"check": name, "term": "GLOBAL", "value": value, "verdict": "ok", "note": ""} for name, value in values.items()
    ]
    if k == 1:
        return rows
    statistic = (total - rss) / (k - 1) / fit.sigma**2
    p_value = float(f.sf(statistic, k - 1, fit.df))
    rows.append(
        {"check": "F test", "term": "GLOBAL", "statistic": statistic, "df": k - 1, "p_value": p_value, "verdict": "ok"}
    )
    if data.weights is None:
        bp = breusch_pagan(data.matrix, fit.residuals)
        p_value = float(chi2.sf(bp, k - 1))
        uneven = {"check": "Breusch-Pagan test", "term": "GLOBAL", "statistic": bp, "df": k - 1, "p_value": p_value}
        note = "studentised (Koenker); attention: variance differs, read the robust limits"
        rows.append({**uneven, "verdict": "attention" if p_value < 0.05 else "ok", "note": note})
    return [*rows, *variance_inflation(data, fit.cov)]

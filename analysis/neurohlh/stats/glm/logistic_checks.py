"""How well a logistic model fits and separates: tests of terms, AUC, Brier, Hosmer-Lemeshow, VIF, influence."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import chi2

from neurohlh.stats.columns import Floats
from neurohlh.stats.glm.data import ModelData
from neurohlh.stats.glm.families import BINOMIAL
from neurohlh.stats.glm.fit import fit_glm
from neurohlh.stats.glm.logistic_model import LogisticModel
from neurohlh.stats.predict.delong import delong
from neurohlh.stats.recipe import z_value

FEW_EVENTS = 10
_GROUPS = 10


def logistic_checks(model: LogisticModel, conf_level: float) -> list[dict[str, Any]]:
    """Rows for `checks`; without weights also those that need single patients."""
    data = model.data
    rows = [_events_per_parameter(data), _separation(model)]
    if not model.sound:
        return rows
    rows += [*_likelihood(model), *_terms(model), *variance_inflation(data, model.fit.cov)]
    if data.weights is not None:
        return rows
    p, y = model.fit.mean, data.y
    brier = _row("Brier score", value=float(((y - p) ** 2).mean()))
    return [*rows, _auc(p, y, conf_level), brier, _hosmer_lemeshow(p, y), *_influence(model)]


def _row(check: str, term: str = "GLOBAL", **said: Any) -> dict[str, Any]:
    return {"check": check, "term": term, "verdict": "ok", "note": "", **said}


def _events_per_parameter(data: ModelData) -> dict[str, Any]:
    w = np.ones(len(data.y)) if data.weights is None else data.weights
    fewer = float(min(w @ data.y, w @ (1 - data.y)))
    per = fewer / max(data.matrix.shape[1] - 1, 1)
    note = f"{fewer:g} of the rarer outcome, {data.matrix.shape[1] - 1} parameters"
    return _row("events per parameter", value=per, verdict="attention" if per < FEW_EVENTS else "ok", note=note)


def _separation(model: LogisticModel) -> dict[str, Any]:
    found = model.fit.separation
    if found is None or found.kind == "none":
        return _row("separation", value=0.0, note="none: the outcomes overlap")
    note = f"{found.kind}: {int(found.rows.sum())} patients are predicted without error; use penalty='firth'"
    return _row("separation", value=float(found.rows.sum()), verdict="attention", note=note)


def _likelihood(model: LogisticModel) -> list[dict[str, Any]]:
    data, k = model.data, len(model.coef)
    null = _loglik(data, [0])
    deviance, null_deviance, n = -2 * model.fit.loglik, -2 * null, data.total
    values = {
        "deviance": deviance,
        "null deviance": null_deviance,
        "AIC": deviance + 2 * k,
        "BIC": deviance + np.log(n) * k,
        "McFadden R2": 1 - deviance / null_deviance,
        "Nagelkerke R2": -np.expm1((deviance - null_deviance) / n) / -np.expm1(-null_deviance / n),
    }
    rows = [_row(name, value=float(value)) for name, value in values.items()]
    return [_ratio("GLOBAL", null_deviance - deviance, k - 1), *rows] if k > 1 else rows


def _ratio(term: str, statistic: float, df: int) -> dict[str, Any]:
    return _row(
        "likelihood ratio test", term, statistic=max(statistic, 0.0), df=df, p_value=float(chi2.sf(statistic, df))
    )


def _loglik(data: ModelData, columns: list[int]) -> float:
    return fit_glm(data.matrix[:, columns], data.y, BINOMIAL, weights=data.weights).loglik


def _terms(model: LogisticModel) -> list[dict[str, Any]]:
    """The test of leaving out each term, as R's drop1."""
    k, terms = len(model.coef), model.data.terms()
    return [
        _ratio(
            term,
            2 * (model.fit.loglik - _loglik(model.data, [j for j in range(k) if j not in own])),
            len(own),
        )
        for term, own in terms.items()
    ]


def variance_inflation(data: ModelData, cov: Floats) -> list[dict[str, Any]]:
    """Generalised variance inflation factor of every term (Fox and Monette 1992, J Am Stat Assoc 87:178)."""
    terms = data.terms()
    if len(terms) < 2:
        return []
    inner = cov[1:, 1:]
    size = np.sqrt(np.diag(inner))
    correlation = inner / np.outer(size, size)
    rows = []
    for term, places in terms.items():
        own = [j - 1 for j in places]
        others = [j for j in range(len(size)) if j not in own]
        parts = [np.linalg.slogdet(correlation[np.ix_(part, part)])[1] for part in (own, others)]
        factor = float(np.exp(sum(parts) - np.linalg.slogdet(correlation)[1]))
        high = factor ** (1 / len(own)) > 5
        note = "generalised; above 5 (to the power 1/df) estimates are unstable"
        rows.append(_row("VIF", term, value=factor, df=len(own), verdict="attention" if high else "ok", note=note))
    return rows


def _auc(p: Floats, y: Floats, conf_level: float) -> dict[str, Any]:
    found = delong(p[None, :], y == 1)
    area, se = float(found.auc[0]), float(np.sqrt(found.cov[0, 0]))
    row = _row("AUC", value=area)
    if not np.isfinite(se):
        return {**row, "note": "limits not estimable: a single patient with or without the outcome"}
    z = z_value(conf_level)
    low, high = max(0.0, area - z * se), min(1.0, area + z * se)
    return {
        **row,
        "statistic": se,
        "note": f"statistic: standard error; DeLong limits {low:.6g} to {high:.6g}; apparent",
    }


def hosmer_lemeshow(p: Floats, y: Floats, groups: int = _GROUPS) -> tuple[float, int]:
    """(statistic, groups) over quantile groups of the fitted risk (Hosmer and Lemeshow 1980)."""
    edges = np.unique(np.quantile(p, np.linspace(0, 1, groups + 1)))
    place = np.searchsorted(edges[1:-1], p, side="left")
    count = len(edges) - 1
    n, observed, expected = (np.bincount(place, v, minlength=count) for v in (np.ones(len(p)), y, p))
    held = n > 0
    n, observed, expected = n[held], observed[held], expected[held]
    return float(((observed - expected) ** 2 / (expected * (1 - expected / n))).sum()), int(held.sum())


def _hosmer_lemeshow(p: Floats, y: Floats) -> dict[str, Any]:
    if len(np.unique(p)) < 4:
        return _row("Hosmer-Lemeshow", verdict="not estimable", note="not estimable: too few distinct fitted risks")
    statistic, groups = hosmer_lemeshow(p, y)
    if groups < 3:
        return _row("Hosmer-Lemeshow", verdict="not estimable", note="not estimable: too few groups of risk")
    p_value = float(chi2.sf(statistic, groups - 2))
    said: dict[str, Any] = {"statistic": statistic, "df": groups - 2, "p_value": p_value}
    return _row("Hosmer-Lemeshow", verdict="attention" if p_value < 0.05 else "ok", note=f"{groups} groups", **said)


def _influence(model: LogisticModel) -> list[dict[str, Any]]:
    hat = model.fit.leverage(model.data.matrix)
    p, k = model.fit.mean, len(model.coef)
    cook = (model.data.y - p) ** 2 / (p * (1 - p)) * hat / (k * np.maximum(1 - hat, 1e-12) ** 2)
    rows = np.flatnonzero(model.data.used)
    return [
        _row(name, value=float(values.max()), verdict="attention" if values.max() > limit else "ok",
             note=f"row {int(rows[int(values.argmax())]) + 1} of the frame")
        for name, values, limit in (("largest leverage", hat, 0.5), ("largest Cook's distance", cook, 1.0))
    ]  # fmt: skip

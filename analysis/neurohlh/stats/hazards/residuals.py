"""Residuals of a Cox model, one row per patient used (Schoenfeld: per event)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model, score_residuals, sums_at

KINDS = ("martingale", "deviance", "score", "dfbeta", "dfbetas", "schoenfeld", "scaled_schoenfeld")


def cox_residuals(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    kind: str = "martingale",
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    entry: str | None = None,
    ties: str = "efron",
    weights: str | None = None,
    offset: str | None = None,
) -> pd.DataFrame:
    """Residuals of the model that `cox` fits, as R's residuals.coxph gives them.

    "martingale" and "deviance" have one column of that name, the others one per coefficient ("term" or "term level").
    The index is that of the rows used; for "schoenfeld" and "scaled_schoenfeld" of the rows with the event, by stratum
    and time, with the columns "time" and "stratum" first. dfbeta and dfbetas are multiplied by the case weights.

    Raises ValueError for an unknown kind, NotEstimable if a coefficient has no estimate or, with exact ties, for all
    but "martingale" and "deviance".
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    options = CoxOptions(reference, strata, entry, None, ties, weights=weights, offset=offset, robust=False)
    model = cox_model(frame, time, event, covariates, options)
    if not model.sound:
        raise NotEstimable("a coefficient of the model cannot be estimated")
    index = frame.index[model.used]
    if kind in ("martingale", "deviance"):
        values = martingale(model) if kind == "martingale" else deviance(model)
        return pd.DataFrame({kind: values}, index=index)
    if ties == "exact":
        raise NotEstimable(f"{kind} residuals are not defined for the exact likelihood of tied events")
    names = coefficient_names(model)
    if kind in ("schoenfeld", "scaled_schoenfeld"):
        found = schoenfeld(model)
        values = found.scaled if kind == "scaled_schoenfeld" else found.values
        out = pd.DataFrame(values, columns=names, index=index[found.rows])
        out.insert(0, "time", found.times)
        out.insert(1, "stratum", "" if strata is None else frame.loc[model.used, strata].to_numpy()[found.rows])
        return out
    by_kind = {"score": score, "dfbeta": dfbeta, "dfbetas": dfbetas}
    return pd.DataFrame(by_kind[kind](model), columns=names, index=index)


def coefficient_names(model: CoxModel) -> list[str]:
    """ "term" or "term level" of each coefficient in the fit."""
    named = {row.column: f"{row.term} {row.level}".strip() for row in model.design.rows if row.column is not None}
    return [named[j] for j in model.kept]


def martingale(model: CoxModel) -> Floats:
    """(n,) observed minus expected events of each row."""
    expected = model.rows.unsorted(sums_at(model.rows, model.fit.coef).expected())
    return model.data.event - (expected if model.weights is None else expected / model.weights)


def deviance(model: CoxModel) -> Floats:
    """(n,) martingale residuals made more symmetric (Therneau, Grambsch & Fleming 1990, Biometrika 77:147)."""
    residual = martingale(model)
    expected = model.data.event - residual
    logs = np.where(model.data.event, np.log(np.where(model.data.event, expected, 1.0)), 0.0)
    return np.asarray(np.sign(residual) * np.sqrt(np.maximum(-2 * (residual + logs), 0.0)))


def score(model: CoxModel) -> Floats:
    """(n, p) each row's contribution to the score, not multiplied by its case weight."""
    weighted = score_residuals(model.rows, model.fit.coef) * model.rows.unit
    return weighted if model.weights is None else weighted / model.weights[:, None]


def dfbeta(model: CoxModel) -> Floats:
    """(n, p) the change of the coefficients that a row causes, to first order, times its case weight."""
    return np.asarray((score_residuals(model.rows, model.fit.coef) * model.rows.unit) @ model.fit.cov)


def dfbetas(model: CoxModel) -> Floats:
    """(n, p) dfbeta in standard errors of the model."""
    return np.asarray(dfbeta(model) / np.sqrt(np.diag(model.fit.cov)))


@dataclass(frozen=True)
class Schoenfeld:
    """One row per event, by stratum and time: covariates minus their mean over the risk set, and scaled.

    `rows` are places among the patients used; `scaled` adds the coefficients, so that a smooth of it against time is
    the coefficient as a function of time.
    """

    rows: Ints
    times: Floats
    values: Floats
    scaled: Floats


def schoenfeld(model: CoxModel) -> Schoenfeld:
    """Schoenfeld's residuals (1982, Biometrika 69:239), scaled as by Grambsch and Therneau 1994."""
    rows, sets = model.rows, model.rows.sets
    moment = sets.moment_of_death
    values = (rows.x[sets.dead] - sums_at(rows, model.fit.coef).means()[moment]) * rows.unit
    order = np.lexsort((sets.rows[sets.dead], sets.times[moment], sets.strata[moment]))
    values, moment = values[order], moment[order]
    scaled = values @ model.fit.cov * len(values) + model.fit.coef
    return Schoenfeld(sets.rows[sets.dead][order], sets.times[moment], values, scaled)

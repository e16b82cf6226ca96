"""Cox regression as a Result: hazard ratios, tests, checks, and what could not be estimated and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.design.terms import TermRow, variable_of
from neurohlh.stats.hazards.checks import cox_checks
from neurohlh.stats.hazards.described import choices_of, described_row, few_events, left_out
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model
from neurohlh.stats.recipe import software, z_value

_NO_EVENTS = "not estimable: no events in this level (the hazard ratio runs to 0)"
_NO_REFERENCE_EVENTS = "not estimable: no events in the reference level (the hazard ratio runs to infinity)"
_NEVER_DIFFERS = "not estimable: never differs between patients who are at risk together"
_NO_VARIANCE = "not estimable: the clusters are too few for a robust variance"
_TOO_LARGE = "a ratio per unit is beyond the largest number; choose a larger unit"
_MONOTONE = "not estimable: monotone likelihood (the coefficient runs to infinity)"
_REFERENCES = [
    "Cox 1972, J R Stat Soc B 34:187",
    "Grambsch & Therneau 1994, Biometrika 81:515",
]
_FURTHER = {
    "efron": ["Efron 1977, J Am Stat Assoc 72:557"],
    "breslow": ["Breslow 1974, Biometrics 30:89"],
    "exact": ["Gail, Lubin & Rubinstein 1981, Biometrika 68:703"],
}
_SANDWICH = ["Lin & Wei 1989, J Am Stat Assoc 84:1074"]


def cox(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    entry: str | None = None,
    cluster: str | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
    ph_transform: str = "km",
    weights: str | None = None,
    offset: str | None = None,
    robust: bool | None = None,
) -> Result:
    """Hazard ratios of `covariates` (terms as in `model_design`) for the time to `event`, equal to R's coxph.

    `time` and `entry` share a unit; `event` holds true/false or 1/0. `strata` gives each of its values a baseline
    hazard of its own, `cluster` makes the variance robust to dependence within it (rows of one patient, or centres),
    `entry` is left truncation, or the start of an interval where patients have several rows. `weights` are case
    weights (rows of weight 0 are left out), `offset` is added to the log hazard. `robust` asks for the sandwich
    variance without clusters; unasked, it is used if weights are not whole numbers. `ties` is "efron", "breslow" or
    "exact" (the discrete likelihood; with a stratum per matched set a conditional logistic regression). Limits and p
    are Wald's.
    `checks` holds the likelihood-ratio, Wald and score tests, AIC and BIC, concordance, events per parameter, the most
    influential rows and the score test for proportional hazards. Terms that cannot be estimated (constant, no events in
    a level, monotone likelihood, collinear) stay in the table, empty, with the reason.

    Raises ValueError for wrong columns, codes or options; NotEstimable if no patient or no event is left.
    """
    options = CoxOptions(reference, strata, entry, cluster, ties, conf_level, ph_transform, weights, offset, robust)
    model = cox_model(frame, time, event, covariates, options)
    return _result(model, _rows(model, "cox", event, conf_level), covariates, options)


def cox_table(
    frame: pd.DataFrame,
    time: str,
    event: str,
    exposure: str,
    covariates: Sequence[str],
    *,
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    entry: str | None = None,
    cluster: str | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
    ph_transform: str = "km",
    weights: str | None = None,
    offset: str | None = None,
    robust: bool | None = None,
) -> Result:
    """Crude and adjusted hazard ratios of `exposure` and `covariates` in one Result.

    Analyses: "cox_crude" (each term alone, on the patients known for it), "cox_crude_same_patients" (the exposure alone
    on the patients of the adjusted model, so that the effect of adjustment and of lost patients can be told apart) and
    "cox_adjusted" (all together). A reference level is the same in all of them. Checks, counts and notes are the
    adjusted model's. Raises as `cox` does.
    """
    options = CoxOptions(reference, strata, entry, cluster, ties, conf_level, ph_transform, weights, offset, robust)
    terms = [exposure, *(c for c in covariates if c != exposure)]
    adjusted = cox_model(frame, time, event, terms, options)

    def rows(analysis: str, patients: pd.DataFrame, term: str) -> list[dict[str, Any]]:
        base = {k: v for k, v in adjusted.design.references.items() if k == variable_of(term)}
        try:
            alone = cox_model(patients, time, event, [term], replace(options, reference=base))
        except NotEstimable as error:
            return [_empty(analysis, event, term, str(error))]
        return _rows(alone, analysis, event, conf_level)

    crude = [row for term in terms for row in rows("cox_crude", frame, term)]
    same = rows("cox_crude_same_patients", frame.loc[adjusted.used], exposure)
    found = _result(adjusted, [*crude, *same, *_rows(adjusted, "cox_adjusted", event, conf_level)], terms, options)
    return found.with_(method={**found.method, "exposure": exposure})


def _result(
    model: CoxModel, rows: Sequence[Mapping[str, Any]], covariates: Sequence[str], options: CoxOptions
) -> Result:
    return Result(
        kind="cox",
        tidy=tidy_frame(rows),
        checks=check_frame(cox_checks(model, options.transform)),
        method=_method(model, covariates, options),
        counts=model.counts,
        notes=tuple(_notes(model)),
    )


def _rows(model: CoxModel, analysis: str, event: str, conf_level: float) -> list[dict[str, Any]]:
    z = z_value(conf_level)
    return [{"analysis": analysis, "outcome": event, **_row(model, row, z)} for row in model.design.rows]


def _row(model: CoxModel, row: TermRow, z: float) -> dict[str, Any]:
    out = described_row(model, row, method="Cox regression", note=_why_not(model, row))
    return out if row.column is None or out["note"] else {**out, **_estimates(model, row.column, z)}


def _estimates(model: CoxModel, column: int, z: float) -> dict[str, Any]:
    place = model.kept.index(column)
    coef, se = float(model.fit.coef[place]), float(np.sqrt(max(model.cov[place, place], 0.0)))
    if se <= 1e-9 * float(np.sqrt(model.fit.cov[place, place])):
        return {"note": _NO_VARIANCE}
    with np.errstate(over="ignore", under="ignore"):
        ratios = np.exp([coef, coef - z * se, coef + z * se])
    known = np.where(np.isfinite(ratios) & (ratios > 0), ratios, np.nan)
    return {
        "estimate": known[0],
        "conf_low": known[1],
        "conf_high": known[2],
        "coef": coef,
        "std_error": se,
        "statistic": coef / se,
        "df": 1,
        "p_value": 2 * norm.sf(abs(coef / se)),
        "note": _TOO_LARGE if np.isnan(known).any() else "",
    }


def _why_not(model: CoxModel, row: TermRow) -> str:
    """Why this line has no estimate ('' if it has one, or is a reference level)."""
    if row.column is None:
        return row.note
    if row.column in model.aliases:
        others = [_name(model, j) for j in model.aliases[row.column]]
        return f"not estimable: collinear with {', '.join(others)}" if others else _NEVER_DIFFERS
    if not model.fit.converged:
        return "not estimable: the fit did not converge"
    if not model.fit.diverging[model.kept.index(row.column)]:
        return ""
    return _why_diverging(model, row)


def _why_diverging(model: CoxModel, row: TermRow) -> str:
    if not row.level:
        return _MONOTONE
    levels, event = model.design.levels[row.variable], model.data.event
    if not event[levels == row.level].any():
        return _NO_EVENTS
    if not event[levels == model.design.references[row.variable]].any():
        return _NO_REFERENCE_EVENTS
    return _MONOTONE


def _name(model: CoxModel, place: int) -> str:
    row = next(r for r in model.design.rows if r.column == place)
    return f"{row.term} {row.level}".strip()


def _empty(analysis: str, event: str, term: str, reason: str) -> dict[str, Any]:
    note = f"not estimable: {reason}"
    row = {"analysis": analysis, "outcome": event, "variable": variable_of(term), "term": term}
    return {**row, "measure": "HR", "scale": "log", "method": "Cox regression", "note": note}


def _method(model: CoxModel, covariates: Sequence[str], options: CoxOptions) -> dict[str, Any]:
    robust = f"robust sandwich (Lin and Wei), clusters: {options.cluster or 'every row'}"
    return {
        "model": "Cox proportional hazards",
        "estimator": "maximum partial likelihood (Newton)",
        "test": "Wald",
        "interval": "Wald on the log scale",
        "variance": robust if model.cluster is not None else "model-based (inverse information)",
        "correction": "none",
        "weights": options.weights or "none",
        "offset": options.offset or "none",
        "ph_test": f"score test of cox.zph (survival >= 3), time transform: {options.transform}",
        "software": software("numpy", "scipy"),
        "reference": [*_REFERENCES, *_FURTHER[options.ties], *(_SANDWICH if model.cluster is not None else [])],
        **choices_of(model, covariates, options),
    }


def _notes(model: CoxModel) -> list[str]:
    notes = [*left_out(model), *few_events(model)]
    for row in model.design.rows:
        reason = _why_not(model, row)
        if reason:
            notes.append(f"{' '.join(filter(None, (row.term, row.level)))}: {reason}.")
    return notes

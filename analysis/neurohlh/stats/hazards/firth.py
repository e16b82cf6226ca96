"""Firth's Cox regression as a Result: hazard ratios that stay finite with few events or monotone likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.design.terms import TermRow
from neurohlh.stats.hazards.checks import FEW_EVENTS
from neurohlh.stats.hazards.described import choices_of, described_row, left_out
from neurohlh.stats.hazards.firth_fit import FirthFit, firth_fit
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model
from neurohlh.stats.recipe import software

_MODEL = "Cox regression with Firth's penalty"
_NOT_REACHED = "limit not reached"
_REFERENCES = ["Firth 1993, Biometrika 80:27", "Heinze & Schemper 2001, Biometrics 57:114"]


def cox_firth(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    entry: str | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
) -> Result:
    """Hazard ratios of `covariates` (terms as in `model_design`) from Firth's penalised partial likelihood.

    For few events, and for monotone likelihood (a level without events), where the ordinary hazard ratio has no finite
    estimate. `time` and `entry` share a unit; `event` holds true/false or 1/0. Limits are those of the profile
    penalised likelihood and p values penalised likelihood-ratio tests; the standard error is that of the information,
    and neither is computed from it, since the likelihood is skewed where this is needed. A limit that is not reached is
    empty, with a note.

    Raises ValueError for wrong columns, codes or options (ties: "efron" or "breslow"); NotEstimable if no patient or no
    event is left. Source: Heinze and Schemper 2001, Biometrics 57:114.
    """
    if ties not in ("efron", "breslow"):
        raise ValueError(f"ties must be 'efron' or 'breslow', not {ties!r}")
    options = CoxOptions(reference, strata, entry, None, ties, conf_level)
    model = cox_model(frame, time, event, covariates, options)
    fitted = firth_fit(model.rows, conf_level=conf_level)
    rows = [{"analysis": "cox_firth", "outcome": event, **_row(model, fitted, row)} for row in model.design.rows]
    return Result(
        kind="cox_firth",
        tidy=tidy_frame(rows),
        checks=check_frame(_checks(model, fitted)),
        method=_method(model, covariates, options),
        counts=model.counts,
        notes=tuple(_notes(model, rows)),
    )


def _row(model: CoxModel, fitted: FirthFit, row: TermRow) -> dict[str, Any]:
    out = described_row(model, row, method=_MODEL, note=_why_not(model, fitted, row))
    return out if row.column is None or out["note"] else {**out, **_estimates(fitted, model.kept.index(row.column))}


def _why_not(model: CoxModel, fitted: FirthFit, row: TermRow) -> str:
    if row.column is None:
        return row.note
    if row.column in model.aliases:
        names = {r.column: f"{r.term} {r.level}".strip() for r in model.design.rows}
        others = ", ".join(names[j] for j in model.aliases[row.column])
        return (
            f"not estimable: collinear with {others}"
            if others
            else "not estimable: never differs between patients who are at risk together"
        )
    return "" if fitted.converged else "not estimable: the fit did not converge"


def _estimates(fitted: FirthFit, place: int) -> dict[str, Any]:
    coef, low, high = (float(values[place]) for values in (fitted.coef, fitted.low, fitted.high))
    with np.errstate(over="ignore", under="ignore"):
        ratios = np.exp([coef, low, high])
    known = np.where(np.isfinite(ratios) & (ratios > 0), ratios, np.nan)
    missed = [side for side, limit in (("lower", known[1]), ("upper", known[2])) if np.isnan(limit)]
    return {
        "estimate": known[0],
        "conf_low": known[1],
        "conf_high": known[2],
        "coef": coef,
        "std_error": float(np.sqrt(fitted.cov[place, place])),
        "statistic": float(fitted.chi_square[place]),
        "df": 1,
        "p_value": float(chi2.sf(fitted.chi_square[place], 1)),
        "note": f"{' and '.join(missed)} {_NOT_REACHED}" if missed else "",
    }


def _checks(model: CoxModel, fitted: FirthFit) -> list[dict[str, Any]]:
    df = len(model.kept)
    ratio = 2 * (fitted.loglik - fitted.loglik_null)
    per_parameter = model.data.events / df
    rows: list[dict[str, Any]] = [
        {
            "check": "penalised likelihood ratio test",
            "term": "GLOBAL",
            "statistic": ratio,
            "df": df,
            "p_value": float(chi2.sf(ratio, df)),
            "verdict": "ok",
        },
        {
            "check": "events per parameter",
            "term": "GLOBAL",
            "value": per_parameter,
            "verdict": "attention" if per_parameter < FEW_EVENTS else "ok",
            "note": f"{model.data.events} events, {df} parameters",
        },
        {
            "check": "convergence",
            "term": "GLOBAL",
            "value": float(fitted.converged),
            "verdict": "ok" if fitted.converged else "attention",
            "note": "value: 1 if the fit and all restricted fits converged",
        },
    ]
    return rows + [
        {
            "check": "monotone likelihood",
            "term": name,
            "verdict": "attention",
            "note": "the ordinary partial likelihood has no finite estimate; the penalised one has",
        }
        for name in _monotone(model)
    ]


def _monotone(model: CoxModel) -> list[str]:
    """The lines whose ordinary estimate runs to infinity."""
    lost = {model.kept[j] for j in np.flatnonzero(model.fit.diverging)}
    return [f"{row.term} {row.level}".strip() for row in model.design.rows if row.column in lost]


def _method(model: CoxModel, covariates: Sequence[str], options: CoxOptions) -> dict[str, Any]:
    return {
        "model": "Cox proportional hazards",
        "estimator": "maximum penalised partial likelihood (Firth: plus half the log determinant of the information)",
        "test": "penalised likelihood ratio",
        "interval": "profile penalised likelihood",
        "variance": "inverse information at the penalised estimate",
        "correction": "Firth's bias reduction",
        "software": software("numpy", "scipy"),
        "reference": _REFERENCES,
        **choices_of(model, covariates, options),
    }


def _notes(model: CoxModel, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    counts = model.counts
    notes = [
        "Firth's penalty removes the first-order bias of the coefficients and keeps them finite; it is meant for few "
        f"events or monotone likelihood ({counts['events']} events, {counts['parameters']} parameters)."
    ]
    monotone = _monotone(model)
    if monotone:
        notes.append(
            f"Monotone likelihood in {', '.join(monotone)}: the ordinary hazard ratio has no bound on one side; "
            "read the profile limits, not the standard error."
        )
    return (
        notes + left_out(model) + [f"{r['term']} {r['level']}".strip() + f": {r['note']}." for r in rows if r["note"]]
    )

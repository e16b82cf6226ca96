"""What must be looked at before imputed values are believed: gaps, chains, convergence, observed against imputed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats
from neurohlh.stats.describe.smd import Difference, smd_levels, smd_numbers
from neurohlh.stats.missing.chain import Chain, completed
from neurohlh.stats.missing.model import ImputationModel, Roles, Target
from neurohlh.stats.recipe import software

_APART = 1.1
"""Potential scale reduction above which chains are marked as not mixed."""
_DIFFERENT = 0.5
_MOSTLY_MISSING = 0.5
_REFERENCES = [
    "Rubin 1987, Multiple Imputation for Nonresponse in Surveys",
    "White & Royston 2009, Stat Med 28:1982",
    "White, Royston & Wood 2011, Stat Med 30:377",
    "van Buuren & Groothuis-Oudshoorn 2011, J Stat Softw 45(3):1",
]


def diagnostics(model: ImputationModel, roles: Roles, chains: Sequence[Chain], recipe: Mapping[str, Any]) -> Result:
    """A Result of kind "imputation".

    `tidy`: per variable the proportion missing, and mean and SD (or the proportion of each level) of the observed and
    of the imputed values, in `group`. `curves`: variable, imputation, iteration, mean, sd of the chains. `checks`:
    convergence, difference of observed and imputed values, number of imputations, and all that was left out.
    """
    rows = [row for target in model.targets for row in _tidy(model, target, chains)]
    return Result(
        kind="imputation",
        tidy=tidy_frame([{"analysis": "imputation", **row} for row in rows]),
        curves=_curves(model, chains),
        checks=check_frame(_checks(model, chains)),
        method=_method(model, roles, len(chains), recipe),
        counts=_counts(model, len(chains)),
        notes=tuple(_notes(model, roles, chains)),
    )


def gelman_rubin(means: Floats) -> float:
    """Potential scale reduction of chains from one number per iteration, (chains, iterations); 1 is full mixing.

    Gelman and Rubin 1992, Stat Sci 7:457. NaN for fewer than two chains or iterations, or without variation.
    """
    if min(means.shape) < 2:
        return float("nan")
    n = means.shape[1]
    within = float(means.var(axis=1, ddof=1).mean())
    between = float(means.mean(axis=1).var(ddof=1))
    return float(np.sqrt((n - 1) / n + between / within)) if within > 0 else float("nan")


def _imputed(target: Target, chains: Sequence[Chain]) -> Floats:
    return np.concatenate([c.cells[target.variable.name] for c in chains])


def _tidy(model: ImputationModel, target: Target, chains: Sequence[Chain]) -> list[dict[str, Any]]:
    v, missing = target.variable, len(target.missing)
    rows: list[dict[str, Any]] = [
        {
            "variable": v.name,
            "term": "missing",
            "measure": "proportion",
            "n": len(v.values),
            "events": missing,
            "estimate": missing / len(v.values),
            "method": v.method,
        }
    ]
    parts = {"observed": v.values[target.observed], "imputed": _imputed(target, chains)}
    for group, values in parts.items():
        shared = {"variable": v.name, "group": group, "n": missing if group == "imputed" else len(values)}
        if v.levels:
            counts = np.bincount(values.astype(np.intp), minlength=len(v.levels))
            for level, count in zip(v.levels, counts, strict=True):
                share = {
                    "term": "level",
                    "level": _text(level),
                    "measure": "proportion",
                    "estimate": count / len(values),
                }
                rows.append({**shared, **share})
            continue
        rows.append({**shared, "term": "mean", "measure": "mean", "estimate": values.mean()})
        if len(values) > 1:
            rows.append({**shared, "term": "SD", "measure": "standard deviation", "estimate": values.std(ddof=1)})
    return rows


def _text(level: Any) -> str:
    if isinstance(level, bool | np.bool_):
        return str(bool(level)).lower()
    return f"{level:g}" if isinstance(level, float) else str(level)


def _curves(model: ImputationModel, chains: Sequence[Chain]) -> pd.DataFrame:
    names = [t.variable.name for t in model.targets]
    m, iterations = len(chains), len(chains[0].means)
    size = m * iterations
    means, sds = (np.array([getattr(c, part) for c in chains]) for part in ("means", "deviations"))
    return pd.DataFrame(
        {
            "variable": np.repeat(np.array(names, dtype=object), size),
            "imputation": np.tile(np.repeat(np.arange(1, m + 1), iterations), len(names)),
            "iteration": np.tile(np.arange(1, iterations + 1), m * len(names)),
            "mean": np.moveaxis(means, 2, 0).ravel(),
            "sd": np.moveaxis(sds, 2, 0).ravel(),
        }
    )


def _checks(model: ImputationModel, chains: Sequence[Chain]) -> list[dict[str, Any]]:
    rows = [_enough_imputations(model, len(chains))]
    for place, target in enumerate(model.targets):
        rows.append(_convergence(target, np.array([c.means[:, place] for c in chains])))
        rows.append(_difference(target, _imputed(target, chains)))
        rows += _information(target)
    for d in model.derived:
        if d.replaced:
            note = f"{d.replaced} values of {d.name} stood beside an unknown input and were replaced by recomputed ones"
            row = {"check": "derived values replaced", "term": d.name, "value": d.replaced}
            rows.append({**row, "verdict": "attention", "note": note})
    return rows + list(model.log)


def _enough_imputations(model: ImputationModel, m: int) -> dict[str, Any]:
    percent = 100 * float(np.isnan(model.matrix).any(axis=1).mean())
    return {
        "check": "imputations",
        "term": "GLOBAL",
        "value": m,
        "verdict": "ok" if m >= percent else "attention",
        "note": f"{percent:.0f}% of the rows are incomplete; one imputation per percent is the usual least",
    }


def _convergence(target: Target, means: Floats) -> dict[str, Any]:
    half = means[:, means.shape[1] // 2 :]
    found = gelman_rubin(half)
    row = {"check": "convergence", "term": target.variable.name, "value": found}
    if np.isnan(found):
        return {**row, "verdict": "not estimable", "note": "not estimable: chains too short or without variation"}
    note = "value: potential scale reduction of the chain means, second half of the iterations"
    return {**row, "verdict": "ok" if found <= _APART else "attention", "note": note}


def _difference(target: Target, imputed: Floats) -> dict[str, Any]:
    v, known = target.variable, target.variable.values[target.observed]
    if v.levels:
        size = len(v.levels)
        counts = [np.bincount(p.astype(np.intp), minlength=size).astype(float) for p in (imputed, known)]
        found: Difference = smd_levels(*counts)
    else:
        found = smd_numbers(imputed, known)
    far = found.note or abs(found.value) > _DIFFERENT
    note = "value: SMD, imputed minus observed; it may differ where missingness depends on the other variables"
    row = {"check": "imputed against observed", "term": v.name, "value": found.value}
    return {**row, "verdict": "attention" if far else "ok", "note": found.note or note}


def _information(target: Target) -> list[dict[str, Any]]:
    name, have = target.variable.name, len(target.observed)
    rows = []
    if len(target.predictors) * target.variable.width >= have:
        note = f"{have} known values, {len(target.predictors)} predictors: the model has as many parameters as values"
        rows.append(
            {"check": "too little information", "term": name, "value": have, "verdict": "attention", "note": note}
        )
    share = len(target.missing) / (have + len(target.missing))
    if share > _MOSTLY_MISSING:
        note = f"{share:.0%} of the values are imputed"
        rows.append({"check": "mostly missing", "term": name, "value": share, "verdict": "attention", "note": note})
    return rows


def _method(model: ImputationModel, roles: Roles, m: int, recipe: Mapping[str, Any]) -> dict[str, Any]:
    hazards = [f"event and Nelson-Aalen hazard of {name}" for name in roles.event]
    return {
        "model": "multiple imputation by chained equations",
        "imputations": m,
        **recipe,
        "methods": {t.variable.name: t.variable.method for t in model.targets},
        "predictors": [
            *dict.fromkeys([*roles.variables, *roles.exposure, *roles.predictors]),
            *roles.outcome,
            *hazards,
        ],
        "derived": {d.name: d.formula if isinstance(d.formula, str) else "function" for d in model.derived},
        "delta": {t.variable.name: t.delta for t in model.targets if t.delta},
        "exposure_imputed": roles.impute_exposure,
        "outcome_imputed": False,
        "denominator": "patients with exposure and outcome known",
        "software": software("numpy", "scipy"),
        "reference": _REFERENCES,
    }


def _counts(model: ImputationModel, m: int) -> dict[str, Any]:
    return {
        "supplied": len(model.base),
        "used": int(model.inside.sum()),
        "dropped": model.outside,
        "incomplete": int(np.isnan(model.matrix).any(axis=1).sum()),
        "imputed_cells": {t.variable.name: len(t.missing) for t in model.targets},
        "imputations": m,
    }


def _notes(model: ImputationModel, roles: Roles, chains: Sequence[Chain]) -> list[str]:
    notes = []
    if model.outside:
        why = "; ".join(f"{reason}: {n}" for reason, n in model.outside.items())
        notes.append(f"Exposure and outcome are not imputed; rows that keep all their gaps ({why}).")
    for name in roles.exposure if roles.impute_exposure else ():
        target = next((t for t in model.targets if t.variable.name == name), None)
        if target is not None:
            notes.append(f"The exposure {name} is imputed in {len(target.missing)} patients.")
    for t in model.targets:
        if t.delta:
            notes.append(f"Imputed values of {t.variable.name} are shifted by {t.delta:g} (missing not at random).")
    if not model.targets:
        notes.append("No value is missing among the rows that take part: nothing was imputed.")
    notes += [row["note"] + "." for row in model.log if row["check"] == "not imputed"]
    return notes + _without_value(model, chains)


def _without_value(model: ImputationModel, chains: Sequence[Chain]) -> list[str]:
    frame = completed(model, chains[0].cells).loc[model.inside]
    lacking = {d.name: int(frame[d.name].isna().sum()) for d in model.derived}
    return [f"{name} has no value in {n} patients even after imputation." for name, n in lacking.items() if n]

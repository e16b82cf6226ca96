"""Hazard ratios of chosen covariate patterns from one Cox model, and their joint test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.design.contrasts import Pattern, wald_test
from neurohlh.stats.hazards.described import method_of, model_checks, patients_notes
from neurohlh.stats.hazards.linear import contrasts_of, ratio_lines
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model


def cox_contrast(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    contrasts: Mapping[str, tuple[Pattern, Pattern]],
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    entry: str | None = None,
    cluster: str | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
) -> Result:
    """The hazard ratio of one covariate pattern against another for each of `contrasts` (label -> two patterns).

    A pattern is {variable: value}, such as ({"age": 75}, {"age": 60}) within a spline of age, or ({"cns": True, "sex":
    "f"}, {"cns": False, "sex": "f"}) for the effect of cns within a level of another variable. Covariates that are not
    named are equal in both. Standard errors are the delta method's; a joint Wald test of all contrasts is in `checks`.
    Values outside the range of the patients used are named in the notes. Other options are those of `cox`.

    Raises as `cox` does, and ValueError for unknown variables or levels, for a variable in one pattern only, and for an
    effect that depends on a variable that is not named.
    """
    if not contrasts:
        raise ValueError("contrasts must name at least one pair of patterns")
    options = CoxOptions(reference, strata, entry, cluster, ties, conf_level)
    model = cox_model(frame, time, event, covariates, options)
    pairs = list(contrasts.values())
    matrix, reasons = contrasts_of(model, pairs)
    lines = ratio_lines(model, matrix, reasons, conf_level)
    rows = [
        {
            "analysis": "cox_contrast",
            "outcome": event,
            "term": label,
            "contrast": f"{_words(first)} vs {_words(second)}",
            "n": model.data.n,
            "events": model.data.events,
            "method": "Cox regression, linear contrast",
            **line,
        }
        for (label, (first, second)), line in zip(contrasts.items(), lines, strict=True)
    ]
    joint = [] if any(reasons) else [_joint(model, matrix)]
    return Result(
        kind="cox_contrast",
        tidy=tidy_frame(rows),
        checks=check_frame([*joint, *model_checks(model)]),
        method=method_of(model, covariates, options),
        counts=model.counts,
        notes=(*patients_notes(model), *outside_notes(model, frame, pairs)),
    )


def _words(pattern: Pattern) -> str:
    return ", ".join(f"{name} = {value}" for name, value in pattern.items())


def _joint(model: CoxModel, matrix: Any) -> dict[str, Any]:
    found = wald_test(matrix, model.fit.coef, model.cov)
    return {
        "check": "joint Wald test of the contrasts",
        "term": "GLOBAL",
        "statistic": found.statistic,
        "df": found.df,
        "p_value": found.p_value,
        "verdict": "ok",
        "note": f"{len(matrix)} contrasts, {found.df} independent",
    }


def outside_notes(model: CoxModel, frame: pd.DataFrame, pairs: Sequence[tuple[Pattern, Pattern]]) -> list[str]:
    """A sentence for each number that no patient used reaches: there the model extrapolates."""
    notes: dict[str, None] = {}
    for factor, coding in model.design.codings.items():
        if coding.kind == "categorical":
            continue
        used = pd.to_numeric(frame.loc[model.used, factor.variable])
        low, high = float(used.min()), float(used.max())
        for pattern in (p for pair in pairs for p in pair):
            value = float(pattern.get(factor.variable, low))
            if not low <= value <= high:
                notes[
                    f"{factor.variable} = {value:g} lies outside the patients used ({low:g} to {high:g}): extrapolated."
                ] = None
    return list(notes)

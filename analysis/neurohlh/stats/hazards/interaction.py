"""Interaction of two categories in a Cox model: joint effects, effects within levels, both scales of interaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.design.contrasts import Pattern
from neurohlh.stats.design.formula import term_name
from neurohlh.stats.design.hypotheses import Hypothesis, hypotheses
from neurohlh.stats.hazards.additive import additive_interaction
from neurohlh.stats.hazards.described import method_of, model_checks, patients_notes
from neurohlh.stats.hazards.linear import contrasts_of, ratio_lines
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model
from neurohlh.stats.hazards.term_tests import term_checks
from neurohlh.stats.recipe import z_value

_REFERENCES = [
    "Hosmer & Lemeshow 1992, Epidemiology 3:452",
    "Knol & VanderWeele 2012, Int J Epidemiol 41:514",
]
_PROTECTIVE = (
    "A level lowers the hazard against the common reference: additive measures are easier to read with the level of "
    "lowest hazard as the reference (Knol et al. 2011, Eur J Epidemiol 26:433)."
)


def cox_interaction(
    frame: pd.DataFrame,
    time: str,
    event: str,
    exposure: str,
    modifier: str,
    covariates: Sequence[str] = (),
    *,
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    entry: str | None = None,
    cluster: str | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
) -> Result:
    """Whether `modifier` changes the effect of `exposure` (both categories), on the multiplicative and additive scale.

    The model is exposure * modifier + `covariates`. Rows by `analysis`: "joint" (each combination against both
    references), "exposure_within_modifier", "modifier_within_exposure", "multiplicative" (ratio of hazard ratios) and
    "additive" (RERI, AP, S with delta-method limits; Hosmer and Lemeshow 1992). Tests of the interaction are in
    `checks`. Hazard ratios stand for relative risks in the additive measures, which holds for rare events. Other
    options are those of `cox`; raises as it does, and ValueError if either is no category.
    """
    options = CoxOptions(reference, strata, entry, cluster, ties, conf_level)
    terms = [f"{exposure}*{modifier}", *covariates]
    model = cox_model(frame, time, event, terms, options)
    rows = [
        {"outcome": event, "method": "Cox regression with interaction", **row}
        for row in [
            *_ratio_rows(model, exposure, modifier, conf_level),
            *_scales(model, exposure, modifier, conf_level),
        ]
    ]
    protective = any(r["analysis"] == "joint" and r.get("coef", 0) < 0 for r in rows)
    said = {"exposure": exposure, "modifier": modifier, "reference": [*_REFERENCES, "Cox 1972, J R Stat Soc B 34:187"]}
    return Result(
        kind="cox_interaction",
        tidy=tidy_frame(rows),
        checks=check_frame([*term_checks(model, interaction_of(model, exposure, modifier)), *model_checks(model)]),
        method={**method_of(model, terms, options), **said},
        counts=model.counts,
        notes=(*patients_notes(model), *([_PROTECTIVE] if protective else [])),
    )


def levels_of(model: CoxModel, variable: str) -> list[str]:
    """Reference level first, then the others with patients; raises ValueError if the variable is no category."""
    for factor, coding in model.design.codings.items():
        if factor.variable == variable and coding.kind == "categorical":
            return [coding.reference, *coding.levels]
    raise ValueError(f"{variable!r} is no category; group it, or use cox_contrast")


def _ratio_rows(model: CoxModel, exposure: str, modifier: str, conf_level: float) -> list[dict[str, Any]]:
    (base, *exposed), (usual, *modified) = levels_of(model, exposure), levels_of(model, modifier)
    cells = [(e, m) for m in (usual, *modified) for e in (base, *exposed) if (e, m) != (base, usual)]
    asked: list[tuple[str, str, tuple[str, str], tuple[str, str]]] = [
        *(("joint", "", cell, (base, usual)) for cell in cells),
        *(("exposure_within_modifier", modifier, (e, m), (base, m)) for m in (usual, *modified) for e in exposed),
        *(("modifier_within_exposure", exposure, (e, m), (e, usual)) for e in (base, *exposed) for m in modified),
    ]

    def pattern(cell: tuple[str, str]) -> Pattern:
        return {exposure: cell[0], modifier: cell[1]}

    matrix, reasons = contrasts_of(model, [(pattern(first), pattern(second)) for _, _, first, second in asked])
    lines = ratio_lines(model, matrix, reasons, conf_level)
    level = {name: model.design.levels[name] for name in (exposure, modifier)}
    found = []
    for (analysis, within, first, second), line in zip(asked, lines, strict=True):
        inside = (level[exposure] == first[0]) & (level[modifier] == first[1])
        moving = {"joint": f"{exposure}:{modifier}", "exposure_within_modifier": exposure}.get(analysis, modifier)
        found.append(
            {
                "analysis": analysis,
                "variable": moving,
                "level": ":".join(first) if analysis == "joint" else first[0 if moving == exposure else 1],
                "group": f"{within} = {first[1 if within == modifier else 0]}" if within else "",
                "contrast": f"{':'.join(first)} vs {':'.join(second)}",
                "n": int(inside.sum()),
                "events": int(model.data.event[inside].sum()),
                **line,
            }
        )
    return found


def _scales(model: CoxModel, exposure: str, modifier: str, conf_level: float) -> list[dict[str, Any]]:
    """The ratio of hazard ratios, RERI, AP and S for each pair of levels that are no reference."""
    (base, *exposed), (usual, *modified) = levels_of(model, exposure), levels_of(model, modifier)
    found: list[dict[str, Any]] = []
    for e, m in ((e, m) for m in modified for e in exposed):
        neither: Pattern = {exposure: base, modifier: usual}
        alone = [{exposure: e, modifier: usual}, {exposure: base, modifier: m}, {exposure: e, modifier: m}]
        matrix, reasons = contrasts_of(model, [(pattern, neither) for pattern in alone])
        reason = next(filter(None, reasons), "")
        shared = {"variable": f"{exposure}:{modifier}", "level": f"{e}:{m}"}
        product = ratio_lines(model, (matrix[2] - matrix[0] - matrix[1])[None], [reason], conf_level)[0]
        found.append({"analysis": "multiplicative", **shared, **product, "measure": "ratio of HR"})
        if reason:
            found += [{"analysis": "additive", **shared, "measure": k, "note": reason} for k in ("RERI", "AP", "S")]
            continue
        coef = np.where(model.fit.diverging, 0.0, model.fit.coef)
        measures = additive_interaction(matrix @ coef, matrix @ model.cov @ matrix.T, z_value(conf_level))
        for name, value in measures.items():
            numbers = {
                "estimate": value.estimate,
                "conf_low": value.low,
                "conf_high": value.high,
                "coef": value.coef,
                "std_error": value.std_error,
                "scale": "log" if name == "S" else "identity",
                "statistic": value.coef / value.std_error,
                "p_value": 2 * norm.sf(abs(value.coef / value.std_error)),
                "note": value.reason,
            }
            found.append({"analysis": "additive", **shared, "measure": name, **numbers})
    return found


def interaction_of(model: CoxModel, exposure: str, modifier: str) -> list[Hypothesis]:
    """The hypothesis that two variables do not interact."""
    pair = {exposure, modifier}
    names = {term_name(term) for term in model.design.terms if {f.variable for f in term} == pair}
    return [hypothesis for hypothesis in hypotheses(model.design) if hypothesis.term in names]

"""The effect of an exposure in subgroups: a model with an interaction per subgroup variable, none per level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.design.contrasts import Pattern
from neurohlh.stats.design.formula import parse_factor, variable_of
from neurohlh.stats.hazards.described import method_of, patients_notes
from neurohlh.stats.hazards.interaction import interaction_of, levels_of
from neurohlh.stats.hazards.linear import contrasts_of, ratio_lines
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model
from neurohlh.stats.hazards.term_tests import term_checks

_METHOD = "Cox regression with interaction"


def cox_subgroups(
    frame: pd.DataFrame,
    time: str,
    event: str,
    exposure: str,
    subgroups: Sequence[str],
    covariates: Sequence[str] = (),
    *,
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    entry: str | None = None,
    cluster: str | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
) -> Result:
    """The hazard ratio of `exposure` within each level of each of `subgroups` (categories), for a forest plot.

    For each subgroup variable one model: exposure * subgroup + `covariates` on its patients, so that the levels share
    the effects of the covariates. The first row ("overall") has no interaction. A number as exposure is compared one
    unit apart (log2(x): doubled). The tests of interaction are in `checks`, per subgroup; with many of them some are
    small by chance. Other options are those of `cox`; raises as it does, and ValueError for a subgroup that is no
    category or an exposure that is a spline.
    """
    if isinstance(subgroups, str) or not subgroups:
        raise ValueError("subgroups must be a list of at least one column")
    every = CoxOptions(reference, strata, entry, cluster, ties, conf_level)
    terms = [c for c in covariates if c != exposure]
    _require_used(reference or {}, [exposure, *subgroups, *terms])
    options = _referring(every, [exposure, *terms])
    overall = cox_model(frame, time, event, [exposure, *terms], options)
    shown, checks = _rows(overall, exposure, "", options.conf_level), []
    notes = patients_notes(overall)
    for name in subgroups:
        inside = [f"{exposure}*{name}", *(c for c in terms if c != name)]
        try:
            model = cox_model(frame, time, event, inside, _referring(every, inside))
        except NotEstimable as error:
            shown.append({"variable": exposure, "group": name, "measure": "HR", "note": f"not estimable: {error}"})
            continue
        shown += _rows(model, exposure, name, options.conf_level)
        asked = interaction_of(model, parse_factor(exposure).variable, name)
        checks += [{**row, "term": name} for row in term_checks(model, asked)]
        notes += [f"{name}: {note}" for note in patients_notes(model)]
    notes.append(f"{len(subgroups)} tests of interaction; the limits are not adjusted for their number.")
    said = {"exposure": exposure, "subgroups": list(subgroups), "test": "interaction: likelihood ratio, score and Wald"}
    return Result(
        kind="cox_subgroups",
        tidy=tidy_frame([{"analysis": "cox_subgroups", "outcome": event, "method": _METHOD, **row} for row in shown]),
        checks=check_frame(checks),
        method={**method_of(overall, [exposure, *terms], options), **said},
        counts=overall.counts,
        notes=tuple(notes),
    )


def _require_used(reference: Mapping[str, str], terms: Sequence[str]) -> None:
    unused = set(reference) - _variables(terms)
    if unused:
        raise ValueError(f"reference levels for variables that are in no model: {', '.join(sorted(unused))}")


def _referring(options: CoxOptions, terms: Sequence[str]) -> CoxOptions:
    """The options with the reference levels of these terms only."""
    inside = _variables(terms)
    return replace(options, reference={k: v for k, v in (options.reference or {}).items() if k in inside})


def _variables(terms: Sequence[str]) -> set[str]:
    return {name for term in terms for name in variable_of(term).split(":")}


def _rows(model: CoxModel, exposure: str, subgroup: str, conf_level: float) -> list[dict[str, Any]]:
    factor = parse_factor(exposure)
    first, others = _exposures(model, exposure)
    groups = levels_of(model, subgroup) if subgroup else [""]
    asked = [(g, value) for g in groups for value in others]

    def pattern(value: Any, group: str) -> Pattern:
        return {factor.variable: value, **({subgroup: group} if subgroup else {})}

    matrix, reasons = contrasts_of(model, [(pattern(v, g), pattern(first, g)) for g, v in asked])
    found = []
    for (group, value), line in zip(asked, ratio_lines(model, matrix, reasons, conf_level), strict=True):
        inside = model.design.levels[subgroup] == group if subgroup else np.ones(model.data.n, dtype=bool)
        found.append(
            {
                "variable": factor.variable,
                "term": exposure,
                "level": value if isinstance(value, str) else "",
                "group": f"{subgroup} = {group}" if subgroup else "overall",
                "contrast": f"{value} vs {first}" if isinstance(value, str) else "",
                "n": int(inside.sum()),
                "events": int(model.data.event[inside].sum()),
                **line,
            }
        )
    return found


def _exposures(model: CoxModel, exposure: str) -> tuple[Any, list[Any]]:
    """The value compared with, and the values compared: levels, or two numbers one unit of the term apart."""
    factor = parse_factor(exposure)
    if next(c for f, c in model.design.codings.items() if f == factor).kind == "categorical":
        base, *levels = levels_of(model, factor.variable)
        return base, levels
    units = {"": (0.0, 1.0), "log2": (1.0, 2.0), "log10": (1.0, 10.0), "log": (1.0, float(np.e)), "sqrt": (0.0, 1.0)}
    if factor.function not in units:
        raise ValueError(f"{exposure!r} has no single hazard ratio; compare two of its values with cox_contrast")
    low, high = units[factor.function]
    return low, [high]

"""Linear combinations of a Cox model's coefficients as lines of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurohlh.stats.columns import Floats
from neurohlh.stats.design.contrasts import Combined, Contrasts, Pattern, combine, contrasts
from neurohlh.stats.hazards.described import reason_without
from neurohlh.stats.hazards.model import CoxModel
from neurohlh.stats.recipe import z_value

_NO_SUCH = "not estimable: no patient used has a combination that it needs"
_COLLINEAR = "not estimable: it needs a column that is collinear with others"
_SAME = "both patterns have the same covariates in this model"
_TOO_LARGE = "a ratio is beyond the largest number"


def contrasts_of(model: CoxModel, pairs: Sequence[tuple[Pattern, Pattern]]) -> tuple[Floats, list[str]]:
    """What each contrast takes of each fitted coefficient (pairs, parameters), and why it cannot be estimated ('').

    Raises as `contrasts` does.
    """
    found: Contrasts = contrasts(model.design, pairs)
    reasons = []
    for row, lost in zip(found.matrix, found.lost, strict=True):
        used = np.flatnonzero(row[model.kept])
        collinear = any(row[j] != 0 for j in model.aliases)
        reasons.append(_NO_SUCH if lost else _COLLINEAR if collinear else reason_without(model, used))
    return found.matrix[:, model.kept], reasons


def combined(model: CoxModel, matrix: Floats, conf_level: float) -> Combined:
    """Log hazard ratios of the contrasts (diverging coefficients that a contrast does not use do not disturb it)."""
    sound = np.where(model.fit.diverging, 0.0, model.fit.coef)
    return combine(matrix, sound, model.cov, z_value(conf_level))


def ratio_lines(model: CoxModel, matrix: Floats, reasons: Sequence[str], conf_level: float) -> list[dict[str, Any]]:
    """For each contrast the numbers of a line: hazard ratio, limits, coefficient, error, z, p, note."""
    found = combined(model, matrix, conf_level)
    return [_line(found, place, reason) for place, reason in enumerate(reasons)]


def _line(found: Combined, place: int, reason: str) -> dict[str, Any]:
    shared = {"measure": "HR", "scale": "log"}
    if reason:
        return {**shared, "note": reason}
    coef, se = float(found.coef[place]), float(found.std_error[place])
    with np.errstate(over="ignore", under="ignore"):
        ratios = np.exp([coef, found.low[place], found.high[place]])
    known = np.where(np.isfinite(ratios) & (ratios > 0), ratios, np.nan)
    numbers = dict(zip(("estimate", "conf_low", "conf_high"), known, strict=True))
    if se == 0:
        return {**shared, **numbers, "coef": coef, "std_error": se, "note": _SAME}
    note = _TOO_LARGE if np.isnan(known).any() else ""
    tested = {"statistic": coef / se, "df": 1, "p_value": float(found.p_value[place])}
    return {**shared, **numbers, "coef": coef, "std_error": se, **tested, "note": note}

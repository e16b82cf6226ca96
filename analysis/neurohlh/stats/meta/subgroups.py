"""Studies pooled per subgroup, with one variance between studies or one each, and the test of their difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Labels
from neurohlh.stats.meta.fit import fit_meta, moderator_test
from neurohlh.stats.meta.rows import effect_row, fit_row
from neurohlh.stats.meta.settings import GLMM, Settings, model_words, try_pool
from neurohlh.stats.meta.studies import Studies


def subgroup_rows(studies: Studies, found: Labels, names: list[str], settings: Settings) -> list[dict[str, Any]]:
    """The pooled effect of every subgroup, then the test of their difference."""
    pieces = _common_pieces if settings.subgroup_tau2 == "common" and settings.method != GLMM else _separate_pieces
    rows, test = pieces(studies, found, names, settings)
    return [*({"term": "subgroup", **row} for row in rows), {"term": "subgroup difference", "measure": "QM", **test}]


def _common_pieces(
    studies: Studies, found: Labels, names: list[str], settings: Settings
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One model with a mean per subgroup: one tau2 for all of them, and Wald's test of equal means."""
    design = np.column_stack([(found == name).astype(float) for name in names])
    options: Mapping[str, Any] = {"method": settings.method, "knapp_hartung": settings.knapp_hartung}
    try:
        fit = fit_meta(studies.effect, studies.variance, design, **options)
    except NotEstimable as error:
        return [{"group": name, "note": f"not estimable: {error}"} for name in names], {
            "note": f"not estimable: {error}"
        }
    rows = []
    for j, name in enumerate(names):
        inside = found == name
        row = {
            "group": name,
            "scale": studies.scale,
            "method": f"{model_words(settings)}, common tau2",
        }
        row |= effect_row(
            float(fit.coef[j]), float(fit.std_error[j]), fit.quantile(settings.conf_level), studies.back(inside)
        )
        rows.append({**row, "n": studies.n[inside].sum(), "events": studies.events[inside].sum(), "df": fit.df})
    if len(names) < 2:
        return rows, {"note": "not estimable: one subgroup"}
    against = np.column_stack([np.ones(studies.k), design[:, 1:]])
    again = fit_meta(studies.effect, studies.variance, against, **options)
    if np.isnan(again.std_error).any():
        return rows, {"note": "not estimable: the variance is 0"}
    statistic, p, df2 = moderator_test(again, list(range(1, len(names))))
    how = "F test" if np.isfinite(df2) else "Wald's chi-square"
    return rows, {"statistic": statistic, "df": len(names) - 1, "p_value": p, "method": how}


def _separate_pieces(
    studies: Studies, found: Labels, names: list[str], settings: Settings
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Every subgroup on its own, and Cochran's Q of the subgroups' means."""
    rows, pooled = [], []
    for name in names:
        inside = np.asarray(found == name, dtype=bool)
        fit, reason = try_pool(studies, inside, settings)
        row = {"group": name, "method": f"{model_words(settings)}, tau2 of its own"}
        if fit is None:
            rows.append({**row, "note": reason})
            continue
        rows.append({**row, **fit_row(studies, inside, fit, settings.conf_level)})
        pooled.append((float(fit.coef[0]), float(fit.covariance[0, 0])))
    if len(pooled) < len(names) or len(names) < 2 or min(v for _, v in pooled) <= 0:
        return rows, {"note": "not estimable: fewer than two subgroups, or one that cannot be pooled"}
    between = fit_meta(*(np.array(v) for v in zip(*pooled, strict=True)), method="FE")
    test = {"statistic": between.q, "df": between.q_df, "p_value": between.q_p}
    return rows, {**test, "method": "Q of the subgroups' means"}

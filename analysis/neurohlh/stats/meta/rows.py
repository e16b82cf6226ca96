"""Lines of a meta-analysis: an effect with its limits, the studies with their weights, and pools of a part of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import beta
from scipy.stats import t as student

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, Labels
from neurohlh.stats.meta.fit import MetaFit, clustered_std_error
from neurohlh.stats.meta.settings import GLMM, Settings, model_words, try_pool
from neurohlh.stats.meta.studies import Studies
from neurohlh.stats.recipe import z_value


def effect_row(coef: float, std_error: float, multiplier: float, back: Callable[[Floats], Floats]) -> dict[str, Any]:
    """Estimate and limits on the measure's scale, with the working-scale numbers; limits are left out without an SE."""
    if np.isnan(std_error):
        note = "limits not estimable: the variance is 0"
        return {"estimate": float(back(np.array([coef]))[0]), "coef": coef, "note": note}
    low, middle, high = back(coef + multiplier * std_error * np.array([-1.0, 0.0, 1.0]))
    return {"estimate": middle, "conf_low": low, "conf_high": high, "coef": coef, "std_error": std_error}


def fit_row(studies: Studies, rows: Bools, fit: MetaFit, conf_level: float) -> dict[str, Any]:
    """The pooled effect of these `rows`; a proportion has no null value, so no test."""
    se = float(fit.std_error[0])
    row = {"scale": studies.scale, **effect_row(float(fit.coef[0]), se, fit.quantile(conf_level), studies.back(rows))}
    row["n"], row["events"] = studies.n[rows].sum(), studies.events[rows].sum()
    if studies.measure == "proportion" or np.isnan(se):
        return {**row, "df": fit.df}
    statistic = float(fit.coef[0]) / se
    return {**row, "statistic": statistic, "df": fit.df, "p_value": fit.p_value(statistic)}


def study_rows(studies: Studies, found: Labels | None, fit: MetaFit | None, settings: Settings) -> list[dict[str, Any]]:
    """Every study and its share of the weight (where there is one); a proportion stands with its exact limits."""
    tail = (1 - settings.conf_level) / 2
    z = z_value(settings.conf_level)
    one = studies.measure == "proportion"
    rows: list[dict[str, Any]] = []
    weights = fit.weights if fit is not None else np.full(studies.k, np.nan)
    for i, name in enumerate(studies.names):
        row: dict[str, Any] = {"term": "study", "level": name, "group": "" if found is None else found[i]}
        row |= {"scale": studies.scale, "n": studies.n[i], "events": studies.events[i]}
        row |= effect_row(
            studies.effect[i], float(np.sqrt(studies.variance[i])), z, studies.back(np.arange(studies.k) == i)
        )
        if one:
            x, n = studies.events[i], studies.n[i]
            row["estimate"], row["method"] = x / n, "limits: Clopper-Pearson"
            row["conf_low"] = beta.ppf(tail, x, n - x + 1) if x > 0 else 0.0
            row["conf_high"] = beta.ppf(1 - tail, x + 1, n - x) if x < n else 1.0
        if studies.added[i] and settings.method != GLMM:
            row["note"] = "1/2 added to every cell" + (" for pooling" if one else "")
        rows.append(row)
        if np.isfinite(weights[i]):
            weight = {"term": "weight", "level": name, "measure": "weight", "scale": "identity"}
            rows.append(
                {**weight, "group": row["group"], "estimate": weights[i], "note": "share of all studies' weight"}
            )
    return rows


def omitting_rows(studies: Studies, settings: Settings) -> list[dict[str, Any]]:
    """The pool without each study in turn, from three studies on."""
    if studies.k < 3:
        return []
    rows = []
    for i, name in enumerate(studies.names):
        rest = np.arange(studies.k) != i
        rows += _part_rows(studies, rest, {"term": "leave one out", "level": name}, settings)
    return rows


def cumulative_rows(studies: Studies, place: Floats, order: str, settings: Settings) -> list[dict[str, Any]]:
    """The pool of the first study, the first two, and so on by `place`, of the column `order`; ties go by name."""
    if np.isnan(place).any():
        raise ValueError(f"column {order!r}: a study has no place in the order")
    rows = []
    sequence = np.lexsort((studies.names.astype(str), place))
    for last in range(studies.k):
        inside = np.zeros(studies.k, dtype=bool)
        inside[sequence[: last + 1]] = True
        row = {"term": "cumulative", "level": studies.names[sequence[last]], "time": place[sequence[last]]}
        rows += _part_rows(studies, inside, row, settings)
    return rows


def _part_rows(studies: Studies, inside: Bools, row: dict[str, Any], settings: Settings) -> list[dict[str, Any]]:
    """The pooled effect of some of the studies, and how far they differ."""
    fit, reason = try_pool(studies, inside, settings)
    if fit is None:
        return [{**row, "note": reason}]
    pooled = {**row, **fit_row(studies, inside, fit, settings.conf_level), "method": model_words(settings)}
    if settings.method == GLMM:
        return [pooled, {**row, "measure": "tau2", "estimate": fit.tau2}]
    shares = {"I2 (%)": 100 * fit.i2, "tau2": fit.tau2} if fit.q_df > 0 else {}
    return [pooled, *({**row, "measure": m, "scale": "identity", "estimate": v} for m, v in shares.items())]


def clustered_rows(studies: Studies, fit: MetaFit, cohort: Labels, conf_level: float) -> list[dict[str, Any]]:
    """The pooled effect with limits that allow for studies of the same patients; nothing if no two share any.

    A study of unknown patients counts as a cohort of its own.
    """
    own = np.array([f"study {i}" if c is None else f"cohort {c}" for i, c in enumerate(cohort)])
    cluster = np.unique(own, return_inverse=True)[1]
    if len(np.unique(cluster)) == studies.k:
        return []
    row = {"term": "pooled (shared patients)", "scale": studies.scale, "method": "cluster-robust, t"}
    try:
        se, df = clustered_std_error(studies.effect, studies.variance, fit, cluster)
    except NotEstimable as error:
        return [{**row, "note": f"not estimable: {error}"}]
    if not se > 0:
        return [{**row, "note": "not estimable: the variance is 0"}]
    coef, t = float(fit.coef[0]), float(student.ppf(0.5 + conf_level / 2, df))
    row |= effect_row(coef, se, t, studies.back())
    if studies.measure == "proportion":
        return [{**row, "df": df}]
    return [{**row, "statistic": coef / se, "df": df, "p_value": float(2 * student.sf(abs(coef / se), df))}]

"""Do characteristics of the studies explain how their effects differ? The mixed-effects model with moderators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats
from neurohlh.stats.design.terms import Design, model_design
from neurohlh.stats.meta.checks import meta_checks
from neurohlh.stats.meta.fit import MetaFit, fit_meta, moderator_test
from neurohlh.stats.meta.heterogeneity import ESTIMATORS
from neurohlh.stats.meta.rows import effect_row
from neurohlh.stats.meta.settings import adjustment
from neurohlh.stats.meta.studies import Studies, StudyColumns, read_studies
from neurohlh.stats.recipe import software

PER_COEFFICIENT = 10
"""Studies per coefficient below which a moderator's effect is little more than chance."""


def meta_regression(
    frame: pd.DataFrame,
    moderators: Sequence[str],
    *,
    method: str = "REML",
    knapp_hartung: bool | str = False,
    reference: Mapping[str, str] | None = None,
    conf_level: float = 0.95,
    **columns: Unpack[StudyColumns],
) -> Result:
    """The studies' effects on `moderators` (columns, or log(x) and the like of one), weighted as in `meta_analysis`.

    Rows: "intercept" (all moderators 0 or at their reference), a row per moderator or level (`estimate` is the ratio of
    ratios for HR, OR and RR, else the difference, on the working scale for transformed proportions), "moderators" (QM),
    a test per moderator with several levels, and "heterogeneity" (residual Q, tau2, I2 (%), H2, R2 (%): the share of
    tau2 that the moderators explain). `curves`: study, effect, fitted, std_error, weight on the working scale. Raises
    ValueError as `meta_analysis` does, NotEstimable where moderators cannot be told apart or studies are too few.
    """
    if method not in ESTIMATORS:
        raise ValueError(f"method must be one of {', '.join(ESTIMATORS)}, not {method!r}")
    kh = knapp_hartung if isinstance(knapp_hartung, str) else ("plain" if knapp_hartung else "none")
    rest, design = _complete(frame, moderators, reference, columns)
    studies = read_studies(rest, columns)
    matrix = np.column_stack([np.ones(studies.k), design.matrix])
    fit = fit_meta(studies.effect, studies.variance, matrix, method=method, knapp_hartung=kh)
    rows = [*_coefficient_rows(studies, design, fit, conf_level), *_tests(design, fit)]
    rows += _heterogeneity(fit, fit_meta(studies.effect, studies.variance, method=method).tau2, method)
    checks = meta_checks(studies, fit, None, method)
    checks.append(_per_coefficient(studies.k, matrix.shape[1] - 1))
    return Result(
        kind="meta_regression",
        tidy=tidy_frame([{"analysis": "meta_regression", **row} for row in rows]),
        curves=_bubbles(studies, matrix, fit),
        checks=check_frame(checks),
        method=_method(studies, design, method, kh, conf_level),
        counts={"supplied": len(frame), "used": studies.k, "dropped": _dropped(frame, rest, design, columns)},
        notes=("A moderator is a property of studies: what holds between studies need not hold between patients.",),
    )


def _complete(
    frame: pd.DataFrame, moderators: Sequence[str], reference: Mapping[str, str] | None, columns: StudyColumns
) -> tuple[pd.DataFrame, Design]:
    """The usable studies whose moderators are known, and their design."""
    usable = frame.loc[read_studies(frame, columns).kept]
    design = model_design(usable, moderators, reference=reference)
    if not design.complete.any():
        raise NotEstimable("no study has all moderators")
    return usable.loc[design.complete], design


def _dropped(frame: pd.DataFrame, rest: pd.DataFrame, design: Design, columns: StudyColumns) -> dict[str, int]:
    return {**read_studies(frame, columns).dropped, **design.dropped}


def _contrast(studies: Studies) -> tuple[str, Any]:
    """What a slope is called, and its way back: slopes of logarithms are ratios, all others stay as they are."""
    if studies.scale == "log":
        return f"ratio of {studies.measure}s", np.exp
    what = studies.measure if studies.scale == "identity" else f"{studies.scale} of {studies.measure}"
    return f"difference of {what}", np.asarray


def _coefficient_rows(studies: Studies, design: Design, fit: MetaFit, conf_level: float) -> list[dict[str, Any]]:
    measure, back = _contrast(studies)
    rows = [{"term": "intercept", "measure": studies.measure, **_coefficient(fit, 0, studies.back(), conf_level)}]
    for line in design.rows:
        row = {"variable": line.variable, "term": line.term, "level": line.level, "is_reference": line.is_reference}
        row |= {"measure": measure, "note": line.note}
        if line.column is not None:
            row |= _coefficient(fit, line.column + 1, back, conf_level)
        rows.append(row)
    return [{**row, "scale": studies.scale, "n": studies.k} for row in rows]


def _coefficient(fit: MetaFit, place: int, back: Any, conf_level: float) -> dict[str, Any]:
    coef, se = float(fit.coef[place]), float(fit.std_error[place])
    row = effect_row(coef, se, fit.quantile(conf_level), back)
    return row if np.isnan(se) else {**row, "statistic": coef / se, "df": fit.df, "p_value": fit.p_value(coef / se)}


def _tests(design: Design, fit: MetaFit) -> list[dict[str, Any]]:
    blocks = {term: [c + 1 for c in found] for term, found in design.blocks().items()}
    wanted = {"moderators": [c for found in blocks.values() for c in found]}
    wanted |= {term: found for term, found in blocks.items() if len(found) > 1 and len(blocks) > 1}
    rows = []
    for term, found in wanted.items():
        row: dict[str, Any] = {"term": term, "measure": "QM", "df": len(found)}
        if not found or np.isnan(fit.std_error).any():
            rows.append({**row, "note": "not estimable: no moderator varies, or the variance is 0"})
            continue
        statistic, p, df2 = moderator_test(fit, found)
        how = f"F with {len(found)} and {df2:g} df" if np.isfinite(df2) else "Wald's chi-square"
        rows.append({**row, "statistic": statistic, "p_value": p, "method": how})
    return rows


def _heterogeneity(fit: MetaFit, without: float, method: str) -> list[dict[str, Any]]:
    row = {"term": "heterogeneity", "scale": "identity", "method": method}
    rows: list[dict[str, Any]] = [
        {
            **row,
            "measure": "Q",
            "statistic": fit.q,
            "df": fit.q_df,
            "p_value": fit.q_p,
            "method": "Cochran's Q, residual",
        }
    ]
    if method == "FE":
        return rows
    rows.append({**row, "measure": "tau2", "estimate": fit.tau2, "std_error": fit.tau2_se})
    rows += [{**row, "measure": m, "estimate": v} for m, v in (("I2 (%)", 100 * fit.i2), ("H2", fit.h2))]
    explained = {**row, "measure": "R2 (%)"}
    if without == 0:
        return [*rows, {**explained, "note": "not estimable: without moderators there is no variance between studies"}]
    return [*rows, {**explained, "estimate": max(0.0, 100 * (without - fit.tau2) / without)}]


def _per_coefficient(k: int, coefficients: int) -> dict[str, Any]:
    per = k / max(coefficients, 1)
    few = per < PER_COEFFICIENT
    said = f"fewer than {PER_COEFFICIENT} studies per coefficient" if few else ""
    verdict = "attention" if few else "ok"
    return {"check": "studies per coefficient", "term": "GLOBAL", "value": per, "verdict": verdict, "note": said}


def _bubbles(studies: Studies, matrix: Floats, fit: MetaFit) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": studies.names,
            "effect": studies.effect,
            "fitted": matrix @ fit.coef,
            "std_error": np.sqrt(studies.variance),
            "weight": fit.weights,
        }
    )


def _method(studies: Studies, design: Design, method: str, kh: str, conf_level: float) -> dict[str, Any]:
    return {
        "estimator": f"mixed effects, {method}{adjustment(kh)}",
        "measure": studies.measure,
        "scale": studies.scale,
        "interval": "Wald" if kh == "none" else "t, k - p degrees of freedom",
        "test": "Wald, two-sided",
        "correction": "1/2 added to the cells of studies with an empty cell only" if studies.added.any() else "none",
        "conf_level": conf_level,
        "reference_levels": design.references,
        "denominator": "studies with all numbers and moderators known",
        "software": software("numpy", "scipy"),
        "reference": [
            ESTIMATORS[method],
            "van Houwelingen, Arends & Stijnen 2002, Stat Med 21:589",
            *(["Knapp & Hartung 2003, Stat Med 22:2693"] if kh != "none" else []),
        ],
    }

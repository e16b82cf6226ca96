"""Effects of several studies pooled into one, with how far they differ and what hangs on a single study."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import column, groups, labels, numbers
from neurohlh.stats.meta.binomial_normal import binomial_normal, profile_limits
from neurohlh.stats.meta.checks import meta_checks
from neurohlh.stats.meta.fit import MetaFit, prediction_interval
from neurohlh.stats.meta.heterogeneity import q_profile, typical_variance
from neurohlh.stats.meta.rows import clustered_rows, cumulative_rows, fit_row, omitting_rows, study_rows
from neurohlh.stats.meta.settings import GLMM, SOURCES, Settings, checked, model_words, try_pool
from neurohlh.stats.meta.studies import Studies, StudyColumns, read_studies
from neurohlh.stats.meta.subgroups import subgroup_rows
from neurohlh.stats.recipe import software


def meta_analysis(
    frame: pd.DataFrame,
    *,
    method: str = "REML",
    knapp_hartung: bool | str = False,
    prediction: str = "t_k-2",
    by: str | None = None,
    subgroup_tau2: str = "common",
    order: str | None = None,
    cohort: str | None = None,
    leave_one_out: bool = True,
    conf_level: float = 0.95,
    **columns: Unpack[StudyColumns],
) -> Result:
    """Pool the studies of `frame` (a row each; `columns` as `StudyColumns` says) by inverse variance.

    `method` estimates the variance between studies: "REML", "DL", "PM", "ML", "HE", "SJ", "EB", "HS", "FE" (none), or
    "GLMM", the binomial-normal likelihood of proportions. `knapp_hartung`: False, True, or "ad hoc" (never narrower
    than without). `prediction`: "t_k-2", "t_k-1" or "z". `by` also pools per subgroup, with a "common" or "separate"
    tau2, and tests their difference; `order` adds the studies one by one; `cohort` names the patients of a study, so
    that studies which share them are pointed out, with limits that allow for it. `leave_one_out` pools again without
    each study in turn.

    Rows: "study" and its "weight", "pooled", "pooled (common effect)", "pooled (shared patients)", "prediction
    interval", "heterogeneity" (tau2, I2 (%), H2, Q), "subgroup", "subgroup difference", "leave one out", "cumulative".
    `curves` holds the forest plot: study, group, estimate, conf_low, conf_high, weight, n, events, kind. Raises
    ValueError for wrong columns, codes or options, NotEstimable without a study.
    """
    kh = knapp_hartung if isinstance(knapp_hartung, str) else ("plain" if knapp_hartung else "none")
    settings = checked(Settings(method, kh, prediction, subgroup_tau2, conf_level), columns)
    studies = read_studies(frame, columns)
    found, names = groups(frame.loc[studies.kept], by)
    everybody = np.ones(studies.k, dtype=bool)
    fit, reason = try_pool(studies, everybody, settings)
    rows = study_rows(studies, found if by else None, fit, settings)
    rows += _pooled_rows(studies, fit, reason, settings)
    if by is not None:
        rows += subgroup_rows(studies, found, names, settings)
    if leave_one_out:
        rows += omitting_rows(studies, settings)
    if order is not None:
        rows += cumulative_rows(studies, numbers(column(frame, order))[studies.kept], order, settings)
    shared = labels(column(frame, cohort))[0][studies.kept] if cohort is not None else None
    if shared is not None and fit is not None and method != GLMM:
        rows += clustered_rows(studies, fit, shared, conf_level)
    tidy = tidy_frame([{"analysis": "meta_analysis", "measure": studies.measure, **row} for row in rows])
    return Result(
        kind="meta_analysis",
        tidy=tidy,
        curves=forest(tidy),
        checks=check_frame(meta_checks(studies, fit, shared, method)),
        method=_method(studies, settings, by, cohort),
        counts={
            "supplied": len(frame),
            "used": studies.k,
            "events": None if np.isnan(studies.events).any() else int(studies.events.sum()),
            "dropped": studies.dropped,
            "corrected": int(studies.added.sum()) if method != GLMM else 0,
        },
        notes=_notes(studies, settings),
    )


def _pooled_rows(studies: Studies, fit: MetaFit | None, reason: str, settings: Settings) -> list[dict[str, Any]]:
    everybody = np.ones(studies.k, dtype=bool)
    what = {"term": "pooled", "method": model_words(settings)}
    rows = [{**what, **fit_row(studies, everybody, fit, settings.conf_level)} if fit else {**what, "note": reason}]
    if settings.method == GLMM and fit is not None:
        rows.append(_profile_row(studies, settings.conf_level))
    elif settings.method not in ("FE", GLMM):
        common, reason = try_pool(studies, everybody, replace(settings, method="FE", knapp_hartung="none"))
        row = {"term": "pooled (common effect)", "method": "inverse variance, no variance between studies"}
        told = fit_row(studies, everybody, common, settings.conf_level) if common else {"note": reason}
        rows.append({**row, **told})
    if fit is not None:
        rows.append(_prediction_row(studies, fit, settings))
        rows += _heterogeneity_rows(studies, fit, settings)
    return rows


def _profile_row(studies: Studies, conf_level: float) -> dict[str, Any]:
    events, n = studies.counts["events"], studies.counts["n"]
    fit = binomial_normal(events, n)
    low, high = profile_limits(fit, events, n, conf_level)
    ends = studies.back()(np.array([fit.coef, low, high]))
    row = {"term": "pooled (profile limits)", "method": "limits of the profile likelihood", "coef": fit.coef}
    return {**row, "scale": "logit", **dict(zip(("estimate", "conf_low", "conf_high"), ends, strict=True))}


def _prediction_row(studies: Studies, fit: MetaFit, settings: Settings) -> dict[str, Any]:
    row: dict[str, Any] = {"term": "prediction interval", "method": settings.prediction, "scale": studies.scale}
    if settings.method == "FE":
        return {**row, "note": "not estimable: this model has no variance between studies"}
    centre, variance = float(fit.coef[0]), float(fit.covariance[0, 0])
    if variance <= 0:
        return {**row, "note": "not estimable: the variance of the mean is 0"}
    low, high = prediction_interval(centre, variance, fit.tau2, studies.k, settings.prediction, settings.conf_level)
    if np.isnan(low):
        return {**row, "note": f"not estimable: {studies.k} studies leave no degree of freedom"}
    middle, low, high = studies.back()(np.array([centre, low, high]))
    return {**row, "estimate": middle, "conf_low": low, "conf_high": high}


def _heterogeneity_rows(studies: Studies, fit: MetaFit, settings: Settings) -> list[dict[str, Any]]:
    test = "likelihood ratio against saturation" if settings.method == GLMM else "Cochran's Q"
    row = {"term": "heterogeneity", "scale": "identity"}
    if fit.q_df < 1:
        return [{**row, "measure": "Q", "note": "not estimable: a single study"}]
    rows: list[dict[str, Any]] = [
        {**row, "measure": "Q", "statistic": fit.q, "df": fit.q_df, "p_value": fit.q_p, "method": test}
    ]
    if settings.method == GLMM:
        return [*rows, {**row, "measure": "tau2", "estimate": fit.tau2, "method": "maximum likelihood"}]
    ones = np.ones((studies.k, 1))
    low, high = q_profile(studies.effect, studies.variance, ones, settings.conf_level)
    note = "limits not estimable: the studies agree more closely than chance allows" if np.isnan(low) else ""
    typical = typical_variance(studies.variance, ones)
    limits = np.array([low, high])
    shown = {"tau2": (fit.tau2, limits), "I2 (%)": (100 * fit.i2, 100 * limits / (limits + typical))}
    shown["H2"] = (fit.h2, 1 + limits / typical)
    for measure, (value, (lower, upper)) in shown.items():
        if measure == "tau2" and settings.method == "FE":
            continue
        line = {**row, "measure": measure, "estimate": value, "conf_low": lower, "conf_high": upper, "note": note}
        if settings.method == "FE":
            line |= {"conf_low": np.nan, "conf_high": np.nan, "note": "from Q"}
        elif measure == "tau2":
            line["std_error"] = fit.tau2_se
        rows.append(
            {**line, "method": settings.method if settings.method == "FE" else f"{settings.method}; limits: Q-profile"}
        )
    return rows


def forest(tidy: pd.DataFrame) -> pd.DataFrame:
    """The lines of a forest plot: studies with their weights, then pools, subgroups and the prediction interval."""
    shown = tidy[
        tidy["term"].isin(
            ["study", "pooled", "pooled (common effect)", "prediction interval", "subgroup", "pooled (shared patients)"]
        )
    ]
    weights = tidy[tidy["term"] == "weight"].set_index("level")["estimate"]
    out = shown[["level", "group", "estimate", "conf_low", "conf_high", "n", "events"]].rename(
        columns={"level": "study"}
    )
    kinds = shown["term"]
    return out.assign(weight=shown["level"].map(weights).astype(float).where(kinds == "study"), kind=kinds).reset_index(
        drop=True
    )


def _method(studies: Studies, settings: Settings, by: str | None, cohort: str | None) -> dict[str, Any]:
    return {
        "estimator": model_words(settings),
        "measure": studies.measure,
        "scale": studies.scale,
        "interval": "Wald" if settings.knapp_hartung == "none" else "t, k - p degrees of freedom",
        "prediction": settings.prediction,
        "test": "none: a proportion has no null value" if studies.measure == "proportion" else "Wald, two-sided",
        "heterogeneity": f"tau2 by {settings.method}; limits by the Q-profile; Cochran's Q",
        "shared_patients": "" if cohort is None else f"clusters of {cohort}, t",
        "subgroups": "" if by is None else f"{by}, tau2 {settings.subgroup_tau2}",
        "correction": "none"
        if settings.method == GLMM or studies.scale in ("arcsine", "freeman-tukey")
        else "1/2 added to the cells of studies with an empty cell only",
        "conf_level": settings.conf_level,
        "denominator": "studies with all numbers known",
        "software": software("numpy", "scipy"),
        "reference": [
            SOURCES[settings.method],
            "Viechtbauer 2007, Stat Med 26:37",
            "Higgins, Thompson & Spiegelhalter 2009, J R Stat Soc A 172:137",
            *(["Knapp & Hartung 2003, Stat Med 22:2693"] if settings.knapp_hartung != "none" else []),
            *(["Hedges, Tipton & Johnson 2010, Res Synth Methods 1:39"] if cohort else []),
            *(["Miller 1978, Am Stat 32:138"] if studies.transform == "freeman-tukey" else []),
        ],
    }


def _notes(studies: Studies, settings: Settings) -> tuple[str, ...]:
    notes = []
    if studies.dropped:
        said = "; ".join(f"{reason}: {count}" for reason, count in studies.dropped.items())
        notes.append(f"Studies left out: {said}.")
    if studies.measure == "proportion" and studies.scale != "identity":
        notes.append(
            f"The pooled proportion is that of the mean on the {studies.scale} scale: that of a typical study, not the "
            "mean of the proportions."
        )
    if studies.k == 1 and settings.method != "FE":
        notes.append("One study: there is nothing to pool.")
    return tuple(notes)

"""The checks of a Cox model as rows: overall tests, concordance, size, convergence, proportional hazards."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import chi2

from neurohlh.stats.columns import Floats
from neurohlh.stats.concordance import concordance
from neurohlh.stats.hazards.model import CoxModel, by_cluster, score_residuals
from neurohlh.stats.hazards.proportional_hazards import proportional_hazards_test, time_scale
from neurohlh.stats.hazards.residuals import coefficient_names, dfbetas

FEW_EVENTS = 10
"""Events per parameter below which a model is marked (Peduzzi 1995, J Clin Epidemiol 48:1503)."""
_MOVES = 1.0
"""dfbetas (standard errors by which one row moves a coefficient) from which a row is marked."""
_TOO_FEW = f"; below {FEW_EVENTS}: estimates tend away from 1 and Wald limits are unreliable"


def cox_checks(model: CoxModel, transform: str) -> list[dict[str, Any]]:
    """The rows of `Result.checks` of a Cox model (check, term, statistic, df, p_value, value, verdict, note)."""
    rows = [*_overall_tests(model), *_criteria(model), _concordance_check(model), _events_check(model)]
    rows += [_convergence_check(model), *_overlap_check(model), *_influence_checks(model)]
    return rows + _ph_checks(model, transform)


def _overall_tests(model: CoxModel) -> list[dict[str, Any]]:
    fitted, df = model.fit, len(model.kept)
    independent = "assumes independent patients" if model.cluster is not None else ""
    rows = [
        _test("likelihood ratio test", 2 * (fitted.loglik - fitted.loglik_null), df, independent),
        _test("score test", fitted.score_test, df, independent),
        _wald(model),
    ]
    if model.cluster is not None:
        sums = by_cluster(score_residuals(model.rows, np.zeros(df)), model.cluster)
        rows.append(_quadratic("robust score test", sums.T @ sums, sums.sum(axis=0)))
    return rows


def _criteria(model: CoxModel) -> list[dict[str, Any]]:
    """Akaike's criterion, and Schwarz' with the events as the sample size (Volinsky & Raftery 2000)."""
    df, events = len(model.kept), model.data.events
    said = {"term": "GLOBAL", "verdict": "ok"}
    return [
        {**said, "check": "AIC", "value": -2 * model.fit.loglik + 2 * df, "note": ""},
        {**said, "check": "BIC", "value": -2 * model.fit.loglik + np.log(events) * df, "note": "log(events) x df"},
    ]


def _overlap_check(model: CoxModel) -> list[dict[str, Any]]:
    """Whether rows of one cluster are at risk at the same time, which rows of one patient must not be."""
    entry, end = model.data.entry, model.data.time
    if model.cluster is None or entry is None or model.cluster.max() + 1 == model.data.n:
        return []
    order = np.lexsort((entry, model.cluster))
    cluster, entry, end = model.cluster[order], entry[order], end[order]
    meets = (cluster[1:] == cluster[:-1]) & (entry[1:] < end[:-1])
    found = len(np.unique(cluster[1:][meets]))
    note = "clusters with rows that are at risk at the same time"
    if found:
        note += "; wrong where a cluster is one patient, who then counts twice"
    return [
        {
            "check": "overlapping intervals",
            "term": "GLOBAL",
            "value": found,
            "verdict": "attention" if found else "ok",
            "note": f"{note}; wrong where a cluster is one patient, as the patient then counts twice"
            if found
            else note,
        }
    ]


def _influence_checks(model: CoxModel) -> list[dict[str, Any]]:
    """The row that moves each coefficient most."""
    if not model.sound or model.rows.ties == "exact":
        return []
    moved, places = dfbetas(model), np.flatnonzero(model.used)
    rows = []
    for j, name in enumerate(coefficient_names(model)):
        worst = int(np.argmax(np.abs(moved[:, j])))
        rows.append(
            {
                "check": "largest influence",
                "term": name,
                "value": float(moved[worst, j]),
                "verdict": "attention" if abs(moved[worst, j]) > _MOVES else "ok",
                "note": f"value: dfbetas of row {places[worst] + 1}, in standard errors of the coefficient",
            }
        )
    return rows


def _wald(model: CoxModel) -> dict[str, Any]:
    if not model.sound:
        return _untested("Wald test", "GLOBAL", "a coefficient cannot be estimated")
    unit = model.rows.unit
    return _quadratic("Wald test", model.cov * np.outer(unit, unit), model.fit.coef * unit)


def _quadratic(name: str, variance: Floats, vector: Floats) -> dict[str, Any]:
    if np.linalg.matrix_rank(variance) < len(vector):
        return _untested(name, "GLOBAL", "fewer independent clusters than parameters")
    return _test(name, float(vector @ np.linalg.solve(variance, vector)), len(vector), "")


def _test(name: str, statistic: float, df: int, note: str) -> dict[str, Any]:
    return {
        "check": name,
        "term": "GLOBAL",
        "statistic": statistic,
        "df": df,
        "p_value": float(chi2.sf(statistic, df)),
        "verdict": "ok",
        "note": note,
    }


def _untested(name: str, term: str, reason: str) -> dict[str, Any]:
    return {"check": name, "term": term, "verdict": "not estimable", "note": f"not estimable: {reason}"}


def _concordance_check(model: CoxModel) -> dict[str, Any]:
    data = model.data
    predictor = model.design.matrix[:, model.kept] @ model.fit.coef
    found = concordance(
        predictor,
        data.time,
        data.event,
        entry=data.entry,
        strata=model.strata,
        cluster=model.cluster,
        weights=model.weights,
    )
    if not found.pairs:
        return _untested("concordance", "GLOBAL", "no comparable pairs")
    return {
        "check": "concordance",
        "term": "GLOBAL",
        "value": found.estimate,
        "statistic": found.std_error,
        "verdict": "ok",
        "note": f"value: Harrell's C; statistic: its standard error; {_count(found.pairs)} comparable pairs",
    }


def events_per_parameter(model: CoxModel) -> float:
    """Events divided by the coefficients in the fit."""
    return model.data.events / len(model.kept)


def _count(pairs: float) -> str:
    """Pairs, whole without case weights."""
    return f"{pairs:.0f}" if float(pairs).is_integer() else f"{pairs:.1f} (weighted)"


def _events_check(model: CoxModel) -> dict[str, Any]:
    few = events_per_parameter(model) < FEW_EVENTS
    return {
        "check": "events per parameter",
        "term": "GLOBAL",
        "value": events_per_parameter(model),
        "verdict": "attention" if few else "ok",
        "note": f"{model.data.events} events, {len(model.kept)} parameters{_TOO_FEW if few else ''}",
    }


def _convergence_check(model: CoxModel) -> dict[str, Any]:
    return {
        "check": "convergence",
        "term": "GLOBAL",
        "value": model.fit.iterations,
        "verdict": "ok" if model.sound else "attention",
        "note": "value: Newton steps" + ("" if model.sound else "; a coefficient runs to infinity"),
    }


def _ph_checks(model: CoxModel, transform: str) -> list[dict[str, Any]]:
    if not model.sound:
        return [_untested("proportional hazards", "GLOBAL", "a coefficient of the model cannot be estimated")]
    blocks = {
        term: [model.kept.index(j) for j in columns if j in model.kept]
        for term, columns in model.design.blocks().items()
        if any(j in model.kept for j in columns)
    }
    data = model.data
    scales = time_scale(data.time, data.event, data.entry, transform)
    tests = proportional_hazards_test(model.rows, model.fit.coef, blocks, scales)
    return [
        {
            **_test("proportional hazards", test.statistic, test.df, ""),
            "term": test.term,
            "verdict": "attention" if test.p_value < 0.05 else "ok",
        }
        if np.isfinite(test.statistic)
        else _untested("proportional hazards", test.term, "too few distinct event times for this covariate")
        for test in tests
    ]

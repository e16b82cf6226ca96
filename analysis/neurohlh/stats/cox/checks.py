"""The checks of a Cox model as rows: overall tests, concordance, size, convergence, proportional hazards."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import chi2

from neurohlh.stats.columns import Floats
from neurohlh.stats.concordance import concordance
from neurohlh.stats.cox.model import CoxModel, by_cluster, score_residuals
from neurohlh.stats.cox.proportional_hazards import proportional_hazards_test, time_scale

FEW_EVENTS = 10
"""Events per parameter below which a model is marked (Peduzzi 1995, J Clin Epidemiol 48:1503)."""
_TOO_FEW = f"; below {FEW_EVENTS}: estimates tend away from 1 and Wald limits are unreliable"


def cox_checks(model: CoxModel, transform: str) -> list[dict[str, Any]]:
    """The rows of `Result.checks` of a Cox model (check, term, statistic, df, p_value, value, verdict, note)."""
    rows = [*_overall_tests(model), _concordance_check(model), _events_check(model), _convergence_check(model)]
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
    found = concordance(predictor, data.time, data.event, entry=data.entry, strata=model.strata, cluster=model.cluster)
    if not found.pairs:
        return _untested("concordance", "GLOBAL", "no comparable pairs")
    return {
        "check": "concordance",
        "term": "GLOBAL",
        "value": found.estimate,
        "statistic": found.std_error,
        "verdict": "ok",
        "note": f"value: Harrell's C; statistic: its standard error; {found.pairs} comparable pairs",
    }


def events_per_parameter(model: CoxModel) -> float:
    """Events divided by the coefficients in the fit."""
    return model.data.events / len(model.kept)


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

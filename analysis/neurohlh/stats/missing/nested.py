"""Do several terms of a model matter? D1, D2 and D3 over imputed data sets, as one Result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Floats, column, numbers, truth
from neurohlh.stats.design.terms import Design, model_design
from neurohlh.stats.glm.logistic_fit import fit_logistic
from neurohlh.stats.hazards.fit import fit
from neurohlh.stats.hazards.sorted_design import SortedDesign
from neurohlh.stats.missing.imputations import Imputations
from neurohlh.stats.missing.pooled_tests import (
    Likelihood,
    PooledTest,
    cox_likelihood,
    d1,
    d2,
    d3,
    linear_likelihood,
    logistic_likelihood,
)
from neurohlh.stats.recipe import software
from neurohlh.stats.survival_data import survival_data

MODELS = ("cox", "logistic", "linear")
_REFERENCES = [
    "Li, Raghunathan & Rubin 1991, J Am Stat Assoc 86:1065",
    "Li, Meng, Raghunathan & Rubin 1991, Stat Sin 1:65",
    "Meng & Rubin 1992, Biometrika 79:103",
    "Reiter 2007, Biometrika 94:502",
]


@dataclass(frozen=True)
class _Fit:
    """Coefficients and covariance of the terms in question first to last, and the likelihood of the whole model."""

    coef: Floats
    cov: Floats
    likelihood: Likelihood


@dataclass(frozen=True)
class _Question:
    model: str
    outcome: str
    time: str | None
    covariates: tuple[str, ...]
    without: tuple[str, ...]
    reference: Mapping[str, str]


def pool_tests(
    imputations: Imputations,
    model: str,
    outcome: str,
    covariates: Sequence[str],
    *,
    without: Sequence[str],
    time: str | None = None,
    reference: Mapping[str, str] | None = None,
) -> Result:
    """Test whether the terms `without` can be left out of a model with `covariates`, by D1, D2 and D3.

    `model` is "cox" (`outcome` is the event, `time` the follow-up; Efron's ties), "logistic" or "linear". One row of
    `tidy` per test: `statistic` F with `df` numerator and `coef` denominator degrees of freedom, p, and as `estimate`
    the relative increase of the variance. D1 (Wald, with Reiter's small-sample degrees of freedom) is the usual choice;
    D3 (likelihood ratio) does not depend on how a model is written; D2 needs chi-squares only and is the roughest.

    Raises ValueError for wrong options or terms, NotEstimable if a model has no estimate in some imputation.
    """
    if model not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, not {model!r}")
    if (model == "cox") != (time is not None):
        raise ValueError("a Cox model, and only that, needs the follow-up time")
    if not without or not set(without) <= set(covariates):
        raise ValueError("the terms to leave out must be among the covariates, at least one")
    if model == "cox" and set(without) == set(covariates):
        raise ValueError("one covariate must stay; the test of all of them is in the checks of a pooled Cox model")
    asked = _Question(model, outcome, time, tuple(covariates), tuple(without), reference or {})
    found = [_both(asked, frame) for frame in imputations.frames()]
    full, null = [f for f, *_ in found], [f for _, f, *_ in found]
    places, dfcom = found[0][2], min(size for *_, size in found)
    if any(other[2] != places for other in found):
        raise NotEstimable("the levels of a term differ between imputations")
    rows = [_row(asked, test) for test in _tests(full, null, places, dfcom)]
    return Result(
        kind="pooled_tests",
        tidy=tidy_frame(rows),
        method={
            "model": model,
            "test": "D1 (Wald), D2 (chi-squares), D3 (likelihood ratio)",
            "correction": "none",
            "terms": list(without),
            "covariates": list(covariates),
            "dfcom": dfcom,
            "imputations": imputations.m,
            "denominator": "patients with outcome and all covariates known after imputation",
            "software": software("numpy", "scipy"),
            "reference": _REFERENCES,
        },
        counts={"imputations": imputations.m},
        notes=tuple(row["note"] for row in rows if row["note"]) + imputations.diagnostics.notes,
    )


def _tests(full: list[_Fit], null: list[_Fit], places: list[int], dfcom: float) -> list[PooledTest | tuple[str, str]]:
    """Each test, or its name and why it does not exist."""
    q = np.array([f.coef[places] for f in full])
    cov = np.array([f.cov[np.ix_(places, places)] for f in full])
    wald = [float(b @ np.linalg.solve(v, b)) for b, v in zip(q, cov, strict=True)]
    coefs = np.array([f.coef for f in full]), np.array([f.coef for f in null])
    out: list[PooledTest | tuple[str, str]] = []
    for name, test in (
        ("D1", partial(d1, q, cov, dfcom=dfcom)),
        ("D2", partial(d2, wald, len(places))),
        ("D3", partial(d3, *coefs, [f.likelihood for f in full], [f.likelihood for f in null])),
    ):
        try:
            out.append(test())
        except NotEstimable as error:
            out.append((name, str(error)))
    return out


def _row(asked: _Question, test: PooledTest | tuple[str, str]) -> dict[str, Any]:
    shared = {"analysis": "pooled_tests", "outcome": asked.outcome, "variable": " + ".join(asked.without)}
    if isinstance(test, tuple):
        return {**shared, "term": test[0], "measure": "riv", "method": test[0], "note": f"not estimable: {test[1]}"}
    denominator = {} if np.isinf(test.df2) else {"coef": test.df2}
    numbers_ = {"statistic": test.statistic, "df": test.df1, "p_value": test.p_value, "estimate": test.riv}
    return {
        **shared,
        "term": test.method,
        "measure": "riv",
        "method": test.method,
        "note": "",
        **numbers_,
        **denominator,
    }


def _both(asked: _Question, frame: pd.DataFrame) -> tuple[_Fit, _Fit, list[int], float]:
    """The full and the null model on the same patients, the places of the terms in question, the residual df."""
    known, arrays = _outcome(asked, frame)
    if any("rcs(" in term and "[" not in term for term in asked.covariates):
        raise ValueError(
            "the knots of a spline may differ between imputations; name them, as in rcs(age, [20, 40, 60])"
        )
    design = model_design(frame.loc[known], asked.covariates, reference=asked.reference)
    _require(design)
    rows = np.flatnonzero(known)[design.complete]
    blocks = design.blocks()
    shift = 0 if asked.model == "cox" else 1
    places = [j + shift for term in asked.without for j in blocks[term]]
    matrix = design.matrix if asked.model == "cox" else np.column_stack([np.ones(len(rows)), design.matrix])
    values = [a[rows] for a in arrays]
    rest = [j for j in range(matrix.shape[1]) if j not in places]
    size = float(values[1].sum()) if asked.model == "cox" else float(len(rows))
    return (
        _fitted(asked.model, matrix, values),
        _fitted(asked.model, matrix[:, rest], values),
        places,
        max(size - matrix.shape[1], 1.0),
    )


def _outcome(asked: _Question, frame: pd.DataFrame) -> tuple[Any, list[Floats]]:
    if asked.time is not None:
        data = survival_data(frame, asked.time, asked.outcome)
        whole = np.full((2, len(frame)), np.nan)
        whole[:, data.kept] = data.time, data.event
        return data.kept, [whole[0], whole[1]]
    y = (truth if asked.model == "logistic" else numbers)(column(frame, asked.outcome))
    return ~np.isnan(y), [y]


def _require(design: Design) -> None:
    lost = [row.term for row in design.rows if row.column is None and not row.is_reference]
    if lost:
        raise NotEstimable(f"{', '.join(lost)} cannot be estimated in some imputation")


def _fitted(model: str, matrix: Floats, values: list[Floats]) -> _Fit:
    if model == "cox":
        design = SortedDesign.of(matrix, values[0], values[1] == 1)
        cox_fit = fit(design)
        if not cox_fit.converged or cox_fit.diverging.any():
            raise NotEstimable("the Cox model has no finite estimate in some imputation")
        return _Fit(cox_fit.coef, cox_fit.cov, cox_likelihood(design))
    y = values[0]
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        raise NotEstimable("covariates are collinear in some imputation")
    if model == "logistic":
        logistic = fit_logistic(matrix, y)
        if not logistic.converged or logistic.separated:
            raise NotEstimable("the covariates separate the outcome in some imputation")
        return _Fit(logistic.coef, logistic.cov, logistic_likelihood(matrix, y))
    coef: Floats = np.asarray(np.linalg.lstsq(matrix, y, rcond=None)[0], dtype=np.float64)
    variance = float(((y - matrix @ coef) ** 2).sum()) / (len(y) - matrix.shape[1])
    return _Fit(np.asarray(coef), variance * np.linalg.inv(matrix.T @ matrix), linear_likelihood(matrix, y))

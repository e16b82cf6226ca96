"""Tests of whole terms of a Cox model: likelihood ratio, Wald and score, each on the same patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats
from neurohlh.stats.design.contrasts import wald_test
from neurohlh.stats.design.hypotheses import Hypothesis, hypotheses
from neurohlh.stats.hazards.described import method_of, model_checks, patients_notes, reason_without
from neurohlh.stats.hazards.fit import fit
from neurohlh.stats.hazards.likelihood import likelihood_of
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model

LIKELIHOOD_RATIO, WALD, SCORE = "likelihood ratio", "Wald", "score"
_LIMIT = "of the limit that a monotone likelihood runs to"
_INDEPENDENT = "assumes independent patients"


@dataclass(frozen=True)
class TermTest:
    """One test of a hypothesis; without an answer `statistic` and `p_value` are NaN and `note` says why."""

    test: str
    statistic: float
    df: int
    p_value: float
    note: str = ""


def cox_terms(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    entry: str | None = None,
    cluster: str | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
) -> Result:
    """Likelihood-ratio, Wald and score tests of each term of a Cox model: all levels, all columns of a spline together.

    Rows: one per question and test; `term` is the term, `contrast` what is claimed of it ("no effect", "no effect,
    interactions included", "no interaction", "straight line"), `method` the test. The likelihood-ratio test refits
    without the term on the same patients, the score test starts from that fit. A term in an interaction is tested
    together with it. With `cluster` the Wald tests are robust, and the others say that they are not. Options are those
    of `cox`; raises as it does.
    """
    options = CoxOptions(reference, strata, entry, cluster, ties, conf_level)
    model = cox_model(frame, time, event, covariates, options)
    rows = [
        {
            "analysis": "cox_terms",
            "outcome": event,
            "term": hypothesis.term,
            "contrast": hypothesis.claim,
            "n": model.data.n,
            "events": model.data.events,
            "method": f"{test.test} test",
            "statistic": test.statistic,
            "df": test.df,
            "p_value": test.p_value,
            "note": test.note,
        }
        for hypothesis in hypotheses(model.design)
        for test in term_tests(model, hypothesis)
    ]
    said = {"test": "likelihood ratio, Wald and score, per term", "interval": "none"}
    return Result(
        kind="cox_terms",
        tidy=tidy_frame(rows),
        checks=check_frame(model_checks(model)),
        method={**method_of(model, covariates, options), **said},
        counts=model.counts,
        notes=tuple(patients_notes(model)),
    )


def term_tests(model: CoxModel, hypothesis: Hypothesis) -> list[TermTest]:
    """The three tests of a hypothesis (columns that collinearity left out do not count)."""
    tested = [model.kept.index(j) for j in hypothesis.columns if j in model.kept]
    if not tested:
        return [_none(name, "not estimable: collinear with other terms") for name in (LIKELIHOOD_RATIO, WALD, SCORE)]
    if not model.fit.converged:
        return [_none(name, "not estimable: the fit did not converge") for name in (LIKELIHOOD_RATIO, WALD, SCORE)]
    return [*_against_restricted(model, tested), _wald(model, tested)]


def term_checks(model: CoxModel, asked: Sequence[Hypothesis]) -> list[dict[str, Any]]:
    """The three tests of each hypothesis as rows of `Result.checks`."""
    return [
        {
            "check": f"{test.test} test: {hypothesis.claim}",
            "term": hypothesis.term,
            "statistic": test.statistic,
            "df": test.df,
            "p_value": test.p_value,
            "verdict": "not estimable" if np.isnan(test.p_value) else "ok",
            "note": test.note,
        }
        for hypothesis in asked
        for test in term_tests(model, hypothesis)
    ]


def _against_restricted(model: CoxModel, tested: list[int]) -> list[TermTest]:
    """The likelihood-ratio and the score test: both need the fit without the columns tested."""
    others = [j for j in range(len(model.kept)) if j not in tested]
    coef, loglik = np.zeros(len(model.kept)), model.fit.loglik_null
    if others:
        restricted = fit(model.rows.with_columns(others))
        if not restricted.converged:
            reason = "not estimable: the fit without the term did not converge"
            return [_none(name, reason) for name in (LIKELIHOOD_RATIO, SCORE)]
        coef[others], loglik = restricted.coef, restricted.loglik
    notes = [_INDEPENDENT] if model.cluster is not None else []
    limit = [_LIMIT] if model.fit.diverging.any() else []
    ratio = max(2 * (model.fit.loglik - loglik), 0.0)
    found = [_test(LIKELIHOOD_RATIO, ratio, len(tested), "; ".join([*limit, *notes]))]
    if others and restricted.diverging.any():
        return [*found, _none(SCORE, "not estimable: monotone likelihood without the term")]
    return [*found, _test(SCORE, _score(model, coef), len(tested), "; ".join(notes))]


def _score(model: CoxModel, coef: Floats) -> float:
    """Rao's chi-square at the restricted estimates."""
    likelihood, rows = likelihood_of(model.rows), model.rows
    now = likelihood.at(likelihood.start() + rows.x @ (coef * rows.unit))
    score = now.score()
    return float(score @ np.linalg.solve(now.information(), score))


def _wald(model: CoxModel, tested: list[int]) -> TermTest:
    reason = reason_without(model, tested)
    if reason:
        return _none(WALD, reason)
    rows = np.eye(len(model.kept))[tested]
    found = wald_test(rows, model.fit.coef, model.cov)
    if found.df < len(tested):
        return _none(WALD, "not estimable: fewer independent clusters than parameters")
    return TermTest(WALD, found.statistic, found.df, found.p_value)


def _test(name: str, statistic: float, df: int, note: str) -> TermTest:
    return TermTest(name, statistic, df, float(chi2.sf(statistic, df)), note)


def _none(name: str, reason: str) -> TermTest:
    return TermTest(name, float("nan"), 0, float("nan"), reason)

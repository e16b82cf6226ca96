"""Weights that let the tested stand for the untested: not tested is not negative, and not nobody either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.recipe import software
from neurohlh.stats.weights.distribution import heaviest_check
from neurohlh.stats.weights.estimands import effective_size, truncated, weights_of
from neurohlh.stats.weights.positivity import positivity_checks
from neurohlh.stats.weights.propensity import FOLDS, Propensity, propensity


@dataclass(frozen=True)
class TestedWeights:
    """The tested with their weights.

    Attributes
    ----------
    weights : one per row of the frame: 1/P(tested), NaN for the untested and where a covariate is unknown.
    kept : which rows have a weight.
    score : the probability of being tested behind them.
    result : kind "tested_weights": who stands for how many, positivity, and what cannot be represented.
    """

    weights: Floats
    kept: Bools
    score: Propensity
    result: Result


def weight_tested(
    frame: pd.DataFrame,
    tested: str,
    covariates: Sequence[str],
    *,
    stabilised: bool = False,
    truncate: tuple[float, float] | None = None,
    method: str = "logistic",
    reference: Mapping[str, str] | None = None,
    seed: int = 0,
    folds: int = FOLDS,
) -> TestedWeights:
    """Weight every tested patient by 1/P(tested | covariates), so that the tested stand for all.

    `tested` is true/false or 1/0. The untested get no weight: they are represented, never compared and never taken as
    negative. Right if, within the covariates, who is tested does not depend on what the test would show. `stabilised`
    multiplies by the share tested; `truncate` moves weights beyond two of their quantiles (type 7) to them. The other
    options, and what is raised, are those of `propensity`; NotEstimable also where nobody or everybody was tested.

    Seaman and White 2013, Stat Methods Med Res 22:278.
    """
    score = propensity(frame, tested, covariates, method=method, reference=reference, seed=seed, folds=folds)
    was = score.data.exposed
    raw = weights_of(score.used_score, was, "ATE", stabilised=stabilised)[was]
    own, limits, moved = truncated(raw, truncate)
    weights = np.full(len(frame), np.nan)
    rows = np.flatnonzero(score.data.used)
    weights[rows[was]] = own
    return TestedWeights(
        weights, ~np.isnan(weights), score, _result(score, own, limits, moved, tested, covariates, stabilised)
    )


def _result(
    score: Propensity,
    weights: Floats,
    limits: tuple[float, float] | None,
    moved: int,
    tested: str,
    covariates: Sequence[str],
    stabilised: bool,
) -> Result:
    everybody, n = len(score.data.exposed), len(weights)
    numbers = {
        "patients": float(everybody),
        "tested": float(n),
        "untested, represented by the tested": float(everybody - n),
        "sum of the weights": float(weights.sum()),
        "effective sample size": effective_size(weights),
        "smallest weight": float(weights.min()),
        "median weight": float(np.median(weights)),
        "largest weight": float(weights.max()),
    }
    shared = {"analysis": "tested_weights", "variable": tested, "n": everybody, "events": n}
    rows: list[dict[str, Any]] = [{**shared, "term": t, "measure": t, "estimate": v} for t, v in numbers.items()]
    checks = [
        {
            "check": "effective sample size",
            "term": "tested",
            "value": numbers["effective sample size"],
            "verdict": "attention" if numbers["effective sample size"] < 0.5 * n else "ok",
            "note": f"of {n} tested patients",
        },
        heaviest_check(weights, "tested"),
    ]
    return Result(
        kind="tested_weights",
        tidy=tidy_frame(rows),
        checks=check_frame([*checks, *positivity_checks(score)]),
        method={
            "estimand": "all patients with known covariates, had all been tested",
            **score.model.recipe(),
            "exposure": tested,
            "covariates": list(covariates),
            "stabilised": stabilised,
            "truncation": "none" if limits is None else f"{moved} weights moved to {limits[0]:.6g} and {limits[1]:.6g}",
            "truncation_limits": list(limits or ()),
            "variance": "treat the weights as known (robust), or estimate them again in every bootstrap sample",
            "denominator": "patients whose testing and covariates are known",
            "software": software("numpy"),
            "reference": ["Seaman & White 2013, Stat Methods Med Res 22:278"],
        },
        counts={**score.counts(), "truncated": moved},
        notes=("Rests on testing that depends on nothing beyond the covariates named.",),
    )

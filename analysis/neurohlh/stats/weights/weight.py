"""Weights that make two groups comparable, aligned to the rows of the frame, with the recipe to make them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.weights.estimands import ESTIMANDS, effective_size, truncated, weights_of
from neurohlh.stats.weights.positivity import crump_limit
from neurohlh.stats.weights.propensity import FOLDS, Propensity, PropensityModel, propensity

TRIMS = ("crump", "common_support")


@dataclass(frozen=True)
class Weighing:
    """Weights of rows whose score is known: NaN where trimming leaves a row out.

    `limits` are the weights that truncation moved `moved` rows to; `trim` the range of scores kept ("" for all).
    """

    weights: Floats
    limits: tuple[float, float] | None
    moved: int
    trim: str


@dataclass(frozen=True)
class WeightPlan:
    """All choices from covariates to weights; `weights` is the thin path that replicates of a bootstrap take."""

    model: PropensityModel
    estimand: str = "ATE"
    stabilised: bool = False
    truncate: tuple[float, float] | None = None
    trim: str | tuple[float, float] | None = None

    def weights(self, matrix: Floats, exposed: Bools, patients: Ints | None = None) -> Floats:
        """Estimate the score and weigh every row. Raises as `weight` does."""
        return self.weigh(self.model.score(matrix, exposed, patients), exposed).weights

    def weigh(self, score: Floats, exposed: Bools) -> Weighing:
        """Weigh rows by a score already estimated. Raises as `weight` does."""
        inside, words = _trimmed(score, exposed, self.trim)
        if exposed[inside].all() or not exposed[inside].any():
            raise NotEstimable(f"no patient of one group is left after trimming to a propensity of {words}")
        raw = weights_of(score[inside], exposed[inside], self.estimand, stabilised=self.stabilised)
        weights = np.full(len(score), np.nan)
        weights[inside], limits, moved = truncated(raw, self.truncate)
        return Weighing(weights, limits, moved, words)


@dataclass(frozen=True)
class Weighted:
    """Patients with their weights.

    Attributes
    ----------
    weights : one per row of the frame, NaN for those who are not used.
    propensity : the score behind them.
    plan : the choices; with it the weights can be estimated again on other rows.
    kept : which rows of the frame have a weight.
    dropped : reason -> rows without one.
    limits, moved : the two weights that truncation moved to, and how many patients it moved.
    trim : what was asked for as trimming ("" for none), and the range of scores that was kept.
    """

    weights: Floats
    propensity: Propensity
    plan: WeightPlan
    kept: Bools
    dropped: dict[str, int]
    limits: tuple[float, float] | None
    moved: int
    trim: str

    @property
    def used_weights(self) -> Floats:
        """The weights of the rows that have one."""
        return self.weights[self.kept]

    @property
    def exposed(self) -> Bools:
        """Whether each row that has a weight is exposed."""
        data = self.propensity.data
        return data.exposed[self.kept[data.used]]

    @property
    def matrix(self) -> Floats:
        """The propensity covariates of the rows that have a weight."""
        data = self.propensity.data
        return data.design.matrix[self.kept[data.used]]

    @property
    def names(self) -> tuple[str, str]:
        """What the unexposed and the exposed are called."""
        return self.propensity.data.names

    @property
    def words(self) -> str:
        """The estimand in words."""
        limit = f"; only patients with a propensity of {self.trim}" if self.trim else ""
        return f"{self.plan.estimand}: {ESTIMANDS[self.plan.estimand].words}{limit}"

    def recipe(self) -> dict[str, Any]:
        """Every choice, for the method of a Result."""
        plan = self.plan
        limits = "none" if self.limits is None else f"to {self.limits[0]:.6g} and {self.limits[1]:.6g}"
        quantiles = (
            "" if plan.truncate is None else f" (quantiles {plan.truncate[0]:g} and {plan.truncate[1]:g}, type 7)"
        )
        return {
            "estimand": self.words,
            **self.propensity.model.recipe(),
            "exposure": self.propensity.exposure,
            "covariates": list(self.propensity.covariates),
            "stabilised": plan.stabilised,
            "truncation": limits + quantiles,
            "truncation_limits": list(self.limits or ()),
            "trimming": self.trim or "none",
            "denominator": "patients with known exposure and covariates",
        }

    def references(self) -> list[str]:
        """Where the method is from."""
        first = ["Rosenbaum & Rubin 1983, Biometrika 70:41", ESTIMANDS[self.plan.estimand].reference]
        return first + (["Cole & Hernan 2008, Am J Epidemiol 168:656"] if self.limits else [])

    def counts(self) -> dict[str, Any]:
        """Rows supplied, used, dropped by reason and in each group, and the effective sample sizes."""
        groups = {name: int((self.exposed == side).sum()) for name, side in zip(self.names, (False, True), strict=True)}
        return {
            **self.propensity.counts(),
            "used": int(self.kept.sum()),
            "dropped": dict(self.dropped),
            "groups": groups,
            "truncated": self.moved,
            "effective_size": self.effective_sizes(),
        }

    def effective_sizes(self) -> dict[str, float]:
        """Group -> effective sample size."""
        sides = zip(self.names, (~self.exposed, self.exposed), strict=True)
        return {name: effective_size(self.used_weights[side]) for name, side in sides}


def weight(
    frame: pd.DataFrame,
    exposure: str,
    covariates: Sequence[str],
    *,
    estimand: str = "ATE",
    stabilised: bool = False,
    truncate: tuple[float, float] | None = None,
    trim: str | tuple[float, float] | None = None,
    method: str = "logistic",
    exposed: str | None = None,
    reference: Mapping[str, str] | None = None,
    seed: int = 0,
    folds: int = FOLDS,
) -> Weighted:
    """Weights for `exposure` given `covariates`: estimand "ATE", "ATT", "ATC", "overlap" or "matching".

    `truncate` moves weights beyond two of their quantiles to them, as (0.01, 0.99); nothing is truncated unless asked
    for, since it changes the answer. `trim` leaves out patients by their score: a range as (0.05, 0.95), "crump" for
    the range with the smallest variance, "common_support" for the range that both groups reach; the score is not
    estimated again. The other options are those of `propensity`. Weights are aligned to the rows of `frame`.

    Raises ValueError for wrong columns, codes or options; NotEstimable as `propensity` does, and if trimming leaves a
    group empty.
    """
    plan = WeightPlan(PropensityModel(method, seed, folds), estimand, stabilised, truncate, trim)
    score = propensity(
        frame, exposure, covariates, method=method, exposed=exposed, reference=reference, seed=seed, folds=folds
    )
    return weigh(score, plan)


def weigh(score: Propensity, plan: WeightPlan) -> Weighted:
    """Weights from a score already estimated, aligned to the frame. Raises as `weight` does."""
    data = score.data
    found = plan.weigh(score.used_score, data.exposed)
    weights = np.full(len(data.used), np.nan)
    weights[data.used] = found.weights
    lost = int(np.isnan(found.weights).sum())
    dropped = {**data.dropped, **({f"propensity not within {found.trim}": lost} if lost else {})}
    return Weighted(weights, score, plan, ~np.isnan(weights), dropped, found.limits, found.moved, found.trim)


def _trimmed(score: Floats, exposed: Bools, trim: str | tuple[float, float] | None) -> tuple[Bools, str]:
    if trim is None:
        return np.ones(len(score), dtype=bool), ""
    if trim == "crump":
        alpha = crump_limit(score)
        low, high = alpha, 1 - alpha
    elif trim == "common_support":
        low = float(max(score[exposed].min(), score[~exposed].min()))
        high = float(min(score[exposed].max(), score[~exposed].max()))
    elif isinstance(trim, str):
        raise ValueError(f"trim must be a range, {' or '.join(TRIMS)}, not {trim!r}")
    else:
        low, high = trim
        if not 0 <= low < high <= 1:
            raise ValueError(f"trim must be a range between 0 and 1, not {trim}")
    return (score >= low) & (score <= high), f"{low:.4g} to {high:.4g}"

"""The propensity score: each patient's probability of being exposed given the covariates, and how well it separates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, Ints, column, is_number, is_truth
from neurohlh.stats.glm.data import aliased_columns
from neurohlh.stats.glm.logistic_fit import fit_logistic
from neurohlh.stats.recipe import software
from neurohlh.stats.weights.exposure import ExposureData, exposure_data, read_exposure

METHODS = ("logistic", "boosted")
FOLDS = 5


@dataclass(frozen=True)
class PropensityModel:
    """How a propensity score is estimated; `score` is the thin path that replicates of a bootstrap take."""

    method: str = "logistic"
    seed: int = 0
    folds: int = FOLDS

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, not {self.method!r}")
        if self.folds < 2:
            raise ValueError("folds must be at least 2")

    def score(self, matrix: Floats, exposed: Bools, patients: Ints | None = None) -> Floats:
        """The probability of exposure of every row; `patients` as in `boosted_score`.

        Raises NotEstimable if the covariates tell the groups apart.
        """
        if self.method == "boosted":
            return boosted_score(matrix, exposed, seed=self.seed, folds=self.folds, patients=patients)
        return logistic_score(matrix, exposed)[0]

    def recipe(self) -> dict[str, Any]:
        """The words for a Result."""
        if self.method == "logistic":
            return {"propensity": "logistic regression, maximum likelihood", "software": software("numpy", "scipy")}
        return {
            "propensity": f"gradient boosted trees, out-of-fold predictions of {self.folds} folds",
            "trees": f"{BOOSTING['max_iter']} of depth {BOOSTING['max_depth']}, learning rate "
            f"{BOOSTING['learning_rate']}, at least {BOOSTING['min_samples_leaf']} patients per leaf",
            "seed": self.seed,
            "software": software("numpy", "scipy", "scikit-learn"),
        }


BOOSTING: dict[str, Any] = {
    "max_iter": 150,
    "learning_rate": 0.05,
    "max_depth": 3,
    "min_samples_leaf": 10,
    "early_stopping": False,
}
"""Settings of the boosted trees: small steps and shallow trees, since out-of-fold scores must be calibrated."""


@dataclass(frozen=True)
class Propensity:
    """A propensity score and what it was estimated from.

    Attributes
    ----------
    score : probability of exposure, one per row of the frame, NaN where exposure or a covariate is unknown.
    data : exposure and covariates of the used rows.
    exposure, covariates : the columns and terms asked for.
    model : how the score was estimated.
    coef : term (and level) -> coefficient of the logistic model, with "(Intercept)"; empty for boosted trees.
    supplied : rows of the frame.
    """

    score: Floats
    data: ExposureData
    exposure: str
    covariates: tuple[str, ...]
    model: PropensityModel
    coef: dict[str, float]
    supplied: int

    @property
    def used_score(self) -> Floats:
        """The score of the used rows."""
        return self.score[self.data.used]

    @property
    def c_statistic(self) -> float:
        """How often an exposed patient has the higher score (ties half): near 1 the groups hardly overlap."""
        return c_statistic(self.used_score, self.data.exposed)

    def check_frame(self, frame: pd.DataFrame) -> None:
        """Raise ValueError if `frame` has another length, or another exposure in some row, than the one scored."""
        if len(frame) != self.supplied:
            raise ValueError(f"the weights belong to a frame of {self.supplied} rows; this one has {len(frame)}")
        series = column(frame, self.exposure)
        level = None if is_truth(series) or is_number(series) else self.data.names[1]
        now = read_exposure(frame, self.exposure, level).value[self.data.used]
        if not np.array_equal(now, self.data.exposed.astype(float)):
            raise ValueError(f"the weights belong to a frame with {self.exposure!r} in another order of rows")

    def counts(self) -> dict[str, Any]:
        """Rows supplied, used, dropped by reason, and in each group."""
        data = self.data
        groups = {data.names[0]: int((~data.exposed).sum()), data.names[1]: int(data.exposed.sum())}
        used = {"supplied": self.supplied, "used": len(data.exposed), "dropped": dict(data.dropped), "groups": groups}
        return {**used, "missing_by_variable": data.design.missing_by_variable}


def propensity(
    frame: pd.DataFrame,
    exposure: str,
    covariates: Sequence[str],
    *,
    method: str = "logistic",
    exposed: str | None = None,
    reference: Mapping[str, str] | None = None,
    seed: int = 0,
    folds: int = FOLDS,
) -> Propensity:
    """Each patient's probability of `exposure` given `covariates` (terms of the model matrix).

    "logistic" is maximum likelihood on all used rows. "boosted" are gradient boosted trees whose score for a patient
    comes from the `folds` - 1 parts that the patient is not in; `seed` draws the parts. Patients with unknown exposure
    (also "indeterminate") or covariates have no score and are counted; none is taken as unexposed. `exposed` names the
    level of a two-level category that is the exposure.

    Raises ValueError for wrong columns, codes or options; NotEstimable if a group is empty, smaller than `folds` with
    boosted trees, or if the covariates tell the groups apart (a probability of 0 or 1). Rosenbaum and Rubin 1983,
    Biometrika 70:41; boosted: McCaffrey 2004, Psychol Methods 9:403; out of fold: Chernozhukov 2018, Econom J 21:C1.
    """
    model = PropensityModel(method, seed, folds)
    return propensity_of(
        exposure_data(frame, exposure, covariates, exposed=exposed, reference=reference), model, exposure, covariates
    )


def propensity_of(data: ExposureData, model: PropensityModel, exposure: str, covariates: Sequence[str]) -> Propensity:
    """The score over rows already chosen. Raises NotEstimable as `propensity` does, naming levels without a group."""
    coef: dict[str, float] = {}
    if model.method == "logistic":
        try:
            found, beta = logistic_score(data.design.matrix, data.exposed)
        except NotEstimable as error:
            named = [f"{side.variable} {side.level} (nobody in {side.empty!r})" for side in one_sided_levels(data)]
            raise NotEstimable(f"{error}{': ' if named else ''}{', '.join(named)}") from error
        names = {row.column: f"{row.term} {row.level}".strip() for row in data.design.rows if row.column is not None}
        coef = {"(Intercept)": float(beta[0])} | {names[j]: float(b) for j, b in enumerate(beta[1:])}
    else:
        found = model.score(data.design.matrix, data.exposed)
    score = np.full(len(data.used), np.nan)
    score[data.used] = found
    return Propensity(score, data, exposure, tuple(covariates), model, coef, len(data.used))


@dataclass(frozen=True)
class OneSided:
    """A level of a covariate with `n` patients, none of them in the group `empty`."""

    variable: str
    level: str
    empty: str
    n: int


def one_sided_levels(data: ExposureData) -> list[OneSided]:
    """The levels of categorical covariates in which one of the groups has no patient."""
    found = []
    sides = dict(zip(data.names, (~data.exposed, data.exposed), strict=True))
    for variable, level in data.design.levels.items():
        for value in dict.fromkeys(row.level for row in data.design.rows if row.variable == variable and row.level):
            inside = level == value
            empty = [name for name, side in sides.items() if not (inside & side).any()]
            if len(empty) == 1:
                found.append(OneSided(variable, value, empty[0], int(inside.sum())))
    return found


def logistic_score(matrix: Floats, exposed: Bools) -> tuple[Floats, Floats]:
    """Fitted probabilities, and coefficients with the intercept first (NaN for columns that others determine).

    Raises NotEstimable if the covariates predict the exposure of some rows without error: their probability runs to 0
    or 1, they have no counterpart in the other group, and no weight can stand for one.
    """
    whole = np.column_stack([np.ones(len(matrix)), matrix])
    aliases = aliased_columns(whole)
    kept = [j for j in range(whole.shape[1]) if j not in aliases]
    fit = fit_logistic(whole[:, kept], exposed.astype(float))
    if fit.separation is not None and fit.separated:
        n = int(fit.separation.rows.sum())
        raise NotEstimable(f"the covariates tell the exposure of {n} patients without error (no positivity)")
    if not fit.converged:
        raise NotEstimable("the propensity model did not converge")
    coef = np.full(whole.shape[1], np.nan)
    coef[kept] = fit.coef
    return fit.mean, coef


def boosted_score(
    matrix: Floats, exposed: Bools, *, seed: int, folds: int = FOLDS, patients: Ints | None = None
) -> Floats:
    """Out-of-fold probabilities of boosted trees; every fold has its share of the exposed.

    `patients` numbers the patient of each row, where rows repeat (bootstrap): a patient is never in the fold and in the
    rest. Raises NotEstimable if a group has fewer patients than there are folds.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    ids = np.arange(len(exposed)) if patients is None else patients
    parent, *children = np.random.SeedSequence(seed).spawn(folds + 1)
    fold = _folds(exposed, ids, folds, np.random.default_rng(parent))
    score = np.empty(len(exposed))
    for part, child in enumerate(children):
        trees = HistGradientBoostingClassifier(random_state=int(child.generate_state(1)[0]), **BOOSTING)
        trees.fit(matrix[fold != part], exposed[fold != part])
        score[fold == part] = trees.predict_proba(matrix[fold == part])[:, 1]
    return score


def _folds(exposed: Bools, patients: Ints, folds: int, rng: np.random.Generator) -> Ints:
    out = np.empty(len(exposed), dtype=np.intp)
    for group in (exposed, ~exposed):
        who, place = np.unique(patients[group], return_inverse=True)
        if len(who) < folds:
            raise NotEstimable(f"boosted trees with {folds} folds need as many patients per group; one has {len(who)}")
        out[group] = (rng.permutation(len(who)) % folds)[place]
    return out


def c_statistic(score: Floats, exposed: Bools) -> float:
    """The area under the ROC curve of `score`, by Mann and Whitney's count (ties half)."""
    n1, n0 = int(exposed.sum()), int((~exposed).sum())
    return float((rankdata(score)[exposed].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))

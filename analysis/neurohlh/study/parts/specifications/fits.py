"""The hazard ratio of one exposure under every adjustment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.model import CoxOptions
from neurohlh.stats.hazards.one_ratio import OneRatio, one_hazard_ratio
from neurohlh.stats.weights.outcomes import GROUP, WEIGHT, weighted_frame
from neurohlh.stats.weights.weight import weight
from neurohlh.study.config import Model
from neurohlh.study.covariates import DEFAULT_COVARIATES, adjustment, variable_of
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.groups import one_sided, reason_in_words
from neurohlh.study.parts.material import Material

CRUDE, ADJUSTED, STRATIFIED, WEIGHTED = "crude", "adjusted", "adjusted, stratified", "overlap weights"
CENTRE = "center_id"
FEWEST = 2
"""Deaths per parameter below which a specification has no number: such a model follows single patients (a choice of
this package; below ten a model is marked, dossier 13.5)."""
WIDEST = 1000
"""Upper over lower limit above which an interval says nothing and its hazard ratio is not shown (a choice of this
package: it would only stretch the range of the others)."""
TOO_WIDE = f"the upper limit is more than {WIDEST} times the lower one"
TOO_FEW = f"fewer than {FEWEST} deaths per parameter"
NO_COVARIATE = "no covariate varies among these patients"
TIME, EVENT = "os_days", "os_event"


@dataclass(frozen=True)
class Fitted:
    """What one specification gave; numbers are NaN where there are none, and `reason` says why."""

    n: int
    events: int
    estimate: float
    conf_low: float
    conf_high: float
    coef: float
    std_error: float
    reason: str = ""

    @classmethod
    def of(cls, ratio: OneRatio, frame: pd.DataFrame) -> Fitted:
        """From a hazard ratio; where no model could be made the patients of `frame` are those counted."""
        n, events = (ratio.n, ratio.events) if ratio.n else (len(frame), int(frame[EVENT].sum()))
        if ratio.reason:
            return cls.refused(n, reason_in_words(ratio.reason), events)
        if events < FEWEST * ratio.parameters:
            return cls.refused(n, TOO_FEW, events)
        if ratio.conf_high > WIDEST * ratio.conf_low:
            return cls.refused(n, TOO_WIDE, events)
        return cls(n, events, ratio.estimate, ratio.conf_low, ratio.conf_high, ratio.coef, ratio.std_error)

    @classmethod
    def refused(cls, n: int, reason: str, events: int = 0) -> Fitted:
        """No number, for a reason."""
        return cls(n, events, *(float("nan"),) * 5, reason)


@dataclass(frozen=True)
class Adjusting:
    """How specifications are adjusted: the study's covariates, and the variable with a baseline hazard per level.

    `kinds` are the adjustments that the data allow, `main` the one that the study declared.
    """

    model: Model
    strata: str | None
    kinds: tuple[str, ...]
    main: str

    @property
    def adjusts(self) -> bool:
        """Whether there is any covariate to adjust for in the study as a whole."""
        return WEIGHTED in self.kinds

    @classmethod
    def of(cls, material: Material) -> Adjusting:
        """From the study file and the columns that the data hold."""
        model, frame = material.config.model, material.frame
        strata = model.strata or (CENTRE if CENTRE in frame and frame[CENTRE].nunique() > 1 else None)
        covariates = bool(adjustment(frame, model).terms)
        kinds = [CRUDE, *([ADJUSTED] if covariates else []), *([STRATIFIED] if strata else [])]
        kinds += [WEIGHTED] if covariates else []
        main = STRATIFIED if model.strata else ADJUSTED if covariates else CRUDE
        return cls(model, strata, tuple(kinds), main)

    def needed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Only the columns that models read."""
        terms = DEFAULT_COVARIATES if self.model.covariates is None else self.model.covariates
        wanted = {TIME, EVENT, *map(variable_of, terms), *([self.strata] if self.strata else [])}
        return frame[[c for c in frame if c in wanted]]


def fit_all(tasks: Sequence[tuple[pd.DataFrame, Adjusting]]) -> list[dict[str, Fitted]]:
    """Every task's hazard ratios by adjustment, in order, through joblib: one worker unless a configuration says more.

    A task is the patients at risk, with their exposure in `cns`, and the adjustments.
    """
    from joblib import Parallel, delayed

    return list(Parallel(n_jobs=None)(delayed(fit_one)(*task) for task in tasks))


def fit_one(frame: pd.DataFrame, adjusting: Adjusting) -> dict[str, Fitted]:
    """The hazard ratio of CNS involvement under every adjustment; whoever is neither met nor not_met is left out."""
    frame = frame[frame[EXPOSURE].isin(["met", "not_met"])].reset_index(drop=True)
    reason = one_sided(frame)
    if reason:
        return {kind: Fitted.refused(len(frame), reason, int(frame[EVENT].sum())) for kind in adjusting.kinds}
    chosen = adjustment(frame, adjusting.model)
    # No reference is named: "not_met" is the one wherever patients with known covariates have it.
    plain, by_stratum = CoxOptions(), CoxOptions(strata=adjusting.strata)
    models = {CRUDE: ((), plain), ADJUSTED: (chosen.terms, plain), STRATIFIED: (chosen.terms, by_stratum)}
    found = {}
    for kind in adjusting.kinds:
        if kind != CRUDE and not chosen.terms and adjusting.adjusts:
            found[kind] = Fitted.refused(len(frame), NO_COVARIATE, int(frame[EVENT].sum()))
        elif kind == WEIGHTED:
            found[kind] = _weighted(chosen.frame, chosen.terms, adjusting.strata)
        else:
            terms, options = models[kind]
            ratio = one_hazard_ratio(chosen.frame, TIME, EVENT, EXPOSURE, terms, options)
            found[kind] = Fitted.of(ratio, frame)
    return found


def _weighted(frame: pd.DataFrame, terms: Sequence[str], strata: str | None) -> Fitted:
    """The marginal hazard ratio under overlap weights; the stratum is a covariate of the propensity score."""
    variables = {variable_of(term) for term in terms}
    covariates = [*terms, *([strata] if strata and strata not in variables else [])]
    try:
        weighted = weight(frame, EXPOSURE, covariates, estimand="overlap")
    except NotEstimable as error:
        return Fitted.refused(len(frame), str(error), int(np.sum(frame[EVENT])))
    data = weighted_frame(frame, weighted)
    options = CoxOptions(weights=WEIGHT, robust=True)
    return Fitted.of(one_hazard_ratio(data, TIME, EVENT, GROUP, [], options), data)

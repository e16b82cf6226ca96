"""Time-dependent AUC and Brier score of a predicted risk, with censoring weights and influence-function errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.predict.ipcw import Censoring

ROUNDING = 1e-10
"""Standard error of a score between 0 and 1 below which nothing but rounding varies."""


@dataclass(frozen=True)
class Score:
    """An estimate, its influence per row (mean 0), and the standard error that follows from it."""

    estimate: float
    influence: Floats

    @property
    def std_error(self) -> float:
        """Standard deviation of the influence over the root of n, 0 if rounding only; NaN if there is no estimate."""
        n = len(self.influence)
        found = float(np.std(self.influence, ddof=1) / np.sqrt(n)) if n > 1 else np.nan
        return 0.0 if found < ROUNDING else found


def brier(risk: Floats, case: Bools, censoring: Censoring, horizon: float) -> Score:
    """Mean squared difference between `risk` and the event by `horizon`, weighted for censoring (Gerds 2006).

    `case` is whether the row has the event of interest; the event counts if it lies at or before `horizon`.
    """
    outcome = case & (censoring.time <= horizon)
    terms = censoring.weights(horizon) * (outcome - risk) ** 2
    estimate = float(terms.mean())
    return Score(estimate, terms - estimate + censoring.influence(terms, horizon))


def brier_of_nobody(case: Bools, censoring: Censoring, horizon: float) -> tuple[float, Score]:
    """The risk by `horizon` of a model without predictors, and its Brier score."""
    share = float(np.mean(censoring.weights(horizon) * (case & (censoring.time <= horizon))))
    return share, brier(np.full(len(case), share), case, censoring, horizon)


def auc(risk: Floats, case: Bools, censoring: Censoring, horizon: float) -> Score:
    """Probability that a case by `horizon` has a higher risk than one who is none, ties half (Blanche 2013).

    Controls are those beyond `horizon` and those with another event before it. NaN without a case or without a control.
    """
    n = len(risk)
    weight = censoring.weights(horizon)
    is_case = case & (censoring.time <= horizon)
    cases, controls = weight * is_case, weight * ~is_case
    share, rest = cases.mean(), controls.mean()
    if share == 0 or rest == 0:
        return Score(np.nan, np.full(n, np.nan))
    from_case = cases * _weight_below(risk, risk, controls) / n
    from_control = controls * _weight_below(-risk, -risk, cases) / n
    joint = from_case.mean()
    estimate = joint / (share * rest)
    terms = (from_case + from_control) / (share * rest) - estimate * (cases / share + controls / rest)
    return Score(float(estimate), terms + censoring.influence(terms, horizon))


def _weight_below(at: Floats, values: Floats, weights: Floats) -> Floats:
    """For each of `at` the weight of the values below it, and half the weight of those equal."""
    order = np.argsort(values, kind="stable")
    running = np.concatenate([[0.0], np.cumsum(weights[order])])
    low = np.searchsorted(values[order], at, side="left")
    high = np.searchsorted(values[order], at, side="right")
    return np.asarray((running[low] + running[high]) / 2)

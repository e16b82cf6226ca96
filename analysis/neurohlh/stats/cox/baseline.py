"""The baseline hazard of a fitted Cox model and the survival it predicts."""

from __future__ import annotations

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats
from neurohlh.stats.cox.fit import CoxFit
from neurohlh.stats.cox.partial_likelihood import PartialLikelihood
from neurohlh.stats.cox.sorted_design import SortedDesign


def predicted_survival(design: SortedDesign, fit: CoxFit, matrix_new: Floats, times: Floats) -> Floats:
    """Survival (rows of `matrix_new`, times) predicted by a fitted model without strata.

    Raises ValueError for a design with strata, NotEstimable if a coefficient has no estimate.
    """
    if len(design.sets.strata_starts) > 2:
        raise ValueError("every stratum has a baseline of its own; predict each stratum by itself")
    if fit.diverging.any() or not fit.converged:
        raise NotEstimable("a coefficient of the model cannot be estimated")
    predictor = (np.asarray(matrix_new, dtype=float) - design.centre) @ fit.coef
    likelihood = PartialLikelihood(design)
    own = likelihood.start() + design.x @ (fit.coef * design.unit)
    increments = likelihood.at(own).hazard()[::-1]
    running = np.concatenate([[0.0], np.cumsum(increments)])
    reached = np.searchsorted(design.sets.times[::-1], times, side="right")
    return np.asarray(np.exp(-running[reached][None, :] * np.exp(predictor - own.max())[:, None]))

"""What a Cox model's predictions are worth: discrimination, calibration slope and explained variation, corrected."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.concordance import concordance
from neurohlh.stats.hazards.fit import CoxFit, SortedDesign, fit


@dataclass(frozen=True)
class Performance:
    """How a linear predictor does on a data set; names as in rms::validate.

    Attributes
    ----------
    concordance : Harrell's C.
    dxy : Somers' rank correlation, 2 (C - 0.5).
    slope : coefficient of the predictor when it is fitted again (1: well calibrated, below 1: too extreme).
    r2 : Nagelkerke's share of explained variation.
    discrimination, unreliability, quality : rms' D, U and Q = D - U, per unit of -2 log likelihood of the null model.
    spread : Gini's mean difference of the refitted predictor.
    """

    concordance: float
    dxy: float
    slope: float
    r2: float
    discrimination: float
    unreliability: float
    quality: float
    spread: float

    def values(self) -> Floats:
        """The measures in the order of their fields."""
        return np.array([getattr(self, f.name) for f in fields(self)])


def gini_mean_difference(values: Floats) -> float:
    """The mean absolute difference between two different patients; O(n log n)."""
    n = len(values)
    ranks = np.arange(1, n + 1)
    return float(2 * np.sum((2 * ranks - n - 1) * np.sort(values)) / (n * (n - 1)))


def performance(predictor: Floats, data: SortedDesign, time: Floats, event: Bools) -> Performance | None:
    """The performance of `predictor` on the data that `data` holds; None if its slope cannot be estimated."""
    if np.ptp(predictor) == 0:
        return None
    alone = data.with_matrix(predictor[:, None])
    found = fit(alone)
    if not found.converged or found.diverging.any():
        return None
    return _measures(predictor, found, float(found.coef[0]), alone.loglik(np.ones(1)), time, event)


def own_performance(predictor: Floats, model: CoxFit, time: Floats, event: Bools) -> Performance:
    """The performance of a model on the very data it was fitted to, where its slope is 1."""
    return _measures(predictor, model, 1.0, model.loglik, time, event)


def _measures(
    predictor: Floats, refitted: CoxFit, slope: float, as_it_is: float, time: Floats, event: Bools
) -> Performance:
    null = -2 * refitted.loglik_null
    gain = 2 * (refitted.loglik - refitted.loglik_null)
    c = concordance(predictor, time, event).estimate
    discrimination = (gain - 1) / null
    unreliability = (2 * (refitted.loglik - as_it_is) - 2) / null
    r2 = -np.expm1(-gain / len(time)) / -np.expm1(-null / len(time))
    return Performance(
        concordance=c,
        dxy=2 * c - 1,
        slope=slope,
        r2=float(r2),
        discrimination=discrimination,
        unreliability=unreliability,
        quality=discrimination - unreliability,
        spread=abs(slope) * gini_mean_difference(predictor),
    )


@dataclass(frozen=True)
class Replicate:
    """One bootstrap sample: the model fitted to it, judged on the sample itself and on the patients it came from."""

    training: Performance
    test: Performance


def replicate(rows: Ints, matrix: Floats, data: SortedDesign, time: Floats, event: Bools) -> Replicate | None:
    """Refit on the sample `rows`, judge there and on the original; None if that sample gives no finite model."""
    if not event[rows].any() or (np.ptp(matrix[rows], axis=0) == 0).any():
        return None
    sample = data.take(rows)
    model: CoxFit = fit(sample)
    if not model.converged or model.diverging.any():
        return None
    predictor = matrix @ model.coef
    test = performance(predictor, data, time, event)
    if test is None:
        return None
    return Replicate(own_performance(predictor[rows], model, time[rows], event[rows]), test)

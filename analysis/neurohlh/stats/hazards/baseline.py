"""The baseline hazard of a fitted Cox model and the survival it predicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.hazards.fit import CoxFit
from neurohlh.stats.hazards.model import sums_at
from neurohlh.stats.hazards.sorted_design import SortedDesign


@dataclass(frozen=True)
class Baseline:
    """The cumulative hazard of one stratum at its event times, for a row with the mean covariates of the fit.

    Attributes
    ----------
    times : (k,) event times, ascending.
    hazard : (k,) cumulative hazard (Breslow's; with Efron's ties the tied events leave one after the other).
    variance : (k,) its variance at the true coefficients.
    means : (k, p) sum of the increments times the mean covariates at risk, minus `centre`: what the coefficients'
        uncertainty is carried by.
    """

    times: Floats
    hazard: Floats
    variance: Floats
    means: Floats


def baselines(design: SortedDesign, fit: CoxFit) -> dict[int, Baseline]:
    """The baseline of every stratum with an event, by the integer of the stratum (0 without strata).

    Raises NotEstimable if a coefficient has no estimate.
    """
    if fit.diverging.any() or not fit.converged:
        raise NotEstimable("a coefficient of the model cannot be estimated")
    sets, coef = design.sets, fit.coef * design.unit
    sums = sums_at(design, fit.coef)
    own = design.x @ coef if design.offset is None else design.x @ coef + design.offset
    first = sets.starts[sets.strata_starts[:-1]]
    scale = np.exp(-np.maximum.reduceat(own, first))  # hazards are relative to the stratum's largest predictor
    scale = np.repeat(scale, np.diff(sets.strata_starts))
    hazard, variance, means = sums.baseline()
    found = {}
    for start, stop in zip(sets.strata_starts[:-1], sets.strata_starts[1:], strict=True):
        span = slice(start, stop)
        by = scale[span][::-1]
        found[int(sets.strata[start])] = Baseline(
            times=sets.times[span][::-1],
            hazard=np.cumsum(hazard[span][::-1] * by),
            variance=np.cumsum(variance[span][::-1] * by**2),
            means=np.cumsum(means[span][::-1] * by[:, None], axis=0) * design.unit,
        )
    return found


@dataclass(frozen=True)
class Predicted:
    """Cumulative hazard (rows, times) and its standard error; survival is exp(-hazard)."""

    hazard: Floats
    std_error: Floats


def predicted(
    design: SortedDesign, cov: Floats, coef: Floats, base: Baseline, matrix_new: Floats, times: Floats,
    offset: Floats | None = None,
) -> Predicted:  # fmt: skip
    """Cumulative hazards of new rows from one stratum's baseline, with the errors of survfit.coxph (Tsiatis 1981)."""
    away = np.asarray(matrix_new, dtype=float) - design.centre
    predictor = away @ coef if offset is None else away @ coef + offset
    place = np.searchsorted(base.times, times, side="right")
    hazard, variance = (np.append(0.0, values)[place] for values in (base.hazard, base.variance))
    means = np.vstack([np.zeros(len(coef)), base.means])[place]
    carried = hazard[None, :, None] * away[:, None, :] - means[None]
    spread = np.einsum("ijk,kl,ijl->ij", carried, cov, carried)
    ratio = np.exp(predictor)[:, None]
    return Predicted(hazard * ratio, np.sqrt(variance + spread) * ratio)


def predicted_survival(
    design: SortedDesign, fit: CoxFit, matrix_new: Floats, times: Floats, *, stratum: Ints | int | None = None
) -> Floats:
    """Survival (rows of `matrix_new`, times) predicted by a fitted model.

    `stratum` is the integer of the stratum of all rows or of each; needed if the design has more than one. Raises
    ValueError for a stratum that is missing or without events, NotEstimable if a coefficient has no estimate.
    """
    found = baselines(design, fit)
    if stratum is None and len(found) > 1:
        raise ValueError("every stratum has a baseline of its own: say of which stratum the new rows are")
    rows = len(matrix_new)
    own = np.broadcast_to(next(iter(found)) if stratum is None else np.asarray(stratum), rows)
    unknown = set(own.tolist()) - set(found)
    if unknown:
        raise ValueError(f"no event, and so no baseline, in stratum {', '.join(map(str, sorted(unknown)))}")
    predictor = (np.asarray(matrix_new, dtype=float) - design.centre) @ fit.coef
    hazard = np.empty((rows, len(times)))
    for name, base in found.items():
        place = np.searchsorted(base.times, times, side="right")
        inside = own == name
        hazard[inside] = np.exp(predictor[inside])[:, None] * np.append(0.0, base.hazard)[place]
    return np.asarray(np.exp(-hazard))

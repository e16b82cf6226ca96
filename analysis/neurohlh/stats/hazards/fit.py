"""The fit of a Cox model: Newton's method on the partial likelihood, and monotone likelihood recognised.

Own arithmetic rather than a library's: against R's coxph, lifelines differs by 4e-6 with strata and 3e-3 in clustered
standard errors, statsmodels treats delayed entry as at risk one instant too early, neither has the score test for
proportional hazards or the exact likelihood of tied events, and both are slower.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.hazards.likelihood import Evaluated, Likelihood, likelihood_of
from neurohlh.stats.hazards.sorted_design import SortedDesign
from neurohlh.stats.information import aliases, solve, without_information

__all__ = ["CoxFit", "SortedDesign", "aliased", "fit"]

_STEP_TOLERANCE = 1e-5  # on the linear predictor's range; Newton is quadratic, so the next step ends the fit
_LONGEST_STEP = 10.0  # on the same range: a longer step is shortened, a fit worth having never needs one
_FLAT = 1e-9  # gain in log-likelihood below which nothing is to be gained any more
_WIDEST = 100.0  # range of the linear predictor (a ratio of e^100 between two patients) that no finite estimate has
_ITERATIONS = 60


@dataclass(frozen=True)
class CoxFit:
    """A fitted model on the scale of the covariates handed in.

    Attributes
    ----------
    coef, cov : coefficients and the inverse of the information matrix (p,), (p, p).
    loglik_null, loglik : log partial likelihood at 0 and at `coef`.
    score_test : Rao's chi-square at 0.
    diverging : coefficients that run to infinity (monotone likelihood) or have none (aliased): not estimable.
    converged, iterations : of Newton's method.
    """

    coef: Floats
    cov: Floats
    loglik_null: float
    loglik: float
    score_test: float
    diverging: Bools
    converged: bool
    iterations: int


def fit(design: SortedDesign, *, start: Floats | None = None) -> CoxFit:
    """Maximise the partial likelihood by Newton's method with step halving, and recognise a monotone likelihood.

    `start` holds coefficients to begin with (zeros by default). In a monotone likelihood the gain dies out together
    with the information in some direction; the coefficients in it are named in `diverging`, the others are at their
    limit. If the predictor becomes absurdly wide before, all are. Columns that are `aliased` have no coefficient (NaN)
    and count as diverging; the others are fitted without them.

    Raises NotEstimable if there is no event.
    """
    if not design.sets.size:
        raise NotEstimable("no event among the rows of the model")
    likelihood = likelihood_of(design)
    now = likelihood.at(likelihood.start())
    null, u, information = now.loglik, now.score(), now.information()
    aliased_columns = aliases(information)
    if aliased_columns:
        return _without(design, aliased_columns, start, null)
    score_test = float(u @ solve(information, u))
    beta = np.zeros(len(u)) if start is None else np.asarray(start, dtype=float) * design.unit
    found = _newton(design, likelihood, beta, (now, u, information))
    cov = solve(found.information, np.eye(len(u))) / np.outer(design.unit, design.unit)
    return CoxFit(
        coef=found.beta / design.unit,
        cov=cov,
        loglik_null=null,
        loglik=found.loglik,
        score_test=score_test,
        diverging=found.diverging,
        converged=found.converged or bool(found.diverging.any()),
        iterations=found.iterations,
    )


@dataclass(frozen=True)
class _Maximum:
    beta: Floats
    information: Floats
    loglik: float
    diverging: Bools
    converged: bool
    iterations: int


def _newton(
    design: SortedDesign, likelihood: Likelihood, beta: Floats, null: tuple[Evaluated, Floats, Floats]
) -> _Maximum:
    """`null` holds the likelihood at 0 with its derivatives."""
    x, predictor = design.x, likelihood.start()
    now, u, information = null
    at_zero = information
    if beta.any():
        predictor += x @ beta
        now = likelihood.at(predictor)
        u, information = now.score(), now.information()
    diverging = np.zeros(len(beta), dtype=bool)
    converged, iteration = False, 0
    while iteration < _ITERATIONS and not converged and not diverging.any():
        iteration += 1
        step = solve(information, u)
        along = x @ step
        moving = float(np.ptp(along))
        size = min(1.0, _LONGEST_STEP / max(moving, _LONGEST_STEP))
        size, following, gain = _uphill(likelihood, predictor, along, size, now)
        now, beta = following, beta + size * step
        predictor += size * along
        u, information = now.score(), now.information()
        if gain < _FLAT:
            diverging = without_information(information, at_zero)
        elif np.ptp(predictor if design.offset is None else predictor - design.offset) > _WIDEST:
            diverging = np.ones(len(beta), dtype=bool)
        stuck = size == 0 and u @ solve(information, u) > _FLAT * max(1.0, abs(now.loglik))
        converged = bool(not diverging.any() and size * moving < _STEP_TOLERANCE and not stuck)
    if converged:
        beta = beta + solve(information, u)
    return _Maximum(beta, information, now.loglik, diverging, converged, iteration)


def _without(design: SortedDesign, lacking: dict[int, list[int]], start: Floats | None, null: float) -> CoxFit:
    """The fit without its aliased columns, which have NaN."""
    p = design.x.shape[1]
    kept = [j for j in range(p) if j not in lacking]
    coef, cov, lost = np.full(p, np.nan), np.full((p, p), np.nan), np.ones(p, dtype=bool)
    if not kept:
        return CoxFit(coef, cov, null, null, 0.0, lost, True, 0)
    found = fit(design.with_columns(kept), start=None if start is None else np.asarray(start)[kept])
    coef[kept], cov[np.ix_(kept, kept)], lost[kept] = found.coef, found.cov, found.diverging
    return replace(found, coef=coef, cov=cov, diverging=lost)


def _uphill(
    likelihood: Likelihood, predictor: Floats, along: Floats, size: float, now: Evaluated
) -> tuple[float, Evaluated, float]:
    """The largest of size, size/2, ... that does not lose likelihood: it, the likelihood there, and the gain."""
    for _ in range(30):
        following = likelihood.at(predictor + size * along)
        gain = following.loglik - now.loglik
        if np.isfinite(gain) and gain >= -1e-12 * abs(now.loglik):
            return size, following, max(gain, 0.0)
        size /= 2
    return 0.0, now, 0.0


def aliased(design: SortedDesign) -> dict[int, list[int]]:
    """Columns about which the risk sets say nothing beyond the columns before them: column -> those columns.

    Columns are taken from left to right, as R's coxph does. An empty list: the column never differs between patients
    who are at risk together. Judged by the information at 0, whose null space is that of any coefficients.
    """
    likelihood = likelihood_of(design)
    return aliases(likelihood.at(likelihood.start()).information())

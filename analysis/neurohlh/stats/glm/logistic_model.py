"""One logistic model from a frame: fit, finite coefficients under separation, covariance, limits and tests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats
from neurohlh.stats.glm.covariance import sandwich
from neurohlh.stats.glm.data import ModelData, aliased_columns
from neurohlh.stats.glm.families import BINOMIAL
from neurohlh.stats.glm.firth_fit import FirthLogit, fit_firth
from neurohlh.stats.glm.fit import fit_glm
from neurohlh.stats.glm.logistic_fit import LogisticFit, fit_logistic
from neurohlh.stats.glm.profile import profile_limit
from neurohlh.stats.glm.rows import Estimates, wald

_DIRECTION = {1: "the odds ratio runs to infinity", -1: "the odds ratio runs to 0", 0: "it has no finite estimate"}


@dataclass(frozen=True)
class LogisticModel:
    """A fit with its data; `cov` is the variance asked for. Under separation only what is finite has a number."""

    data: ModelData
    fit: LogisticFit
    coef: Floats
    cov: Floats
    why_not: dict[int, str]

    @property
    def sound(self) -> bool:
        """Whether every coefficient has an estimate."""
        return not self.why_not


def logistic_model(data: ModelData, variance: str) -> LogisticModel:
    """Fit by maximum likelihood. Raises NotEstimable if the outcome is the same in everybody."""
    fit = fit_logistic(data.matrix, data.y, data.weights)
    if fit.separated:
        return _finite_part(data, fit, variance)
    why = {} if fit.converged else dict.fromkeys(range(len(fit.coef)), "the fit did not converge")
    cov = sandwich(fit.cov, fit.scores, fit.leverage(data.matrix), variance, data.cluster) if not why else fit.cov
    return LogisticModel(data, fit, fit.coef, cov, why)


def _finite_part(data: ModelData, fit: LogisticFit, variance: str) -> LogisticModel:
    """What the patients that are not separated determine: the limit of the likelihood (Albert and Anderson 1984)."""
    found = fit.separation
    assert found is not None
    k = len(fit.coef)
    why = {int(j): f"perfectly predicts: {_DIRECTION[int(found.sign[j])]}" for j in np.flatnonzero(found.infinite)}
    coef, cov = np.full(k, np.nan), np.full((k, k), np.nan)
    if found.infinite.all():
        return LogisticModel(data, fit, coef, cov, why)
    rest = ~found.rows
    order = [*np.flatnonzero(~found.infinite), *np.flatnonzero(found.infinite)]
    aliases = aliased_columns(data.matrix[rest][:, order])
    chosen = [j for place, j in enumerate(order) if place not in aliases]
    part = data.matrix[rest][:, chosen]
    inner = fit_glm(part, data.y[rest], BINOMIAL, weights=None if data.weights is None else data.weights[rest])
    cluster = None if data.cluster is None else np.unique(data.cluster[rest], return_inverse=True)[1]
    own = sandwich(inner.cov, inner.scores, inner.leverage(part), variance, cluster)
    finite = [place for place, j in enumerate(chosen) if not found.infinite[j]]
    places = [chosen[place] for place in finite]
    coef[places], cov[np.ix_(places, places)] = inner.coef[finite], own[np.ix_(finite, finite)]
    return LogisticModel(data, fit, coef, cov, why)


def profile_estimates(model: LogisticModel, conf_level: float) -> Estimates:
    """Profile-likelihood limits beside Wald tests, as R's confint; only for a sound model."""
    data, fit = model.data, model.fit
    found = wald(model.coef, model.cov, conf_level)
    se = np.sqrt(np.diag(fit.cov))

    def limits(j: int) -> list[float]:
        others = [i for i in range(len(se)) if i != j]
        column = data.matrix[:, j]

        def profile(value: float) -> float:
            start = fit.coef[others] - fit.cov[others, j] / fit.cov[j, j] * (fit.coef[j] - value)
            if not others:
                return _constant(data, value * column)
            rest = data.matrix[:, others]
            return fit_glm(rest, data.y, BINOMIAL, weights=data.weights, offset=value * column, start=start).loglik

        return [profile_limit(profile, fit.coef[j], se[j], fit.loglik, conf_level, side) for side in (-1, 1)]

    both = np.array([limits(j) for j in range(len(se))])
    return replace(found, low=both[:, 0], high=both[:, 1])


def _constant(data: ModelData, eta: Floats) -> float:
    own = -np.logaddexp(0, np.where(data.y == 1, -eta, eta))
    return float(own.sum() if data.weights is None else data.weights @ own)


def firth_estimates(data: ModelData, conf_level: float) -> tuple[FirthLogit, Estimates]:
    """Firth's fit with profile penalised-likelihood limits and penalised likelihood-ratio tests (1 df).

    A limit or test that the iterations do not reach is NaN and has a note.
    """
    fit = fit_firth(data.matrix, data.y, data.weights)
    k = len(fit.coef)
    se = np.sqrt(np.diag(fit.cov))
    if not fit.converged:
        unknown = np.full(k, np.nan)
        why = dict.fromkeys(range(k), "the penalised fit did not converge")
        return fit, Estimates(fit.coef, se, unknown, unknown, unknown, unknown, 1.0, why)
    ends = np.array([[_firth_limit(data, fit, j, conf_level, side) for side in (-1, 1)] for j in range(k)])
    tops = np.array([_firth_profile(data, fit, j, 0.0) for j in range(k)])
    statistic = np.maximum(0.0, 2 * (fit.loglik - tops))
    notes = {int(j): "the test is not estimable: its fit did not converge" for j in np.flatnonzero(np.isnan(tops))}
    p = np.asarray(chi2.sf(statistic, 1))
    return fit, Estimates(fit.coef, se, ends[:, 0], ends[:, 1], statistic, p, 1.0, notes=notes)


def _firth_profile(data: ModelData, fit: FirthLogit, j: int, value: float) -> float:
    """The largest penalised log likelihood with coefficient `j` held at `value`; NaN if it is not found."""
    start = fit.coef.copy()
    start[j] = value
    free = [i for i in range(len(start)) if i != j]
    try:
        found = fit_firth(data.matrix, data.y, data.weights, start=start, free=free)
    except NotEstimable:  # so far out that the information vanishes
        return float("nan")
    return found.loglik if found.converged else float("nan")


def _firth_limit(data: ModelData, fit: FirthLogit, j: int, conf_level: float, side: int) -> float:
    def profile(value: float) -> float:
        return _firth_profile(data, fit, j, value)

    return profile_limit(profile, fit.coef[j], float(np.sqrt(fit.cov[j, j])), fit.loglik, conf_level, side)

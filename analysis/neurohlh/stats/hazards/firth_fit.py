"""Firth's penalised partial likelihood: its maximum, and the profile likelihood of each coefficient.

The penalty is half the log determinant of the information. Its derivative needs the third moments of the covariates
over the risk sets, but only contracted with the inverse information A: sums over rows of x (x'Ax) and x (x'A m), which
are running sums over moments like those of the likelihood itself. No differences are taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import chi2

from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.hazards.partial_likelihood import AtPredictor, PartialLikelihood
from neurohlh.stats.hazards.sorted_design import SortedDesign

_CONVERGED = 1e-20  # squared distance from the maximum in standard errors at which a fit ends
_NEARLY = 1e-10  # the same where rounding allows no better step
_LONGEST_STEP = 5.0  # on the range of the linear predictor
_WIDEST = 200.0  # range of the linear predictor beyond which a limit counts as not reached
_ITERATIONS = 80


@dataclass(frozen=True)
class Penalised:
    """The penalised log-likelihood at one point (standardised covariates), its score and its inverse information."""

    beta: Floats
    loglik: float
    score: Floats
    inverse: Floats


@dataclass(frozen=True)
class FirthFit:
    """A fitted model on the scale of the covariates handed in.

    Attributes
    ----------
    coef, cov : the penalised estimates, and the inverse information at them (p,), (p, p).
    loglik_null, loglik : penalised log-likelihood with all coefficients 0, and at `coef`.
    low, high : profile penalised-likelihood limits (p,); NaN where a limit is not reached.
    chi_square : (p,) penalised likelihood-ratio statistics of coefficient = 0, each on one degree of freedom.
    converged : of the fit, and of the restricted fits behind `chi_square` and the limits.
    """

    coef: Floats
    cov: Floats
    loglik_null: float
    loglik: float
    low: Floats
    high: Floats
    chi_square: Floats
    converged: bool


class PenalisedLikelihood:
    """The penalised likelihood of a design with Efron's or Breslow's ties."""

    def __init__(self, design: SortedDesign) -> None:
        self.design, self.likelihood = design, PartialLikelihood(design)

    def at(self, beta: Floats) -> Penalised | None:
        """The penalised likelihood at `beta`; None where the information is singular."""
        now = self.likelihood.at(self.likelihood.start() + self.design.x @ beta)
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            information = now.information()
        if not (np.isfinite(information).all() and np.isfinite(now.loglik)):
            return None
        try:
            factor = cho_factor(information, lower=True)
        except np.linalg.LinAlgError:
            return None
        inverse = np.asarray(cho_solve(factor, np.eye(len(beta))))
        half_log_determinant = float(np.log(np.diag(factor[0])).sum())
        score = now.score() + 0.5 * _trace_of_derivative(now, inverse)
        return Penalised(beta, now.loglik + half_log_determinant, score, inverse)


def _trace_of_derivative(now: AtPredictor, a: Floats) -> Floats:
    """(p,) traces of a times the derivatives of the information (third central moments over the risk sets).

    Per risk set with weights p, mean m and q = x'ax: E[q x] - E[q] m - 2 E[xx'] a m + 2 (m'am) m.
    """
    likelihood, sets, x = now.likelihood, now.sets, now.x
    xa = x @ a
    q = np.einsum("ij,ij->i", xa, x)
    s1, d1 = now.covariate_sums()
    sq = likelihood.sums.at_risk(now.risk * q)
    if d1 is not None:
        place, f = sets.moment_of_death, sets.fraction
        dq = np.add.reduceat((now.risk * q)[sets.dead], sets.dead_starts[:-1])
        s1, sq = s1[place] - f[:, None] * d1[place], sq[place] - f * dq[place]
    mean, mean_q = s1 / now.total[:, None], sq / now.total
    weight = likelihood.weight_of_step
    along = np.einsum("ij,jk,ik->i", mean, a, mean)
    by_step = (weight * (2 * along - mean_q)) @ mean
    carried = (weight / now.total)[:, None] * mean
    if d1 is None:
        means_seen = likelihood.sums.over_time(carried)
    else:
        means_seen = likelihood.sums.over_time(np.add.reduceat(carried, sets.dead_starts[:-1], axis=0))
        own = np.add.reduceat(carried * f[:, None], sets.dead_starts[:-1], axis=0)
        means_seen[sets.dead] -= own[place]
    crossed = now.risk * np.einsum("ij,ij->i", xa, means_seen)
    return np.asarray((now.expected() * q - 2 * crossed) @ x + by_step)


def firth_fit(design: SortedDesign, *, conf_level: float = 0.95, limits: bool = True) -> FirthFit:
    """The maximum of the penalised likelihood, likelihood-ratio tests and, with `limits`, profile limits.

    In tests and limits of one coefficient the penalty is that of the whole model. Raises ValueError for collinear
    columns. Source: Firth 1993, Biometrika 80:27; Heinze and Schemper 2001, Biometrics 57:114.
    """
    penalised, p, unit = PenalisedLikelihood(design), design.x.shape[1], design.unit
    null = penalised.at(np.zeros(p))
    if null is None:
        raise ValueError("the information matrix is singular: columns are collinear or never differ")
    top, sound = _maximise(penalised, null, np.ones(p, dtype=bool))
    chi_square, low, high = np.empty(p), np.full(p, np.nan), np.full(p, np.nan)
    for j in range(p):
        restricted, reached = _restricted(penalised, top, j, 0.0)
        chi_square[j] = max(2 * (top.loglik - restricted.loglik), 0.0) if restricted is not None else np.nan
        sound &= reached
        if limits:
            low[j], high[j] = (_limit(penalised, top, j, sign, conf_level) / unit[j] for sign in (-1, 1))
    cov = top.inverse / np.outer(unit, unit)
    rescaled = float(np.log(unit).sum())  # the determinant of the information on the covariates' own scale
    likelihoods = null.loglik + rescaled, top.loglik + rescaled
    return FirthFit(top.beta / unit, cov, *likelihoods, low, high, chi_square, sound)


def _maximise(penalised: PenalisedLikelihood, now: Penalised, free: Bools) -> tuple[Penalised, bool]:
    """The maximum over the `free` coefficients: quasi-Newton (BFGS) in the metric of the information, uphill only.

    The scoring of the plain likelihood converges only linearly here, because the information is not the curvature of
    the penalty.
    """
    x = penalised.design.x[:, free]
    metric = _free_inverse(now, free)
    for _ in range(_ITERATIONS):
        score = now.score[free]
        step = metric @ score
        if score @ step < _CONVERGED:
            return now, True
        following = _uphill(penalised, now, free, step, float(np.ptp(x @ step)))
        if following is None:
            return now, bool(score @ step < _NEARLY)
        moved, turned = following.beta[free] - now.beta[free], score - following.score[free]
        metric = _updated(metric, moved, turned) if moved @ turned > 0 else _free_inverse(following, free)
        now = following
    return now, False


def _free_inverse(now: Penalised, free: Bools) -> Floats:
    """Inverse of the information of the free coefficients with the others fixed."""
    if free.all():
        return now.inverse
    fixed = ~free
    across = now.inverse[np.ix_(free, fixed)]
    return np.asarray(
        now.inverse[np.ix_(free, free)] - across @ np.linalg.solve(now.inverse[np.ix_(fixed, fixed)], across.T)
    )


def _updated(metric: Floats, moved: Floats, turned: Floats) -> Floats:
    scale = moved @ turned
    left = np.eye(len(moved)) - np.outer(moved, turned) / scale
    return np.asarray(left @ metric @ left.T + np.outer(moved, moved) / scale)


def _uphill(
    penalised: PenalisedLikelihood, now: Penalised, free: Bools, step: Floats, moving: float
) -> Penalised | None:
    size = min(1.0, _LONGEST_STEP / max(moving, _LONGEST_STEP))
    for _ in range(30):
        beta = now.beta.copy()
        beta[free] += size * step
        following = penalised.at(beta)
        if following is not None and following.loglik >= now.loglik - 1e-13 * abs(now.loglik):
            return following
        size /= 2
    return None


def _restricted(penalised: PenalisedLikelihood, near: Penalised, j: int, value: float) -> tuple[Penalised | None, bool]:
    """The maximum with coefficient j fixed, from a point nearby; the others first follow it along the information."""
    beta = near.beta + near.inverse[:, j] / near.inverse[j, j] * (value - near.beta[j])
    beta[j] = value
    start = penalised.at(beta)
    if start is None:
        beta = near.beta.copy()
        beta[j] = value
        start = penalised.at(beta)
    if start is None:
        return None, False
    free = np.arange(len(beta)) != j
    return _maximise(penalised, start, free) if free.any() else (start, True)


def _limit(penalised: PenalisedLikelihood, top: Penalised, j: int, sign: int, conf_level: float) -> float:
    """Where the signed root of the likelihood ratio of coefficient j is the quantile; NaN if it is not reached.

    Newton's method on the signed root, nearly a straight line in the coefficient; its slope is the score of the
    restricted maximum divided by it. Steps are kept between what was found too near and too far.
    """
    wanted = float(np.sqrt(chi2.ppf(conf_level, 1)))
    se, width = float(np.sqrt(top.inverse[j, j])), float(np.ptp(penalised.design.x[:, j]))
    near_end, far_end = 0.0, np.inf
    distance, point = wanted * se, top
    for _ in range(40):
        found, sound = _restricted(penalised, point, j, float(top.beta[j] + sign * distance))
        if found is None or not sound:
            far_end, distance = distance, (near_end + distance) / 2
            if far_end - near_end < 1e-2 * far_end:  # beyond it there is no restricted maximum
                return float("nan")
            continue
        root = float(np.sqrt(max(2 * (top.loglik - found.loglik), 0.0)))
        near_end, far_end = (distance, far_end) if root < wanted else (near_end, distance)
        slope = -sign * found.score[j] / root if root > 0 else 0.0
        step = (wanted - root) / slope if slope > 0 else distance
        if abs(step) < 1e-10 * se:
            return float(top.beta[j] + sign * (distance + step))
        distance, point = distance + min(step, distance), found
        if not near_end < distance < far_end:
            distance = (near_end + far_end) / 2 if np.isfinite(far_end) else 2 * near_end
        if distance * width > _WIDEST:
            return float("nan")
    return float("nan")

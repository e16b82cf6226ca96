"""Gray's test arithmetic: scores of the subdistribution and their covariance, summed over strata."""

from __future__ import annotations

import numpy as np

from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.competing.aalen_johansen import aalen_johansen


def gray_scores(
    time: Floats, status: Ints, group: Ints, groups: int, strata: Ints | None, rho: float
) -> tuple[Floats, Floats]:
    """The scores (groups,) for cause 1 (status 1; 0 censored, others compete) and their covariance (groups, groups).

    Source: Gray 1988, Ann Stat 16:1141; ties and variance as in cmprsk's cuminc. `rho` weights early (above 0) or late
    differences by (1 - F)^rho.
    """
    score, cov = np.zeros(groups), np.zeros((groups, groups))
    kind = np.minimum(status, 2)
    for rows in [slice(None)] if strata is None else [strata == s for s in np.unique(strata)]:
        u, v = _stratum(time[rows], kind[rows], group[rows], groups, rho)
        score, cov = score + u, cov + v
    return score, cov


def _stratum(time: Floats, kind: Ints, group: Ints, groups: int, rho: float) -> tuple[Floats, Floats]:
    moments = np.unique(time[kind > 0])
    if not len(moments):
        return np.zeros(groups), np.zeros((groups, groups))
    risk, one, two, before, after, incidence = (np.zeros((len(moments), groups)) for _ in range(6))
    for j in np.unique(group):
        curve = aalen_johansen(time[group == j], kind[group == j], 2)
        found, here = curve.row_at(moments), np.searchsorted(curve.time, moments)
        risk[:, j] = curve.at_risk(moments)
        at = np.flatnonzero(found >= 0)
        exact = at[curve.time[found[at]] == moments[at]]
        one[exact, j], two[exact, j] = curve.events[found[exact]].T
        survival = np.append(1.0, curve.survival)
        before[:, j], after[:, j] = survival[here], survival[found + 1]
        incidence[:, j] = np.append(0.0, curve.incidence[:, 0])[here]
    return _scores(risk, one, two, before, after, incidence, rho)


def _scores(
    risk: Floats, one: Floats, two: Floats, before: Floats, after: Floats, incidence: Floats, rho: float
) -> tuple[Floats, Floats]:
    """Scores and covariance from (times, groups) numbers at risk, events, survival and incidence just before."""
    here = risk > 0
    size = np.where(here, risk / np.where(before > 0, before, 1.0), 0.0)  # at risk, had nobody left by an event
    total, first = size.sum(axis=1), one.sum(axis=1)
    step = np.divide(first, total, out=np.zeros_like(total), where=total > 0)
    pooled = np.cumsum(step)
    pooled_before = np.append(0.0, pooled[:-1])
    weight = np.maximum(1 - pooled_before, 0.0) ** rho
    free = size * (1 - incidence)
    expected = np.divide(first, free.sum(axis=1), out=np.zeros_like(total), where=total > 0)
    score = (weight[:, None] * (one - free * expected[:, None])).sum(axis=0)
    share = np.divide(size, total[:, None], out=np.zeros_like(size), where=total[:, None] > 0)
    a = weight[:, None, None] * size[:, :, None] * (np.eye(size.shape[1]) - share[:, None, :])
    hazard = np.divide(step, 1 - pooled_before, out=np.zeros_like(step), where=pooled_before < 1)
    c = np.cumsum(a * hazard[:, None, None], axis=0)
    ahead = c[-1] - c
    left = np.where(after > 0, (1 - pooled)[:, None] / np.where(after > 0, after, 1.0), 0.0)
    own = np.where(after > 0, 1 - left, 1.0)
    tied = np.where(first[:, None] > 1, 1 - (first[:, None] - 1) / np.maximum(total[:, None] * before - 1, 1e-300), 1.0)
    mine = np.divide(tied * before * step[:, None], risk, out=np.zeros_like(risk), where=here)
    apart = np.where(two > 1, 1 - (two - 1) / np.maximum(risk - 1, 1), 1.0)
    theirs = np.divide(apart * before**2 * two, risk**2, out=np.zeros_like(risk), where=here & (after > 0))
    jumps, drifts = a + own[:, None, :] * ahead, left[:, None, :] * ahead
    cov = np.einsum("tik,tjk,tk->ij", jumps, jumps, mine, optimize=True)
    return score, cov + np.einsum("tik,tjk,tk->ij", drifts, drifts, theirs, optimize=True)

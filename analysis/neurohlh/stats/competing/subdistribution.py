"""Risk sets of a subdistribution hazard without copies of rows: sums, exposures and residuals, linear in the rows.

Whoever had a competing event stays in the risk set with weight G(t-)/G(T-). The sum over such patients is G(t-) times a
running sum of x/G(T-), so that one pass forward and one backward replace the expanded data set (the idea of Kawaguchi,
Shen, Suchard & Li 2021, J Comput Graph Stat 30:237). The information needs no sums of squares over risk sets: it is
X' diag(exposure) X less the squares of the means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.competing.censoring import Censoring


@dataclass(frozen=True)
class Stratum:
    """Patients who share a baseline, sorted by time; m distinct times of the event, S steps of the likelihood.

    Attributes
    ----------
    rows : (n,) places of these patients among all rows.
    x, weight, time : (n, p), (n,), (n,) covariates, case weights, ends.
    dead : (n,) rows with the event.
    moments : (m,) distinct times of the event.
    start : (m,) first row that ends at or after each.
    past, begun : (n,) events' times up to each row's end and up to its entry (`begun` None without delayed entry).
    group, lasting : (n,) censoring group; 1/G(T-) after a competing event, 0 for the others.
    g : (groups, m) G(t-) at the times of the event.
    strict : whether censoring at u bears on the event at u and not on the competing event at u in the variance, as in
        crr; otherwise the events come first.
    step_of, share, step_weight : (S,) time of each step, share of the tied dead taken out of the risk set, its weight.
    """

    rows: Ints
    x: Floats
    weight: Floats
    time: Floats
    dead: Bools
    moments: Floats
    start: Ints
    past: Ints
    begun: Ints | None
    group: Ints
    lasting: Floats
    g: Floats
    step_of: Ints
    share: Floats
    step_weight: Floats
    strict: bool

    def at(self, predictor: Floats) -> Sums:
        """The sums over risk sets at a linear predictor (n,)."""
        high = float(predictor.max(initial=0.0))
        ratio = np.exp(predictor - high)
        r = (self.weight * ratio)[:, None]
        dead = self.dead
        place = self.past[dead] - 1
        tops, whole = [], []
        for values in (r, r * self.x):
            died = np.zeros((len(self.moments), values.shape[1]))
            np.add.at(died, place, values[dead])
            whole.append(self._over_risk_sets(values))
            tops.append(whole[-1][self.step_of] - self.share[:, None] * died[self.step_of])
        s0 = tops[0][:, 0]
        return Sums(self, predictor, high, ratio, s0, tops[1] / s0[:, None])

    def _over_risk_sets(self, values: Floats) -> Floats:
        """(m, k) sums over everybody at risk at each time of the event."""
        found = _backward(values)[self.start]
        if self.begun is not None:
            late = np.zeros((len(self.moments) + 1, values.shape[1]))
            np.add.at(late, self.begun, values)
            found = found - _backward(late)[1:-1]
        for code in range(len(self.g)):
            kept = np.where(self.group == code, self.lasting, 0.0)[:, None] * values
            found = found + self.g[code][:, None] * _forward(kept)[self.start]
        return found

    def exposure(self, steps: Floats) -> Floats:
        """(n, k) sums of `steps` (S, k) over the steps at which each row is at risk, by its weight there."""
        by_time = np.zeros((len(self.moments), steps.shape[1]))
        np.add.at(by_time, self.step_of, steps)
        total = _forward(by_time)
        found = total[self.past]
        if self.begun is not None:
            found = found - total[self.begun]
        if self.share.any():
            taken = np.zeros_like(by_time)
            np.add.at(taken, self.step_of, self.share[:, None] * steps)
            found[self.dead] -= taken[self.past[self.dead] - 1]
        for code in range(len(self.g)):
            lasting = (self.group == code) & (self.lasting > 0)
            ahead = _backward(self.g[code][:, None] * by_time)
            found[lasting] += self.lasting[lasting, None] * ahead[self.past[lasting]]
        return found

    def at_event(self, steps: Floats) -> Floats:
        """(n, k) for the dead, the mean of `steps` over the steps of their time; 0 for the others."""
        by_time = np.zeros((len(self.moments), steps.shape[1]))
        np.add.at(by_time, self.step_of, steps)
        by_time /= np.bincount(self.step_of, minlength=len(self.moments))[:, None]
        out = np.zeros((len(self.rows), steps.shape[1]))
        out[self.dead] = by_time[self.past[self.dead] - 1]
        return out

    def lasting_effect(self, code: int, values: Floats, steps: Floats, times: Floats) -> Floats:
        """(times, k) sum over the competing events of a censoring group up to u of `values`, by `steps` after u."""
        kept = np.where(self.group == code, self.lasting, 0.0)[:, None] * values
        by_time = np.zeros((len(self.moments), steps.shape[1]))
        np.add.at(by_time, self.step_of, steps)
        reached = [
            np.searchsorted(at, times, side="left" if self.strict else "right") for at in (self.moments, self.time)
        ]
        ahead = _backward(self.g[code][:, None] * by_time)
        return np.asarray(_forward(kept)[reached[1]] * ahead[reached[0]])


@dataclass(frozen=True)
class Sums:
    """The risk sets of a stratum at one predictor: step sums `s0` (divided by exp(high)) and means `mean` (S, p)."""

    stratum: Stratum
    predictor: Floats
    high: float
    ratio: Floats
    s0: Floats
    mean: Floats

    @property
    def hazard(self) -> Floats:
        """(S,) increments of the baseline hazard, times exp(high)."""
        return np.asarray(self.stratum.step_weight / self.s0)

    def loglik(self) -> float:
        """The log pseudo-likelihood."""
        s = self.stratum
        own = s.weight[s.dead] @ self.predictor[s.dead]
        return float(own - s.step_weight @ (np.log(self.s0) + self.high))

    def score(self) -> Floats:
        """(p,) its gradient."""
        s = self.stratum
        return np.asarray(s.weight[s.dead] @ s.x[s.dead] - s.step_weight @ self.mean)

    def information(self, g: Floats | None = None) -> Floats:
        """(p, p) minus its second derivative; with g (S,) every step counts g times."""
        s, g = self.stratum, np.ones(len(self.s0)) if g is None else g
        held = s.weight * self.ratio * s.exposure((g * self.hazard)[:, None])[:, 0]
        return np.asarray((s.x * held[:, None]).T @ s.x - (self.mean * (g * s.step_weight)[:, None]).T @ self.mean)

    def residuals(self, g: Floats | None = None) -> Floats:
        """(n, p) score residuals (unweighted); with g (S,) of the score with every step counted g times."""
        s, g = self.stratum, np.ones(len(self.s0)) if g is None else g
        own = s.at_event(g[:, None])
        at_event = s.x * own - s.at_event(g[:, None] * self.mean)
        h = (g * self.hazard)[:, None]
        return np.asarray(at_event - self.ratio[:, None] * (s.x * s.exposure(h) - s.exposure(h * self.mean)))

    def censoring_effect(self, code: int, times: Floats, g: Floats | None = None) -> Floats:
        """(times, p) change of the score with the censoring hazard of a group at each of `times`."""
        s, h = self.stratum, self.hazard[:, None] if g is None else (g * self.hazard)[:, None]
        r = (s.weight * self.ratio)[:, None]
        return s.lasting_effect(code, r * s.x, h, times) - s.lasting_effect(code, r, h * self.mean, times)

    def hazard_influence(self, steps: Floats) -> Floats:
        """(n, k) influence on the sums of the hazard over `steps` (S, k, of 0 and 1), at fixed coefficients."""
        s, inverse = self.stratum, 1 / self.s0
        return np.asarray(
            s.at_event(steps * inverse[:, None])
            - self.ratio[:, None] * s.exposure(steps * (self.hazard * inverse)[:, None])
        )

    def hazard_censoring_effect(self, code: int, times: Floats, steps: Floats) -> Floats:
        """(times, k) change of those sums with the censoring hazard of a group at each of `times`."""
        s = self.stratum
        r = (s.weight * self.ratio)[:, None]
        return s.lasting_effect(code, r, steps * (self.hazard / self.s0)[:, None], times)


def _forward(values: Floats) -> Floats:
    """Running sums with the empty one first (n + 1, k)."""
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])


def _backward(values: Floats) -> Floats:
    """Sums from each place to the end, the empty one last (n + 1, k)."""
    return np.concatenate([np.cumsum(values[::-1], axis=0)[::-1], np.zeros((1, values.shape[1]))])


def stratum_of(
    rows: Ints,
    matrix: Floats,
    time: Floats,
    status: Ints,
    entry: Floats | None,
    weight: Floats,
    group: Ints,
    censorings: list[Censoring],
    ties: str,
    strict: bool,
) -> Stratum:
    """Sort the patients of one stratum; status is 1 for the event, 0 censored, anything else a competing event."""
    rows = rows[np.argsort(time[rows], kind="stable")]
    t, kind, w, code = time[rows], status[rows], weight[rows], group[rows]
    dead = kind == 1
    moments = np.unique(t[dead])
    lasting = np.zeros(len(rows))
    for place, found in enumerate(censorings):
        chosen = (kind > 1) & (code == place)
        lasting[chosen] = 1 / found.before(t[chosen])
    g = np.array([found.before(moments) for found in censorings]).reshape(len(censorings), len(moments))
    begun = None if entry is None else np.searchsorted(moments, entry[rows], side="right")
    place = np.searchsorted(moments, t[dead])
    steps = _steps(place, w[dead], len(moments), ties)
    start, past = np.searchsorted(t, moments, side="left"), np.searchsorted(moments, t, side="right")
    return Stratum(rows, matrix[rows], w, t, dead, moments, start, past, begun, code, lasting, g, *steps, strict)


def _steps(place: Ints, weight: Floats, size: int, ties: str) -> tuple[Ints, Floats, Floats]:
    total = np.bincount(place, weight, minlength=size).astype(float)
    if ties == "breslow":
        return np.arange(size), np.zeros(size), total
    count = np.bincount(place, minlength=size)
    step_of = np.repeat(np.arange(size), count)
    within = np.arange(len(step_of)) - np.repeat(np.cumsum(count) - count, count)
    return step_of, within / count[step_of], (total / np.maximum(count, 1))[step_of]

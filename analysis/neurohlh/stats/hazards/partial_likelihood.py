"""Cox's log partial likelihood at a linear predictor, with its derivatives, from sums over risk sets.

Everything is linear in rows. Rows that join at a moment are neighbours, so that sums over them are one product with a
sparse matrix of zeros and ones, and risk sets are running sums over moments. The information matrix needs no sums of
outer products over patients: the sum over events of S2/S0 is one cross-product of the covariates weighted with each
row's own cumulative hazard. Efron's tied events need three such products over moments, not one row per event.
"""

from __future__ import annotations

import numpy as np

from neurohlh.stats.columns import Floats
from neurohlh.stats.hazards.risk_sums import NestedSums, RunningSums, membership
from neurohlh.stats.hazards.sorted_design import SortedDesign

_CHUNK = 4096  # rows whose covariates are weighted at a time: they stay in the processor's cache


class PartialLikelihood:
    """The likelihood of a design with Efron's or Breslow's ties, with what every evaluation reuses.

    Attributes
    ----------
    observed : (m,) case weight of each sorted row that ends with the event, else 0.
    steps : whether some moment has tied events that Efron's method takes one after the other.
    weight_of_step : case weight per event (Efron: the mean of the tied ones), or of all events of a moment (no steps).
    """

    def __init__(self, design: SortedDesign) -> None:
        self.design, sets = design, design.sets
        self.sums: RunningSums | NestedSums = RunningSums(sets)
        weights = design.dead_weight
        self.observed = np.zeros(len(sets.rows))
        self.observed[sets.dead] = weights
        self.steps = design.ties == "efron" and bool((sets.tied > 1).any())
        self.weight_of_moment = np.add.reduceat(weights, sets.dead_starts[:-1])
        self.weight_of_step = self.weight_of_moment
        if self.steps:
            self.weight_of_step = (self.weight_of_moment / sets.tied)[sets.moment_of_death]
            self.dying = membership(sets.dead, sets.dead_starts, len(sets.rows))
        self._first_rows = sets.starts[sets.strata_starts[:-1]]

    def at(self, predictor: Floats) -> AtPredictor:
        """The sums at a linear predictor (m,) of the sorted rows, offset included."""
        found = AtPredictor(self, predictor)
        if isinstance(self.sums, RunningSums) and self.sums.lose_digits(found.risk, self.weight_of_moment):
            self.sums = NestedSums(self.design.sets)
            found = AtPredictor(self, predictor)
        return found

    def start(self) -> Floats:
        """The linear predictor of coefficients 0, which is the offset."""
        offset = self.design.offset
        return np.zeros(len(self.design.x)) if offset is None else offset.copy()

    def relative(self, predictor: Floats) -> Floats:
        """The predictor minus its largest value in the stratum: no risk overflows, and none but tiny ones vanish."""
        if len(self._first_rows) == 1:
            return np.asarray(predictor - predictor.max())
        largest = np.maximum.reduceat(predictor, self._first_rows)
        return np.asarray(predictor - np.repeat(largest, np.diff(np.append(self._first_rows, len(predictor)))))


class AtPredictor:
    """The sums over risk sets at one linear predictor, and what follows from them.

    `by_moment` (k,) weights moments where it is given: the score test for proportional hazards needs it.

    Attributes
    ----------
    risk : (m,) case weight times relative hazard. total : what is at risk, per step or per moment. loglik : as named.
    """

    def __init__(self, likelihood: PartialLikelihood, predictor: Floats) -> None:
        self.likelihood, design = likelihood, likelihood.design
        self.sets, self.x = design.sets, design.x
        relative = likelihood.relative(predictor)
        self.risk = np.exp(relative)
        if design.weight is not None:
            self.risk *= design.weight
        self.total = likelihood.sums.at_risk(self.risk)
        if likelihood.steps:
            dead = np.add.reduceat(self.risk[self.sets.dead], self.sets.dead_starts[:-1])
            place = self.sets.moment_of_death
            self.total = self.total[place] - self.sets.fraction * dead[place]
        with np.errstate(divide="ignore", invalid="ignore"):  # a step too long empties a risk set: it is halved
            self.loglik = float(likelihood.observed @ relative - likelihood.weight_of_step @ np.log(self.total))

    def _over_steps(self, values: Floats) -> Floats:
        """Sums per moment of `values` per step."""
        return np.add.reduceat(values, self.sets.dead_starts[:-1], axis=0) if self.likelihood.steps else values

    def _weight(self, by_moment: Floats | None) -> Floats:
        weight = self.likelihood.weight_of_step
        if by_moment is None:
            return weight
        return weight * (by_moment[self.sets.moment_of_death] if self.likelihood.steps else by_moment)

    def hazard(self, by_moment: Floats | None = None) -> Floats:
        """(k,) increments of the cumulative baseline hazard (relative to each stratum's largest predictor)."""
        return np.asarray(self._over_steps(self._weight(by_moment) / self.total))

    def expected(self, by_moment: Floats | None = None) -> Floats:
        """(m,) expected number of events of each row times its case weight."""
        step = self._weight(by_moment) / self.total
        out = self.likelihood.sums.over_time(np.array(self._over_steps(step)))
        if self.likelihood.steps:
            out[self.sets.dead] -= self._over_steps(step * self.sets.fraction)[self.sets.moment_of_death]
        out *= self.risk
        return out

    def score(self, by_moment: Floats | None = None) -> Floats:
        """(p,) observed minus expected covariates, summed over events."""
        observed = self.likelihood.observed
        if by_moment is not None:
            observed = observed * by_moment[self.sets.first]
        return np.asarray((observed - self.expected(by_moment)) @ self.x)

    def covariate_sums(self) -> tuple[Floats, Floats | None]:
        """(k, p) sums of risk * x over the risk sets, and over the tied events (Efron)."""
        s1 = self.likelihood.sums.covariates_at_risk(self.risk, self.x)
        if not self.likelihood.steps:
            return s1, None
        self.likelihood.dying.data = self.risk[self.sets.dead]
        return s1, self.likelihood.dying @ self.x

    def information(self, by_moment: Floats | None = None) -> Floats:
        """(p, p) covariance of the covariates over the risk sets, summed over events."""
        spread = weighted_cross_product(self.x, self.expected(by_moment))
        s1, d1 = self.covariate_sums()
        a = self._weight(by_moment) / self.total**2
        if d1 is None:
            return spread - weighted_cross_product(s1, a)
        f = self.sets.fraction
        once, twice = self._over_steps(a * f), self._over_steps(a * f * f)
        mixed = weighted_cross_product(s1, once, d1)
        inner = weighted_cross_product(s1, self._over_steps(a)) - mixed - mixed.T
        return spread - inner - weighted_cross_product(d1, twice)

    def means(self) -> Floats:
        """(k, p) mean covariates of those at risk at each moment (Efron: averaged over its steps)."""
        s1, d1 = self.covariate_sums()
        if d1 is None:
            return np.asarray(s1 / self.total[:, None])
        share, tied = 1 / self.total, self.sets.tied[:, None]
        left = self._over_steps(share * self.sets.fraction)[:, None]
        return np.asarray((s1 * self._over_steps(share)[:, None] - d1 * left) / tied)

    def baseline(self) -> tuple[Floats, Floats, Floats]:
        """(k,), (k,), (k, p) increments of the cumulative hazard, of its variance, and of hazard * mean covariates."""
        s1, d1 = self.covariate_sums()
        a = self._weight(None) / self.total**2
        variance = self._over_steps(a)
        means = s1 * variance[:, None]
        if d1 is not None:
            means -= d1 * self._over_steps(a * self.sets.fraction)[:, None]
        return self.hazard(), np.asarray(variance), means

    def score_residuals(self) -> Floats:
        """(m, p) each row's contribution to the score, times its case weight."""
        s1, d1 = self.covariate_sums()
        a = self._weight(None) / self.total**2
        carried = s1 * self._over_steps(a)[:, None]
        sets, dead = self.sets, self.sets.dead
        if d1 is not None:
            f = sets.fraction
            once, twice = self._over_steps(a * f)[:, None], self._over_steps(a * f * f)[:, None]
            carried -= d1 * once
            out = self.likelihood.sums.over_time(carried)
            out[dead] -= (s1 * once - d1 * twice)[sets.moment_of_death]
        else:
            out = self.likelihood.sums.over_time(carried)
        out *= self.risk[:, None]
        out -= self.expected()[:, None] * self.x
        seen = self.x[dead] - self.means()[sets.moment_of_death]
        out[dead] += seen * self.likelihood.observed[dead, None]
        return np.asarray(out)


def weighted_cross_product(x: Floats, weight: Floats, other: Floats | None = None) -> Floats:
    """x' diag(weight) other (by default of x with itself), a chunk of rows at a time."""
    right = x if other is None else other
    if len(x) <= _CHUNK:
        return np.asarray((x * weight[:, None]).T @ right)
    out, buffer = np.zeros((x.shape[1], right.shape[1])), np.empty((_CHUNK, x.shape[1]))
    for start in range(0, len(x), _CHUNK):
        part = x[start : start + _CHUNK]
        weighted = np.multiply(part, weight[start : start + _CHUNK, None], out=buffer[: len(part)])
        out += weighted.T @ right[start : start + _CHUNK]
    return out

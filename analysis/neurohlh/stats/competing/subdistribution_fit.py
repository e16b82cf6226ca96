"""The fit of Fine and Gray's model on arrays: coefficients, two variances, and the predicted incidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.competing.censoring import CENSORING_TIES, Censoring, censoring
from neurohlh.stats.competing.newton import Maximum, maximise
from neurohlh.stats.competing.subdistribution import Stratum, Sums, stratum_of
from neurohlh.stats.information import aliases

TIES = ("breslow", "efron")


@dataclass(frozen=True)
class SubdistributionDesign:
    """Sorted strata and censoring distributions of the rows of a model; covariates are centred and of unit spread."""

    n: int
    strata: tuple[Stratum, ...]
    codes: tuple[int, ...]
    censorings: tuple[Censoring, ...]
    weight: Floats
    centre: Floats
    unit: Floats
    ties: str

    @classmethod
    def of(
        cls,
        matrix: Floats,
        time: Floats,
        status: Ints,
        *,
        entry: Floats | None = None,
        strata: Ints | None = None,
        weights: Floats | None = None,
        censoring_groups: Ints | None = None,
        ties: str = "breslow",
        censoring_ties: str | None = None,
    ) -> SubdistributionDesign:
        """Prepare rows: status is 1 for the event, 0 for censored, anything else for competing events.

        `censoring_ties` is by default "together" with Breslow's ties and "events first" with Efron's, as in R. Raises
        ValueError for unknown options, NotEstimable without an event, or if a weight after a competing event is
        undefined because the probability of being under observation is estimated as 0 before it.
        """
        if ties not in TIES:
            raise ValueError(f"ties must be 'breslow' or 'efron', not {ties!r}")
        usual = "together" if ties == "breslow" else "events first"
        how = usual if censoring_ties is None else censoring_ties
        if how not in CENSORING_TIES:
            raise ValueError(f"censoring_ties must be 'together' or 'events first', not {how!r}")
        if not (status == 1).any():
            raise NotEstimable("no event of the cause of interest among the rows of the model")
        w = np.ones(len(time)) if weights is None else weights
        group = np.zeros(len(time), dtype=np.intp) if censoring_groups is None else censoring_groups
        found = [
            censoring(time, status == 0, entry, w, np.flatnonzero(group == g), how) for g in range(group.max() + 1)
        ]
        for g, one in enumerate(found):
            if (one.before(time[(status > 1) & (group == g)]) <= 0).any():
                raise NotEstimable("the probability of being under observation is 0 just before a competing event")
        centre = w @ matrix / w.sum()
        unit = np.sqrt(w @ (matrix - centre) ** 2 / w.sum())
        unit = np.where(unit <= 1e-13 * np.abs(centre), 1.0, unit)
        x = (matrix - centre) / unit
        codes = np.zeros(len(time), dtype=np.intp) if strata is None else strata
        with_event = [int(s) for s in np.unique(codes[status == 1])]
        shared = time, status, entry, w, group, found, ties, how == "together"
        parts = [stratum_of(np.flatnonzero(codes == s), x, *shared) for s in with_event]
        return cls(len(time), tuple(parts), tuple(with_event), tuple(found), w, centre, unit, ties)

    def at(self, coef: Floats) -> list[Sums]:
        """The risk sets of every stratum at coefficients of the standardised covariates."""
        return [s.at(s.x @ coef) for s in self.strata]


@dataclass(frozen=True)
class SubdistributionFit:
    """A fitted model on the scale of the covariates handed in.

    Attributes
    ----------
    coef : (p,) log subdistribution hazard ratios (NaN for aliased columns).
    cov : (p, p) the inverse information, which is no valid variance where patients are weighted.
    influence : (n, p) every row's influence on `coef` with known weights (times its case weight).
    censoring_influence : (n, p) what the estimation of the censoring distribution adds.
    loglik_null, loglik, score_test, diverging, converged, iterations : of the maximisation.
    aliases : column -> the columns it is a combination of.
    sums : the risk sets at the maximum.
    """

    coef: Floats
    cov: Floats
    influence: Floats
    censoring_influence: Floats
    loglik_null: float
    loglik: float
    score_test: float
    diverging: Bools
    converged: bool
    iterations: int
    aliases: dict[int, list[int]]
    design: SubdistributionDesign
    sums: tuple[Sums, ...]

    @property
    def kept(self) -> list[int]:
        """Columns that have a coefficient."""
        return [j for j in range(len(self.coef)) if j not in self.aliases]

    @property
    def sound(self) -> bool:
        """Whether every coefficient in the fit has an estimate."""
        return self.converged and not self.diverging.any()

    def rows_influence(self, with_censoring: bool) -> Floats:
        """(n, p) every row's influence on `coef`."""
        return self.influence + self.censoring_influence if with_censoring else self.influence


def fit_subdistribution(design: SubdistributionDesign) -> SubdistributionFit:
    """Maximise the weighted partial likelihood of Fine & Gray 1999, J Am Stat Assoc 94:496."""
    p = len(design.centre)
    at_zero = sum(s.information() for s in design.at(np.zeros(p)))
    lost = aliases(np.asarray(at_zero))
    kept = [j for j in range(p) if j not in lost]
    if not kept:
        raise NotEstimable("no covariate differs between patients who are at risk together")

    def whole(beta: Floats) -> Floats:
        full = np.zeros(p)
        full[kept] = beta
        return full

    def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
        sums = design.at(whole(beta))
        information = np.asarray(sum(s.information() for s in sums))[np.ix_(kept, kept)]
        return sum(s.loglik() for s in sums), np.asarray(sum(s.score() for s in sums))[kept], information

    found = maximise(evaluate, len(kept))
    return _fitted(design, found, kept, lost, tuple(design.at(whole(found.coef))))


def _fitted(
    design: SubdistributionDesign, found: Maximum, kept: list[int], lost: dict[int, list[int]], sums: tuple[Sums, ...]
) -> SubdistributionFit:
    p, unit = len(design.centre), design.unit
    coef, cov = np.full(p, np.nan), np.full((p, p), np.nan)
    inverse = np.zeros((p, p))
    inverse[np.ix_(kept, kept)] = np.linalg.pinv(found.information, hermitian=True)
    coef[kept] = found.coef / unit[kept]
    cov[np.ix_(kept, kept)] = (inverse / np.outer(unit, unit))[np.ix_(kept, kept)]
    diverging = np.zeros(p, dtype=bool)
    diverging[kept] = found.diverging
    own, added = score_influence(design, sums)
    return SubdistributionFit(
        coef=coef,
        cov=cov,
        influence=own @ inverse / unit,
        censoring_influence=added @ inverse / unit,
        loglik_null=found.loglik_null,
        loglik=found.loglik,
        score_test=found.score_test,
        diverging=diverging,
        converged=bool(found.converged),
        iterations=found.iterations,
        aliases=lost,
        design=design,
        sums=sums,
    )


def score_influence(
    design: SubdistributionDesign, sums: tuple[Sums, ...], g: list[Floats] | None = None
) -> tuple[Floats, Floats]:
    """(n, p) twice: every row's part in the score with known weights, and by way of the censoring distribution.

    With `g` (one array of step values per stratum), of the score in which every step counts g times.
    """
    values = [None] * len(sums) if g is None else g
    own = np.zeros((design.n, len(design.centre)))
    for one, v in zip(sums, values, strict=True):
        own[one.stratum.rows] = one.residuals(v)
    added = np.zeros_like(own)
    for code, group in enumerate(design.censorings):
        if len(group.time):
            effect = sum(one.censoring_effect(code, group.time, v) for one, v in zip(sums, values, strict=True))
            added += group.influence(np.asarray(effect), design.n)
    return own * design.weight[:, None], added * design.weight[:, None]


@dataclass(frozen=True)
class CumulativeHazard:
    """The cumulative subdistribution hazard of chosen patients at chosen times, with every row's influence on its log.

    Attributes
    ----------
    hazard : (patients, times).
    influence : (n, patients, times).
    """

    hazard: Floats
    influence: Floats


def predicted_hazard(
    fit: SubdistributionFit, matrix_new: Floats, times: Floats, with_censoring: bool, stratum: int = 0
) -> CumulativeHazard:
    """Predict for rows of covariates in the stratum of code `stratum`, the incidence being 1 - exp(-hazard).

    Raises NotEstimable if a coefficient has no estimate, or the stratum has no event.
    """
    design, kept = fit.design, fit.kept
    if not fit.sound:
        raise NotEstimable("a coefficient of the model cannot be estimated")
    if stratum not in design.codes:
        raise NotEstimable("no event of the cause of interest in this stratum")
    sums = fit.sums[design.codes.index(stratum)]
    s = sums.stratum
    steps = (s.moments[s.step_of][:, None] <= times[None, :]).astype(float)
    base = sums.hazard @ steps
    z = ((np.asarray(matrix_new, dtype=float) - design.centre) / design.unit)[:, kept]
    relative = np.exp(z @ (fit.coef * design.unit)[kept] - sums.high)
    own = np.zeros((design.n, len(times)))
    own[s.rows] = sums.hazard_influence(steps)
    if with_censoring:
        for code, group in enumerate(design.censorings):
            if len(group.time):
                own += group.influence(sums.hazard_censoring_effect(code, group.time, steps), design.n)
    own *= design.weight[:, None]
    drift = (steps * sums.hazard[:, None]).T @ sums.mean[:, kept]
    beta = (fit.rows_influence(with_censoring) * design.unit)[:, kept]
    there = np.where(base > 0, base, 1.0)
    log_influence = (beta @ z.T)[:, :, None] + ((own - beta @ drift.T) / there)[:, None, :]
    return CumulativeHazard(relative[:, None] * base[None, :], np.where(base > 0, log_influence, 0.0))

"""One Cox model from a frame: the patients it can use, its design, the fit and its covariance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, Ints, column, labels, numbers
from neurohlh.stats.design.terms import Design, model_design
from neurohlh.stats.hazards.fit import CoxFit, SortedDesign, aliased, fit
from neurohlh.stats.hazards.partial_likelihood import AtPredictor, PartialLikelihood
from neurohlh.stats.hazards.risk_sets import counting_order
from neurohlh.stats.recipe import z_value
from neurohlh.stats.survival_data import SurvivalData, survival_data


@dataclass(frozen=True)
class CoxOptions:
    """The choices of a Cox model; see `cox` for their meaning."""

    reference: Mapping[str, str] | None = None
    strata: str | None = None
    entry: str | None = None
    cluster: str | None = None
    ties: str = "efron"
    conf_level: float = 0.95
    transform: str = "km"
    weights: str | None = None
    offset: str | None = None
    robust: bool | None = None


@dataclass(frozen=True)
class CoxModel:
    """A fitted model and what it was fitted to.

    Attributes
    ----------
    data, design : follow-up and covariates of the patients used.
    used : which rows of the frame these are.
    kept : columns of the design that entered the fit, in the order of `fit.coef`; the others are in `aliases` with the
        columns that they are combinations of (none: the column never differs between patients at risk together).
    rows : the columns kept of the patients used, sorted for the fit.
    strata, cluster, weights : of the patients used, where the model has them; with a robust variance and no clusters
        every row is a cluster of its own.
    cov : covariance of `fit.coef`: the inverse information, or the sandwich if there are clusters.
    counts : supplied, used, events, events_dropped, parameters, dropped, missing_by_variable.
    """

    data: SurvivalData
    design: Design
    used: Bools
    kept: list[int]
    aliases: dict[int, list[int]]
    strata: Ints | None
    cluster: Ints | None
    weights: Floats | None
    rows: SortedDesign
    fit: CoxFit
    cov: Floats
    counts: dict[str, Any]

    @property
    def ties(self) -> str:
        """How tied events are treated."""
        return self.rows.ties

    @property
    def sound(self) -> bool:
        """Whether every coefficient in the fit has an estimate."""
        return self.fit.converged and not self.fit.diverging.any()


def cox_model(frame: pd.DataFrame, time: str, event: str, covariates: Sequence[str], options: CoxOptions) -> CoxModel:
    """Select the patients, build the design and fit. Raises as `cox` does."""
    z_value(options.conf_level)
    if options.robust is False and options.cluster:
        raise ValueError("clusters need the robust variance; robust=False contradicts cluster")
    survival = survival_data(frame, time, event, entry=options.entry)
    groups = {name: labels(column(frame, name))[0] for name in (options.strata, options.cluster) if name}
    scales = {name: numbers(column(frame, name)) for name in (options.weights, options.offset) if name}
    known, dropped = _known(groups, scales, options.weights, survival)
    design = model_design(frame.loc[known], covariates, reference=options.reference)
    used = known.copy()
    used[known] = design.complete
    data = survival.subset(used)
    counts = {
        "supplied": len(frame),
        "used": data.n,
        "events": data.events,
        "events_dropped": survival.events - data.events,
        "parameters": 0,
        "dropped": {**dropped, **design.dropped},
        "missing_by_variable": design.missing_by_variable,
    }
    _require(data, design)
    codes = {name: pd.factorize(found[used], sort=True)[0] for name, found in groups.items()}
    own = {name: found[used] for name, found in scales.items()}
    return _fitted(data, design, used, codes, own, options, counts)


def _known(
    groups: dict[str, Any], scales: dict[str, Floats], weights: str | None, survival: SurvivalData
) -> tuple[Bools, dict[str, int]]:
    unknown = {name: np.array([label is None for label in found], dtype=bool) for name, found in groups.items()}
    reasons = {f"missing {name}": where for name, where in unknown.items()}
    reasons |= {f"missing {name}": np.isnan(values) for name, values in scales.items()}
    if weights:
        negative = int((scales[weights] < 0).sum())
        if negative:
            raise ValueError(f"column {weights!r}: {negative} case weights are negative")
        reasons[f"{weights} is 0"] = scales[weights] == 0
    known, dropped = survival.kept.copy(), dict(survival.dropped)
    for reason, where in reasons.items():
        lost = int((known & where).sum())
        if lost:
            dropped[reason] = lost
        known &= ~where
    return known, dropped


def _require(data: SurvivalData, design: Design) -> None:
    if data.n == 0:
        raise NotEstimable("no patient has follow-up and all covariates known")
    if data.events == 0:
        raise NotEstimable(f"no events among the {data.n} patients with follow-up and all covariates known")
    if not design.matrix.shape[1]:
        raise NotEstimable("no covariate varies among the patients used")


def _fitted(
    data: SurvivalData,
    design: Design,
    used: Bools,
    codes: dict[str, Ints],
    own: dict[str, Floats],
    options: CoxOptions,
    counts: dict[str, Any],
) -> CoxModel:
    strata, cluster = codes.get(options.strata or ""), codes.get(options.cluster or "")
    weights, offset = own.get(options.weights or ""), own.get(options.offset or "")
    if cluster is None and _robust_wanted(options, weights):
        cluster = np.arange(data.n)
    if cluster is not None and options.ties == "exact":
        raise ValueError("the exact likelihood of tied events has no robust variance; use ties='efron'")
    rows = SortedDesign.of(
        design.matrix,
        data.time,
        data.event,
        entry=data.entry,
        strata=strata,
        weights=weights,
        offset=offset,
        ties=options.ties,
    )
    aliases = aliased(rows)
    kept = [j for j in range(design.matrix.shape[1]) if j not in aliases]
    if not kept:
        raise NotEstimable("no covariate differs between patients who are at risk together")
    rows = rows.with_columns(kept) if aliases else rows
    fitted = fit(rows)
    cov = fitted.cov if cluster is None else _robust(rows, fitted, cluster)
    counts["parameters"] = len(kept)
    return CoxModel(data, design, used, kept, aliases, strata, cluster, weights, rows, fitted, cov, counts)


def _robust_wanted(options: CoxOptions, weights: Floats | None) -> bool:
    """As asked for; unasked, case weights that are not whole numbers need it, as in R's survival."""
    if options.robust is not None:
        return options.robust
    return weights is not None and bool((weights % 1 != 0).any())


def sums_at(rows: SortedDesign, coef: Floats) -> AtPredictor:
    """The sums over risk sets at coefficients on the covariates' own scale (exact ties: those of Breslow)."""
    likelihood = PartialLikelihood(replace(rows, ties="breslow") if rows.ties == "exact" else rows)
    return likelihood.at(likelihood.start() + rows.x @ (coef * rows.unit))


def score_residuals(rows: SortedDesign, coef: Floats) -> Floats:
    """(patients, parameters) contributions to the score, on the scale of the covariates of `rows.x`."""
    return rows.unsorted(sums_at(rows, coef).score_residuals())


def _robust(rows: SortedDesign, fitted: CoxFit, cluster: Ints) -> Floats:
    """Lin and Wei's sandwich: the cross-product of the cluster sums of dfbeta."""
    if cluster.max() < 1:
        raise NotEstimable("a variance that is robust to clusters needs at least two clusters")
    sums = by_cluster((score_residuals(rows, fitted.coef) * rows.unit) @ fitted.cov, cluster)
    return np.asarray(sums.T @ sums)


def by_cluster(values: Floats, cluster: Ints) -> Floats:
    """Sums of the rows of `values` over each cluster."""
    order = counting_order(cluster, int(cluster.max()) + 1)
    return np.add.reduceat(values[order], np.flatnonzero(np.diff(cluster[order], prepend=-1)))

"""Weighted survival and the weighted Cox model: what the weights are for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame
from neurohlh.stats.curves.kaplan_meier import DEFAULT_TIMES, kaplan_meier
from neurohlh.stats.curves.rmst import rmst
from neurohlh.stats.curves.survival_difference import survival_difference
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.fit import SortedDesign, fit
from neurohlh.stats.survival_data import survival_data
from neurohlh.stats.weights.bootstrap import Replicates, bootstrap, checked_interval
from neurohlh.stats.weights.distribution import distribution_checks
from neurohlh.stats.weights.positivity import positivity_checks
from neurohlh.stats.weights.weight import Weighted

WEIGHT, GROUP = "analysis_weight", "exposure_group"
"""Columns that a weighted analysis adds to the frame it works on."""
_KNOWN = "robust; the weights are treated as known (conservative for ATE weights)"


def weighted_frame(frame: pd.DataFrame, weighted: Weighted) -> pd.DataFrame:
    """The rows of `frame` that have a weight, with the columns `analysis_weight` and `exposure_group` (a category).

    Raises ValueError if `frame` is not the one that was weighed, or has such columns already.
    """
    weighted.propensity.check_frame(frame)
    taken = {WEIGHT, GROUP} & set(frame.columns)
    if taken:
        raise ValueError(f"the frame already has a column {sorted(taken)[0]!r}")
    names = np.where(weighted.exposed, weighted.names[1], weighted.names[0])
    group = pd.Categorical(names, categories=list(weighted.names))
    out = frame.loc[weighted.kept].copy()
    out[WEIGHT], out[GROUP] = weighted.used_weights, group
    return out


def weighted_survival(
    frame: pd.DataFrame,
    time: str,
    event: str,
    weighted: Weighted,
    *,
    times: Sequence[float] = DEFAULT_TIMES,
    ticks: Sequence[float] | None = None,
    tau: float | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Kaplan-Meier curves of both groups under the weights, their difference at `times`, and that of their RMST.

    Standard errors are the infinitesimal jackknife with the weights as known. `curves` and method["risk_table"] are
    those of `kaplan_meier` (numbers at risk unweighted and weighted). Unexposed stand first; differences are exposed
    minus unexposed. Raises as `kaplan_meier`, `survival_difference` and `rmst` do, and ValueError for another frame.
    """
    data = weighted_frame(frame, weighted)
    shared: dict[str, Any] = {"weights": WEIGHT, "robust": True, "conf_level": conf_level}
    curves = kaplan_meier(data, time, event, by=GROUP, times=times, ticks=ticks, **shared)
    apart = survival_difference(data, time, event, GROUP, times=times, **shared)
    means = rmst(data, time, event, by=GROUP, tau=tau, **shared)
    tidy = pd.concat([curves.tidy, apart.tidy, means.tidy], ignore_index=True)
    tidy = tidy.assign(variable=weighted.propensity.exposure, population=weighted.plan.estimand)
    return Result(
        kind="weighted_survival",
        tidy=tidy,
        curves=curves.curves,
        checks=_checks(weighted),
        method={**curves.method, **_recipe(weighted, curves), "tau": means.method["tau"], "variance": _KNOWN},
        counts=_counts(frame, weighted, curves),
        notes=(*_notes(weighted), *curves.notes),
    )


def weighted_cox(
    frame: pd.DataFrame,
    time: str,
    event: str,
    weighted: Weighted,
    *,
    covariates: Sequence[str] = (),
    replicates: int = 0,
    seed: int | np.random.Generator = 0,
    interval: str = "percentile",
    n_jobs: int | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
) -> Result:
    """The hazard ratio of the exposure in the weighted patients: marginal without `covariates`, robust by patient.

    With `replicates` the propensity is estimated again in every bootstrap sample, and rows "cox_weighted_bootstrap"
    give limits that know so ("percentile" or "normal"); the same for any number of workers. A hazard ratio is not
    collapsible: under another weighting, or adjusted, it is another quantity. Kind "cox".

    Raises as `cox` does, and ValueError for another frame or interval, or replicates with covariates.
    """
    if replicates and covariates:
        raise ValueError("replicates are for the marginal hazard ratio: leave out the covariates or the replicates")
    data = weighted_frame(frame, weighted)
    reference = {GROUP: weighted.names[0]}
    found = cox(
        data,
        time,
        event,
        [GROUP, *covariates],
        reference=reference,
        weights=WEIGHT,
        robust=True,
        ties=ties,
        conf_level=conf_level,
    )
    exposure = weighted.propensity.exposure
    renamed = {column: found.tidy[column].replace(GROUP, exposure) for column in ("variable", "term")}
    tidy = found.tidy.assign(analysis="cox_weighted", population=weighted.plan.estimand, **renamed)
    named = found.checks.assign(term=found.checks["term"].str.replace(GROUP, exposure))
    checks = [named, _checks(weighted)]
    if replicates:
        row = tidy[(tidy["variable"] == exposure) & ~tidy["is_reference"]].iloc[0]
        again = _replicates(frame, time, event, weighted, replicates, seed, n_jobs, ties)
        boot = _bootstrap_row(row, again, conf_level, checked_interval(interval))
        tidy = pd.concat([tidy, pd.DataFrame([boot])], ignore_index=True)
        checks.append(check_frame(again.checks()))
    said = {"replicates": replicates, "interval": f"{interval} bootstrap"} if replicates else {}
    return found.with_(
        tidy=tidy,
        checks=pd.concat(checks, ignore_index=True),
        method={**found.method, **_recipe(weighted, found), "variance": _KNOWN, "bootstrap": said},
        counts=_counts(frame, weighted, found),
        notes=(*_notes(weighted), *(note.replace(GROUP, exposure) for note in found.notes)),
    )


def _replicates(
    frame: pd.DataFrame,
    time: str,
    event: str,
    weighted: Weighted,
    replicates: int,
    seed: int | np.random.Generator,
    n_jobs: int | None,
    ties: str,
) -> Replicates:
    """Log hazard ratios, score, trimming and weights made again in samples of all patients the score rests on."""
    survival, score = survival_data(frame, time, event), weighted.propensity.data
    both = score.used & survival.kept
    data = survival.subset(both)
    matrix, exposed = score.design.matrix, score.exposed
    followed = both[score.used]
    place = np.where(followed, np.cumsum(followed) - 1, -1)
    design = SortedDesign.of(exposed[followed][:, None].astype(float), data.time, data.event, ties=ties)

    def log_hazard_ratio(rows: Any) -> Any:
        own = weighted.plan.weights(matrix[rows], exposed[rows], rows)
        inside = (place[rows] >= 0) & ~np.isnan(own)
        found = fit(design.take(place[rows][inside]).with_weights(own[inside]))
        if found.diverging.any() or not found.converged:
            raise NotEstimable("the hazard ratio runs to 0 or infinity")
        return found.coef

    return bootstrap(log_hazard_ratio, len(exposed), 1, replicates=replicates, seed=seed, n_jobs=n_jobs)


def _bootstrap_row(row: pd.Series[Any], again: Replicates, conf_level: float, interval: str) -> dict[str, Any]:
    low, high = again.limits(np.array([row["coef"]]), conf_level, interval)
    se = float(again.std_error()[0])
    out: dict[str, Any] = {
        **{str(k): v for k, v in row.items()},
        "analysis": "cox_weighted_bootstrap",
        "statistic": np.nan,
        "p_value": np.nan,
        "df": np.nan,
    }
    out |= {"std_error": se, "conf_low": float(np.exp(low[0])), "conf_high": float(np.exp(high[0]))}
    few = "limits not estimable: too few replicates have a finite hazard ratio"
    if np.isnan(row["coef"]):
        return {**out, "std_error": np.nan, "conf_low": np.nan, "conf_high": np.nan}
    return {**out, "note": few if np.isnan(low[0]) else out["note"]}


def _checks(weighted: Weighted) -> pd.DataFrame:
    rows = distribution_checks(weighted.used_weights, weighted.exposed, weighted.names)
    return check_frame([*rows, *positivity_checks(weighted.propensity)])


def _recipe(weighted: Weighted, found: Result) -> dict[str, Any]:
    own = weighted.recipe()
    sources = [*weighted.references(), *_listed(found.method["reference"])]
    return {
        **own,
        "propensity_covariates": own["covariates"],
        "covariates": found.method.get("covariates", [])[1:],
        "software": found.method["software"],
        "reference": list(dict.fromkeys(sources)),
    }


def _listed(reference: str | Sequence[str]) -> list[str]:
    return [reference] if isinstance(reference, str) else list(reference)


def _counts(frame: pd.DataFrame, weighted: Weighted, found: Result) -> dict[str, Any]:
    own = weighted.counts()
    dropped = {**own["dropped"], **found.counts.get("dropped", {})}
    return {**own, "supplied": len(frame), "used": found.counts["used"], "events": found.counts["events"]} | {
        "dropped": dropped
    }


def _notes(weighted: Weighted) -> tuple[str, ...]:
    sizes = ", ".join(f"{name} {size:.1f}" for name, size in weighted.effective_sizes().items())
    return (f"{weighted.words[0].upper()}{weighted.words[1:]}.", f"Effective sample sizes: {sizes}.")

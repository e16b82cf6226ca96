"""Standardised risks as a Result: risk difference, risk ratio and odds ratio of a population, from a logistic model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Bools, Floats, column, labels, reference_level
from neurohlh.stats.glm.covariance import WORDS, checked_variance
from neurohlh.stats.glm.data import ModelData, model_data
from neurohlh.stats.glm.logistic_fit import fit_logistic
from neurohlh.stats.glm.logistic_model import logistic_model
from neurohlh.stats.glm.rows import row_notes
from neurohlh.stats.glm.standardise import Standardised, contrasts, standardised_risks
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.resample import bootstrap_rows, run_replicates, seeds

POPULATIONS = ("everybody", "exposed", "unexposed")
_TERMS = {"RD": "risk difference", "RR": "risk ratio", "OR": "odds ratio"}


def standardised_risk(
    frame: pd.DataFrame,
    outcome: str,
    exposure: str,
    covariates: Sequence[str],
    *,
    population: str = "everybody",
    reference: Mapping[str, str] | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    variance: str | None = None,
    bootstrap: int = 0,
    seed: int | np.random.Generator = 0,
    n_jobs: int | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Risks of `outcome` had the `population` been exposed, and had it not, adjusted for `covariates`.

    Fitted risks of a logistic model of `exposure` (two levels; the reference as in `model_design`) and `covariates`
    (terms, also "exposure:covariate") are averaged over everybody, the exposed or the unexposed. Standard errors are
    the delta method's with the covariates fixed; `variance` is that of the coefficients. With `bootstrap` replicates
    limits are percentiles over resampled patients (`seed`), the same for any number of workers `n_jobs` (None: one, or
    those of an active joblib.parallel_config); replicates without an answer are counted in `checks`. The number needed
    to treat or harm appears only where the limits of the difference exclude 0.

    Raises ValueError for wrong columns or options; NotEstimable if the exposure does not have two levels, the outcome
    is the same in everybody, or the covariates separate the outcomes.
    """
    z_value(conf_level)
    if population not in POPULATIONS:
        raise ValueError(f"population must be one of {', '.join(POPULATIONS)}, not {population!r}")
    if bootstrap < 0 or (bootstrap and cluster):
        raise ValueError("bootstrap must be 0 or more, and 0 with clusters")
    chosen = checked_variance(variance, cluster, "model")
    terms = [exposure, *(c for c in covariates if c != exposure)]
    data = model_data(frame, outcome, terms, reference=reference, cluster=cluster, weights=weights)
    model = logistic_model(data, chosen)
    if not model.sound:
        raise NotEstimable(f"the logistic model has no finite estimate ({next(iter(model.why_not.values()))})")
    two = _Two.of(frame, exposure, data, (reference or {}).get(exposure))
    inside = two.inside(population)
    own = np.where(inside, np.ones(len(data.y)) if data.weights is None else data.weights, 0.0)
    found = standardised_risks(model.coef, model.cov, two.exposed, two.unexposed, own)
    draws = _bootstrap(data, two, own, seeds(seed, bootstrap), n_jobs) if bootstrap else None
    rows = _rows(found, draws, two, conf_level, {"n": int(inside.sum()), "events": float(data.y[inside].sum())})
    shared = {"analysis": "standardised_risk", "outcome": outcome, "variable": exposure, "population": population}
    failed = int(np.isnan(draws[:, 0]).sum()) if draws is not None else 0
    check = {"check": "bootstrap replicates without an estimate", "term": "GLOBAL", "value": float(failed),
             "verdict": "attention" if failed else "ok", "note": f"of {bootstrap}"}  # fmt: skip
    return Result(
        kind="standardised_risk",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        checks=check_frame([check] if bootstrap else []),
        method={
            "model": "logistic regression",
            "estimator": "marginal standardisation (g-computation)",
            "population": population,
            "test": "Wald",
            "interval": f"bootstrap percentiles, {bootstrap} replicates" if bootstrap else
            "delta method: risks on the logit scale, RD on its own, RR and OR on the log scale",
            "variance": f"{WORDS[chosen]} of the coefficients; covariates fixed",
            "correction": "none",
            "conf_level": conf_level,
            "seed": seed if bootstrap and isinstance(seed, int) else "",
            "weights": weights or "",
            "cluster": cluster or "",
            "covariates": terms,
            "reference_levels": dict(data.design.references),
            "denominator": "patients with the outcome and all covariates known",
            "software": software("numpy", "scipy"),
            "reference": ["Localio, Margolis & Berlin 2007, J Clin Epidemiol 60:874"],
        },
        counts=data.counts,
        notes=tuple(row_notes(data, rows)),
    )  # fmt: skip


class _Two:
    """The model matrices of the patients used with the exposure set to each of its two levels."""

    def __init__(self, names: tuple[str, str], is_exposed: Bools, exposed: Floats, unexposed: Floats) -> None:
        self.names, self.is_exposed, self.exposed, self.unexposed = names, is_exposed, exposed, unexposed

    @classmethod
    def of(cls, frame: pd.DataFrame, exposure: str, data: ModelData, declared: str | None) -> _Two:
        """Raises NotEstimable unless the patients used have two levels of the exposure."""
        used = frame.loc[data.used]
        found, levels = labels(column(used, exposure))
        if len(levels) != 2:
            raise NotEstimable(f"{exposure!r} must have two levels among the patients used, not {len(levels)}")
        counts = {level: int((found == level).sum()) for level in levels}
        base = data.design.references.get(exposure) or (
            "0" if "0" in levels and declared is None else reference_level(levels, counts, declared, exposure)
        )
        other = levels[1 - levels.index(base)]

        def setting(level: str) -> Floats:
            place = int(np.flatnonzero(found == level)[0])
            own = column(used, exposure).iloc[np.full(len(used), place)].set_axis(used.index)
            matrix = data.design.apply(used.assign(**{exposure: own})).matrix
            return np.column_stack([np.ones(len(used)), matrix[:, data.kept]])

        return cls((other, base), np.asarray(found == other, dtype=bool), setting(other), setting(base))

    def inside(self, population: str) -> Bools:
        """The patients over whom risks are averaged."""
        if population == "everybody":
            return np.ones(len(self.is_exposed), dtype=bool)
        return self.is_exposed if population == "exposed" else ~self.is_exposed


def _bootstrap(
    data: ModelData, two: _Two, own: Floats, each: Sequence[np.random.SeedSequence], n_jobs: int | None
) -> Floats:
    """(replicates, 5) risks, RD, RR and OR of resampled patients; a row of NaN where a replicate has no estimate."""
    return np.array(run_replicates(partial(_replicate, data, two, own), each, n_jobs))


def _replicate(data: ModelData, two: _Two, own: Floats, seed: np.random.SeedSequence) -> Floats:
    """Risks, RD, RR and OR of one sample of patients drawn with replacement; NaN if it determines no model."""
    n, k = data.matrix.shape
    times = np.bincount(bootstrap_rows(seed, n), minlength=n).astype(float)
    weight = times if data.weights is None else times * data.weights
    counted, average = weight > 0, own * times
    none = np.full(5, np.nan)
    if len(np.unique(data.y[counted])) < 2 or average.sum() == 0:
        return none
    if np.linalg.matrix_rank(data.matrix[counted]) < k:
        return none
    fit = fit_logistic(data.matrix, data.y, weight)
    if fit.separated or not fit.converged:
        return none
    r1, r0 = standardised_risks(fit.coef, fit.cov, two.exposed, two.unexposed, average).risks
    return np.array([r1, r0, r1 - r0, r1 / r0, r1 / (1 - r1) * (1 - r0) / r0])


def _rows(
    found: Standardised, draws: Floats | None, two: _Two, conf_level: float, tally: Mapping[str, Any]
) -> list[dict[str, Any]]:
    z = z_value(conf_level)
    tails = np.array([0.5 - conf_level / 2, 0.5 + conf_level / 2])

    def percentiles(place: int) -> dict[str, Any]:
        if draws is None or np.isnan(draws[:, place]).all():
            return {}
        low, high = np.nanquantile(draws[:, place], tails)
        return {"conf_low": low, "conf_high": high}

    rows = []
    for place, name in enumerate(two.names):
        risk, se = float(found.risks[place]), float(np.sqrt(found.cov[place, place]))
        wide = z * se / (risk * (1 - risk))
        limits = {"conf_low": expit(logit(risk) - wide), "conf_high": expit(logit(risk) + wide), **percentiles(place)}
        rows.append({**tally, "term": "standardised risk", "group": name, "is_reference": place == 1,
                     "measure": "risk", "scale": "identity", "estimate": risk, "coef": risk, "std_error": se,
                     **limits})  # fmt: skip
    for place, (measure, (coef, se)) in enumerate(contrasts(found).items(), start=2):
        log = measure != "RD"
        ends = np.array([coef, coef - z * se, coef + z * se])
        shown = np.exp(ends) if log else ends
        row = {**tally, "term": _TERMS[measure], "contrast": f"{two.names[0]} vs {two.names[1]}", "measure": measure,
               "scale": "log" if log else "identity", "coef": coef, "std_error": se, "estimate": shown[0],
               "conf_low": shown[1], "conf_high": shown[2], **percentiles(place)}  # fmt: skip
        rows.append({**row, "statistic": coef / se, "p_value": float(2 * norm.sf(abs(coef / se)))})
    return [*rows, _needed(rows[2])]


def _needed(difference: Mapping[str, Any]) -> dict[str, Any]:
    """The number needed to treat or harm: the inverse of a difference whose limits exclude 0."""
    row = {"term": "number needed", "contrast": difference["contrast"], "measure": "NNT", "scale": "identity"}
    if difference["conf_low"] <= 0 <= difference["conf_high"]:
        return {**row, "note": "not estimable: the limits of the risk difference include 0"}
    ends = sorted(1 / abs(difference[name]) for name in ("conf_low", "conf_high"))
    harm = "harm" if difference["estimate"] > 0 else "benefit"
    said = f"patients exposed for one more (harm) or fewer (benefit) outcome; here {harm}"
    return {**row, "estimate": 1 / abs(difference["estimate"]), "conf_low": ends[0], "conf_high": ends[1], "note": said}

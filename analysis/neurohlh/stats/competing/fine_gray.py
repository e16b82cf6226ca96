"""Fine and Gray's model as a Result: subdistribution hazard ratios, checks, and the incidence it predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, Ints, column, labels
from neurohlh.stats.competing.data import Code, CompetingData, competing_data
from neurohlh.stats.competing.subdistribution_fit import (
    SubdistributionDesign,
    SubdistributionFit,
    fit_subdistribution,
    predicted_hazard,
    score_influence,
)
from neurohlh.stats.design.terms import Design, TermRow, model_design
from neurohlh.stats.recipe import software, z_value

VARIANCES = ("censoring", "robust", "model")
_FEW = 10
_WORDS = {
    "censoring": "sandwich over patients that counts the estimation of the censoring distribution, as in crr",
    "robust": "sandwich over patients (or clusters) with the censoring weights taken as known, as finegray with coxph",
    "model": "inverse information: no valid variance where patients are weighted, for comparison only",
}
_UNLIKE_CRR = (
    "; with several censoring groups it differs from crr's cengroup, whose rule is not documented: here every group's"
    " censoring curve has the influence that crr's has for one group, which in simulated data with two groups came"
    " nearer to the numerical derivative of the coefficients with respect to the patients' weights"
)


@dataclass(frozen=True)
class FineGrayModel:
    """A fitted model, the patients and design it was fitted to, and the choices behind it."""

    data: CompetingData
    design: Design
    fit: SubdistributionFit
    variance: str
    cluster: Ints | None
    strata: list[str]
    counts: dict[str, Any]

    def summed(self, influence: Floats) -> Floats:
        """Influences summed over clusters."""
        if self.cluster is None:
            return influence
        out = np.zeros((int(self.cluster.max()) + 1, *influence.shape[1:]))
        np.add.at(out, self.cluster, influence)
        return out

    @property
    def cov(self) -> Floats:
        """(p, p) the covariance of the coefficients that was chosen."""
        if self.variance == "model":
            return self.fit.cov
        rows = self.summed(self.fit.rows_influence(self.variance == "censoring"))
        return np.asarray(rows.T @ rows)


def fine_gray_model(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    cause: Code,
    censored: Code,
    competing: Sequence[Code] | None = None,
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    censoring_groups: str | None = None,
    entry: str | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    ties: str = "breslow",
    censoring_ties: str | None = None,
    variance: str | None = None,
) -> FineGrayModel:
    """Select the patients and fit; options and errors as in `fine_gray`."""
    chosen = variance or ("censoring" if entry is None else "robust")
    if chosen not in VARIANCES:
        raise ValueError(f"variance must be one of {', '.join(VARIANCES)}, not {variance!r}")
    if chosen == "censoring" and entry is not None:
        raise ValueError("with delayed entry the variance cannot count the estimation of the weights: use 'robust'")
    codes = {"strata": strata, "censoring": censoring_groups or strata, "cluster": cluster}
    whole = competing_data(
        frame, time, event, cause=cause, censored=censored, competing=competing, entry=entry, weights=weights,
        known=tuple(codes.values()),
    )  # fmt: skip
    design = model_design(frame.loc[whole.kept], covariates, reference=reference)
    used = whole.kept.copy()
    used[whole.kept] = design.complete
    data = whole.subset(used)
    if not data.n or not design.matrix.shape[1]:
        raise NotEstimable("no patient has everything known, or no covariate varies among the patients used")
    groups: dict[str, Ints] = {}
    names: list[str] = []
    for option, name in codes.items():
        if name is not None:
            found, levels = labels(column(frame, name)[used])
            groups[option] = np.array([levels.index(v) for v in found], dtype=np.intp)
            names = levels if option == "strata" else names
    prepared = SubdistributionDesign.of(
        design.matrix, data.time, data.status, entry=data.entry, strata=groups.get("strata"), weights=data.weight,
        censoring_groups=groups.get("censoring"), ties=ties, censoring_ties=censoring_ties,
    )  # fmt: skip
    dropped = {**whole.dropped, **design.dropped}
    counts = {**data.counts(len(frame)), "dropped": dropped, "missing_by_variable": design.missing_by_variable}
    return FineGrayModel(data, design, fit_subdistribution(prepared), chosen, groups.get("cluster"), names, counts)


def fine_gray(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    cause: Code,
    censored: Code,
    competing: Sequence[Code] | None = None,
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    censoring_groups: str | None = None,
    entry: str | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    ties: str = "breslow",
    censoring_ties: str | None = None,
    variance: str | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Subdistribution hazard ratios of `covariates` (terms as in `model_design`) for the incidence of `cause`.

    `competing` declares the other codes (see `competing_data`), `reference` the first level of a factor. `strata` have
    their own baseline hazards; `censoring_groups` (by default the strata) their own censoring distributions. `entry` is
    left truncation, `cluster` sums the influences of related patients, `weights` are case weights. `ties` is "breslow"
    (cmprsk's crr) or "efron" (survival's finegray with coxph). `censoring_ties`: a censoring at the time of an event
    goes "together" with it or lets "events first"; by default what goes with `ties`. `variance` is "censoring" (the
    weights are estimated and the variance says so; default without delayed entry), "robust" or "model". With censoring
    groups the coefficients equal crr's with cengroup, the variance differs from it; method["variance"] says why.

    Raises ValueError for wrong columns, codes or options; NotEstimable without an event of the cause or usable rows.
    Source: Fine & Gray 1999, J Am Stat Assoc 94:496.
    """
    z = z_value(conf_level)
    model = fine_gray_model(
        frame, time, event, covariates, cause=cause, censored=censored, competing=competing, reference=reference,
        strata=strata, censoring_groups=censoring_groups, entry=entry, cluster=cluster, weights=weights, ties=ties,
        censoring_ties=censoring_ties, variance=variance,
    )  # fmt: skip
    said = {"strata": strata, "entry": entry, "cluster": cluster, "weights": weights}
    cov = model.cov
    rows = [_row(model, row, cov, z) for row in model.design.rows]
    shared = {"analysis": "fine_gray", "outcome": model.data.causes[0]}
    return Result(
        kind="fine_gray",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        checks=check_frame(_checks(model)),
        method=_method(model, covariates, said, censoring_groups or strata, conf_level),
        counts=model.counts,
        notes=tuple(f"{r['term']} {r['level']}".strip() + f": {r['note']}." for r in rows if r["note"]),
    )


def fine_gray_cif(
    model: FineGrayModel,
    patients: pd.DataFrame,
    times: Sequence[float],
    *,
    stratum: str | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Cumulative incidence that the model predicts for the rows of `patients` at `times`, limits on the log-log scale.

    The limits are those of the log cumulative subdistribution hazard by its influence function, baseline and
    coefficients together, in the variance of the model. Raises ValueError for unknown levels, incomplete rows, or a
    model with strata without `stratum`; NotEstimable if a coefficient has none.
    """
    z = z_value(conf_level)
    if model.strata and stratum not in model.strata:
        raise ValueError(f"stratum must be one of {', '.join(model.strata)}")
    new = model.design.apply(patients)
    if not new.complete.all():
        raise ValueError(f"{int((~new.complete).sum())} rows of patients lack a covariate")
    at = np.asarray(list(times), dtype=float)
    place = model.strata.index(str(stratum)) if model.strata else 0
    found = predicted_hazard(model.fit, new.matrix, at, model.variance == "censoring", place)
    se = np.sqrt((model.summed(found.influence) ** 2).sum(axis=0))
    last, rows = float(model.data.time.max()), []
    for i, j in np.ndindex(found.hazard.shape):
        row: dict[str, Any] = {
            "analysis": "fine_gray_cif",
            "outcome": model.data.causes[0],
            "term": "predicted incidence",
        }
        row |= {"level": str(i + 1), "time": at[j], "measure": "cumulative incidence", "scale": "log-log"}
        h = found.hazard[i, j]
        if at[j] > last:
            row["note"] = f"not estimable: beyond the last follow-up ({last:g})"
        elif h == 0:
            row |= {"estimate": 0.0, "note": "no event so far: limits not estimable"}
        else:
            low, high = -np.expm1(-h * np.exp([-z * se[i, j], z * se[i, j]]))
            ends = {"estimate": -np.expm1(-h), "conf_low": low, "conf_high": high}
            row |= {**ends, "coef": np.log(h), "std_error": se[i, j]}
        rows.append(row)
    method = {
        "model": "Fine-Gray",
        "estimator": "1 - exp(-cumulative subdistribution hazard)",
        "ties": model.fit.design.ties,
        "variance": _WORDS[model.variance],
        "interval": "log-log",
        "conf_level": conf_level,
        "test": "none",
        "correction": "none",
        "denominator": "patients with follow-up, status and all covariates known",
        "software": software("numpy", "scipy"),
        "reference": ["Fine & Gray 1999, J Am Stat Assoc 94:496"],
    }
    return Result(kind="fine_gray_cif", tidy=tidy_frame(rows), method=method, counts=model.counts)


def _row(model: FineGrayModel, row: TermRow, cov: Floats, z: float) -> dict[str, Any]:
    inside = np.ones(model.data.n, dtype=bool)
    if row.level:
        inside = model.design.levels[row.variable] == row.level
    out = {
        "variable": row.variable, "term": row.term, "level": row.level, "is_reference": row.is_reference,
        "n": int(inside.sum()), "events": int((model.data.status[inside] == 1).sum()), "measure": "SHR",
        "scale": "log", "method": "Fine-Gray regression", "note": row.note,
    }  # fmt: skip
    fit, j = model.fit, row.column
    if j is None:
        return out
    if j in fit.aliases:
        return {**out, "note": "not estimable: collinear with other covariates, or never differs between those at risk"}
    if not fit.converged:
        return {**out, "note": "not estimable: the fit did not converge"}
    if fit.diverging[j]:
        return {**out, "note": "not estimable: monotone likelihood (the coefficient runs to infinity)"}
    coef, se = float(fit.coef[j]), float(np.sqrt(cov[j, j]))
    if not se > 0:
        return {**out, "note": "not estimable: too few clusters for a variance"}
    low, high = coef - z * se, coef + z * se
    if max(abs(low), abs(high)) > 500:
        return {**out, "coef": coef, "std_error": se, "note": "not estimable: the ratio is too large to write"}
    out |= {"estimate": np.exp(coef), "conf_low": np.exp(low), "conf_high": np.exp(high), "coef": coef}
    return {**out, "std_error": se, "statistic": coef / se, "df": 1, "p_value": 2 * norm.sf(abs(coef / se))}


def _checks(model: FineGrayModel) -> list[dict[str, Any]]:
    fit, events = model.fit, model.data.events()
    per = events / len(fit.kept)
    note = f"{events} events of the cause, {len(fit.kept)} parameters"
    rows = [
        {"check": "events per parameter", "term": "GLOBAL", "value": per,
         "verdict": "ok" if per >= _FEW else "attention", "note": note},
        {"check": "convergence", "term": "GLOBAL", "value": fit.iterations,
         "verdict": "ok" if fit.sound else "attention", "note": "value: Newton steps"},
    ]  # fmt: skip
    return [*rows, *_proportional(model)]


def _proportional(model: FineGrayModel) -> list[dict[str, Any]]:
    """The score test of x * g(t), g the rank of the event's time, with the variance over patients."""
    fit, name = model.fit, "proportional subdistribution hazards"
    if not fit.sound:
        return [{"check": name, "term": "GLOBAL", "verdict": "not estimable", "note": "a coefficient has no estimate"}]
    kept, unit = fit.kept, fit.design.unit
    every = np.unique(model.data.time[model.data.status == 1])
    g = [np.searchsorted(every, s.stratum.moments[s.stratum.step_of]) / len(every) - 0.5 for s in fit.sums]
    own, added = score_influence(fit.design, fit.sums, g)
    mixed = np.asarray(sum(s.information(v) for s, v in zip(fit.sums, g, strict=True)))
    with_censoring = model.variance == "censoring"
    beta = (fit.rows_influence(with_censoring) * unit)[:, kept]
    rows = (own + added if with_censoring else own)[:, kept] - beta @ mixed[np.ix_(kept, kept)]
    rows, score = model.summed(rows), rows.sum(axis=0)
    v, out = rows.T @ rows, []
    blocks = {t: [kept.index(j) for j in c if j in kept] for t, c in model.design.blocks().items()}
    for term, columns in [*blocks.items(), ("GLOBAL", list(range(len(kept))))]:
        part = v[np.ix_(columns, columns)]
        if not columns or np.linalg.matrix_rank(part, hermitian=True) < len(columns):
            out.append({"check": name, "term": term, "verdict": "not estimable", "note": "too few event times"})
            continue
        statistic = float(score[columns] @ np.linalg.solve(part, score[columns]))
        p = float(chi2.sf(statistic, len(columns)))
        row: dict[str, Any] = {"check": name, "term": term, "statistic": statistic, "df": len(columns), "p_value": p}
        note = "robust score test of the covariate times the rank of time"
        out.append({**row, "verdict": "ok" if p >= 0.05 else "attention", "note": note})
    return out


def _method(
    model: FineGrayModel,
    covariates: Sequence[str],
    said: Mapping[str, str | None],
    censoring_groups: str | None,
    conf_level: float,
) -> dict[str, Any]:
    d = model.fit.design
    return {
        "model": "Fine-Gray (proportional subdistribution hazards)",
        "estimator": "maximum weighted partial likelihood (Newton)",
        "test": "Wald",
        "interval": "Wald on the log scale",
        "conf_level": conf_level,
        "ties": d.ties,
        "censoring_ties": "together" if d.strata[0].strict else "events first",
        "variance": _WORDS[model.variance]
        + (_UNLIKE_CRR if censoring_groups and model.variance == "censoring" else ""),
        "correction": "none",
        **{k: name or "" for k, name in said.items()},
        "censoring_groups": censoring_groups or "one for all",
        "cause": model.data.causes[0],
        "competing": list(model.data.causes[1:]),
        "covariates": list(covariates),
        "denominator": "patients with follow-up, status and all covariates known",
        "software": software("numpy", "scipy"),
        "reference": [
            "Fine & Gray 1999, J Am Stat Assoc 94:496",
            "Kawaguchi, Shen, Suchard & Li 2021, J Comput Graph Stat 30:237",
        ],
    }

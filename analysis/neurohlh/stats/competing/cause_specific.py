"""A Cox model for the hazard of every cause, and the incidence that they predict together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Floats
from neurohlh.stats.competing.data import Code, CompetingData, competing_data
from neurohlh.stats.design.terms import Design, model_design
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.fit import SortedDesign, fit
from neurohlh.stats.hazards.partial_likelihood import PartialLikelihood
from neurohlh.stats.recipe import software

_REFERENCE = "Prentice et al. 1978, Biometrics 34:541"
_EVENT = "event of the cause"


def cause_specific_cox(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    cause: Code,
    censored: Code,
    competing: Sequence[Code] | None = None,
    **options: Any,
) -> Result:
    """Cause-specific hazard ratios: for every cause a Cox model in which the other causes end being at risk.

    `event` holds the declared codes (see `competing_data`); `options` are those of `cox` (reference, strata, entry,
    cluster, ties, conf_level, ph_transform). Rows and checks carry the cause (tidy "outcome"; checks in "note"). A
    cause that cannot be fitted has one empty row with the reason. Raises ValueError for wrong columns, codes or
    options, NotEstimable if no cause can be fitted. Source: Prentice et al. 1978, Biometrics 34:541.
    """
    entry = options.get("entry")
    data = competing_data(frame, time, event, cause=cause, censored=censored, competing=competing, entry=entry)
    rows, checks, failed, method = [], [], [], None
    for k, name in enumerate(data.causes, start=1):
        own = frame.loc[data.kept].assign(**{_EVENT: data.status == k})
        try:
            found = cox(own, time, _EVENT, covariates, **options)
        except NotEstimable as error:
            failed.append(f"{name}: {error}")
            note = f"not estimable: {error}"
            rows.append(
                tidy_frame([{"analysis": "cause_specific_cox", "outcome": name, "measure": "HR", "note": note}])
            )
            continue
        rows.append(found.tidy.assign(analysis="cause_specific_cox", outcome=name))
        checks.append(found.checks.assign(note="cause " + name + ": " + found.checks["note"].fillna("").astype(str)))
        method = method or {**found.method, "model": "cause-specific Cox proportional hazards"}
    if method is None:
        raise NotEstimable("; ".join(failed))
    return Result(
        kind="cause_specific_cox",
        tidy=pd.concat(rows, ignore_index=True),
        checks=pd.concat(checks, ignore_index=True),
        method={**method, "causes": list(data.causes), "reference": [_REFERENCE]},
        counts=data.counts(len(frame)),
        notes=("A cause-specific hazard ratio says nothing by itself about the incidence of the cause.", *failed),
    )


@dataclass(frozen=True)
class _Cause:
    """One cause's coefficients and the increments of its baseline hazard at its times."""

    coef: Floats
    centre: Floats
    times: Floats
    increments: Floats


def cause_specific_cif(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    patients: pd.DataFrame,
    times: Sequence[float],
    *,
    cause: Code,
    censored: Code,
    competing: Sequence[Code] | None = None,
    reference: Mapping[str, str] | None = None,
    entry: str | None = None,
    ties: str = "efron",
) -> Result:
    """Cumulative incidence of `cause` that the cause-specific hazards of all causes predict for rows of `patients`.

    The incidence is the sum over event times of S(t-) dL1(t), with S the product of 1 - (sum over causes of dL(t)):
    riskRegression's CSC with its product limit. Causes without events count as hazard 0. No limits. Raises ValueError
    for wrong columns or incomplete patients, NotEstimable if a coefficient has no estimate.
    """
    data = competing_data(frame, time, event, cause=cause, censored=censored, competing=competing, entry=entry)
    design = model_design(frame.loc[data.kept], covariates, reference=reference)
    used = data.kept.copy()
    used[data.kept] = design.complete
    whole = replace(data.subset(used), dropped={**data.dropped, **design.dropped})
    fits = [_fitted(whole, design, k, ties) for k in range(1, len(data.causes) + 1)]
    new = design.apply(patients)
    if not new.complete.all():
        raise ValueError(f"{int((~new.complete).sum())} rows of patients lack a covariate")
    at = np.asarray(list(times), dtype=float)
    found, last, rows = _incidence(fits, new.matrix, at), float(whole.time.max()), []
    for i, j in np.ndindex(found.shape):
        row: dict[str, Any] = {"analysis": "cause_specific_cif", "outcome": data.causes[0], "level": str(i + 1)}
        row |= {"term": "predicted incidence", "time": at[j], "measure": "cumulative incidence"}
        late = at[j] > last
        row |= {"note": f"not estimable: beyond the last follow-up ({last:g})"} if late else {"estimate": found[i, j]}
        rows.append(row)
    method: dict[str, Any] = {
        "model": "cause-specific Cox for every cause, combined",
        "estimator": "product limit",
        "ties": ties,
    }
    method |= {"software": software("numpy"), "reference": [_REFERENCE]}
    return Result(kind="cause_specific_cif", tidy=tidy_frame(rows), method=method, counts=whole.counts(len(frame)))


def _fitted(data: CompetingData, design: Design, k: int, ties: str) -> _Cause:
    happened = data.status == k
    p = design.matrix.shape[1]
    if not happened.any():
        if k == 1:
            raise NotEstimable("no event of the cause of interest")
        return _Cause(np.zeros(p), np.zeros(p), np.empty(0), np.empty(0))
    rows = SortedDesign.of(design.matrix, data.time, happened, entry=data.entry, ties=ties)
    found = fit(rows)
    if found.diverging.any() or not found.converged:
        raise NotEstimable(f"a coefficient for the cause {data.causes[k - 1]} cannot be estimated")
    likelihood = PartialLikelihood(rows)
    own = likelihood.start() + rows.x @ (found.coef * rows.unit)
    increments = likelihood.at(own).hazard()[::-1] * np.exp(-own.max())
    return _Cause(found.coef, rows.centre, rows.sets.times[::-1], increments)


def _incidence(fits: list[_Cause], matrix: Floats, times: Floats) -> Floats:
    moments = np.unique(np.concatenate([f.times for f in fits]))
    hazards = np.zeros((len(fits), len(matrix), len(moments)))
    for k, f in enumerate(fits):
        relative = np.exp((matrix - f.centre) @ f.coef)
        hazards[k][:, np.searchsorted(moments, f.times)] = relative[:, None] * f.increments[None, :]
    survival = np.cumprod(np.maximum(1 - hazards.sum(axis=0), 0.0), axis=1)
    before = np.column_stack([np.ones(len(matrix)), survival[:, :-1]])
    running = np.column_stack([np.zeros(len(matrix)), np.cumsum(before * hazards[0], axis=1)])
    return np.asarray(np.minimum(running[:, np.searchsorted(moments, times, side="right")], 1.0))

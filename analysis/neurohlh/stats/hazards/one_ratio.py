"""One hazard ratio from one Cox model and nothing else: the thin path for analyses that fit hundreds of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model
from neurohlh.stats.recipe import z_value


@dataclass(frozen=True)
class OneRatio:
    """A hazard ratio with Wald limits; `n` patients and `events` of the model, `parameters` in it.

    `estimate`, its limits, `coef` (log hazard ratio) and `std_error` are NaN where there is none; `reason` says why.
    """

    n: int
    events: int
    parameters: int
    estimate: float
    conf_low: float
    conf_high: float
    coef: float
    std_error: float
    reason: str = ""


def one_hazard_ratio(
    frame: pd.DataFrame,
    time: str,
    event: str,
    exposure: str,
    covariates: Sequence[str],
    options: CoxOptions,
) -> OneRatio:
    """The hazard ratio of a two-level `exposure` beside `covariates`: the number that `cox` gives, without its checks.

    `options` are those of `cox`. Raises ValueError for wrong columns, codes or options; what these data cannot give is
    a `reason`, not an error.
    """
    z = z_value(options.conf_level)
    try:
        model = cox_model(frame, time, event, [exposure, *covariates], options)
    except NotEstimable as error:
        return _none(0, 0, 0, str(error))
    counts = (model.data.n, model.data.events, len(model.kept))
    column = next((r.column for r in model.design.rows if r.variable == exposure and r.column is not None), None)
    if column is None:
        return _none(*counts, f"{exposure} has the same level in all patients used")
    if column in model.aliases:
        return _none(*counts, f"{exposure} never differs between patients who are at risk together, or is collinear")
    place = model.kept.index(column)
    reason = _no_fit(model, place)
    if reason:
        return _none(*counts, reason)
    coef, se = float(model.fit.coef[place]), float(np.sqrt(max(model.cov[place, place], 0.0)))
    if not se > 1e-9 * float(np.sqrt(model.fit.cov[place, place])):
        return _none(*counts, "the robust variance is 0")
    with np.errstate(over="ignore", under="ignore"):
        ratio, low, high = np.exp([coef, coef - z * se, coef + z * se])
    if not (low > 0 and np.isfinite(high)):
        return _none(*counts, "the limits are beyond the largest number")
    return OneRatio(*counts, float(ratio), float(low), float(high), coef, se)


def _no_fit(model: CoxModel, place: int) -> str:
    if not model.fit.converged:
        return "the fit did not converge"
    return "a group has no event (the hazard ratio runs to 0 or infinity)" if model.fit.diverging[place] else ""


def _none(n: int, events: int, parameters: int, reason: str) -> OneRatio:
    nan = float("nan")
    return OneRatio(n, events, parameters, nan, nan, nan, nan, nan, reason)

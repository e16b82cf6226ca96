"""The hazard ratio along a number, against a reference value, with the distribution of the number below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, column, numbers
from neurohlh.stats.design.contrasts import Pattern
from neurohlh.stats.design.hypotheses import Hypothesis, hypotheses
from neurohlh.stats.hazards.described import method_of, model_checks, patients_notes
from neurohlh.stats.hazards.linear import contrasts_of, ratio_lines
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model
from neurohlh.stats.hazards.term_tests import term_checks

_POINTS = 101
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_CURVE_COLUMNS = ("part", "value", "value_to", "estimate", "conf_low", "conf_high", "n", "events")


def cox_spline(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    variable: str,
    *,
    reference_value: float | None = None,
    values: Sequence[float] | None = None,
    at: Pattern | None = None,
    reference: Mapping[str, str] | None = None,
    strata: str | None = None,
    entry: str | None = None,
    cluster: str | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
) -> Result:
    """The hazard ratio at each value of `variable` against `reference_value` (default: the median of those used).

    `variable` stands in `covariates` as a number, a function of it, or a restricted cubic spline. Rows: its 5%, 25%,
    50%, 75% and 95% quantiles, or `values`. Curves: part "curve" (101 values over the range of the patients used, with
    limits, pointwise), "histogram" (from value to value_to, patients and events) and "knot". `at` names the values of
    variables that modify the effect. The tests of the term and of its nonlinear part are in `checks`. Other options are
    those of `cox`.

    Raises as `cox` does, and ValueError if `variable` is no number of the model or its effect depends on a variable
    that `at` does not name.
    """
    options = CoxOptions(reference, strata, entry, cluster, ties, conf_level)
    model = cox_model(frame, time, event, covariates, options)
    kinds = {c.factor.variable: c.kind for c in model.design.codings.values()}
    if kinds.get(variable, "categorical") == "categorical":
        raise ValueError(f"{variable!r} is no number among the covariates")
    used = numbers(column(frame, variable))[model.used]
    base = float(np.median(used)) if reference_value is None else float(reference_value)
    chosen = np.quantile(used, _QUANTILES) if values is None else np.asarray(values, dtype=float)
    rows = [
        {
            "analysis": "cox_spline",
            "outcome": event,
            "variable": variable,
            "contrast": f"{variable} = {value:g} vs {base:g}",
            "n": model.data.n,
            "events": model.data.events,
            "method": "Cox regression, linear contrast",
            **line,
        }
        for value, line in zip(chosen, _lines(model, variable, chosen, base, at, conf_level), strict=True)
    ]
    said = {"variable": variable, "reference_value": base, "at": dict(at or {})}
    return Result(
        kind="cox_spline",
        tidy=tidy_frame(rows),
        curves=_curves(model, variable, used, base, at, conf_level),
        checks=check_frame([*term_checks(model, _hypotheses(model, variable)), *model_checks(model)]),
        method={**method_of(model, covariates, options), **said},
        counts=model.counts,
        notes=(*patients_notes(model), *_outside(variable, used, [*chosen, base])),
    )


def _lines(
    model: CoxModel, variable: str, values: Floats, base: float, at: Pattern | None, conf_level: float
) -> list[dict[str, Any]]:
    pairs = [({**(at or {}), variable: float(v)}, {**(at or {}), variable: base}) for v in values]
    matrix, reasons = contrasts_of(model, pairs)
    return ratio_lines(model, matrix, reasons, conf_level)


def _curves(
    model: CoxModel, variable: str, used: Floats, base: float, at: Pattern | None, conf_level: float
) -> pd.DataFrame:
    grid = np.linspace(used.min(), used.max(), _POINTS)
    lines = _lines(model, variable, grid, base, at, conf_level)
    rows = [
        {"part": "curve", "value": v, **{k: line.get(k) for k in ("estimate", "conf_low", "conf_high")}}
        for v, line in zip(grid, lines, strict=True)
    ]
    edges = np.histogram_bin_edges(used, bins="sturges")
    everybody, dead = (np.histogram(part, edges)[0] for part in (used, used[model.data.event]))
    bars = zip(edges[:-1], edges[1:], everybody, dead, strict=True)
    rows += [{"part": "histogram", "value": a, "value_to": b, "n": n, "events": e} for a, b, n, e in bars]
    knots = [k for c in model.design.codings.values() if c.factor.variable == variable for k in c.knots]
    rows += [{"part": "knot", "value": k} for k in knots]
    found = pd.DataFrame(rows, columns=list(_CURVE_COLUMNS))
    return found.astype(dict.fromkeys(_CURVE_COLUMNS[1:], float))


def _hypotheses(model: CoxModel, variable: str) -> list[Hypothesis]:
    names = {c.factor.name for c in model.design.codings.values() if c.factor.variable == variable}
    return [hypothesis for hypothesis in hypotheses(model.design) if hypothesis.term in names]


def _outside(variable: str, used: Floats, values: Sequence[float]) -> list[str]:
    low, high = float(used.min()), float(used.max())
    far = sorted({v for v in values if not low <= v <= high})
    if not far:
        return []
    shown = ", ".join(f"{v:g}" for v in far)
    return [f"{variable} = {shown}: outside the patients used ({low:g} to {high:g}), extrapolated."]

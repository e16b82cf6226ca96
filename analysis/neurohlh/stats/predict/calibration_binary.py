"""Calibration of a predicted risk of a yes-or-no outcome: in the large, slope, by groups, smoothed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Floats, column, numbers, truth
from neurohlh.stats.describe.proportions import wilson
from neurohlh.stats.glm.logistic_fit import fit_logistic
from neurohlh.stats.predict.risk_groups import risk_groups
from neurohlh.stats.predict.tripod import tripod
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.survival_data import first_reasons


def calibration_binary(
    frame: pd.DataFrame, outcome: str, risk: str, *, groups: int = 10, conf_level: float = 0.95
) -> Result:
    """Whether predicted risks of `outcome` come true: intercept, slope, observed against expected, a smooth curve.

    The intercept (calibration in the large) is that of a logistic model with the predicted log odds as an offset: 0 if
    the mean risk is right. The slope is their coefficient in a second model: 1 if risks are neither too extreme nor too
    timid. Groups hold patients of neighbouring risk; limits there are Wilson's. `curves`: predicted, observed (lowess).

    Rows without outcome or risk are dropped and counted. Raises ValueError for wrong columns or risks outside 0 to 1,
    NotEstimable where all, or none, have the outcome, or a risk is exactly 0 or 1.
    """
    z = z_value(conf_level)
    happened, risks = truth(column(frame, outcome)), numbers(column(frame, risk))
    outside = int(((risks < 0) | (risks > 1)).sum())
    if outside:
        raise ValueError(f"column {risk!r}: {outside} predicted risks lie outside 0 to 1")
    reasons = {f"missing {outcome}": np.isnan(happened), f"missing {risk}": np.isnan(risks)}
    kept, dropped = first_reasons(reasons, len(frame))
    y, p = happened[kept], risks[kept]
    _require(y, p)
    shared = {"analysis": "calibration_binary", "outcome": outcome, "variable": risk}
    found = [_observed_expected(y, p, z), *_models(y, p, z), *_group_rows(y, p, groups, conf_level)]
    return Result(
        kind="calibration_binary",
        tidy=tidy_frame([{**shared, **row} for row in found]),
        curves=_smooth(y, p),
        method={
            "estimator": "logistic recalibration",
            "interval": "Wald; groups: Wilson",
            "smoother": "lowess, span 2/3",
            "test": "Wald test against 0 (intercept) and 1 (slope)",
            "correction": "none",
            "conf_level": conf_level,
            "denominator": "patients with outcome and predicted risk known",
            "software": software("statsmodels", "numpy"),
            "reference": [
                "Cox 1958, Biometrika 45:562",
                "Van Calster, McLernon, van Smeden, Wynants & Steyerberg 2019, BMC Med 17:230",
            ],
            "tripod": tripod("10d", "16"),
        },
        counts={"supplied": len(frame), "used": int(kept.sum()), "events": int(y.sum()), "dropped": dropped},
    )


_SLOPE = {"term": "slope", "measure": "calibration slope", "scale": "identity"}


def _require(y: Floats, p: Floats) -> None:
    if not len(y):
        raise NotEstimable("no row has both outcome and predicted risk")
    if y.min() == y.max():
        raise NotEstimable(f"the outcome is the same in all {len(y)} patients")
    if ((p == 0) | (p == 1)).any():
        raise NotEstimable("a predicted risk of exactly 0 or 1 has no log odds")


def _observed_expected(y: Floats, p: Floats, z: float) -> dict[str, Any]:
    ratio = y.mean() / p.mean()
    se = np.sqrt((1 - y.mean()) / y.sum())
    return {
        "term": "observed/expected",
        "measure": "ratio",
        "scale": "log",
        "n": len(y),
        "events": y.sum(),
        "estimate": ratio,
        "conf_low": ratio * np.exp(-z * se),
        "conf_high": ratio * np.exp(z * se),
        "coef": np.log(ratio),
        "std_error": se,
    }


def _models(y: Floats, p: Floats, z: float) -> list[dict[str, Any]]:
    odds, ones = logit(p), np.ones((len(y), 1))
    large = fit_logistic(ones, y, offset=odds)
    rows = [_wald("intercept", float(large.coef[0]), float(np.sqrt(large.cov[0, 0])), 0.0, z)]
    if np.ptp(odds) == 0:
        return [*rows, {**_SLOPE, "note": "not estimable: all predicted risks are the same"}]
    yes, no = odds[y == 1], odds[y == 0]
    if yes.min() >= no.max() or yes.max() <= no.min():
        said = "not estimable: the slope runs to infinity (the risks part those with the outcome perfectly)"
        return [*rows, {**_SLOPE, "note": said}]
    both = fit_logistic(np.column_stack([ones, odds]), y)
    return [*rows, _wald("slope", float(both.coef[1]), float(np.sqrt(both.cov[1, 1])), 1.0, z)]


def _wald(term: str, estimate: float, se: float, null: float, z: float) -> dict[str, Any]:
    statistic = (estimate - null) / se
    limits = {"conf_low": estimate - z * se, "conf_high": estimate + z * se}
    said = {"term": term, "measure": f"calibration {term}", "scale": "identity", "estimate": estimate, "coef": estimate}
    return {**said, **limits, "std_error": se, "statistic": statistic, "p_value": float(2 * norm.sf(abs(statistic)))}


def _group_rows(y: Floats, p: Floats, groups: int, conf_level: float) -> list[dict[str, Any]]:
    found = risk_groups(p, groups)
    rows = []
    for k in range(int(found.max()) + 1):
        own = found == k
        n, events = int(own.sum()), int(y[own].sum())
        low, high = wilson(events, n, conf_level=conf_level)
        shared = {"group": str(k + 1), "n": n, "events": events}
        rows.append({**shared, "measure": "predicted risk", "estimate": float(p[own].mean())})
        observed = {"estimate": events / n, "conf_low": low, "conf_high": high}
        rows.append({**shared, "measure": "observed risk", "method": "proportion, Wilson", **observed})
    return rows


def _smooth(y: Floats, p: Floats) -> pd.DataFrame:
    from statsmodels.nonparametric.smoothers_lowess import lowess

    if np.ptp(p) == 0:
        return pd.DataFrame({"predicted": p[:1], "observed": [float(y.mean())]})
    found = np.unique(lowess(y, p, frac=2 / 3, it=0), axis=0)
    return pd.DataFrame({"predicted": found[:, 0], "observed": np.clip(found[:, 1], 0, 1)})

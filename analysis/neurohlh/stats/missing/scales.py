"""The scale on which a number of a table is close to normal, where Rubin's rules hold, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from neurohlh.stats.columns import Floats

Transform = Callable[[Floats], Floats]

_PROPORTIONS = ("proportion", "concordance", "C", "AUC", "c-statistic")
_SAME = 1e-6


@dataclass(frozen=True)
class Working:
    """Estimates `q` with variances `u` of every imputation on the scale `name`; `back` leads to the table's scale."""

    name: str
    q: Floats
    u: Floats
    back: Transform | None


def _same(values: Floats) -> Floats:
    return values


def _survival(values: Floats) -> Floats:
    return np.asarray(np.exp(-np.exp(values)))


def _incidence(values: Floats) -> Floats:
    return np.asarray(-np.expm1(-np.exp(values)))


BACK: dict[str, Transform] = {
    "identity": _same,
    "log": np.exp,
    "logit": expit,
    "log-log": _survival,
    "complementary log-log": _incidence,
}


def working(measure: str, scale: str, estimate: Floats, coef: Floats, se: Floats, n: Floats) -> Working | str:
    """The working scale of one row over all imputations, or why there is none.

    Rows with coefficients are pooled on these. Survival and cumulative incidence go to the (complementary) log-log
    scale and proportions and concordance to the logit by the delta method (a proportion without a standard error has
    the binomial one); other numbers with a standard error stay as they are, or go to logarithms if `scale` says so.
    """
    if np.isfinite(coef).all() and (se > 0).all():
        return _from_coefficients(scale, estimate, coef, se)
    if measure in ("survival", "cumulative incidence"):
        return _log_log(measure, estimate, se)
    if measure in _PROPORTIONS and not (scale == "log" and (se > 0).all()):
        return _logit(estimate, np.where(np.isnan(se) & (measure == "proportion"), _binomial(estimate, n), se))
    if not (se > 0).all():
        return "no standard error"
    if scale == "log":
        if not (estimate > 0).all():
            return "a ratio of 0"
        return Working("log", np.log(estimate), se**2, np.exp)
    return Working("identity", estimate, se**2, _same)


def _from_coefficients(scale: str, estimate: Floats, coef: Floats, se: Floats) -> Working:
    names = [scale, *BACK] if scale in BACK else list(BACK)
    for name in names:
        with np.errstate(over="ignore"):
            shown = BACK[name](coef)
        if (np.abs(shown - estimate) <= _SAME * np.maximum(np.abs(estimate), 1e-300)).all():
            return Working(name, coef, se**2, BACK[name])
    return Working(scale or "coefficient", coef, se**2, None)


def _log_log(measure: str, estimate: Floats, se: Floats) -> Working | str:
    survival = estimate if measure == "survival" else 1 - estimate
    if not ((survival > 0) & (survival < 1) & (se > 0)).all():
        return "the curve is at 0 or 1 in some imputation, where it has no standard error"
    q, u = np.log(-np.log(survival)), (se / (survival * np.log(survival))) ** 2
    name = "log-log" if measure == "survival" else "complementary log-log"
    return Working(name, q, u, BACK[name])


def _logit(estimate: Floats, se: Floats) -> Working | str:
    if not ((estimate > 0) & (estimate < 1) & (se > 0)).all():
        return "a proportion of 0 or 1, or without a standard error, in some imputation"
    return Working("logit", logit(estimate), (se / (estimate * (1 - estimate))) ** 2, expit)


def _binomial(estimate: Floats, n: Floats) -> Floats:
    return np.asarray(np.sqrt(np.maximum(estimate * (1 - estimate), 0) / n))

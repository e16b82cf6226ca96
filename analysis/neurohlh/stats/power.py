"""Events, patients and power for a survival, logistic, two-group or precision question: the arithmetic."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import nct, norm
from scipy.stats import t as student

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.proportions import wilson
from neurohlh.stats.recipe import z_value

_MOST = 10_000_000
"""Patients beyond which no study is planned."""


def _quantiles(power: float, alpha: float) -> tuple[float, float]:
    if not (0 < alpha < 1 and alpha / 2 < power < 1):
        raise ValueError("alpha must lie between 0 and 1, and power between alpha/2 and 1")
    return float(norm.isf(alpha / 2)), float(norm.ppf(power))


def _inside(**shares: float) -> None:
    for name, value in shares.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1, not {value}")


def _ratio(name: str, value: float) -> float:
    if not (np.isfinite(value) and value > 0 and value != 1):
        raise ValueError(f"{name} must be above 0 and not 1")
    return float(np.log(value))


def schoenfeld_events(
    hazard_ratio: float, exposed: float, *, power: float = 0.8, alpha: float = 0.05, r2: float = 0.0
) -> float:
    """Events for a hazard ratio where the share `exposed` of patients has the factor (two-sided `alpha`).

    (z + z)^2 / (p (1 - p) log(HR)^2 (1 - R2)); `r2` is that of the factor on the other covariates. Schoenfeld 1983,
    Biometrics 39:499; Hsieh and Lavori 2000, Control Clin Trials 21:552. Raises ValueError for impossible values.
    """
    _inside(exposed=exposed)
    a, b = _quantiles(power, alpha)
    return (a + b) ** 2 / _information(hazard_ratio, exposed, r2)


def schoenfeld_power(
    events: float, hazard_ratio: float, exposed: float, *, alpha: float = 0.05, r2: float = 0.0
) -> float:
    """The power of `events` for a hazard ratio, by the same approximation (the far tail left out)."""
    _inside(exposed=exposed, alpha=alpha)
    if events <= 0:
        raise ValueError("events must be above 0")
    return float(norm.cdf(np.sqrt(events * _information(hazard_ratio, exposed, r2)) - norm.isf(alpha / 2)))


def _information(hazard_ratio: float, exposed: float, r2: float) -> float:
    if not 0 <= r2 < 1:
        raise ValueError("r2 must lie between 0 and 1")
    return exposed * (1 - exposed) * _ratio("hazard_ratio", hazard_ratio) ** 2 * (1 - r2)


def detectable_hazard_ratio(
    events: float, exposed: float, *, power: float = 0.8, alpha: float = 0.05, r2: float = 0.0
) -> float:
    """The least hazard ratio above 1 that `events` show with this power; its inverse is the largest below 1."""
    _inside(exposed=exposed)
    if events <= 0 or not 0 <= r2 < 1:
        raise ValueError("events must be above 0 and r2 between 0 and 1")
    a, b = _quantiles(power, alpha)
    return float(np.exp((a + b) / np.sqrt(events * exposed * (1 - exposed) * (1 - r2))))


def event_probability(hazard: float, accrual: float, follow_up: float) -> float:
    """The probability of an event by the end of a study that recruits evenly over `accrual`, then follows `follow_up`.

    Exponential survival with this `hazard` per unit of the two times (Schoenfeld 1983). Raises ValueError for negative
    times or a hazard that is not above 0.
    """
    if hazard <= 0 or accrual < 0 or follow_up < 0 or accrual + follow_up == 0:
        raise ValueError("the hazard must be above 0, the times not negative and one of them above 0")
    if accrual == 0:
        return float(-np.expm1(-hazard * follow_up))
    lasting = np.exp(-hazard * follow_up) * -np.expm1(-hazard * accrual) / (hazard * accrual)
    return float(1 - lasting)


def logistic_continuous(
    event_risk: float, odds_ratio: float, *, power: float = 0.8, alpha: float = 0.05, r2: float = 0.0
) -> float:
    """Patients for the odds ratio per standard deviation of a covariate, with `event_risk` at its mean.

    (z + z)^2 / (P (1 - P) log(OR)^2), over 1 - `r2` (Hsieh, Bloch and Larsen 1998, Stat Med 17:1623, equation 1).
    """
    _inside(event_risk=event_risk)
    a, b = _quantiles(power, alpha)
    return (a + b) ** 2 / (event_risk * (1 - event_risk) * _ratio("odds_ratio", odds_ratio) ** 2) / _left(r2)


def logistic_binary(
    risk_unexposed: float,
    risk_exposed: float,
    exposed: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    r2: float = 0.0,
) -> float:
    """Patients in all for a binary factor that a share `exposed` has (same source, equation 2), over 1 - `r2`."""
    _inside(risk_unexposed=risk_unexposed, risk_exposed=risk_exposed, exposed=exposed)
    if risk_exposed == risk_unexposed:
        raise ValueError("the two risks must differ")
    a, b = _quantiles(power, alpha)
    p, q, share = risk_unexposed, risk_exposed, exposed
    mean = (1 - share) * p + share * q
    null = a * np.sqrt(mean * (1 - mean) / share)
    other = b * np.sqrt(p * (1 - p) + q * (1 - q) * (1 - share) / share)
    return float((null + other) ** 2 / ((p - q) ** 2 * (1 - share))) / _left(r2)


def _left(r2: float) -> float:
    if not 0 <= r2 < 1:
        raise ValueError("r2 must lie between 0 and 1")
    return 1 - r2


def two_proportions_size(p: float, q: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """Patients per group for two proportions, as R's power.prop.test (Fleiss 1981, without correction)."""
    _inside(p=p, q=q)
    if p == q:
        raise ValueError("the two proportions must differ")
    a, b = _quantiles(power, alpha)
    null, other = _proportion_roots(p, q)
    return float(((a * null + b * other) / (p - q)) ** 2)


def two_proportions_power(n: float, p: float, q: float, *, alpha: float = 0.05) -> float:
    """The power of `n` patients per group for two proportions, as R's power.prop.test."""
    _inside(p=p, q=q, alpha=alpha)
    if n <= 0:
        raise ValueError("n must be above 0")
    null, other = _proportion_roots(p, q)
    return float(norm.cdf((np.sqrt(n) * abs(p - q) - norm.isf(alpha / 2) * null) / other))


def _proportion_roots(p: float, q: float) -> tuple[float, float]:
    return float(np.sqrt((p + q) * (1 - (p + q) / 2))), float(np.sqrt(p * (1 - p) + q * (1 - q)))


def t_test_power(n: float, difference: float, *, sd: float = 1.0, alpha: float = 0.05) -> float:
    """The power of `n` patients per group for a difference of means, by the noncentral t (R's power.t.test)."""
    if n < 2 or sd <= 0:
        raise ValueError("n must be at least 2 and sd above 0")
    _inside(alpha=alpha)
    df = 2 * (n - 1)
    return float(nct.sf(student.isf(alpha / 2, df), df, np.sqrt(n / 2) * abs(difference) / sd))


def t_test_size(difference: float, *, sd: float = 1.0, power: float = 0.8, alpha: float = 0.05) -> float:
    """Patients per group for a difference of means, as R's power.t.test.

    Raises ValueError for impossible values, NotEstimable where two per group are enough or ten million are not.
    """
    _quantiles(power, alpha)
    if difference == 0:
        raise ValueError("the difference must not be 0")

    def gap(n: float) -> float:
        return t_test_power(n, difference, sd=sd, alpha=alpha) - power

    if gap(2.0) >= 0 or gap(_MOST) <= 0:
        raise NotEstimable("two patients per group are enough, or ten million are not")
    return float(brentq(gap, 2.0, float(_MOST), xtol=1e-9, rtol=1e-13))


def proportion_precision(proportion: float, half_width: float, *, conf_level: float = 0.95) -> int:
    """The fewest patients whose Wilson interval at this `proportion` (rounded to whole events) is no wider.

    Raises ValueError for values outside 0 to 1. Found by bisection from the Wald size and then down, because rounding
    to whole events makes the width uneven by one patient.
    """
    if not (0 <= proportion <= 1 and 0 < half_width < 0.5):
        raise ValueError("the proportion must lie between 0 and 1 and half_width between 0 and 0.5")
    z = z_value(conf_level)

    def wide(n: int) -> bool:
        low, high = wilson(round(n * proportion), n, conf_level)
        return high - low > 2 * half_width

    top = int(np.ceil((z / (2 * half_width)) ** 2)) + 2
    bottom = 1
    while bottom < top:
        middle = (bottom + top) // 2
        bottom, top = (middle + 1, top) if wide(middle) else (bottom, middle)
    return bottom


def survival_precision(survival: float, half_width: float, *, observed: float = 1.0, conf_level: float = 0.95) -> float:
    """Patients for a Kaplan-Meier estimate at one time with these plain limits.

    Peto's variance S^2 (1 - S) / (number at risk), the number at risk being n S times the share `observed` until then
    of those who live (1 without censoring): n = z^2 S (1 - S) / (w^2 observed). Peto and others 1977, Br J Cancer 35:1.
    """
    _inside(survival=survival, half_width=half_width)
    if not 0 < observed <= 1:
        raise ValueError("observed must be above 0 and at most 1")
    return z_value(conf_level) ** 2 * survival * (1 - survival) / (half_width**2 * observed)


def kappa_precision(kappa: float, prevalence: float, half_width: float, *, conf_level: float = 0.95) -> float:
    """Patients for Cohen's kappa of two raters with equal margins on a yes/no finding of this `prevalence`.

    The variance is that of the common correlation model (Donner and Eliasziw 1992, Stat Med 11:1511).
    """
    _inside(prevalence=prevalence, half_width=half_width)
    if not 0 <= kappa < 1:
        raise ValueError("kappa must be at least 0 and below 1")
    spread = prevalence * (1 - prevalence)
    variance = (1 - kappa) * ((1 - kappa) * (1 - 2 * kappa) + kappa * (2 - kappa) / (2 * spread))
    return z_value(conf_level) ** 2 * variance / half_width**2

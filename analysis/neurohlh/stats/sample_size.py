"""A planned study as a Result: events, patients, power or precision, with every assumption beside the number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats import power as p
from neurohlh.stats.prediction_size import SOURCE, PredictionSize, binary_prediction_size, survival_prediction_size
from neurohlh.stats.recipe import software

_FLEISS = "Fleiss, Levin & Paik 2003, Statistical Methods for Rates and Proportions"
_COHEN = "Cohen 1988, Statistical Power Analysis for the Behavioral Sciences"
_SCHOENFELD = ["Schoenfeld 1983, Biometrics 39:499", "Hsieh & Lavori 2000, Control Clin Trials 21:552"]


def sample_size_survival(
    hazard_ratio: float,
    exposed: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    r2: float = 0.0,
    event_share: float | None = None,
    hazard: float | None = None,
    accrual: float | None = None,
    follow_up: float | None = None,
) -> Result:
    """Events, and patients where it is said how many have one, for a hazard ratio by Schoenfeld's formula.

    `exposed` is the share with the factor, `r2` that of the factor on the other covariates. Patients need `event_share`
    (over both groups) or the unexposed `hazard` with `accrual` and `follow_up` in its unit of time (exponential
    survival). Raises ValueError for impossible values.
    """
    events = p.schoenfeld_events(hazard_ratio, exposed, power=power, alpha=alpha, r2=r2)
    share = event_share
    if hazard is not None:
        if event_share is not None or accrual is None or follow_up is None:
            raise ValueError("give event_share, or hazard with accrual and follow_up")
        unexposed = p.event_probability(hazard, accrual, follow_up)
        share = (1 - exposed) * unexposed + exposed * p.event_probability(hazard * hazard_ratio, accrual, follow_up)
    rows = [_row("events", events)]
    if share is not None:
        if not 0 < share <= 1:
            raise ValueError("event_share must be above 0 and at most 1")
        rows += [_row("patients", events / share), {"term": "event share", "measure": "proportion", "estimate": share}]
    assumed: dict[str, Any] = {
        "hazard ratio": hazard_ratio,
        "exposed": exposed,
        "power": power,
        "alpha": alpha,
        "r2": r2,
    }
    assumed |= {"hazard": hazard, "accrual": accrual, "follow-up": follow_up}
    return _result("log-rank test or Cox model (Schoenfeld)", rows, assumed, _SCHOENFELD)


def power_survival(
    events: float,
    exposed: float,
    hazard_ratios: Sequence[float] = (1.25, 1.5, 2.0, 3.0),
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    r2: float = 0.0,
) -> Result:
    """What a given number of events can show: the power for `hazard_ratios`, and the least one shown with `power`.

    For a study whose data exist this is planning, not evidence: the power for the effect seen says no more than its p
    value. Raises ValueError for impossible values.
    """
    rows = []
    for hr in hazard_ratios:
        value = p.schoenfeld_power(events, hr, exposed, alpha=alpha, r2=r2)
        rows.append({"term": "power", "level": f"HR {hr:g}", "measure": "power", "estimate": value})
    least = p.detectable_hazard_ratio(events, exposed, power=power, alpha=alpha, r2=r2)
    for term, value in (("detectable hazard ratio above 1", least), ("detectable hazard ratio below 1", 1 / least)):
        rows.append({"term": term, "measure": "HR", "estimate": value})
    assumed = {"events": events, "exposed": exposed, "power": power, "alpha": alpha, "r2": r2}
    return _result("log-rank test or Cox model (Schoenfeld)", rows, assumed, _SCHOENFELD)


def sample_size_logistic(
    *,
    odds_ratio: float | None = None,
    event_risk: float | None = None,
    risk_unexposed: float | None = None,
    risk_exposed: float | None = None,
    exposed: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    r2: float = 0.0,
) -> Result:
    """Patients for logistic regression by Hsieh: for a covariate (`odds_ratio` per SD, `event_risk` at its mean).

    Or for a binary factor, which needs `risk_unexposed`, `risk_exposed` and the share `exposed`. `r2` is that of the
    covariate on the others. Raises ValueError unless one of the two sets is given, and for impossible values.
    """
    one, two = (odds_ratio, event_risk), (risk_unexposed, risk_exposed, exposed)
    options = {"power": power, "alpha": alpha, "r2": r2}
    if None not in one and two == (None, None, None):
        patients = p.logistic_continuous(event_risk, odds_ratio, **options)  # type: ignore[arg-type]
    elif None not in two and one == (None, None):
        patients = p.logistic_binary(risk_unexposed, risk_exposed, exposed, **options)  # type: ignore[arg-type]
    else:
        raise ValueError("give odds_ratio and event_risk, or risk_unexposed, risk_exposed and exposed")
    assumed = {"odds ratio": odds_ratio, "risk at the mean": event_risk, "risk, unexposed": risk_unexposed}
    assumed |= {"risk, exposed": risk_exposed, "exposed": exposed, **options}
    source = ["Hsieh, Bloch & Larsen 1998, Stat Med 17:1623"]
    return _result("Wald test in logistic regression (Hsieh)", [_row("patients", patients)], assumed, source)


def sample_size_proportions(first: float, second: float, *, power: float = 0.8, alpha: float = 0.05) -> Result:
    """Patients per group to tell two proportions apart (normal approximation, no continuity correction)."""
    n = p.two_proportions_size(first, second, power=power, alpha=alpha)
    rows = [_row("patients per group", n), _row("patients", 2 * np.ceil(n - 1e-9))]
    assumed = {"first": first, "second": second, "power": power, "alpha": alpha}
    return _result("chi-square test of two proportions", rows, assumed, [_FLEISS])


def sample_size_means(difference: float, *, sd: float = 1.0, power: float = 0.8, alpha: float = 0.05) -> Result:
    """Patients per group to tell two means apart by the t test with equal variances (noncentral t, exact)."""
    n = p.t_test_size(difference, sd=sd, power=power, alpha=alpha)
    rows = [_row("patients per group", n), _row("patients", 2 * np.ceil(n - 1e-9))]
    assumed = {"difference": difference, "sd": sd, "power": power, "alpha": alpha}
    return _result("t test of two means", rows, assumed, [_COHEN])


def sample_size_precision(
    *,
    half_width: float,
    proportion: float | None = None,
    survival: float | None = None,
    observed: float = 1.0,
    kappa: float | None = None,
    prevalence: float = 0.5,
    conf_level: float = 0.95,
) -> Result:
    """Patients for limits of this half width: of a `proportion` (Wilson), a Kaplan-Meier `survival`, or a `kappa`.

    `observed`: share of the living still under observation at that time; `prevalence`: of the finding that two raters
    judge. Raises ValueError unless exactly one of the three is given.
    """
    given = [
        name
        for name, value in (("proportion", proportion), ("survival", survival), ("kappa", kappa))
        if value is not None
    ]
    if len(given) != 1:
        raise ValueError("give exactly one of proportion, survival and kappa")
    assumed: dict[str, Any] = {"half width": half_width, "conf_level": conf_level}
    if proportion is not None:
        n: float = p.proportion_precision(proportion, half_width, conf_level=conf_level)
        assumed["proportion"], source = proportion, "Wilson 1927, J Am Stat Assoc 22:209"
    elif survival is not None:
        n = p.survival_precision(survival, half_width, observed=observed, conf_level=conf_level)
        assumed |= {"survival": survival, "observed": observed}
        source = "Peto and others 1977, Br J Cancer 35:1"
    else:
        n = p.kappa_precision(float(kappa or 0.0), prevalence, half_width, conf_level=conf_level)
        assumed |= {"kappa": kappa, "prevalence": prevalence}
        source = "Donner & Eliasziw 1992, Stat Med 11:1511"
    return _result(f"precision of a {given[0]}", [_row("patients", n)], assumed, [source])


def sample_size_prediction(
    parameters: int,
    r2: float,
    *,
    prevalence: float | None = None,
    rate: float | None = None,
    mean_follow_up: float | None = None,
    horizon: float | None = None,
) -> Result:
    """Patients for developing a prediction model: the largest of Riley's criteria, each in a row of its own.

    A binary outcome needs `prevalence`; a time to an event `rate`, `mean_follow_up` and `horizon` in one unit of time.
    `r2` is the anticipated Cox-Snell R-squared, best taken from an earlier model. Raises ValueError for impossible
    values or both outcomes.
    """
    times = (rate, mean_follow_up, horizon)
    if prevalence is not None and times == (None, None, None):
        found, events = binary_prediction_size(parameters, r2, prevalence), prevalence
    elif prevalence is None and rate is not None and mean_follow_up is not None and horizon is not None:
        found = survival_prediction_size(parameters, r2, rate, mean_follow_up, horizon)
        events = rate * mean_follow_up
    else:
        raise ValueError("give prevalence, or rate, mean_follow_up and horizon")
    assumed = {"parameters": parameters, "Cox-Snell r2": r2, "prevalence": prevalence, "rate": rate}
    assumed |= {"mean follow-up": mean_follow_up, "horizon": horizon, "largest r2": found.max_r2}
    return _result(
        "development of a prediction model (Riley)", _prediction_rows(found, parameters, events), assumed, [SOURCE]
    )


def _prediction_rows(found: PredictionSize, parameters: int, events: float) -> list[dict[str, Any]]:
    rows = [
        _row("patients: shrinkage of at least 0.9", found.shrinkage),
        _row("patients: optimism of R2 below 0.05", found.optimism),
        _row("patients: overall risk within 0.05", found.overall_risk),
        _row("patients", found.n),
    ]
    per = found.n * events / parameters
    return [*rows, {"term": "events per parameter", "measure": "ratio", "estimate": per}]


def _row(term: str, value: float) -> dict[str, Any]:
    """A number of patients or events; `n` is what has to be recruited or seen, rounded up."""
    return {"term": term, "measure": "count", "scale": "identity", "estimate": value, "n": np.ceil(value - 1e-9)}


def _result(estimator: str, rows: list[dict[str, Any]], assumed: dict[str, Any], source: list[str]) -> Result:
    return Result(
        kind="sample_size",
        tidy=tidy_frame([{"analysis": "sample_size", **row} for row in rows]),
        checks=check_frame([]),
        method={
            "estimator": estimator,
            "test": "two-sided" if "alpha" in assumed else "none: precision",
            "correction": "none",
            "assumptions": {name: value for name, value in assumed.items() if value is not None},
            "rounding": "estimate: as computed; n: rounded up",
            "software": software("numpy", "scipy"),
            "reference": source,
        },
        counts={"supplied": 0, "used": 0, "dropped": {}},
        notes=("Planned numbers hold as far as the assumptions do; none is corrected for drop-out.",),
    )

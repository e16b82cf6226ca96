"""How strong an unmeasured confounder would have to be to explain an effect away: the E-value."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.recipe import software, z_value

MEASURES = ("RR", "HR", "OR", "RD", "SMD")
_SOURCE = "VanderWeele & Ding 2017, Ann Intern Med 167:268"


def e_value(risk_ratio: float) -> float:
    """The least risk ratio that a confounder must have with both exposure and outcome to explain `risk_ratio` away.

    RR + sqrt(RR (RR - 1)), of 1/RR for a ratio below 1 (VanderWeele and Ding 2017). Raises ValueError unless it is
    above 0 and finite.
    """
    if not (np.isfinite(risk_ratio) and risk_ratio > 0):
        raise ValueError("a risk ratio must be a number above 0")
    ratio = max(risk_ratio, 1 / risk_ratio)
    return float(ratio + np.sqrt(ratio * (ratio - 1)))


def as_risk_ratio(value: float, measure: str, *, common: bool = False, reference_risk: float | None = None) -> float:
    """The risk ratio that an estimate stands for.

    A HR or OR of a rare outcome (below 15 % by the end of follow-up) is read as it is; of a `common` one as
    (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)) and sqrt(OR); a standardised mean difference as exp(0.91 d); a risk
    difference with the `reference_risk`. Raises ValueError for other measures, values that cannot be, or a RD without a
    risk.
    """
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {', '.join(MEASURES)}, not {measure!r}")
    if measure == "SMD":
        return float(np.exp(0.91 * value))
    if measure == "RD":
        if reference_risk is None or not 0 < reference_risk < 1:
            raise ValueError("a risk difference needs the reference_risk, between 0 and 1")
        if not 0 < reference_risk + value <= 1:
            raise ValueError("the reference_risk plus the difference must be a risk above 0")
        return (reference_risk + value) / reference_risk
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"a {measure} must be a number above 0")
    if not common or measure == "RR":
        return float(value)
    if measure == "OR":
        return float(np.sqrt(value))
    return float((1 - 0.5 ** np.sqrt(value)) / (1 - 0.5 ** np.sqrt(1 / value)))


def evalue(
    estimate: float,
    low: float | None = None,
    high: float | None = None,
    *,
    measure: str = "HR",
    common: bool | None = None,
    reference_risk: float | None = None,
    std_error: float | None = None,
    conf_level: float = 0.95,
) -> Result:
    """The E-value of an estimate and of its confidence limit nearest to no effect (1 if the limits include it).

    `common` must be said for HR and OR: whether the outcome is more frequent than 15 % by the end of follow-up. A SMD
    takes its `std_error` instead of limits. Raises ValueError for values that cannot be and limits that do not enclose
    the estimate.
    """
    if measure in ("HR", "OR") and common is None:
        raise ValueError(f"say whether the outcome is common (more than 15 %): the E-value of a {measure} hangs on it")
    low, high = _limits(estimate, low, high, measure, std_error, z_value(conf_level))
    null = 0.0 if measure in ("RD", "SMD") else 1.0
    options: dict[str, Any] = {"common": bool(common), "reference_risk": reference_risk}
    rows = [_row("estimate", estimate, measure, options)]
    if low is not None and high is not None:
        nearest = low if estimate > null else high
        crossed = low <= null <= high
        term = "limit nearest to no effect"
        row = {"term": term, "coef": nearest, "measure": "E-value", "scale": measure, "estimate": 1.0}
        said = "the limits include no effect"
        rows.append({**row, "note": said} if crossed else _row(term, nearest, measure, options))
    return Result(
        kind="e_value",
        tidy=tidy_frame([{"analysis": "e_value", **row} for row in rows]),
        checks=check_frame([]),
        method={
            "estimator": "E-value: RR + sqrt(RR (RR - 1))",
            "measure": measure,
            "conversion": _conversion(measure, common),
            "interval": "the limit nearest to no effect",
            "conf_level": conf_level,
            "software": software("numpy"),
            "reference": _SOURCE,
        },
        counts={"supplied": 1, "used": 1, "dropped": {}},
        notes=(
            "An unmeasured confounder with risk ratios of this size for exposure and for outcome each, beyond the "
            "measured covariates, could explain the estimate away; a weaker one could not.",
        ),
    )


def _limits(
    estimate: float, low: float | None, high: float | None, measure: str, std_error: float | None, z: float
) -> tuple[float | None, float | None]:
    if std_error is not None:
        if measure != "SMD" or low is not None or high is not None or not std_error > 0:
            raise ValueError("std_error stands for the limits of a SMD, and is above 0")
        # VanderWeele and Ding's limits of exp(0.91 d) are exp(0.91 d -+ 1.78 SE), 1.78 = 0.91 * 1.96.
        return estimate - z * std_error, estimate + z * std_error
    if (low is None) != (high is None):
        raise ValueError("give both limits or none")
    if low is not None and high is not None and not low <= estimate <= high:
        raise ValueError("the limits do not enclose the estimate")
    return low, high


def _row(term: str, value: float, measure: str, options: dict[str, Any]) -> dict[str, Any]:
    ratio = as_risk_ratio(value, measure, **options)
    row = {"term": term, "measure": "E-value", "scale": measure, "coef": value, "estimate": e_value(ratio)}
    return {**row, "note": "" if measure == "RR" else f"as a risk ratio: {ratio:.6g}"}


def _conversion(measure: str, common: bool | None) -> str:
    if measure == "SMD":
        return "RR = exp(0.91 d)"
    if measure == "RD":
        return "RR = (reference risk + RD) / reference risk, the reference risk taken as known"
    if measure == "RR" or not common:
        return "none" if measure == "RR" else f"rare outcome: {measure} read as RR"
    return (
        "common outcome: RR = sqrt(OR)"
        if measure == "OR"
        else "common outcome: RR = (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR))"
    )

"""How many patients the development of a prediction model needs: Riley and others' criteria."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

SHRINKAGE = 0.9
OPTIMISM = 0.05
"""The largest difference allowed between apparent and adjusted Nagelkerke R-squared, and of the overall risk."""
SOURCE = "Riley and others 2019, Stat Med 38:1276; Riley and others 2020, BMJ 368:m441"


@dataclass(frozen=True)
class PredictionSize:
    """Patients by criterion: shrinkage of the coefficients, optimism of R-squared, precision of the overall risk."""

    shrinkage: float
    optimism: float
    overall_risk: float
    max_r2: float

    @property
    def n(self) -> int:
        """The largest of the three, rounded up."""
        return int(np.ceil(max(self.shrinkage, self.optimism, self.overall_risk) - 1e-9))


def binary_prediction_size(parameters: int, r2: float, prevalence: float) -> PredictionSize:
    """For a binary outcome: candidate `parameters`, the anticipated Cox-Snell `r2`, and the outcome's `prevalence`.

    Raises ValueError for values that cannot be (an `r2` above the largest possible one among them).
    """
    if not 0 < prevalence < 1:
        raise ValueError("prevalence must lie between 0 and 1")
    null = prevalence * np.log(prevalence) + (1 - prevalence) * np.log(1 - prevalence)
    precise = (norm.ppf(0.975) / OPTIMISM) ** 2 * prevalence * (1 - prevalence)
    return _criteria(parameters, r2, float(-np.expm1(2 * null)), float(precise))


def survival_prediction_size(
    parameters: int, r2: float, rate: float, mean_follow_up: float, horizon: float
) -> PredictionSize:
    """For a time to an event: the event `rate` and `mean_follow_up` in one unit of time, the `horizon` of prediction.

    The overall risk at the horizon is that of an exponential curve, whose upper limit must lie within 0.05 of it.
    Raises ValueError as above.
    """
    if min(rate, mean_follow_up, horizon) <= 0:
        raise ValueError("rate, mean_follow_up and horizon must be above 0")
    events = rate * mean_follow_up  # per patient, so that the unit of time does not matter
    largest = float(-np.expm1(2 * (events * np.log(events) - events)))
    risk = -np.expm1(-rate * horizon)
    if risk + OPTIMISM >= 1:
        raise ValueError("the overall risk at the horizon is too near 1 for its precision to be planned")
    # The upper limit of the rate that reaches risk + 0.05; its distance is 1.96 sqrt(rate / person-time).
    room = -np.log(1 - risk - OPTIMISM) / horizon - rate
    precise = (norm.ppf(0.975) / room) ** 2 * rate / mean_follow_up
    return _criteria(parameters, r2, largest, float(precise))


def _criteria(parameters: int, r2: float, largest: float, precise: float) -> PredictionSize:
    if parameters < 1 or not 0 < r2 < SHRINKAGE or r2 > largest:
        raise ValueError(f"parameters must be at least 1 and r2 between 0 and {min(largest, SHRINKAGE):.3g} here")
    needed = r2 / (r2 + OPTIMISM * largest)
    return PredictionSize(
        _for_shrinkage(parameters, r2, SHRINKAGE), _for_shrinkage(parameters, r2, needed), precise, largest
    )


def _for_shrinkage(parameters: int, r2: float, shrinkage: float) -> float:
    return float(parameters / ((shrinkage - 1) * np.log1p(-r2 / shrinkage)))

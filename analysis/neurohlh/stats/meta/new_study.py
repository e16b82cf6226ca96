"""How a further study stands to those already pooled: how far it lies from what was to be expected of it."""

from __future__ import annotations

from scipy.stats import norm
from scipy.stats import t as student


def distance_from_pool(
    coef: float, std_error: float, pooled: float, pooled_se: float, tau2: float, *, df: float | None = None
) -> tuple[float, float]:
    """(distance, two-sided p) of a new study from the pool of the others, all on the working scale.

    The distance counts standard errors of its difference from the pooled mean, which hold the error of the study, that
    of the mean, and the variance `tau2` between studies; p is from t with `df` degrees of freedom, or normal without.
    Raises ValueError unless that variance is above 0 (Higgins, Thompson and Spiegelhalter 2009, J R Stat Soc A
    172:137: the predictive distribution; here of the new study's estimate, not of its true effect).
    """
    variance = std_error**2 + pooled_se**2 + tau2
    if not variance > 0:
        raise ValueError("the variance of the difference must be above 0")
    distance = (coef - pooled) / variance**0.5
    tail = norm.sf(abs(distance)) if df is None else student.sf(abs(distance), df)
    return float(distance), float(2 * tail)

"""Limits of a coefficient from the profile likelihood: where it has fallen by half a chi-square quantile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from neurohlh.core.errors import NotEstimable

_FURTHEST = 60
_RELATIVE = 1e-10

Profile = Callable[[float], float]


def profile_limit(profile: Profile, coef: float, std_error: float, top: float, conf_level: float, side: int) -> float:
    """The limit below (`side` -1) or above (1) `coef`; NaN where the profile never falls that far or is lost (NaN).

    `profile` gives the largest log likelihood with the coefficient held at a value, `top` the unrestricted one. It is
    followed outwards in growing steps of the standard error until it is low enough, then solved to 1e-10.
    """
    drop = float(chi2.ppf(conf_level, 1)) / 2

    def gap(distance: float) -> float:
        found = top - profile(coef + side * distance * std_error) - drop
        if np.isnan(found):
            raise NotEstimable("the profile is lost")
        return found

    try:
        inner, outer = 0.0, float(np.sqrt(2 * drop))
        while gap(outer) < 0:
            inner, outer = outer, outer * 1.6
            if outer > _FURTHEST:
                return float("nan")
        distance = brentq(gap, inner, outer, xtol=_RELATIVE, rtol=_RELATIVE)
    except NotEstimable:
        return float("nan")
    return coef + side * float(distance) * std_error

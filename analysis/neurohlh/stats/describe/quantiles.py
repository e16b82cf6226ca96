"""Quantiles by any of the nine definitions, and of values only known to lie beyond a limit of measurement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Floats, Labels

_PLOTTING = {4: (0.0, 1.0), 5: (0.5, 0.5), 6: (0.0, 0.0), 7: (1.0, 1.0), 8: (1 / 3, 1 / 3), 9: (3 / 8, 3 / 8)}
"""The constants (a, b) of the continuous definitions: the place of p among n values is a + p (n + 1 - a - b)."""
_FUZZ = 4 * np.finfo(float).eps
"""A place this close to a whole number is that number, as in R."""


def quantile_of_type(values: Floats, probabilities: Floats, kind: int = 7) -> Floats:
    """The quantiles of known `values` by definition `kind` (1 to 9) of Hyndman and Fan 1996, Am Stat 50:361.

    Equal to R's quantile(type=): 2 is SAS', 6 SPSS', 7 R's own. Raises ValueError for no values, another kind, or
    probabilities outside 0 to 1.
    """
    p, n = np.atleast_1d(np.asarray(probabilities, dtype=float)), len(values)
    if n == 0 or kind not in range(1, 10) or ((p < 0) | (p > 1)).any():
        raise ValueError("a quantile needs values, a kind from 1 to 9 and probabilities from 0 to 1")
    if kind <= 3:
        place = n * p - (0.5 if kind == 3 else 0.0)
        j = np.floor(place + _FUZZ)
        beyond = place > j
        h = {1: beyond * 1.0, 2: (beyond + 1) / 2, 3: ((place != j) | (j % 2 == 1)) * 1.0}[kind]
    else:
        a, b = _PLOTTING[kind]
        place = a + p * (n + 1 - a - b)
        j = np.floor(place + _FUZZ)
        h = np.where(np.abs(place - j) < _FUZZ, 0.0, place - j)
    ordered = np.sort(values)
    lower, upper = (ordered[np.clip(j.astype(np.intp) + shift, 0, n - 1)] for shift in (-1, 0))
    return np.where(h == 0, lower, np.where(h == 1, upper, (1 - h) * lower + h * upper))


@dataclass(frozen=True)
class Quantile:
    """`value` takes limits as if they were values; `note` says where the true quantile may lie elsewhere."""

    value: float
    note: str = ""


def quantile(values: Floats, censored: Labels | None, probability: float) -> Quantile:
    """The quantile by linear interpolation (R's type 7, Hyndman and Fan 1996) of known `values`.

    `censored` holds "left" (true value below), "right" (above) or anything else (exact) per value. The quantile is
    exact if the order statistics it rests on are the same wherever the censored values really lie; otherwise it is
    marked. NaN with a note if there are no values.
    """
    if not len(values):
        return Quantile(float("nan"), "not estimable: no known value")
    number = float(np.quantile(values, probability))
    if censored is None:
        return Quantile(number)
    lowest = np.sort(np.where(censored == "left", -np.inf, values))
    highest = np.sort(np.where(censored == "right", np.inf, values))
    place = (len(values) - 1) * probability
    around = [int(np.floor(place)), int(np.ceil(place))]
    plain = np.sort(values)[around]
    below, above = (lowest[around] < plain).any(), (highest[around] > plain).any()
    if not below and not above:
        return Quantile(number)
    where = "lower or higher" if below and above else ("lower" if below else "higher")
    return Quantile(number, f"limit: rests on values beyond a limit of measurement; the true figure may be {where}")

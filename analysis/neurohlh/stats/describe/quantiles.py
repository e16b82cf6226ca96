"""Quantiles of values some of which are only known to lie beyond a limit of measurement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Floats, Labels


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

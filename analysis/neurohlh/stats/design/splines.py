"""Restricted cubic splines: a curve that is cubic between its knots and straight beyond the outer ones."""

from __future__ import annotations

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats

KNOTS = range(3, 8)
DEFAULT_KNOTS = 5
_PILED = 0.05  # share of one value at an end of the range from which on the knot lies beside it
_SMALL = 100  # values below which the outer knots are the fifth smallest and the fifth largest


def rcs_knots(values: Floats, knots: int = DEFAULT_KNOTS) -> Floats:
    """Harrell's default places of 3 to 7 knots for `values` (known numbers), as Hmisc's rcspline.eval chooses them.

    They are equally spaced quantiles (type 7) from 0.10 to 0.90 for 3 knots, 0.05 to 0.95 for 4 to 6, and 0.025 to
    0.975 for 7. With fewer than 100 values the outer ones are the fifth smallest and largest. Where at least 5% of the
    values are equal to the smallest (largest) and no other value is as frequent, the outer knot is the next value, and
    the others divide what lies beyond it. Quantiles that coincide are one knot. Source: Harrell 2015, Regression
    Modeling Strategies, 2nd ed., chapter 2.

    Raises ValueError for another number of knots; NotEstimable if the values are too few or too often equal.
    """
    if knots not in KNOTS:
        raise ValueError(f"a restricted cubic spline has 3 to 7 knots, not {knots}")
    distinct, counts = np.unique(values, return_counts=True)
    if len(values) < 6 or len(distinct) - 2 <= knots:
        raise NotEstimable(
            f"{knots} knots need at least {knots + 3} distinct values; these {len(values)} patients have "
            f"{len(distinct)} (use fewer knots, or no spline)"
        )
    low, high = _beside_piles(distinct, counts / len(values))
    inner = values[(values > (low if low is not None else -np.inf)) & (values < (high if high is not None else np.inf))]
    places = _quantile_places(inner, knots, low is not None, high is not None)
    ends = [place for place in (low, high) if place is not None]
    found = np.unique(np.concatenate([places, ends]))
    if len(found) < 3:
        raise NotEstimable(
            f"too many patients share a value: only {len(found)} of {knots} knots are distinct (give the knots, or use "
            "no spline)"
        )
    return found


def _beside_piles(distinct: Floats, share: Floats) -> tuple[float | None, float | None]:
    if share[1:-1].max() >= _PILED:
        return None, None
    low = float(distinct[1]) if share[0] >= _PILED else None
    return low, float(distinct[-2]) if share[-1] >= _PILED else None


def _quantile_places(inner: Floats, knots: int, low: bool, high: bool) -> Floats:
    """The knots that are quantiles: all, or those beside the outer ones that are already chosen."""
    count = knots - low - high
    outer = 0.1 if knots == 3 else 0.05 if knots < 7 else 0.025
    if len(inner) < max(count, 5):
        raise NotEstimable("too few values between the ends of the range for the knots of a spline")
    if count == 1:
        return np.array([np.median(inner)])
    places = np.asarray(np.quantile(inner, np.linspace(0.5 if count == 2 else outer, 1 - outer, count)))
    if len(np.unique(places)) < min(count, 3):
        raise NotEstimable("too many patients share a value: the quantiles for the knots coincide (give the knots)")
    if len(inner) < _SMALL:
        ordered = np.sort(inner)
        places[0] = places[0] if low else ordered[4]
        places[-1] = places[-1] if high else ordered[-5]
    return places


def rcs_basis(values: Floats, knots: Floats) -> Floats:
    """(n, len(knots) - 1) columns of the spline: the value itself, then one nonlinear column per knot but two.

    Nonlinear columns are divided by the squared distance of the outer knots (Hmisc's norm = 2), which keeps them on
    the scale of `values`. Source: Devlin and Weeks 1986, Proc 11th SAS Users Group Conf 646; Harrell 2015, chapter 2.
    """
    k = np.asarray(knots, dtype=float)
    last, before = k[-1], k[-2]
    cubes = np.maximum(values[:, None] - k, 0.0) ** 3
    inner = k[:-2]
    bent = (
        cubes[:, :-2]
        - cubes[:, [-2]] * (last - inner) / (last - before)
        + cubes[:, [-1]] * (before - inner) / (last - before)
    )
    return np.column_stack([values, bent / (last - k[0]) ** 2])


def checked_knots(knots: Floats, values: Floats, name: str) -> Floats:
    """Declared knots in order; raises ValueError unless there are at least 3 distinct ones inside the values' range."""
    places = np.unique(np.asarray(knots, dtype=float))
    if len(places) < 3 or len(places) < len(knots):
        raise ValueError(f"{name}: a restricted cubic spline needs at least 3 knots, each named once")
    # Beyond the outer knots there is no curve to be seen.
    if len(values) and not (values.min() < places[1] and values.max() > places[0]):
        raise ValueError(f"{name}: the knots lie outside the values ({values.min():g} to {values.max():g})")
    return places

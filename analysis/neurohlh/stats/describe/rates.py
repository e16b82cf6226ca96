"""Events per person-time by group as a Result: exact limits of each rate, the rate ratio and the rate difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import beta, binom, chi2, norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import MISSING_GROUP, column, groups, numbers, reference_level
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.survival_data import first_reasons

_NAN = float("nan")


def poisson_limits(events: int, conf_level: float = 0.95) -> tuple[float, float]:
    """Exact limits of the mean of a Poisson count (Garwood 1936, Biometrika 28:437), as R's poisson.test."""
    z_value(conf_level)
    if events < 0:
        raise ValueError("a count cannot be negative")
    tail = (1 - conf_level) / 2
    low = float(chi2.ppf(tail, 2 * events)) / 2 if events else 0.0
    return low, float(chi2.isf(tail, 2 * events + 2)) / 2


def exact_rate_ratio(
    a: int, time_a: float, b: int, time_b: float, *, conf_level: float = 0.95, mid_p: bool = False
) -> tuple[float, float, float]:
    """(low, high, p) of the ratio of two rates, conditional on all events; NaN for the limit that is infinite.

    Limits are Clopper and Pearson's of the first group's share of the events, p sums the splits no more likely than
    the one seen, as R's poisson.test; with `mid_p` both count half the split seen (p: twice the smaller tail).
    Raises NotEstimable without events.
    """
    n, share = a + b, time_a / (time_a + time_b)
    if n == 0:
        raise NotEstimable("no events in either group")
    tail, odds = (1 - conf_level) / 2, time_b / time_a
    if not mid_p:
        low = 0.0 if a == 0 else float(beta.ppf(tail, a, b + 1))
        high = 1.0 if b == 0 else float(beta.isf(tail, a + 1, b))
        probability = binom.pmf(np.arange(n + 1), n, share)
        p = float(min(1.0, probability[probability <= probability[a] * (1 + 1e-7)].sum()))
    else:
        low = 0.0 if a == 0 else _mid_p_share(a, n, 1 - tail)
        high = 1.0 if b == 0 else _mid_p_share(a, n, tail)
        below = float(binom.cdf(a, n, share) - binom.pmf(a, n, share) / 2)
        p = min(1.0, 2 * min(below, 1 - below))
    return low / (1 - low) * odds, _NAN if b == 0 else high / (1 - high) * odds, p


def _mid_p_share(a: int, n: int, level: float) -> float:
    def gap(log_odds: float) -> float:
        share = float(expit(log_odds))
        return float(binom.cdf(a, n, share) - binom.pmf(a, n, share) / 2) - level

    return float(expit(brentq(gap, -40, 40, xtol=1e-14, rtol=8.9e-16)))


def rates(
    frame: pd.DataFrame,
    events: str,
    person_time: str,
    *,
    by: str | None = None,
    per: float = 1.0,
    reference: str | None = None,
    mid_p: bool = False,
    conf_level: float = 0.95,
) -> Result:
    """Rates of `events` (counts, or true/false) per `per` units of `person_time`, by group, and their comparison.

    Limits of rates are exact (Garwood), the rate ratio's exact conditional (or `mid_p`), the rate difference's Wald's.
    Rows without events, person-time or group, or with person-time 0, are dropped and counted.

    Raises ValueError for negative or broken counts, negative person-time or an unknown reference; NotEstimable if no
    row is left.
    """
    z = z_value(conf_level)
    if per <= 0:
        raise ValueError("per must be above 0")
    count, time = numbers(column(frame, events)), numbers(column(frame, person_time))
    known = count[~np.isnan(count)]
    if ((known < 0) | (known != np.round(known))).any():
        raise ValueError(f"column {events!r} must hold counts (0, 1, 2 ...)")
    if (time < 0).any():
        raise ValueError(f"column {person_time!r} holds negative person-time")
    group, names = groups(frame, by)
    reasons = {f"missing {events}": np.isnan(count), f"missing {person_time}": np.isnan(time),
               f"{person_time} of 0": time == 0,
                   f"missing {by}": (group == MISSING_GROUP) & (by is not None)}  # fmt: skip
    kept, dropped = first_reasons(reasons, len(frame))
    if not kept.any():
        raise NotEstimable("no row has events and person-time")
    names = [name for name in names if (group[kept] == name).any()]
    tally = {n: (int(count[kept & (group == n)].sum()), float(time[kept & (group == n)].sum())) for n in names}
    sizes = {name: int((group[kept] == name).sum()) for name in names}
    rows = [{"n": sizes[name], **_rate(name, *tally[name], per, conf_level)} for name in names]
    if len(names) > 1:
        base = reference_level(names, sizes, reference, str(by))
        for name in names:
            if name != base:
                rows += _compared(f"{name} vs {base}", tally[name], tally[base], per, z, conf_level, mid_p)
    return Result(
        kind="rates",
        tidy=tidy_frame([{"analysis": "rates", "outcome": events, "variable": by or "", **row} for row in rows]),
        method={
            "estimator": f"events over {person_time}, per {per:g}",
            "test": f"exact conditional{', mid-p' if mid_p else ''}, two-sided",
            "interval": "rate: exact (Garwood); ratio: exact conditional; difference: Wald",
            "correction": "mid-p" if mid_p else "none",
            "conf_level": conf_level,
            "denominator": "person-time of rows with events and person-time known",
            "software": software("numpy", "scipy"),
            "reference": ["Garwood 1936, Biometrika 28:437", "Clopper & Pearson 1934, Biometrika 26:404"],
        },
        counts={"supplied": len(frame), "used": int(kept.sum()), "events": int(count[kept].sum()), "dropped": dropped},
    )


def _rate(name: str, events: int, time: float, per: float, conf_level: float) -> dict[str, Any]:
    low, high = poisson_limits(events, conf_level)
    row = {"term": "rate", "group": name, "events": events, "time": time, "measure": "rate", "scale": "identity"}
    limits = {"conf_low": low / time * per, "conf_high": high / time * per}
    return {**row, "estimate": events / time * per, **limits, "method": "exact (Garwood)"}


def _compared(
    contrast: str, one: tuple[int, float], two: tuple[int, float], per: float, z: float, conf_level: float, mid_p: bool
) -> list[dict[str, Any]]:
    (a, s), (b, t) = one, two
    name = "exact conditional, mid-p" if mid_p else "exact conditional"
    ratio: dict[str, Any] = {"term": "rate ratio", "contrast": contrast, "measure": "rate ratio", "scale": "log",
                             "events": a + b, "method": name}  # fmt: skip
    gap = {"term": "rate difference", "contrast": contrast, "measure": "rate difference", "scale": "identity",
           "events": a + b, "method": "Wald", "estimate": (a / s - b / t) * per}  # fmt: skip
    if a + b == 0:
        why = "not estimable: no events in either group"
        return [{**ratio, "note": why}, {**gap, "note": "limits not estimable: no events in either group"}]
    low, high, p = exact_rate_ratio(a, s, b, t, conf_level=conf_level, mid_p=mid_p)
    ratio |= {"p_value": p}
    if a and b:
        ratio |= {
            "estimate": a / s / (b / t),
            "coef": float(np.log(a / s / (b / t))),
            "conf_low": low,
            "conf_high": high,
        }
    elif a:
        ratio |= {"conf_low": low, "note": "not estimable: no events in the reference group; only a lower limit exists"}
    else:
        ratio |= {"conf_high": high, "note": "not estimable: no events in the group; only an upper limit exists"}
    se = float(np.sqrt(a / s**2 + b / t**2)) * per
    estimate = (a / s - b / t) * per
    gap |= {"coef": estimate, "std_error": se, "conf_low": estimate - z * se, "conf_high": estimate + z * se,
            "statistic": estimate / se, "p_value": float(2 * norm.sf(abs(estimate / se)))}  # fmt: skip
    return [ratio, gap]

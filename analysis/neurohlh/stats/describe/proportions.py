"""Proportions with their limits: how frequent a finding is under what is unknown, and who was tested at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from neurohlh.core.errors import NotEstimable, did_you_mean
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import MISSING_GROUP, OVERALL, Floats, Labels, labels, truth
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.status import INDETERMINATE, MET, NOT_APPLICABLE, NOT_MET, STATUS_WORDS

UNKNOWN_OUTCOME = "unknown"

_WILSON = "Wilson 1927, J Am Stat Assoc 22:209"
_NEWCOMBE = "Newcombe 1998, Stat Med 17:873 (method 10)"


def wilson(events: int, n: int, conf_level: float = 0.95) -> tuple[float, float]:
    """Wilson's score limits of a proportion; (NaN, NaN) for n = 0. Raises ValueError unless 0 <= events <= n."""
    return _limits(events, n, conf_level, "wilson")


def clopper_pearson(events: int, n: int, conf_level: float = 0.95) -> tuple[float, float]:
    """The exact binomial limits (Clopper and Pearson 1934, Biometrika 26:404), as R's binom.test gives them."""
    return _limits(events, n, conf_level, "beta")


def wald_limits(events: int, n: int, conf_level: float = 0.95) -> tuple[float, float]:
    """Wald's limits p -/+ z sqrt(p (1 - p) / n), not cut at 0 and 1, only to recompute what others published.

    They cover too seldom near 0 and 1 and in small samples, and have no width for none or all (Brown, Cai and DasGupta
    2001, Stat Sci 16:101): report Wilson's or the exact ones.
    """
    return _limits(events, n, conf_level, "normal")


def agresti_coull(events: int, n: int, conf_level: float = 0.95) -> tuple[float, float]:
    """Agresti and Coull's limits (1998, Am Stat 52:119), not cut at 0 and 1: Wald's with z^2/2 added to both counts."""
    return _limits(events, n, conf_level, "agresti_coull")


def _limits(events: int, n: int, conf_level: float, method: str) -> tuple[float, float]:
    z = z_value(conf_level)
    if not 0 <= events <= n:
        raise ValueError(f"{events} of {n} is not a proportion")
    if n == 0:
        return float("nan"), float("nan")
    if method in ("normal", "agresti_coull"):
        added = 0.0 if method == "normal" else z**2
        size, p = n + added, (events + added / 2) / (n + added)
        half = z * float(np.sqrt(p * (1 - p) / size))
        return p - half, p + half
    low, high = proportion_confint(events, n, alpha=1 - conf_level, method=method)
    # None and all have a limit of exactly 0 and 1, which rounding would miss by a hair and print as "<0.1 %".
    return (float(low) if events else 0.0), (float(high) if events < n else 1.0)


def newcombe(a: int, n: int, b: int, m: int, conf_level: float = 0.95) -> tuple[float, float]:
    """Limits of the difference a/n - b/m from the two Wilson intervals (Newcombe 1998, method 10)."""
    if n == 0 or m == 0:
        return float("nan"), float("nan")
    (l1, u1), (l2, u2) = wilson(a, n, conf_level), wilson(b, m, conf_level)
    p, q = a / n, b / m
    return p - q - float(np.hypot(p - l1, u2 - q)), p - q + float(np.hypot(u1 - p, q - l2))


def _proportion(events: int, n: int, conf_level: float) -> dict[str, Any]:
    row: dict[str, Any] = {"measure": "proportion", "scale": "identity", "n": n, "events": events, "method": "Wilson"}
    if n == 0:
        return {**row, "note": "not estimable: nobody in the denominator"}
    low, high = wilson(events, n, conf_level)
    return {**row, "estimate": events / n, "conf_low": low, "conf_high": high}


def frequency(
    status: pd.Series[Any],
    *,
    variable: str = "",
    by: pd.Series[Any] | None = None,
    conf_level: float = 0.95,
) -> Result:
    """How frequent "met" is, under every reading of what is unknown.

    `status` holds met, not_met, indeterminate, not_applicable (left out, counted) or nothing (unknown). Rows: "as
    tested" (known only), "unknown as negative", "worst case: unknown as positive", "best case: unknown as negative"
    (the same numbers as the second, named for what it is) and "unknown". Limits are Wilson's. With `by` (same rows)
    also per group. Raises ValueError for other words or lengths that differ, NotEstimable without any applicable row.
    """
    found = _status_words(status)
    applicable = found != NOT_APPLICABLE
    if not applicable.any():
        raise NotEstimable("there is no patient to whom this applies")
    rows = [{"group": OVERALL, **row} for row in _frequency_rows(found[applicable], conf_level)]
    if by is not None:
        if len(by) != len(status):
            raise ValueError("by must have one entry per entry of status")
        group, names = labels(by)
        for name in [*names, *([MISSING_GROUP] if by.isna().any() else [])]:
            inside = (group == name) if name in names else by.isna().to_numpy()
            rows += [{"group": name, **row} for row in _frequency_rows(found[applicable & inside], conf_level)]
    tally = {word: int((found == word).sum()) for word in (MET, NOT_MET, INDETERMINATE, MISSING_GROUP)}
    left_out = int((~applicable).sum())
    return Result(
        kind="frequency",
        tidy=tidy_frame([{"analysis": "frequency", "variable": variable, **row} for row in rows]),
        method={
            "estimator": "proportion",
            "interval": "Wilson",
            "conf_level": conf_level,
            "denominator": "as tested: status known; all other rows: everybody to whom it applies",
            "software": software("statsmodels"),
            "reference": _WILSON,
        },
        counts={
            "supplied": len(status),
            "used": int(applicable.sum()),
            "dropped": {NOT_APPLICABLE: left_out} if left_out else {},
            **tally,
        },
    )


def _status_words(status: pd.Series[Any]) -> Labels:
    found = labels(status)[0]
    found[[value is None for value in found]] = MISSING_GROUP
    for word in sorted(set(found) - {*STATUS_WORDS, MISSING_GROUP}):
        raise ValueError(f"{word!r} is no status. {did_you_mean(str(word), STATUS_WORDS)}")
    return found


def _frequency_rows(found: Labels, conf_level: float) -> list[dict[str, Any]]:
    met, everybody = int((found == MET).sum()), len(found)
    known = met + int((found == NOT_MET).sum())
    unknown = everybody - known
    readings = {
        "as tested": (met, known),
        "unknown as negative": (met, everybody),
        "worst case: unknown as positive": (met + unknown, everybody),
        "best case: unknown as negative": (met, everybody),
    }
    rows = [{"term": term, **_proportion(*numbers, conf_level)} for term, numbers in readings.items()]
    row: dict[str, Any] = {"term": "unknown", "measure": "proportion", "n": everybody, "events": unknown}
    return [*rows, {**row, "estimate": unknown / everybody} if everybody else row]


def testing_rates(
    tested: pd.DataFrame | pd.Series[Any],
    outcome: pd.Series[Any],
    *,
    conf_level: float = 0.95,  # noqa: PT028 - no test function: testing is what was done to the patient
) -> Result:
    """The proportion tested in every domain (column of `tested`, true/false) overall and by `outcome`.

    Patients whose outcome is unknown form the group "unknown". If the outcome has two levels, also the difference
    between them (second minus first: "true vs false") with Newcombe's limits. A patient for whom it is unknown whether
    a test was done is in no denominator and is counted. Raises ValueError for lengths that differ or other values.
    """
    domains = tested.to_frame(tested.name or "tested") if isinstance(tested, pd.Series) else tested
    if len(domains) != len(outcome):
        raise ValueError("tested and outcome must have the same rows")
    group, names = labels(outcome)
    group[[value is None for value in group]] = UNKNOWN_OUTCOME
    shown = [*names, *([UNKNOWN_OUTCOME] if (group == UNKNOWN_OUTCOME).any() else [])]
    rows, unknown = [], {}
    for name in domains.columns:
        done = truth(domains[name])
        unknown[str(name)] = int(np.isnan(done).sum())
        found = [{"variable": str(name), **row} for row in _domain_rows(done, group, shown, names, conf_level)]
        rows += found
    return Result(
        kind="testing",
        tidy=tidy_frame([{"analysis": "testing", "outcome": str(outcome.name or ""), **row} for row in rows]),
        method={
            "estimator": "proportion tested",
            "interval": "Wilson; difference: Newcombe",
            "conf_level": conf_level,
            "denominator": "patients for whom it is known whether the test was done",
            "software": software("statsmodels"),
            "reference": [_WILSON, _NEWCOMBE],
        },
        counts={"supplied": len(outcome), "used": len(outcome), "dropped": {}, "unknown_if_tested": unknown},
    )


def _domain_rows(
    done: Floats, group: Labels, shown: Sequence[str], names: Sequence[str], conf_level: float
) -> list[dict[str, Any]]:
    known = ~np.isnan(done)
    tally = {OVERALL: (int((done == 1).sum()), int(known.sum()))}
    for name in shown:
        inside = group == name
        tally[name] = int((done[inside] == 1).sum()), int((known & inside).sum())
    rows = [{"term": "tested", "group": g, **_proportion(*counts, conf_level)} for g, counts in tally.items()]
    if len(names) != 2:
        return rows
    (b, m), (a, n) = tally[names[0]], tally[names[1]]
    low, high = newcombe(a, n, b, m, conf_level)
    row: dict[str, Any] = {
        "term": "difference",
        "measure": "RD",
        "scale": "identity",
        "contrast": f"{names[1]} vs {names[0]}",
    }
    row |= {"n": n + m, "events": a + b, "method": "Newcombe"}
    if n == 0 or m == 0:
        return [*rows, {**row, "note": "not estimable: a group has nobody in the denominator"}]
    return [*rows, {**row, "estimate": a / n - b / m, "conf_low": low, "conf_high": high}]

"""Two groups and one yes/no outcome: risks, their difference and ratio, the odds ratio, and the tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Bools, labels, truth
from neurohlh.stats.describe.fisher import FisherTable, fisher
from neurohlh.stats.describe.proportions import clopper_pearson, newcombe
from neurohlh.stats.describe.two_by_two_data import two_groups
from neurohlh.stats.recipe import software, z_value

_SMALL_EXPECTED = 5.0
"""Expected count below which the chi-square approximation is doubted (Cochran 1954, Biometrics 10:417)."""


def two_by_two(
    exposure: pd.Series[Any],
    outcome: pd.Series[Any],
    *,
    reference: str | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Risk of `outcome` (true/false or 1/0) in the two levels of `exposure`, and their comparison.

    The reference is the level named, else "not_met" or "false", else the more frequent one. Rows: the two risks with
    Clopper-Pearson limits; the risk difference with Newcombe's; the risk ratio with log-Wald limits (none with a zero
    cell); the odds ratio as Fisher's conditional estimate with exact limits and two-sided exact p. What is 0 or
    infinite is empty with a note. Patients without exposure or outcome are dropped and counted.

    Raises ValueError for wrong codes, lengths that differ or more than two levels; NotEstimable for fewer than two.
    """
    z = z_value(conf_level)
    found = two_groups(exposure, outcome, reference=reference)
    (a, b, c, d), (other, base) = found.cells(), found.names
    n, m = a + b, c + d
    exact = fisher(a, n - a, c, m - c, conf_level=conf_level)
    shared = {"analysis": "two_by_two", "outcome": str(outcome.name or ""), "variable": str(exposure.name or "")}
    rows = [
        _risk(other, a, n, conf_level),
        {**_risk(base, c, m, conf_level), "is_reference": True},
        *(
            {"contrast": f"{other} vs {base}", "n": n + m, "events": a + c, **row}
            for row in (_difference(a, n, c, m, conf_level), _ratio(a, n, c, m, z), _odds(exact))
        ),
    ]
    return Result(
        kind="two_by_two",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        checks=check_frame(_tests(a, n, c, m, exact)),
        method=_method(conf_level, base),
        counts={
            "supplied": len(exposure),
            "used": n + m,
            "events": a + c,
            "dropped": found.dropped,
            "cells": {"a": a, "b": n - a, "c": c, "d": m - c},
        },
    )


def risks_only(exposure: pd.Series[Any], outcome: pd.Series[Any], *, reason: str, conf_level: float = 0.95) -> Result:
    """The risk of `outcome` in each level of `exposure` that has anybody, where the levels can't be compared.

    The layout is that of `two_by_two`; differences and ratios are empty, with `reason` as their note.
    Raises ValueError for wrong codes or lengths that differ.
    """
    if len(exposure) != len(outcome):
        raise ValueError("exposure and outcome must have the same rows")
    happened = truth(outcome)
    group, names = labels(exposure)
    known = ~np.isnan(happened) & np.array([label is not None for label in group], dtype=bool)
    tallies = {name: _tally(known & (group == name), happened == 1) for name in names}
    effects = (("risk difference", "RD", "identity"), ("risk ratio", "RR", "log"), ("odds ratio", "OR", "log"))
    shared = {"analysis": "two_by_two", "outcome": str(outcome.name or ""), "variable": str(exposure.name or "")}
    rows: list[dict[str, Any]] = [_risk(name, a, n, conf_level) for name, (a, n) in tallies.items() if n]
    note = f"not estimable: {reason}"
    rows += [{"term": term, "measure": measure, "scale": scale, "note": note} for term, measure, scale in effects]
    used = int(known.sum())
    return Result(
        kind="two_by_two",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method=_method(conf_level, ""),
        counts={
            "supplied": len(group),
            "used": used,
            "events": int((known & (happened == 1)).sum()),
            "dropped": {"missing exposure or outcome": len(group) - used},
        },
        notes=(f"No comparison of the two groups: {reason}.",),
    )


def _tally(inside: Bools, happened: Bools) -> tuple[int, int]:
    return int((inside & happened).sum()), int(inside.sum())


def _risk(name: str, events: int, n: int, conf_level: float) -> dict[str, Any]:
    low, high = clopper_pearson(events, n, conf_level)
    row = {"term": "risk", "group": name, "n": n, "events": events, "measure": "risk", "scale": "identity"}
    return {**row, "estimate": events / n, "conf_low": low, "conf_high": high, "method": "Clopper-Pearson"}


def _difference(a: int, n: int, c: int, m: int, conf_level: float) -> dict[str, Any]:
    low, high = newcombe(a, n, c, m, conf_level)
    row = {"term": "risk difference", "measure": "RD", "scale": "identity", "method": "Newcombe"}
    return {**row, "estimate": a / n - c / m, "conf_low": low, "conf_high": high}


def _ratio(a: int, n: int, c: int, m: int, z: float) -> dict[str, Any]:
    row: dict[str, Any] = {"term": "risk ratio", "measure": "RR", "scale": "log", "method": "log-Wald"}
    if a == 0 or c == 0:
        where = "either group" if a == c else ("the exposed group" if a == 0 else "the reference group")
        return {**row, "note": f"not estimable: no events in {where}"}
    coef, se = float(np.log(a / n) - np.log(c / m)), float(np.sqrt(1 / a - 1 / n + 1 / c - 1 / m))
    row |= {"estimate": np.exp(coef), "coef": coef}
    if se == 0:
        return {**row, "note": "limits not estimable: everybody has the outcome"}
    row |= {"conf_low": np.exp(coef - z * se), "conf_high": np.exp(coef + z * se), "std_error": se}
    return {**row, "statistic": coef / se, "p_value": 2 * norm.sf(abs(coef / se))}


def _odds(exact: FisherTable) -> dict[str, Any]:
    row = {"term": "odds ratio", "measure": "OR", "scale": "log", "method": "Fisher exact, conditional estimate"}
    notes = []
    if exact.low_is_zero and exact.high_is_infinite:
        notes.append("not estimable: an empty margin")
    elif exact.low_is_zero:
        notes.append("not estimable: an empty cell; the estimate is 0 and has only an upper limit")
    elif exact.high_is_infinite:
        notes.append("not estimable: an empty cell; the estimate is infinite and has only a lower limit")
    limits = {"estimate": exact.estimate, "conf_low": exact.conf_low, "conf_high": exact.conf_high}
    return {**row, **limits, "p_value": exact.p_value, "note": "; ".join(notes)}


def _tests(a: int, n: int, c: int, m: int, exact: FisherTable) -> list[dict[str, Any]]:
    events, total = a + c, n + m
    rows: list[dict[str, Any]] = [
        {
            "check": "Fisher exact test",
            "term": "GLOBAL",
            "p_value": exact.p_value,
            "verdict": "ok",
            "note": "two-sided",
        },
        {"check": "Fisher exact test, mid-p", "term": "GLOBAL", "p_value": exact.mid_p, "verdict": "ok", "note": ""},
    ]
    row: dict[str, Any] = {"check": "chi-square test without correction", "term": "GLOBAL"}
    if events in (0, total):
        return [*rows, {**row, "verdict": "not estimable", "note": "not estimable: an empty margin"}]
    smallest = min(n, m) * min(events, total - events) / total
    statistic = (a * (m - c) - c * (n - a)) ** 2 * total / (n * m * events * (total - events))
    row |= {"statistic": statistic, "df": 1, "p_value": float(chi2.sf(statistic, 1)), "value": smallest}
    few = smallest < _SMALL_EXPECTED
    return [*rows, {**row, "verdict": "attention" if few else "ok", "note": "value: smallest expected count"}]


def _method(conf_level: float, base: str) -> dict[str, Any]:
    return {
        "estimator": "risks, risk difference, risk ratio, conditional odds ratio",
        "test": "Fisher exact, two-sided (tables no more likely than the one seen)",
        "interval": "risk: Clopper-Pearson; RD: Newcombe; RR: log-Wald; OR: exact",
        "correction": "none",
        "conf_level": conf_level,
        "reference_level": base,
        "denominator": "patients with exposure and outcome known",
        "software": software("numpy", "scipy", "statsmodels"),
        "reference": [
            "Fisher 1935, J R Stat Soc 98:39",
            "Clopper & Pearson 1934, Biometrika 26:404",
            "Newcombe 1998, Stat Med 17:873",
        ],
    }

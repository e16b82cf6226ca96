"""Two yes/no outcomes of the same patients: the pairs that changed one way against those that changed the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom, chi2

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import column, truth
from neurohlh.stats.describe.proportions import clopper_pearson
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.survival_data import first_reasons


def mcnemar(frame: pd.DataFrame, first: str, second: str, *, conf_level: float = 0.95) -> Result:
    """Whether `first` and `second` (true/false or 1/0, one row per pair) are true equally often.

    The paired odds ratio is the number of pairs with only `first` true over that with only `second` true, with exact
    limits and p; further rows are the chi-square tests and the mid-p. Pairs with an unknown value are dropped and
    counted. Raises ValueError for wrong columns or codes; NotEstimable if no pair differs. Source: McNemar 1947,
    Psychometrika 12:153.
    """
    one, two = truth(column(frame, first)), truth(column(frame, second))
    missing = {f"missing {first}": np.isnan(one), f"missing {second}": np.isnan(two)}
    kept, dropped = first_reasons(missing, len(frame))
    b, c = (int((kept & (x == 1) & (y == 0)).sum()) for x, y in ((one, two), (two, one)))
    shared = {"analysis": "mcnemar", "outcome": first, "variable": second, "contrast": f"{first} vs {second}"}
    return Result(
        kind="mcnemar",
        tidy=tidy_frame([{**shared, **row} for row in paired_rows(b, c, conf_level)]),
        method={
            "test": "exact binomial of the pairs that differ",
            "interval": "Clopper-Pearson, as odds",
            "correction": "named per row",
            "conf_level": conf_level,
            "denominator": "pairs with both values known; ratio and tests: those that differ",
            "software": software("scipy"),
            "reference": "McNemar 1947, Psychometrika 12:153",
        },
        counts={
            "supplied": len(frame),
            "used": int(kept.sum()),
            "dropped": dropped,
            "cells": {"both": int((kept & (one == 1) & (two == 1)).sum()), f"only {first}": b, f"only {second}": c,
                      "neither": int((kept & (one == 0) & (two == 0)).sum())},
        },
    )  # fmt: skip


def paired_rows(b: int, c: int, conf_level: float = 0.95) -> list[dict[str, Any]]:
    """The tidy rows of `b` pairs that differ one way and `c` the other; raises as `mcnemar`."""
    z_value(conf_level)
    if min(b, c) < 0:
        raise ValueError("the counts of a table cannot be negative")
    n = b + c
    if n == 0:
        raise NotEstimable("no pair differs")
    low, high = clopper_pearson(b, n, conf_level)
    exact = min(1.0, 2 * float(binom.cdf(min(b, c), n, 0.5)))
    mid = min(1.0, exact - float(binom.pmf(b, n, 0.5)))
    plain, corrected = (b - c) ** 2 / n, max(0, abs(b - c) - 1) ** 2 / n
    ratio: dict[str, Any] = {"term": "paired odds ratio", "measure": "OR", "scale": "log", "n": n, "p_value": exact,
                             "method": "exact conditional"}  # fmt: skip
    ratio |= {"estimate": b / c} if b and c else {"note": "not estimable: all pairs that differ do so in the same way"}
    ratio |= {"conf_low": low / (1 - low)} if b else {}
    ratio |= {"conf_high": high / (1 - high)} if c else {}
    tests = [
        {"term": "McNemar test", "statistic": s, "df": 1, "p_value": float(chi2.sf(s, 1)), "n": n, "method": name}
        for s, name in ((plain, "without correction"), (corrected, "continuity correction"))
    ]
    return [ratio, *tests, {"term": "McNemar test", "p_value": mid, "n": n, "method": "exact, mid-p"}]

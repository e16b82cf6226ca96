"""Every usual estimate and test of a two-by-two table, by name, so that the method is chosen and not guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import column
from neurohlh.stats.describe.fisher import fisher
from neurohlh.stats.describe.proportions import newcombe
from neurohlh.stats.describe.two_by_two_data import two_groups
from neurohlh.stats.describe.two_by_two_limits import odds_ratio_wald, risk_ratio_wald, score_difference, score_ratio
from neurohlh.stats.recipe import software, z_value


def two_by_two_methods(
    frame: pd.DataFrame, exposure: str, outcome: str, *, reference: str | None = None, conf_level: float = 0.95
) -> Result:
    """Risk of `outcome` (true/false or 1/0) in the two levels of `exposure`, compared by every usual method.

    One row per method, named: odds ratio (Fisher, Woolf, Haldane and Gart), risk ratio (log-Wald, Koopman), risk
    difference (Newcombe, Miettinen and Nurminen), tests (Fisher, mid-p, Barnard, Boschloo). What a zero cell leaves
    undefined is empty with the reason. Patients without exposure or outcome are dropped and counted. Reference level
    and errors are those of `two_by_two`.
    """
    found = two_groups(column(frame, exposure), column(frame, outcome), reference=reference)
    a, b, c, d = found.cells()
    shared = {"analysis": "two_by_two_methods", "outcome": outcome, "variable": exposure, "n": a + b + c + d,
              "events": a + c, "contrast": f"{found.names[0]} vs {found.names[1]}"}  # fmt: skip
    return Result(
        kind="two_by_two_methods",
        tidy=tidy_frame([{**shared, **row} for row in table_methods(a, b, c, d, conf_level)]),
        method={
            "test": "named per row",
            "interval": "named per row",
            "correction": "none unless the row says so",
            "conf_level": conf_level,
            "reference_level": found.names[1],
            "denominator": "patients with exposure and outcome known",
            "software": software("numpy", "scipy"),
            "reference": [
                "Koopman 1984, Biometrics 40:513",
                "Miettinen & Nurminen 1985, Stat Med 4:213",
                "Newcombe 1998, Stat Med 17:873",
                "Boschloo 1970, Stat Neerl 24:1",
            ],
        },
        counts={
            "supplied": len(frame),
            "used": a + b + c + d,
            "events": a + c,
            "dropped": found.dropped,
            "cells": {"a": a, "b": b, "c": c, "d": d},
        },
    )


def table_methods(a: int, b: int, c: int, d: int, conf_level: float = 0.95) -> list[dict[str, Any]]:
    """The tidy rows of the table [[a, b], [c, d]] (rows exposed and not, columns outcome yes and no).

    Raises ValueError for negative counts, NotEstimable for an empty group.
    """
    from scipy.stats import barnard_exact, boschloo_exact

    z_value(conf_level)
    if min(a, b, c, d) < 0:
        raise ValueError("the counts of a table cannot be negative")
    n, m = a + b, c + d
    if n == 0 or m == 0:
        raise NotEstimable("one of the groups has nobody")
    rows: list[dict[str, Any]] = []

    def add(measure: str, method: str, three: Callable[[], tuple[float, float, float]], log: bool = True) -> None:
        row = {"term": measure, "measure": measure, "scale": "log" if log else "identity", "method": method}
        try:
            numbers = np.array(three(), dtype=float)
        except NotEstimable as error:
            rows.append({**row, "note": f"not estimable: {error}"})
            return
        numbers[~np.isfinite(numbers) | (log & (numbers <= 0))] = np.nan
        note = "a zero cell: only the limit shown exists" if np.isnan(numbers).any() else ""
        rows.append({**row, "estimate": numbers[0], "conf_low": numbers[1], "conf_high": numbers[2], "note": note})

    exact = fisher(a, b, c, d, conf_level=conf_level)
    risk = (a / n, c / m)
    ratio = risk[0] / risk[1] if a and c else float("nan")
    add("OR", "Fisher conditional, exact", lambda: (exact.estimate, exact.conf_low, exact.conf_high))
    add("OR", "Woolf", lambda: odds_ratio_wald(a, b, c, d, conf_level))
    add("OR", "Haldane-Gart, 0.5 added to every cell", lambda: odds_ratio_wald(a, b, c, d, conf_level, add=0.5))
    add("RR", "log-Wald", lambda: risk_ratio_wald(a, n, c, m, conf_level))
    add("RR", "Koopman score", lambda: (ratio, *score_ratio(a, n, c, m, conf_level)))
    add("RD", "Newcombe", lambda: (risk[0] - risk[1], *newcombe(a, n, c, m, conf_level)), log=False)
    add(
        "RD",
        "Miettinen-Nurminen score",
        lambda: (risk[0] - risk[1], *score_difference(a, n, c, m, conf_level)),
        log=False,
    )
    tests = {"Fisher exact": exact.p_value, "Fisher mid-p": exact.mid_p}
    if 0 < a + c < n + m:
        table = [[a, c], [b, d]]
        tests |= {"Barnard": float(barnard_exact(table).pvalue), "Boschloo": float(boschloo_exact(table).pvalue)}
    said = {"Barnard": "two-sided, pooled variance", "Boschloo": "twice the smaller one-sided p"}
    rows += [
        {"term": "test", "method": name, "p_value": min(1.0, p), "note": said.get(name, "")}
        for name, p in tests.items()
    ]
    return rows

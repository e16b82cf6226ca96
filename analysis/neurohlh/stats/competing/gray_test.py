"""Gray's test as a Result: does the cumulative incidence of a cause differ between groups?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import chi2

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Floats, column, labels
from neurohlh.stats.competing.data import Code, competing_data
from neurohlh.stats.competing.gray import gray_scores
from neurohlh.stats.recipe import software


def gray_test(
    frame: pd.DataFrame,
    time: str,
    event: str,
    by: str,
    *,
    cause: Code,
    censored: Code,
    competing: Sequence[Code] | None = None,
    strata: str | None = None,
    rho: float = 0.0,
) -> Result:
    """Gray's test of equal cumulative incidence of `cause` in the groups of `by`, equal to cmprsk's cuminc.

    `event` holds the declared codes (see `competing_data`); `strata` compares within each of its values; `rho` above 0
    weighs early differences by (1 - F)^rho. Rows unknown in any column are dropped and counted. Raises ValueError for
    wrong columns, codes or options, NotEstimable without two groups. Source: Gray 1988, Ann Stat 16:1141.
    """
    if not np.isfinite(rho):
        raise ValueError("rho must be a number")
    data = competing_data(frame, time, event, cause=cause, censored=censored, competing=competing, known=(by, strata))
    found, levels = labels(column(frame, by)[data.kept])
    if len(levels) < 2:
        raise NotEstimable(f"{by!r} has fewer than two groups among the rows used")
    group = np.array([levels.index(v) for v in found])
    blocks = None if strata is None else pd.factorize(frame.loc[data.kept, strata])[0]
    score, cov = gray_scores(data.time, data.status, group, len(levels), blocks, rho)
    rows = [
        {"term": "group", "level": name, "group": name, "n": int((group == j).sum()),
         "events": int((data.status[group == j] == 1).sum()), "measure": "score", "estimate": score[j],
         "std_error": float(np.sqrt(max(cov[j, j], 0.0)))}
        for j, name in enumerate(levels)
    ]  # fmt: skip
    test = {"term": "Gray's test", "n": data.n, "events": data.events(), "method": "Gray's test", **_test(score, cov)}
    shared = {"analysis": "gray_test", "outcome": data.causes[0], "variable": by}
    return Result(
        kind="gray_test",
        tidy=tidy_frame([{**shared, **row} for row in [test, *rows]]),
        method={
            "test": "Gray's test, chi-square",
            "rho": float(rho),
            "strata": strata or "",
            "cause": data.causes[0],
            "censored": str(censored),
            "competing": list(data.causes[1:]),
            "ties": "kept; events of all causes share a risk set, censorings come after them",
            "variance": "Gray's, with the finite-population factor for ties of cmprsk",
            "correction": "none",
            "denominator": "patients with follow-up, status, group and stratum known",
            "software": software("numpy", "scipy"),
            "reference": ["Gray 1988, Ann Stat 16:1141"],
        },
        counts=data.counts(len(frame)),
    )


def _test(score: Floats, cov: Floats) -> dict[str, object]:
    df = len(score) - 1
    scale = np.sqrt(np.maximum(np.diag(cov)[:-1], 1e-300))
    if np.linalg.matrix_rank(cov[:-1, :-1] / np.outer(scale, scale), tol=1e-7, hermitian=True) < df:
        return {"note": "not estimable: too few events of the cause, or groups that are never at risk together"}
    statistic = float(score[:-1] @ np.linalg.solve(cov[:-1, :-1], score[:-1]))
    return {"statistic": statistic, "df": df, "p_value": float(chi2.sf(statistic, df))}

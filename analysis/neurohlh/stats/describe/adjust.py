"""p values adjusted for how many there are: the family-wise error rate or the false discovery rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import column, groups, labels, numbers
from neurohlh.stats.multiplicity import p_adjust
from neurohlh.stats.recipe import software

_SOURCES = {
    "holm": "Holm 1979, Scand J Stat 6:65",
    "hochberg": "Hochberg 1988, Biometrika 75:800",
    "hommel": "Hommel 1988, Biometrika 75:383",
    "bonferroni": "Dunn 1961, J Am Stat Assoc 56:52",
    "BH": "Benjamini & Hochberg 1995, J R Stat Soc B 57:289",
    "BY": "Benjamini & Yekutieli 2001, Ann Stat 29:1165",
}
_RATE = {"BH": "false discovery rate", "BY": "false discovery rate under any dependence"}


def adjusted_p_values(
    frame: pd.DataFrame,
    p_value: str,
    *,
    test: str | None = None,
    by: str | None = None,
    methods: Sequence[str] = ("holm",),
) -> Result:
    """The p values of the column `p_value` with their adjusted ones, per family (`by`; all rows are one without it).

    Rows: "p value" for what was supplied and "adjusted p value" with the method, `level` naming the test, `group` the
    family. Rows without a p value are counted and belong to no family: the number of tests that was planned must be in
    the frame. Raises ValueError for wrong columns, methods or values, NotEstimable without any p value.
    """
    p = numbers(column(frame, p_value))
    if np.isnan(p).all():
        raise NotEstimable("there is no p value")
    names = labels(column(frame, test))[0] if test else np.array([f"test {i + 1}" for i in range(len(p))], dtype=object)
    family, families = groups(frame, by)
    rows = []
    known = ~np.isnan(p)
    for which in families:
        inside = (family == which) & known
        adjusted = {method: p_adjust(p[inside], method) for method in methods}
        for place, i in enumerate(np.flatnonzero(inside)):
            row = {"level": names[i] or "", "group": which if by else "", "n": inside.sum()}
            rows.append({**row, "term": "p value", "p_value": p[i]})
            rows += [{**row, "term": "adjusted p value", "method": m, "p_value": v[place]} for m, v in adjusted.items()]
    dropped = {f"missing {p_value}": int((~known).sum())} if not known.all() else {}
    return Result(
        kind="adjusted_p_values",
        tidy=tidy_frame([{"analysis": "adjusted_p_values", **row} for row in rows]),
        checks=check_frame([]),
        method={
            "estimator": "adjusted p values",
            "correction": {m: _RATE.get(m, "family-wise error rate") for m in methods},
            "denominator": "tests of the family with a p value",
            "families": by or "all tests",
            "software": software("statsmodels"),
            "reference": [_SOURCES[m] for m in methods],
        },
        counts={"supplied": len(frame), "used": int(known.sum()), "dropped": dropped},
    )

"""Which gaps occur together in a patient, with each reason for a gap kept apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Ints, column
from neurohlh.stats.describe.completeness import state_codes
from neurohlh.stats.recipe import software
from neurohlh.stats.status import CELL_STATES


def state_patterns(states: pd.DataFrame, variables: Sequence[str]) -> Result:
    """Patterns of the states of `variables` (as `completeness` takes them) among the patients, the most frequent first.

    `tidy`: a row per pattern (how many patients in `events`, their share, and in `level` what each gap is; `term` says
    how many variables are not known) and a row per variable and state that occurs. `curves`: pattern (1 the most
    frequent), variable, state, n.

    Raises ValueError for unknown or no columns, words or codes, NotEstimable without patients.
    """
    names = list(dict.fromkeys(variables))
    if not names:
        raise ValueError("name at least one variable")
    codes = np.column_stack([state_codes(column(states, name)) for name in names])
    if not len(codes):
        raise NotEstimable("there are no patients")
    patterns, counts = _patterns(codes)
    curves = pd.DataFrame(
        [
            {"pattern": rank, "variable": name, "state": CELL_STATES[code], "n": int(n)}
            for rank, (pattern, n) in enumerate(zip(patterns, counts, strict=True), start=1)
            for name, code in zip(names, pattern, strict=True)
        ]
    )
    return Result(
        kind="state_patterns",
        tidy=tidy_frame([*_pattern_rows(names, patterns, counts), *_state_rows(names, codes)]),
        curves=curves,
        method={
            "estimator": "counts of patterns of the states of cells",
            "denominator": "all patients",
            "test": "none",
            "software": software("numpy", "pandas"),
        },
        counts={
            "supplied": len(codes),
            "used": len(codes),
            "dropped": {},
            "complete": int((codes == 0).all(axis=1).sum()),
            "patterns": len(patterns),
        },
    )


def _patterns(codes: Ints) -> tuple[Ints, Ints]:
    """The distinct patterns, the most frequent first (then the fewest gaps), and how many patients have each."""
    found, counts = np.unique(codes, axis=0, return_counts=True)
    order = np.lexsort(((found > 0).sum(axis=1), -counts))
    return found[order], counts[order]


def _pattern_rows(names: Sequence[str], patterns: Ints, counts: Ints) -> list[dict[str, object]]:
    total = int(counts.sum())
    return [
        {
            "analysis": "state_patterns",
            "term": f"{int((pattern > 0).sum())} of {len(names)} not known",
            "level": "; ".join(f"{n}: {CELL_STATES[c]}" for n, c in zip(names, pattern, strict=True) if c)
            or "all known",
            "measure": "proportion",
            "n": total,
            "events": int(count),
            "estimate": count / total,
        }
        for pattern, count in zip(patterns, counts, strict=True)
    ]


def _state_rows(names: Sequence[str], codes: Ints) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name, own in zip(names, codes.T, strict=True):
        tally = np.bincount(own, minlength=len(CELL_STATES))
        shared = {"analysis": "state_patterns", "variable": name, "measure": "proportion", "n": len(own)}
        rows += [
            {**shared, "level": state, "events": int(n), "estimate": n / len(own)}
            for state, n in zip(CELL_STATES, tally, strict=True)
            if n
        ]
    return rows

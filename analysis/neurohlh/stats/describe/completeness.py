"""How complete every variable is, with each reason for a missing value kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import did_you_mean
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Ints, column
from neurohlh.stats.recipe import software
from neurohlh.stats.status import CELL_STATES


def completeness(states: pd.DataFrame, variables: Sequence[str] | None = None) -> Result:
    """Counts of every state (value, blank, not_done, not_applicable, unknown, equivocal, refused, no_column).

    `states` has one row per patient and one column per variable, holding the state as a word or as its code 0 to 7
    (an empty cell is "blank"). All states of every variable are rows, those that do not occur with 0. Raises ValueError
    for unknown columns, words or codes.
    """
    chosen = [str(name) for name in states.columns] if variables is None else list(variables)
    patients = len(states)
    rows = []
    for name in chosen:
        tally = np.bincount(state_codes(column(states, name)), minlength=len(CELL_STATES))
        for state, count in zip(CELL_STATES, tally, strict=True):
            row = {"analysis": "completeness", "variable": name, "level": state, "measure": "proportion"}
            share = count / patients if patients else np.nan
            rows.append({**row, "n": patients, "events": int(count), "estimate": share})
    return Result(
        kind="completeness",
        tidy=tidy_frame(rows),
        method={"estimator": "proportion", "denominator": "all patients", "software": software("pandas")},
        counts={"supplied": patients, "used": patients, "dropped": {}, "variables": len(chosen)},
    )


def state_codes(series: pd.Series[Any]) -> Ints:
    """The codes 0 to 7 (places in `CELL_STATES`) of a column of states; ValueError for anything else."""
    if pd.api.types.is_integer_dtype(series.dtype):
        codes = series.to_numpy(dtype=np.intp)
        if len(codes) and not (codes.min() >= 0 and codes.max() < len(CELL_STATES)):
            raise ValueError(f"column {series.name!r} holds codes that are no state (0 to {len(CELL_STATES) - 1})")
        return codes
    places, words = pd.factorize(series.astype(object).where(series.notna(), "blank"))
    for word in words:
        if word not in CELL_STATES:
            raise ValueError(f"column {series.name!r} holds an unknown state. {did_you_mean('state', CELL_STATES)}")
    return np.array([CELL_STATES.index(word) for word in words], dtype=np.intp)[places]

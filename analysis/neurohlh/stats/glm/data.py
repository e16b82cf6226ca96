"""The patients, outcome and model matrix of a regression taken from a frame, with everybody left out counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, Ints, column, labels, numbers, truth
from neurohlh.stats.design.terms import Design, model_design
from neurohlh.stats.survival_data import first_reasons

INTERCEPT = "(Intercept)"
_COLLINEAR = 1e-9
"""Share of a column's length that the columns before it must leave; below it, it says nothing new."""


@dataclass(frozen=True)
class ModelData:
    """What a regression is fitted to.

    Attributes
    ----------
    outcome : name of the outcome.
    y : (n,) outcome of the patients used.
    matrix : (n, 1 + kept) intercept first, then the columns of the design that are independent of those before them.
    design : the covariates of the patients used.
    used : which rows of the frame these are.
    kept : columns of the design in the matrix; the others are in `aliases` with the columns they are combinations of.
    weights, offset : (n,) or None.  cluster : (n,) codes from 0, or None.
    counts : supplied, used, events (yes/no and counts), parameters, dropped, missing_by_variable.
    """

    outcome: str
    y: Floats
    matrix: Floats
    design: Design
    used: Bools
    kept: list[int]
    aliases: dict[int, list[int]]
    weights: Floats | None
    offset: Floats | None
    cluster: Ints | None
    counts: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """The columns of the matrix as "term" or "term level"."""
        by_column = {row.column: f"{row.term} {row.level}".strip() for row in self.design.rows}
        return [INTERCEPT, *(by_column[j] for j in self.kept)]

    def terms(self) -> dict[str, list[int]]:
        """Term -> its places in the matrix."""
        places = {j: place for place, j in enumerate(self.kept, start=1)}
        found = {term: [places[j] for j in own if j in places] for term, own in self.design.blocks().items()}
        return {term: own for term, own in found.items() if own}

    @property
    def total(self) -> float:
        """Patients, or the sum of their weights."""
        return float(len(self.y) if self.weights is None else self.weights.sum())


def model_data(
    frame: pd.DataFrame,
    outcome: str,
    covariates: Sequence[str],
    *,
    kind: str = "yes/no",
    reference: Mapping[str, str] | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    person_time: str | None = None,
) -> ModelData:
    """Select the patients and build the matrix; `kind` of outcome is "yes/no", "count" or "number".

    `weights` are numbers of 0 or more; the logarithm of `person_time` becomes the offset. Raises ValueError for wrong
    columns, codes, weights or person-time; NotEstimable if no patient is left, or fewer than parameters.
    """
    y = _outcome(frame, outcome, kind)
    reasons: dict[str, Bools] = {f"missing {outcome}": np.isnan(y)}
    groups = None if cluster is None else labels(column(frame, cluster))[0]
    if groups is not None:
        reasons[f"missing {cluster}"] = np.array([label is None for label in groups], dtype=bool)
    weight = None if weights is None else _not_negative(frame, weights)
    if weight is not None:
        reasons |= {f"missing {weights}": np.isnan(weight), f"{weights} of 0": weight == 0}
    exposed = None if person_time is None else _not_negative(frame, person_time)
    if exposed is not None:
        reasons |= {f"missing {person_time}": np.isnan(exposed), f"{person_time} of 0": exposed == 0}
    known, dropped = first_reasons(reasons, len(frame))
    design = model_design(frame.loc[known], covariates, reference=reference)
    used = known.copy()
    used[known] = design.complete
    if not used.any():
        raise NotEstimable("no patient has the outcome and all covariates known")
    full = np.column_stack([np.ones(int(used.sum())), design.matrix])
    aliases = {j - 1: [o - 1 for o in others if o] for j, others in aliased_columns(full).items()}
    kept = [j for j in range(design.matrix.shape[1]) if j not in aliases]
    matrix = full[:, [0, *(j + 1 for j in kept)]]
    counts = {
        "supplied": len(frame),
        "used": int(used.sum()),
        **({} if kind == "number" else {"events": int(y[used].sum())}),
        "parameters": matrix.shape[1],
        "dropped": {**dropped, **design.dropped},
        "missing_by_variable": design.missing_by_variable,
    }
    if matrix.shape[1] >= len(matrix):
        raise NotEstimable(f"{len(matrix)} patients are too few for {matrix.shape[1]} parameters")
    codes = None if groups is None else np.asarray(pd.factorize(groups[used])[0], dtype=np.intp)
    offset = None if exposed is None else np.log(exposed[used])
    own = None if weight is None else weight[used]
    return ModelData(outcome, y[used], matrix, design, used, kept, aliases, own, offset, codes, counts)


def _outcome(frame: pd.DataFrame, name: str, kind: str) -> Floats:
    if kind == "yes/no":
        return truth(column(frame, name))
    values = numbers(column(frame, name))
    if kind == "count":
        known = values[~np.isnan(values)]
        wrong = int(((known < 0) | (known != np.round(known))).sum())
        if wrong:
            raise ValueError(f"column {name!r} must hold counts (0, 1, 2 ...); {wrong} cells hold another number")
    return values


def _not_negative(frame: pd.DataFrame, name: str) -> Floats:
    values = numbers(column(frame, name))
    wrong = int((values < 0).sum())
    if wrong:
        raise ValueError(f"column {name!r}: {wrong} values are negative")
    return values


def aliased_columns(matrix: Floats) -> dict[int, list[int]]:
    """Column -> the columns before it that it is a combination of, for every column that says nothing new."""
    size = np.sqrt((matrix**2).sum(axis=0))
    x = matrix / np.where(size > 0, size, 1.0)
    found: dict[int, list[int]] = {}
    kept: list[int] = []
    for j in range(x.shape[1]):
        before = x[:, kept]
        share = np.linalg.lstsq(before, x[:, j], rcond=None)[0] if kept else np.empty(0)
        if np.sqrt(((x[:, j] - before @ share) ** 2).sum()) > _COLLINEAR:
            kept.append(j)
        else:
            found[j] = [kept[i] for i in np.flatnonzero(np.abs(share) > 1e-7)]
    return found

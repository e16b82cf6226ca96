"""Variables that follow from others: recomputed after every imputation, never imputed themselves."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.columns import Bools

Formula = str | Callable[[pd.DataFrame], Any]
_SHUFFLES = 3


@dataclass(frozen=True)
class Derived:
    """A derived variable.

    Attributes
    ----------
    formula : an expression over column names ("weight / height ** 2"), or a function of the frame.
    inputs : the columns with unknown values that it uses (through other derived variables, too).
    rows : the rows in which it is recomputed.
    own : whether the frame had a column of this name.
    replaced : values that the frame held although an input was unknown.
    """

    name: str
    formula: Formula
    inputs: tuple[str, ...]
    rows: Bools
    own: bool
    replaced: int = 0

    def added_to(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with the derived values in `rows`; unknown where an input is unknown."""
        fresh = evaluated(frame, self.name, self.formula)
        lacking = frame[list(self.inputs)].isna().any(axis=1).to_numpy() if self.inputs else np.zeros(len(frame), bool)
        fresh = fresh.mask(lacking) if lacking.any() else fresh
        if self.own and not self.rows.all():
            fresh = fresh.where(self.rows, frame[self.name])
        return frame.assign(**{self.name: fresh})


def evaluated(frame: pd.DataFrame, name: str, formula: Formula) -> pd.Series[Any]:
    """The derived column from a whole frame; raises ValueError if the formula fails or gives no value per row."""
    try:
        found: Any = frame.eval(formula) if isinstance(formula, str) else formula(frame)
    except Exception as error:  # a user's formula may fail in any way; the reason is said
        raise ValueError(f"the derived variable {name!r} cannot be computed: {error}") from error
    if np.ndim(found) != 1 or len(found) != len(frame):
        raise ValueError(f"the derived variable {name!r} must give one value per row")
    return pd.Series(np.asarray(found) if not isinstance(found, pd.Series) else found.array, frame.index, name=name)


def prepared(
    frame: pd.DataFrame, formulas: Mapping[str, Formula], incomplete: Sequence[str]
) -> tuple[pd.DataFrame, tuple[Derived, ...]]:
    """The frame with the derived columns unknown where an input is, and what is needed to recompute them.

    `incomplete` are the columns with unknown values. A value that the frame holds although an input is unknown is
    replaced: a comparison with an unknown number gives "no", which is no value. Formulas may use earlier ones.
    """
    found: list[Derived] = []
    for name, formula in formulas.items():
        fresh = evaluated(frame.drop(columns=[d for d in [name] if d in frame]), name, formula)
        sources = _inputs(frame, name, formula, [*incomplete, *(d.name for d in found)])
        earlier = {d.name: d.inputs for d in found}
        inputs = tuple(dict.fromkeys(c for s in sources for c in earlier.get(s, (s,))))
        lacking = frame[list(inputs)].isna().any(axis=1).to_numpy() if inputs else np.zeros(len(frame), dtype=bool)
        own = name in frame
        known = frame[name].notna().to_numpy() if own else np.zeros(len(frame), dtype=bool)
        one = Derived(name, formula, inputs, lacking | ~known, own, int((known & lacking).sum()))
        found.append(one)
        whole = fresh.where(~known, frame[name]) if own else fresh
        frame = frame.assign(**{name: whole.mask(lacking) if lacking.any() else whole})
    return frame, tuple(found)


def _inputs(frame: pd.DataFrame, name: str, formula: Formula, candidates: Sequence[str]) -> list[str]:
    """The candidates whose values matter to the formula: those it names, and those whose shuffling changes it."""
    before = evaluated(frame, name, formula)
    if not before.equals(evaluated(frame, name, formula)):
        raise ValueError(f"the derived variable {name!r} is not the same twice")
    named = _names(formula)
    rng = np.random.default_rng(0)

    def matters(column: str) -> bool:
        shuffles = (rng.permutation(len(frame)) for _ in range(_SHUFFLES))
        return any(
            not before.equals(evaluated(frame.assign(**{column: frame[column].array[s]}), name, formula))
            for s in shuffles
        )

    return [c for c in candidates if c != name and (c in named or matters(c))]


def _names(formula: Formula) -> set[str]:
    if isinstance(formula, str):
        return {n.id for n in ast.walk(ast.parse(formula, mode="eval")) if isinstance(n, ast.Name)}
    code = getattr(formula, "__code__", None)
    return set() if code is None else {*code.co_names, *(c for c in code.co_consts if isinstance(c, str))}

"""Contrasts of covariate patterns, for any model with coefficients and their covariance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from neurohlh.core.errors import did_you_mean
from neurohlh.stats.columns import Bools, Floats, labels
from neurohlh.stats.design.coding import read_values
from neurohlh.stats.design.terms import Design, term_columns

Pattern = Mapping[str, Any]
"""Variable -> value, as they stand in the frame."""


@dataclass(frozen=True)
class Contrasts:
    """Linear combinations of the coefficients of a design.

    Attributes
    ----------
    matrix : (contrasts, parameters) what each takes of each coefficient.
    lost : (contrasts,) whether it also needs a column that the design had to leave out (no such patient).
    """

    matrix: Floats
    lost: Bools


@dataclass(frozen=True)
class Combined:
    """Estimates of linear combinations on the working scale, with standard errors and limits (contrasts,)."""

    coef: Floats
    std_error: Floats
    low: Floats
    high: Floats
    p_value: Floats


@dataclass(frozen=True)
class WaldTest:
    """A joint test that linear combinations are 0: chi-square, its degrees of freedom (their rank), p."""

    statistic: float
    df: int
    p_value: float


def contrasts(design: Design, pairs: Sequence[tuple[Pattern, Pattern]]) -> Contrasts:
    """First pattern minus second for each pair, through the splines, levels and interactions of the design.

    Covariates that a pair does not name are held equal. Raises ValueError for patterns that name no covariate of the
    model, one only in one of the pair, a level that did not occur, or leave out a covariate that modifies the effect.
    """
    for first, second in pairs:
        _require_named(design, first, second)
    numbered = [pattern for pair in pairs for pattern in pair]
    variables = {factor.variable: coding.kind for factor, coding in design.codings.items()}
    patterns = pd.DataFrame(
        {name: _values(design, name, kind, numbered) for name, kind in variables.items()}, index=range(len(numbered))
    )
    values = {factor: read_values(factor, patterns, coding.kind) for factor, coding in design.codings.items()}
    _require_defined(values)
    every, kept = np.ones(len(numbered), dtype=bool), design.keys()
    matrix, lost = np.zeros((len(pairs), len(kept))), np.zeros(len(pairs), dtype=bool)
    for term in design.terms:
        for key, column in term_columns(term, design.codings, values, every):
            difference = column[::2] - column[1::2]
            if key in kept:
                matrix[:, kept[key]] = difference
            else:
                lost |= difference != 0
    return Contrasts(matrix, lost)


def _require_named(design: Design, first: Pattern, second: Pattern) -> None:
    variables = {factor.variable for factor in design.codings}
    for name in {*first, *second} - variables:
        raise ValueError(f"{name!r} is no covariate of the model. {did_you_mean(name, variables)}")
    if set(first) != set(second):
        alone = sorted(set(first) ^ set(second))
        raise ValueError(f"both patterns of a contrast must name {', '.join(map(repr, alone))}")
    moving = {name for name in first if _text(first[name]) != _text(second[name])}
    for term in design.terms:
        inside = {factor.variable for factor in term}
        unnamed = inside - set(first)
        if inside & moving and unnamed:
            raise ValueError(
                f"the effect of {sorted(inside & moving)[0]!r} depends on {', '.join(sorted(map(repr, unnamed)))} "
                "(interaction); name the value in both patterns"
            )


def _values(design: Design, name: str, kind: str, patterns: Sequence[Pattern]) -> pd.Series[Any]:
    """The variable in each pattern; where it is not named, a value that cancels."""
    if kind == "categorical":
        base = next(c.reference for f, c in design.codings.items() if f.variable == name)
        return pd.Series([_text(p[name]) if name in p else base for p in patterns], dtype=object, name=name)
    for pattern in patterns:
        if name in pattern and not isinstance(pattern[name], int | float | np.number | np.bool_):
            raise ValueError(f"{name!r} is a number in the model, not {pattern[name]!r}")
    return pd.Series([float(p.get(name, 1.0)) for p in patterns], dtype=float, name=name)


def _text(value: Any) -> str:
    return str(labels(pd.Series([value], dtype=object))[0][0])


def _require_defined(values: Mapping[Any, Any]) -> None:
    for factor, read in values.items():
        for reason, mask in read.reasons.items():
            if mask.any():
                raise ValueError(f"a pattern has no value for {factor.variable!r} ({reason})")


def combine(matrix: Floats, coef: Floats, cov: Floats, z: float) -> Combined:
    """The combinations `matrix` @ `coef` with delta-method standard errors, limits coef -/+ z se, and Wald's p.

    A combination that takes nothing of any coefficient is 0 without error, and has no p (NaN).
    """
    estimate = matrix @ coef
    se = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", matrix, cov, matrix), 0.0))
    statistic = np.divide(estimate, se, out=np.full(len(se), np.nan), where=se > 0)
    return Combined(estimate, se, estimate - z * se, estimate + z * se, 2 * norm.sf(np.abs(statistic)))


def wald_test(matrix: Floats, coef: Floats, cov: Floats) -> WaldTest:
    """The joint Wald test of the combinations; linearly dependent ones count once (generalised inverse, rank)."""
    variance, estimate = matrix @ cov @ matrix.T, matrix @ coef
    scale = np.sqrt(np.maximum(np.diag(variance), np.finfo(float).tiny))
    inverse = np.linalg.pinv(variance / np.outer(scale, scale), rcond=1e-10, hermitian=True)
    rank = int(np.linalg.matrix_rank(variance / np.outer(scale, scale), tol=1e-10 * len(scale), hermitian=True))
    statistic = float((estimate / scale) @ inverse @ (estimate / scale))
    return WaldTest(statistic, rank, float(chi2.sf(statistic, rank)) if rank else float("nan"))

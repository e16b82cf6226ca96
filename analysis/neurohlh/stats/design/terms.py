"""From covariates named in words to a model matrix: numbers, logarithms, truth values and categories as dummies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.columns import Bools, Floats, Labels, column, is_number, labels, numbers, reference_level
from neurohlh.stats.survival_data import first_reasons

_TERM = re.compile(r"^\s*(log2|log10|log|sqrt)\s*\(\s*(.+?)\s*\)\s*$")
_FUNCTIONS = {"log2": np.log2, "log10": np.log10, "log": np.log, "sqrt": np.sqrt}


@dataclass(frozen=True)
class TermRow:
    """One line of a model table: a numeric term, or one level of a categorical one.

    `column` is its place in the model matrix, None for a reference level and for what is left out (`note` says why).
    """

    variable: str
    term: str
    level: str = ""
    is_reference: bool = False
    column: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Design:
    """A model matrix with its meaning.

    Attributes
    ----------
    matrix : (rows used, parameters) float64.
    rows : lines of the model table in order of display; reference levels come first in their variable.
    complete : which rows of the frame are used (all covariates known).
    dropped : reason -> rows (first reason only; adds up to the rows not used).
    missing_by_variable : variable -> rows in which it is unknown (rows may be counted for several variables).
    levels : categorical variable -> level of every used row.
    references : categorical variable -> reference level.
    """

    matrix: Floats
    rows: tuple[TermRow, ...]
    complete: Bools
    dropped: dict[str, int]
    missing_by_variable: dict[str, int]
    levels: dict[str, Labels]
    references: dict[str, str]

    def blocks(self) -> dict[str, list[int]]:
        """Term -> its columns of the matrix (terms without any are left out)."""
        found: dict[str, list[int]] = {}
        for row in self.rows:
            if row.column is not None:
                found.setdefault(row.term, []).append(row.column)
        return found


@dataclass(frozen=True)
class _Covariate:
    variable: str
    term: str
    values: Floats | None
    """Numbers of a numeric term (NaN unknown), None for a categorical one."""
    texts: Labels | None
    order: tuple[str, ...]
    reasons: dict[str, Bools]


def variable_of(term: str) -> str:
    """The column that a term uses: "log2(ferritin)" gives "ferritin"."""
    found = _TERM.match(term)
    return found.group(2) if found else term.strip()


def model_design(
    frame: pd.DataFrame, covariates: Sequence[str], *, reference: Mapping[str, str] | None = None
) -> Design:
    """The model matrix of `covariates` over the rows of `frame` in which all of them are known.

    A covariate is a column name, or log2(x), log10(x), log(x), sqrt(x) of a numeric column. Numbers enter as they are;
    truth values and categories as one column per level except the reference: the one in `reference`, otherwise
    "not_met" or "false" where they occur, otherwise the most frequent among the rows used. Constant terms are left out
    with a note; rows in which a logarithm does not exist are dropped and counted.

    Raises ValueError for unknown columns, repeated or no covariates, dates, and reference levels that do not occur.
    """
    if isinstance(covariates, str) or not covariates:
        raise ValueError("covariates must be a list of at least one term")
    terms = [_covariate(frame, term) for term in covariates]
    repeated = {c.term for c in terms if [d.term for d in terms].count(c.term) > 1}
    if repeated:
        raise ValueError(f"covariates named more than once: {', '.join(sorted(repeated))}")
    unused = set(reference or {}) - {c.variable for c in terms if c.texts is not None}
    if unused:
        raise ValueError(
            f"reference levels for variables that are no categorical covariate: {', '.join(sorted(unused))}"
        )
    complete, dropped = first_reasons({r: mask for c in terms for r, mask in c.reasons.items()}, len(frame))
    missing = {c.variable: int(np.logical_or.reduce(list(c.reasons.values())).sum()) for c in terms}
    return _assemble(terms, complete, dropped, missing, reference or {})


def _covariate(frame: pd.DataFrame, text: str) -> _Covariate:
    found = _TERM.match(text)
    name = variable_of(text)
    series = column(frame, name)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        raise ValueError(f"covariate {name!r} holds dates; use a number of days or years")
    if found or is_number(series) or series.isna().all():
        return _numeric(series, name, found.group(1) if found else "")
    texts, order = labels(series)
    unknown = np.array([value is None for value in texts], dtype=bool)
    return _Covariate(name, name, None, texts, tuple(order), {f"missing {name}": unknown})


def _numeric(series: pd.Series[Any], name: str, function: str) -> _Covariate:
    values = numbers(series)
    reasons = {f"missing {name}": np.isnan(values)}
    term = f"{function}({name})" if function else name
    if function:
        outside = values < 0 if function == "sqrt" else values <= 0
        reasons[f"{term} does not exist"] = outside
        values = _FUNCTIONS[function](np.where(outside, np.nan, values))
    return _Covariate(name, term, values, None, (), reasons)


def _assemble(
    terms: Sequence[_Covariate],
    complete: Bools,
    dropped: dict[str, int],
    missing: dict[str, int],
    reference: Mapping[str, str],
) -> Design:
    columns: list[Floats] = []
    rows: list[TermRow] = []
    levels: dict[str, Labels] = {}
    references: dict[str, str] = {}
    for c in terms:
        if c.texts is None:
            rows.append(_numeric_row(c, complete, columns))
            continue
        levels[c.variable] = c.texts[complete]
        found = _categorical_rows(c, levels[c.variable], reference.get(c.variable), columns)
        references.update({row.variable: row.level for row in found if row.is_reference})
        rows.extend(found)
    matrix = np.column_stack(columns) if columns else np.empty((int(complete.sum()), 0))
    return Design(matrix, tuple(rows), complete, dropped, missing, levels, references)


def _numeric_row(c: _Covariate, complete: Bools, columns: list[Floats]) -> TermRow:
    assert c.values is not None
    used = c.values[complete]
    if len(used) == 0 or np.ptp(used) == 0:
        return TermRow(c.variable, c.term, note="not estimable: the same value in all patients used")
    columns.append(used)
    return TermRow(c.variable, c.term, column=len(columns) - 1)


def _categorical_rows(c: _Covariate, used: Labels, declared: str | None, columns: list[Floats]) -> list[TermRow]:
    counts = {level: int((used == level).sum()) for level in c.order}
    present = [level for level in c.order if counts[level]]
    if not present:
        return [TermRow(c.variable, c.term, note="not estimable: no patient used has a known value")]
    base = reference_level(present, counts, declared, c.variable)
    only = "not estimable: the same level in all patients used" if len(present) == 1 else ""
    rows = [TermRow(c.variable, c.term, base, is_reference=True, note=only)]
    for level in c.order:
        if level == base:
            continue
        if not counts[level]:
            rows.append(TermRow(c.variable, c.term, level, note="not estimable: no patient used has this level"))
            continue
        columns.append((used == level).astype(float))
        rows.append(TermRow(c.variable, c.term, level, column=len(columns) - 1))
    return rows

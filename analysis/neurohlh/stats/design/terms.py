"""From covariates named in words to a model matrix: numbers, logarithms, splines, categories, interactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from neurohlh.stats.columns import Bools, Floats, Labels
from neurohlh.stats.design.coding import Coding, Values, learn, read_values
from neurohlh.stats.design.formula import Factor, Term, parse_terms, term_name, variable_of
from neurohlh.stats.survival_data import first_reasons

__all__ = ["Design", "TermRow", "model_design", "term_columns", "term_keys", "variable_of"]

_CONSTANT = "not estimable: the same value in all patients used"
_ONE_LEVEL = "not estimable: the same level in all patients used"
_NO_LEVEL = "not estimable: no patient used has this level"
_NO_VALUE = "not estimable: no patient used has a known value"
_NO_CELL = "not estimable: no patient used has this combination"


Key = tuple[str, str, str]
"""Block, term and level of a column."""


@dataclass(frozen=True)
class TermRow:
    """One line of a model table: a number, a column of a spline, one level of a category, or a product of these.

    `column` is its place in the model matrix, None for a reference level and for what is left out (`note` says why).
    `term` names the line ("age'" is the first nonlinear column of a spline of age), `block` the term that it belongs to
    ("rcs(age, 4)"). The level of an interaction of categories joins theirs with ":".
    """

    variable: str
    term: str
    level: str = ""
    is_reference: bool = False
    column: int | None = None
    note: str = ""
    block: str = ""


@dataclass(frozen=True)
class Design:
    """A model matrix with its meaning, and the recipe that makes one for other patients.

    Attributes
    ----------
    matrix : (rows used, parameters) float64.
    rows : lines of the model table in order of display; reference levels come first in their variable.
    complete : which rows of the frame are used (all covariates known).
    dropped : reason -> rows (first reason only; adds up to the rows not used).
    missing_by_variable : variable -> rows in which it is unknown (rows may be counted for several variables).
    levels : categorical variable, or interaction with one ("cns:sex"), -> level of every used row.
    references : categorical variable -> reference level.
    codings : what was learned about each factor (knots, levels, reference).
    terms : the terms in order, as factors.
    """

    matrix: Floats
    rows: tuple[TermRow, ...]
    complete: Bools
    dropped: dict[str, int]
    missing_by_variable: dict[str, int]
    levels: dict[str, Labels]
    references: dict[str, str]
    codings: dict[Factor, Coding]
    terms: tuple[Term, ...]

    def blocks(self) -> dict[str, list[int]]:
        """Term -> its columns of the matrix (terms without any are left out)."""
        found: dict[str, list[int]] = {}
        for row in self.rows:
            if row.column is not None:
                found.setdefault(row.block or row.term, []).append(row.column)
        return found

    @property
    def knots(self) -> dict[str, list[float]]:
        """Spline -> places of its knots."""
        return {c.factor.name: list(c.knots) for c in self.codings.values() if c.kind == "spline"}

    def keys(self) -> dict[Key, int]:
        """Block, term and level of each column of the matrix."""
        return {(r.block, r.term, r.level): r.column for r in self.rows if r.column is not None}

    def apply(self, frame: pd.DataFrame) -> Design:
        """The same columns for the rows of another frame, with the knots, levels and references of this one.

        Raises ValueError for missing columns, and for levels that did not occur where the design was made.
        """
        values = {factor: read_values(factor, frame, coding.kind) for factor, coding in self.codings.items()}
        complete, dropped, missing = _complete(values, len(frame))
        kept = self.keys()
        columns = [
            c for term in self.terms for key, c in term_columns(term, self.codings, values, complete) if key in kept
        ]
        matrix = np.column_stack(columns) if columns else np.empty((int(complete.sum()), 0))
        levels = _levels(self.terms, self.codings, values, complete)
        said = self.rows, complete, dropped, missing, levels
        return Design(matrix, *said, self.references, self.codings, self.terms)


def model_design(
    frame: pd.DataFrame, covariates: Sequence[str], *, reference: Mapping[str, str] | None = None
) -> Design:
    """The model matrix of `covariates` over the rows of `frame` in which all of them are known.

    A covariate is a column name; log2(x), log10(x), log(x), sqrt(x) of a numeric column; a restricted cubic spline
    rcs(x) with 5 knots, rcs(x, 4), or rcs(x, [20, 40, 60]) with the knots named; or an interaction: a:b beside its main
    effects, a*b for all of them, of any of these and of any number of factors. Numbers enter as they are; truth values
    and categories as one column per level except the reference: the one in `reference`, otherwise "not_met" or "false"
    where they occur, otherwise the most frequent among the rows used. Interactions are products of these columns.
    Knots are chosen among the rows used (`rcs_knots`). Constant terms and combinations without patients are left out
    with a note; rows in which a logarithm does not exist are dropped and counted.

    Raises ValueError for unknown columns, repeated or no covariates, dates, splines of categories, interactions without
    their main effects, and reference levels that do not occur; NotEstimable for too few distinct values for the knots.
    """
    terms = parse_terms(covariates, set(map(str, frame.columns)))
    values = {factor: read_values(factor, frame) for term in terms for factor in term}
    unused = set(reference or {}) - {f.variable for f, v in values.items() if v.texts is not None}
    if unused:
        raise ValueError(
            f"reference levels for variables that are no categorical covariate: {', '.join(sorted(unused))}"
        )
    complete, dropped, missing = _complete(values, len(frame))
    codings = {f: learn(f, v, complete, (reference or {}).get(f.variable)) for f, v in values.items()}
    columns: list[Floats] = []
    rows = [row for term in terms for row in _term_rows(term, codings, values, complete, columns)]
    matrix = np.column_stack(columns) if columns else np.empty((int(complete.sum()), 0))
    levels = _levels(terms, codings, values, complete)
    references = {f.variable: c.reference for f, c in codings.items() if c.reference}
    return Design(matrix, tuple(rows), complete, dropped, missing, levels, references, codings, tuple(terms))


def _complete(values: Mapping[Factor, Values], n: int) -> tuple[Bools, dict[str, int], dict[str, int]]:
    complete, dropped = first_reasons({r: mask for v in values.values() for r, mask in v.reasons.items()}, n)
    lost: dict[str, Bools] = {}
    for factor, v in values.items():
        for mask in v.reasons.values():
            lost[factor.variable] = lost[factor.variable] | mask if factor.variable in lost else mask
    return complete, dropped, {variable: int(mask.sum()) for variable, mask in lost.items()}


def term_keys(term: Term, codings: Mapping[Factor, Coding]) -> list[tuple[Key, tuple[str, ...]]]:
    """Block, term and level of each column of a term (the first factor varies fastest, as in R), and its factors'."""
    found = []
    for chosen in product(*(codings[f].names() for f in reversed(term))):
        names = chosen[::-1]
        level = ":".join(level for _, level in names if level)
        parts = tuple(name for name, _ in names)
        found.append(((term_name(term), ":".join(parts), level), parts))
    return found


def term_columns(
    term: Term, codings: Mapping[Factor, Coding], values: Mapping[Factor, Values], rows: Bools
) -> list[tuple[Key, Floats]]:
    """The products of the factors' columns, each with its block, term and level."""
    parts = [codings[f].columns(values[f], rows).T for f in reversed(term)]
    keys = [key for key, _ in term_keys(term, codings)]
    return [(key, np.prod(chosen, axis=0)) for key, chosen in zip(keys, product(*parts), strict=True)]


def _levels(
    terms: Sequence[Term], codings: Mapping[Factor, Coding], values: Mapping[Factor, Values], rows: Bools
) -> dict[str, Labels]:
    found: dict[str, Labels] = {}
    for term in terms:
        texts = [values[f].texts[rows] for f in term if codings[f].kind == "categorical"]  # type: ignore[index]
        if texts:
            joined = np.array([":".join(parts) for parts in zip(*texts, strict=True)], dtype=object)
            found[":".join(f.variable for f in term)] = joined if len(joined) else np.empty(0, dtype=object)
    return found


def _term_rows(
    term: Term,
    codings: Mapping[Factor, Coding],
    values: Mapping[Factor, Values],
    complete: Bools,
    columns: list[Floats],
) -> list[TermRow]:
    """The lines of a term; its columns are added to `columns`."""
    variable, block = ":".join(f.variable for f in term), term_name(term)
    coding = codings[term[0]]
    if len(term) > 1 and any(codings[f].constant for f in term):
        return [TermRow(variable, block, note=_CONSTANT, block=block)]
    if len(term) == 1 and coding.kind == "categorical":
        lines = _level_rows(coding)
    elif coding.constant:
        return [TermRow(variable, block, note=_CONSTANT, block=block)]
    else:
        lines = []
    for (_, name, level), values_of_column in term_columns(term, codings, values, complete):
        empty = len(term) > 1 and not values_of_column.any()
        note, place = (_NO_CELL, None) if empty else ("", len(columns))
        if not empty:
            columns.append(values_of_column)
        lines.append(TermRow(variable, name, level, column=place, note=note, block=block))
    return _in_level_order(lines, values[term[0]].order) if len(term) == 1 else lines


def _level_rows(coding: Coding) -> list[TermRow]:
    """The lines of a category that have no column: its reference and the levels without patients."""
    name = coding.factor.variable
    if not coding.reference:
        return [TermRow(name, name, note=_NO_VALUE, block=name)]
    note = _ONE_LEVEL if coding.constant else ""
    absent = [TermRow(name, name, level, note=_NO_LEVEL, block=name) for level in coding.absent]
    return [TermRow(name, name, coding.reference, is_reference=True, note=note, block=name), *absent]


def _in_level_order(lines: list[TermRow], order: tuple[str, ...]) -> list[TermRow]:
    places = {level: place for place, level in enumerate(order)}
    return sorted(lines, key=lambda line: (not line.is_reference, places.get(line.level, 0)))

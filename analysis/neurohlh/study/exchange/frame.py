"""The included patients, recorded and derived, as columns that know their meaning: what every format writes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from neurohlh.etl.codebook import codebook
from neurohlh.etl.values import State
from neurohlh.study.classify import Classified
from neurohlh.study.exchange.columns import Meaning, meaning_of
from neurohlh.study.patients import patients_table
from neurohlh.study.population import Population

FLAG, CATEGORY, CODE, NUMBER, COUNT, DATE, TEXT = "flag", "category", "code", "number", "count", "date", "text"
_BOOKKEEPING = ("included", "excluded_by")


@dataclass(frozen=True)
class Column:
    """One column of the frame.

    `values` are nullable booleans (flag), words of `meaning.levels` (category), floats with NaN (number, count, and
    code: a number that stands for something, as whether a patient died), datetime64 (date) or texts with None (text).
    `state` says per row why a cell is empty (`State`, uint8).
    """

    name: str
    kind: str
    meaning: Meaning
    values: pd.Series
    state: np.ndarray

    @property
    def empty(self) -> np.ndarray:
        """Which rows have no value."""
        return self.values.isna().to_numpy()


@dataclass(frozen=True)
class AnalysisFrame:
    """The patients in the study, one row each, in the cohort's order."""

    columns: tuple[Column, ...]
    title: str = ""

    def __len__(self) -> int:
        return len(self.columns[0].values)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """As pandas: nullable booleans, categoricals with the codebook's words, floats, dates, texts.

        `attrs` holds labels, units and the meaning of the levels, by column.
        """
        frame = pd.DataFrame({c.name: _native(c) for c in self.columns})
        frame.attrs = {
            "labels": {c.name: c.meaning.label for c in self.columns},
            "units": {c.name: c.meaning.unit for c in self.columns if c.meaning.unit},
            "levels": {c.name: dict(c.meaning.levels) for c in self.columns if c.kind in (CATEGORY, CODE)},
        }
        return frame


def _native(column: Column) -> pd.Series:
    if column.kind != CATEGORY:
        return column.values
    return pd.Series(pd.Categorical(column.values, categories=list(column.meaning.levels)))


def analysis_frame(classified: Classified, population: Population, title: str = "") -> AnalysisFrame:
    """What `patients.csv` says of the included patients, without the free text of reports."""
    table = patients_table(classified, population)
    rows = np.flatnonzero(population.included)
    states = classified.cohort.states
    book = codebook()
    columns = []
    for name in map(str, table):
        if name in _BOOKKEEPING or (name in book and book[name].narrative):
            continue
        state = states[name].to_numpy()[rows] if name in states else np.full(len(rows), State.UNKNOWN, dtype=np.uint8)
        columns.append(_column(name, table[name].iloc[rows].reset_index(drop=True), state))
    return AnalysisFrame(tuple(columns), title)


def _column(name: str, values: pd.Series, state: np.ndarray) -> Column:
    meaning = meaning_of(name)
    kind = _kind(values, meaning)
    if kind == FLAG:
        values = values.astype("boolean")
    elif kind in (NUMBER, COUNT, CODE):
        values = values.astype(float)
    elif kind in (CATEGORY, TEXT):
        values = _words(values)
    return Column(name, kind, meaning, values, state)


def _kind(values: pd.Series, meaning: Meaning) -> str:
    """The kind of a column by what it holds; a word beyond its levels makes it text."""
    if values.dtype.kind == "M":
        return DATE
    if values.dtype == "boolean" or values.dtype.kind == "b":
        return FLAG
    words, numeric = _words(values).dropna(), pd.api.types.is_numeric_dtype(values.dtype)
    if meaning.levels and set(words) <= set(meaning.levels):
        return CODE if numeric else CATEGORY
    if numeric:
        return COUNT if pd.api.types.is_integer_dtype(values.dtype) else NUMBER
    return TEXT


def _words(values: pd.Series) -> pd.Series:
    """The values as words ('1' for 1.0), None where there is none."""
    return pd.Series([_word(value) for value in values.tolist()], dtype=object)


def _word(value: object) -> str | None:
    if value is None or value is pd.NA or value != value or value == "":
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

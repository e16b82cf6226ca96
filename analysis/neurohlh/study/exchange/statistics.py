"""SPSS and Stata files: numbers with labels, why a cell is empty kept apart from no, the limits of their names."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from neurohlh.etl.values import State
from neurohlh.study.exchange.frame import CATEGORY, CODE, COUNT, DATE, FLAG, NUMBER, AnalysisFrame, Column

SPSS_NAME, STATA_NAME = 64, 32
"""The longest names, in bytes and in signs (ours are ASCII)."""
_SPSS_LABEL, _STATA_LABEL = 255, 80
_LABELLED = (FLAG, CATEGORY, CODE)
_FLAG_LEVELS = {"0": "no (否)", "1": "yes (是)"}
_THREE_VALUED = {"not_met": 0, "met": 1, "indeterminate": 2, "not_applicable": 3}
"""The numbers of the states, so that no is 0 and yes is 1 wherever they stand."""


@dataclass(frozen=True)
class Reason:
    """Why a cell is empty: SPSS's missing number, Stata's missing letter, and what both call it."""

    number: int
    letter: str
    label: str


REASONS: Mapping[int, Reason] = {
    State.BLANK: Reason(-1, "b", "not recorded (未记录)"),
    State.NOT_DONE: Reason(-2, "d", "not done (未做)"),
    State.NOT_APPLICABLE: Reason(-3, "n", "not applicable (不适用)"),
    State.UNKNOWN: Reason(-4, "u", "unknown (不详)"),
    State.EQUIVOCAL: Reason(-5, "e", "equivocal (可疑)"),
    State.REFUSED: Reason(-6, "r", "refused by the checks (未通过核查)"),
    State.NO_COLUMN: Reason(-7, "c", "not asked at the centre (该中心未收集)"),
}
"""Why a labelled cell is empty; a derived one without a value is unknown."""
_LOWEST = min(reason.number for reason in REASONS.values())


def numbers_of(column: Column) -> dict[str, int]:
    """Word -> number of a level: states have fixed ones, a code that is a number keeps it, the others follow."""
    levels = _FLAG_LEVELS if column.kind == FLAG else column.meaning.levels
    fixed = {word: int(word) for word in levels if word.isdigit()}
    fixed |= {word: number for word, number in _THREE_VALUED.items() if word in levels and "met" in levels}
    free = (n for n in range(1, 10_000) if n not in set(fixed.values()))
    return {word: fixed[word] if word in fixed else next(free) for word in levels}


def short_names(names: Sequence[str], limit: int) -> dict[str, str]:
    """Name -> name of at most `limit` signs, no two alike whatever their case; those that fit stay as they are."""
    taken = {name.casefold() for name in names if len(name) <= limit}
    short = {}
    for name in names:
        new, n = name, 1
        while len(new) > limit or (new != name and new.casefold() in taken):
            new, n = f"{name[: limit - len(str(n)) - 1]}_{n}", n + 1
        taken.add(new.casefold())
        short[name] = new
    return short


def write_sav(frame: AnalysisFrame, path: Path) -> dict[str, str]:
    """Write an SPSS file (UTF-8); returns name -> name in the file.

    Flags and categories are labelled numbers; an empty one holds a number that the file declares missing.
    """
    names = short_names([c.name for c in frame.columns], SPSS_NAME)
    labelled = [c for c in frame.columns if c.kind in _LABELLED]
    data = pd.DataFrame({names[c.name]: _cells(c, {s: r.number for s, r in REASONS.items()}) for c in frame.columns})
    pyreadstat.write_sav(
        data,
        str(path),
        column_labels=[_cut_bytes(c.meaning.label, _SPSS_LABEL) for c in frame.columns],
        variable_value_labels={names[c.name]: _value_labels(c, "number") for c in labelled},
        missing_ranges={names[c.name]: [{"lo": _LOWEST, "hi": -1}] for c in labelled},
        variable_measure={
            names[c.name]: "nominal" if c in labelled else "scale" for c in frame.columns if c.kind != "text"
        },
        variable_format={names[c.name]: "F8.0" for c in frame.columns if c.kind in (*_LABELLED, COUNT)},
    )
    _undated(path, re.compile(rb"(?<=.{92}).{17}", re.S), b"01 Jan 7000:00:00")
    return names


def write_dta(frame: AnalysisFrame, path: Path) -> dict[str, str]:
    """Write a Stata file (14 and later, UTF-8); returns name -> name in the file.

    Flags and categories are labelled numbers; an empty one holds an extended missing value with its reason as label.
    """
    names = short_names([c.name for c in frame.columns], STATA_NAME)
    labelled = [c for c in frame.columns if c.kind in _LABELLED]
    data = pd.DataFrame({names[c.name]: _cells(c, {s: r.letter for s, r in REASONS.items()}) for c in frame.columns})
    pyreadstat.write_dta(
        data,
        str(path),
        column_labels=[c.meaning.label[:_STATA_LABEL] for c in frame.columns],
        variable_value_labels={names[c.name]: _value_labels(c, "letter") for c in labelled},
        missing_user_values={names[c.name]: [r.letter for r in _used(c)] for c in labelled if _used(c)},
        version=14,
    )
    _undated(path, re.compile(rb"(?<=<timestamp>\x11).{17}", re.S), b"01 Jan 1970 00:00")
    return names


def _used(column: Column) -> list[Reason]:
    """The reasons for which cells of the column are empty."""
    return [REASONS[s] for s in sorted({_reason(s) for s in column.state[column.empty].tolist()})]


def _reason(state: int) -> int:
    return state if state in REASONS else State.UNKNOWN


def _value_labels(column: Column, missing: str) -> dict[Any, str]:
    levels = _FLAG_LEVELS if column.kind == FLAG else column.meaning.levels
    numbers = numbers_of(column)
    return {numbers[word]: label for word, label in levels.items()} | {
        getattr(r, missing): r.label for r in _used(column)
    }


def _cells(column: Column, missing: Mapping[int, Any]) -> list[Any] | pd.Series:
    """The column as the writer takes it: numbers, dates or texts."""
    if column.kind in _LABELLED:
        numbers = numbers_of(column)
        words = _code_words(column) if column.kind in (FLAG, CODE) else column.values
        cells = [
            missing[_reason(int(state))] if empty else float(numbers[word])
            for word, empty, state in zip(words.tolist(), column.empty, column.state, strict=True)
        ]
        if not any(isinstance(cell, str) for cell in cells):
            return pd.Series(cells, dtype=float)
        # As objects, pyreadstat would take a column for text whose first hundred cells are all letters.
        return pd.Series(pd.Categorical(cells, categories=list(dict.fromkeys(cells))))
    if column.kind == DATE:
        return pd.Series([None if pd.isna(v) else dt.date(v.year, v.month, v.day) for v in column.values], dtype=object)
    if column.kind in (NUMBER, COUNT):
        return column.values
    return pd.Series(
        ["" if empty else text for text, empty in zip(column.values, column.empty, strict=True)], dtype=object
    )


def _code_words(column: Column) -> pd.Series:
    """Flags and codes as the words of their levels: True and 1.0 are '1'."""
    return pd.Series(["" if empty else str(int(v)) for v, empty in zip(column.values, column.empty, strict=True)])


def _cut_bytes(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore")


def _undated(path: Path, moment: re.Pattern[bytes], instead: bytes) -> None:
    """Put a fixed moment in the place of the time of writing, so that the same frame gives the same bytes."""
    path.write_bytes(moment.sub(instead, path.read_bytes(), count=1))

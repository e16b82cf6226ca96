"""The criteria of every patient in words: a row per item, with the value it was judged by and why it is undecided."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from neurohlh.clinical.definition import Combination, Comparison, Definition, Evidence, Item, Score
from neurohlh.clinical.kleene import INDETERMINATE, NOT_APPLICABLE
from neurohlh.clinical.plan import relaxed
from neurohlh.clinical.rules import Frame, evaluate
from neurohlh.etl.codebook import codebook

COLUMNS = ("patient_id", "criteria_set", "item", "status", "value", "detail")
_PASSES = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq}


def criteria_long(frame: Frame, definitions: Definition | Sequence[Definition]) -> pd.DataFrame:
    """One row per patient, criteria set and item, and one with item 'overall'; columns `COLUMNS`, in patient order.

    `value` is the recorded value, or the bounds of a count or score ('4..6'); `detail` is the rule in words with
    threshold and unit, its status where it is not VERIFIED, and where undecided the reason.
    """
    sets = [definitions] if isinstance(definitions, Definition) else list(definitions)
    data = _pandas(frame, sets)
    answers = evaluate(data, sets, parts=True)
    pieces = [_Rows(data, answers, d) for d in sets]
    rows = [row for piece in pieces for row in piece.all()]
    table = {
        "patient_id": np.tile(data["patient_id"].astype(str).to_numpy(dtype=object), len(rows)),
        "criteria_set": _constant([r[0] for r in rows], len(data)),
        "item": _constant([r[1] for r in rows], len(data)),
        **{name: np.concatenate([r[place] for r in rows]) for place, name in enumerate(COLUMNS[3:], start=2)},
    }
    by_patient = np.arange(len(rows) * len(data)).reshape(len(rows), len(data)).T.ravel()
    return pd.DataFrame(table, columns=list(COLUMNS)).take(by_patient).reset_index(drop=True)


_Row = tuple[str, str, np.ndarray, np.ndarray, np.ndarray]
"""criteria_set, item, and per patient status, value and detail."""


class _Rows:
    """The rows of one criteria set."""

    def __init__(self, data: pd.DataFrame, answers: pd.DataFrame, definition: Definition) -> None:
        self.data, self.answers, self.definition = data, answers, definition

    def all(self) -> list[_Row]:
        d = self.definition
        # What counts as established is no finding of its own: the item that it rests on has its row.
        shown = [i for i in d.items.values() if not (isinstance(i.test, Combination) and i.test.how == "established")]
        rows = [self.item(item) for item in shown]
        return [*rows, self.overall()] if d.rule is not None else rows

    def item(self, item: Item) -> _Row:
        column = f"{self.definition.key}__{item.name}"
        status = self.answers[column].to_numpy(dtype=object)
        if isinstance(item.test, Comparison):
            value = _recorded_text(self.data, item.test)
            reasons = [_why(self.data, item, status)]
        else:
            value = self.bounds(f"{column}__count")
            reasons = [self.parts(item.test, status, column)]
        if item.scored:
            reasons.append(_prefixed("; points ", self.bounds(f"{column}__points")))
        words = item.words() + (f" [{item.status}]" if item.status != "VERIFIED" else "")
        return self.definition.name, item.name, status, value, _sentence(words, reasons)

    def overall(self) -> _Row:
        d, rule = self.definition, self.definition.rule
        assert rule is not None
        status = self.answers[d.key].to_numpy(dtype=object)
        words = (rule.note or rule.test.words()) + (f" [{d.status}]" if d.status != "VERIFIED" else "")
        outside = np.where(status == NOT_APPLICABLE, f"; not applicable unless met: {', '.join(rule.gate)}", "")
        shown = d.items[rule.bounds].test if rule.bounds else rule.test
        reasons = [outside.astype(object), self.parts(shown, status, d.key)]
        return d.name, "overall", status, self.bounds(d.key), _sentence(words, reasons)

    def bounds(self, column: str) -> np.ndarray:
        if f"{column}_low" in self.answers:
            names = (f"{column}_low", f"{column}_high")
        elif f"{column}__low" in self.answers:
            names = (f"{column}__low", f"{column}__high")
        else:
            return _constant_text("", len(self.data))
        low, high = (_texts(self.answers[n].to_numpy(dtype=float)) for n in names)
        return np.where(low == high, low, low + ".." + high)

    def parts(self, test: Any, status: np.ndarray, column: str) -> np.ndarray:
        """Which substitute was used, and where undecided, which parts are unknown."""
        text = _constant_text("", len(self.data))
        names: tuple[str, ...] = getattr(test, "parts", ())
        if isinstance(test, Combination) and test.how == "first_recorded":
            used = np.array(["", *(f"; by {name}" for name in names)], dtype=object)
            return used[self.answers[f"{column}__by"].to_numpy(dtype=np.intp)]
        if isinstance(test, Evidence):
            return np.where(status == INDETERMINATE, "; no evidence either way", text).astype(object)
        pattern = np.zeros(len(self.data), dtype=np.int64)
        for place, name in enumerate(names):
            unknown = self.answers[f"{self.definition.key}__{name}"].to_numpy(dtype=object) == INDETERMINATE
            pattern |= unknown.astype(np.int64) << place
        if not isinstance(test, Score):
            pattern[status != INDETERMINATE] = 0
        found, inverse = np.unique(pattern, return_inverse=True)
        spelled = ["; unknown: " + ", ".join(n for i, n in enumerate(names) if p >> i & 1) if p else "" for p in found]
        return np.array(spelled, dtype=object)[inverse]


def _pandas(frame: Frame, sets: Sequence[Definition]) -> pd.DataFrame:
    data = nw.from_native(frame)
    if isinstance(data, nw.LazyFrame):
        data = data.collect("pandas")
    return data.to_pandas()


def _why(data: pd.DataFrame, item: Item, status: np.ndarray) -> np.ndarray:
    """Why a comparison is undecided, or that the tolerance decided it."""
    test = item.test
    assert isinstance(test, Comparison)
    undecided = status == INDETERMINATE
    missing = ~_there(data, test.variable)
    reasons: list[tuple[np.ndarray, str]] = [(undecided & missing, "; not recorded")]
    if test.unit_variable in data:
        other = (data[test.unit_variable] != test.unit).to_numpy(dtype=bool)
        reasons.append((undecided & other, f"; not recorded in {test.unit}"))
    if test.times:
        reasons.append((undecided & ~_there(data, test.times), f"; {test.times} not recorded"))
    if f"{test.variable}_censored" in data:
        beyond = data[f"{test.variable}_censored"].isin(["left", "right"]).to_numpy(dtype=bool)
        reasons.append((undecided & beyond, "; censored: the limit does not decide it"))
    if item.when is not None:
        reasons.append((undecided & ~_there(data, item.when.variable), f"; {item.when.variable} not recorded"))
    undone = np.zeros(len(data), dtype=bool)
    if test.tested_by in data:
        undone = (data[test.tested_by] == False).fillna(False).to_numpy(dtype=bool)  # noqa: E712
        reasons.append((undecided & ~missing & undone, f"; not used, for {test.tested_by} says not done"))
    if not codebook()[test.variable].numeric:
        reasons.append((undecided & ~missing & ~undone, "; recorded as not tested or unknown"))
    if test.tolerance:
        reasons.append((_tolerated(data, test), "; 0.5 % tolerance: recorded unit unknown"))
    return np.select([r[0] for r in reasons], [r[1] for r in reasons], "").astype(object)


def _there(data: pd.DataFrame, variable: str) -> np.ndarray:
    if variable not in data:
        return np.zeros(len(data), dtype=bool)
    return data[variable].notna().to_numpy(dtype=bool)


def _tolerated(data: pd.DataFrame, test: Comparison) -> np.ndarray:
    unit = f"{test.variable}_unit"
    if unit not in data or test.variable not in data:
        return np.zeros(len(data), dtype=bool)
    value, passes = data[test.variable].to_numpy(dtype=float), _PASSES[test.comparator]
    assert isinstance(test.threshold, float)
    decided: np.ndarray = passes(value, relaxed(test.comparator, test.threshold)) & ~passes(value, test.threshold)
    return decided & data[unit].isna().to_numpy(dtype=bool)


def _recorded_text(data: pd.DataFrame, test: Comparison) -> np.ndarray:
    """The value as recorded, with its unit and the sign of a limit; '' where there is none."""
    there = _there(data, test.variable)
    if not there.any():
        return _constant_text("", len(data))
    column = data[test.variable]
    if not codebook()[test.variable].numeric:
        text = column.astype(object).where(there, "").map(str).to_numpy(dtype=object)
        return np.where(text == "True", "true", np.where(text == "False", "false", text)).astype(object)
    text = _prefixed("", _texts(column.to_numpy(dtype=float)), f" {test.unit}" if test.unit else "")
    recorded, unit = f"{test.variable}_recorded", f"{test.variable}_unit"
    if recorded in data and unit in data:
        named, own = data[unit].notna().to_numpy(dtype=bool), data[recorded].notna().to_numpy(dtype=bool)
        units = (" " + data[unit].astype(object).where(named, "(unit not named)")).to_numpy(dtype=object)
        text = np.where(own, _texts(data[recorded].to_numpy(dtype=float)) + units, text)
    if f"{test.variable}_censored" in data:
        signs = data[f"{test.variable}_censored"].astype(object).map({"left": "<", "right": ">"}).fillna("")
        text = signs.to_numpy(dtype=object) + text
    return np.where(there, text, "").astype(object)


def _texts(values: np.ndarray) -> np.ndarray:
    """Numbers as text, each distinct one formatted once; '' for NaN."""
    found, inverse = np.unique(values, return_inverse=True)
    return np.array(["" if np.isnan(v) else f"{v:.10g}" for v in found], dtype=object)[inverse]


def _prefixed(before: str, texts: np.ndarray, after: str = "") -> np.ndarray:
    return before + texts + after


def _sentence(words: str, reasons: Sequence[np.ndarray]) -> np.ndarray:
    text = _constant_text(words, len(reasons[0]))
    for reason in reasons:
        text = text + reason
    return text


def _constant_text(text: str, n: int) -> np.ndarray:
    return np.full(n, text, dtype=object)


def _constant(names: Sequence[str], n: int) -> np.ndarray:
    return np.repeat(np.array(names, dtype=object), n)

"""What a cell can mean, and what is said about it when it means nothing certain."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Any, NamedTuple

from neurohlh.etl.codebook import CATALOGUE, Variable


class State(IntEnum):
    """Why a cell has a value or has none; these are never merged into one 'missing'."""

    VALUE = 0
    BLANK = 1
    NOT_DONE = 2
    NOT_APPLICABLE = 3
    UNKNOWN = 4
    EQUIVOCAL = 5
    REFUSED = 6
    NO_COLUMN = 7
    """The patient's source has no such column."""


class Parsed(NamedTuple):
    """What one distinct text of a column means.

    `value` is a float (float and int variables, in the canonical unit), bool, str (category, string, tri) or date.
    `rule` names what was done to get from the text to the value ('' where the value is as written); several steps are
    joined by '; '.
    """

    value: float | bool | str | dt.date | None
    state: State = State.VALUE
    censored: str = ""
    """'left' for <, 'right' for > (the value is then the limit)."""
    recorded: float | None = None
    """The number as recorded, in `unit`."""
    unit: str | None = None
    """The recorded unit (the codebook's spelling of it); None: nobody named one."""
    rule: str = ""
    severity: str = ""
    """'', 'info', 'warning' (value kept, doubted) or 'error' (refused)."""
    code: str = ""
    message: str = ""
    action: str = ""


@dataclass(frozen=True)
class ValueContext:
    """What the header, the study file and the workbook say about a column before any of its cells is read."""

    unit: str | None = None
    """Unit named by the header or the study file; None: nobody named one."""
    unit_known: bool = False
    """True where `unit` is named, or the header is the codebook's own name (then the codebook's unit holds)."""
    decimal: str = "."
    comma_decimals: bool = False
    """Whether the table, though declared to use points, writes decimal commas."""
    date_order: str | None = None
    date1904: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)
    """The study's own codes for this column: text -> codebook code, or one of 'missing', 'not_done', 'not_applicable',
    'unknown'."""
    missing: frozenset[str] = frozenset()
    unit_doubt: str = "refuse"
    partial_dates: str = "refuse"
    today: dt.date | None = None


@dataclass(frozen=True)
class Fault:
    """A text that has no certain value: the code of `catalogue/refusals.toml`, and the words that fill its sentence."""

    code: str
    words: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def sentences() -> dict[str, dict[str, str]]:
    """code -> severity, message and action, with {variable}, {unit} and {units} to be filled in."""
    return tomllib.loads((CATALOGUE / "refusals.toml").read_text(encoding="utf-8"))


def remark(code: str, variable: Variable, words: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The severity, code, message and action of an issue; no patient's value is ever among the words."""
    fill = {"variable": variable.name, "label": variable.label(), "unit": variable.unit, **(words or {})}
    severity, message, action = _filled(code, tuple(fill.items()))
    return {"severity": severity, "code": code, "message": message, "action": action}


@lru_cache(maxsize=1024)
def _filled(code: str, fill: tuple[tuple[str, str], ...]) -> tuple[str, str, str]:
    said, filled = sentences()[code], dict(fill)
    return said["severity"], said["message"].format(**filled), said["action"].format(**filled)


def refused(fault: Fault, variable: Variable) -> Parsed:
    """No value, and the reason why."""
    return Parsed(None, State.REFUSED, **remark(fault.code, variable, fault.words))


def canonical_text(value: float | bool | str | dt.date | None, variable: Variable) -> str:
    """Exactly how patients.csv writes a value of the variable: shortest number, ISO date, true/false, '' for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()[:10]
    if variable.numeric and not isinstance(value, str):
        return number_text(float(value))
    return str(value)


def number_text(value: float) -> str:
    """The shortest text that reads back as the same float, without '.0'; '' for a value that is not a number."""
    if value != value:
        return ""
    text = repr(value + 0.0)  # + 0.0: minus zero is zero
    return text[:-2] if text.endswith(".0") else text

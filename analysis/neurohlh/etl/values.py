"""What the distinct texts of a column mean for its variable: a typed value, a state of not knowing, or a refusal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


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


@dataclass(frozen=True)
class Parsed:
    """What one distinct text of a column means.

    `value` is a float (float and int variables, in the canonical unit), bool, str (category, string, tri) or date.
    `rule` names what was done to get from the text to the value ('' where the value is as written).
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
    date_order: str | None = None
    date1904: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)
    """The study's own codes for this column: text -> codebook code, or one of 'missing', 'not_done', 'not_applicable',
    'unknown'."""
    missing: frozenset[str] = frozenset()
    unit_doubt: str = "refuse"
    partial_dates: str = "refuse"
    today: dt.date | None = None

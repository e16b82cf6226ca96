"""How the cells of a column become distinct texts, whatever the file kept them as."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal

import numpy as np

from neurohlh.etl.table import Distinct, Kind

WHITE = (
    " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff"
)
"""What is stripped from both ends of a cell: white space of any width, and marks of no width."""

EXCEL_DIGITS = 15


class ErrorCell(str):
    """What a spreadsheet cell shows instead of a value: '#REF!', or a formula without a stored result."""


def stripped(text: str) -> str:
    """The text without outer white space, full-width, no-break and zero-width signs included."""
    return text.strip(WHITE)


def number_text(value: float) -> str:
    """The shortest text of a number in the 15 digits that spreadsheets keep: 38.5, 1200, 0.3."""
    if value != value:
        return ""
    rounded = float(f"{value:.{EXCEL_DIGITS}g}")
    if rounded.is_integer() and abs(rounded) < 1e21:
        return str(int(rounded))
    return repr(rounded)


def cell_text(value: object) -> tuple[str, Kind]:
    """The text of one cell and how the file typed it; '' where there is nothing.

    Dates are ISO 8601, with the time of day only where it is not midnight; nested values are JSON.
    """
    if value is None:
        return "", Kind.TEXT
    if isinstance(value, str):
        return stripped(value), Kind.ERROR if isinstance(value, ErrorCell) else Kind.TEXT
    if isinstance(value, bool | np.bool_):
        return ("TRUE" if value else "FALSE"), Kind.BOOL
    if isinstance(value, int | np.integer | Decimal):
        return str(value), Kind.NUMBER
    if isinstance(value, float | np.floating):
        return number_text(float(value)), Kind.NUMBER
    return _rarer_text(value)


def _rarer_text(value: object) -> tuple[str, Kind]:
    if isinstance(value, dt.datetime):
        return _moment_text(value), Kind.DATE
    if isinstance(value, dt.date):
        return value.isoformat(), Kind.DATE
    if isinstance(value, dt.time):
        return value.replace(microsecond=0).isoformat(), Kind.TEXT
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}", Kind.TEXT
    if isinstance(value, bytes):
        return stripped(value.decode("utf-8", errors="replace")), Kind.TEXT
    return json.dumps(value, ensure_ascii=False, default=str), Kind.TEXT


def _moment_text(value: dt.datetime) -> str:
    if value != value:  # pandas' NaT
        return ""
    nearest = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0, tzinfo=None)
    return nearest.date().isoformat() if nearest.time() == dt.time() else nearest.isoformat()


def tidy(texts: Sequence[str], kinds: Sequence[Kind] | None, codes: np.ndarray) -> Distinct:
    """Strip the texts, merge those that became equal and drop the blank ones; the order of the texts stays.

    `codes` (any integer type, negative: empty) point into `texts`, each of which is used; `kinds` None: all are text.
    """
    codes = codes.astype(np.int32, copy=False)
    bare = [text if text.isalnum() else text.strip(WHITE) for text in texts]
    if kinds is None:
        distinct = set(bare)
        if len(distinct) == len(bare) and "" not in distinct:
            return Distinct(bare, [Kind.TEXT] * len(bare), codes)
    typed = [Kind.TEXT] * len(bare) if kinds is None else list(kinds)
    seen: dict[tuple[str, Kind], int] = {}
    for pair in zip(bare, typed, strict=True):
        if pair[0]:
            seen.setdefault(pair, len(seen))
    if len(seen) == len(bare):
        return Distinct(bare, typed, codes)
    target = np.array([*(seen.get(pair, -1) for pair in zip(bare, typed, strict=True)), -1], dtype=np.int32)
    return Distinct([text for text, _ in seen], [kind for _, kind in seen], target[codes])


def tidy_some(texts: Sequence[str], kinds: Sequence[Kind] | None, codes: np.ndarray) -> Distinct:
    """As `tidy`, where some of the texts may occur in no row any more: those are dropped."""
    used = np.bincount(codes[codes >= 0], minlength=len(texts)) > 0
    place = np.append(np.cumsum(used, dtype=np.int32) - 1, np.int32(-1))
    kept = np.flatnonzero(used).tolist()
    return tidy([texts[i] for i in kept], None if kinds is None else [kinds[i] for i in kept], place[codes])


def distinct_values(values: Iterable[object]) -> Distinct:
    """The column of a file that keeps typed cells (None and NaN: empty)."""
    seen: dict[tuple[type, object], int] = {}
    keys = [(value.__class__, value) if value == value else None for value in map(_hashable, values)]
    codes = np.fromiter(
        (-1 if key is None else seen.setdefault(key, len(seen)) for key in keys), dtype=np.int32, count=len(keys)
    )
    pairs = [cell_text(value) for _, value in seen]
    return tidy([text for text, _ in pairs], [kind for _, kind in pairs], codes)


def _hashable(value: object) -> object:
    return value if value.__hash__ is not None else cell_text(value)[0]

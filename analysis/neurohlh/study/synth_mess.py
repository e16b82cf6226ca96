"""How a hospital writes a true value down: habits, units, limits of the analyser, words for "not done".

Every cell carries what it was made from, so that a reader of the tables can be marked cell by cell. Most cells are
clean, as in real files; the rare patterns that need a particular cell are planted afterwards (`synth_plants`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.random import Generator

from neurohlh.study.synth_sheets import Field

Raw = str | int | float | dt.datetime | None

VALUE, MISSING, REFUSED_OK = "value", "missing", "refused_ok"


@dataclass(frozen=True)
class Cell:
    """One cell of a hospital's table and what it truly says.

    `expect` is 'value' (a careful reader must find `truth`), 'missing' (there is none to find: the answer is empty, or
    `truth` where the codebook has a code for "not tested" or "indeterminate") or 'refused_ok' (nobody can decide it
    from the cell: empty, or `truth` itself, never anything else). `pattern` names the mess, by its number in the
    project's list of patterns; '' is a plain cell.
    """

    raw: Raw
    truth: str = ""
    expect: str = VALUE
    pattern: str = ""
    censored: str = ""


BLANK = Cell(None, expect=MISSING)

NOT_DONE = {
    "A": (("未查", 0.5), ("", 0.3), ("未做", 0.12), ("未送检", 0.03), ("拒绝", 0.02), ("/", 0.03)),
    "B": (("", 0.45), ("not done", 0.3), ("ND", 0.25)),
}
UNKNOWN = {"A": (("", 0.8), ("不详", 0.15), ("－", 0.05)), "B": (("", 0.85), ("unknown", 0.1), ("NA", 0.05))}

LIMITS: dict[tuple[str, str], tuple[float | None, float | None]] = {
    ("A", "ferritin"): (None, 40000.0),
    ("A", "crp"): (3.0, None),
    ("A", "fibrinogen"): (0.6, None),
    ("A", "scd25"): (None, 50000.0),
    ("B", "ferritin"): (None, 16500.0),
    ("B", "crp"): (0.3, None),
    ("B", "scd25"): (None, 30000.0),
}
"""Measuring range of each hospital's analyser, in the unit it records."""
OLD_FERRITIN_LIMIT = 2000.0
OLD_UNTIL = np.datetime64("2015-05-01")

THOUSANDS = {"platelets", "ferritin", "scd25"}
FULL_WIDTH = str.maketrans("0123456789.<>-", "０１２３４５６７８９．＜＞－")


def plain(number: Decimal) -> str:
    """A decimal number without exponent and without idle zeros."""
    text = format(number.normalize(), "f")
    return "0" if text in ("-0", "0") else text


def canonical(recorded: str, field: Field) -> str:
    """The recorded number in the codebook's unit."""
    return plain(round((Decimal(recorded) - Decimal(field.offset)) * Decimal(field.factor), 9))


def recorded(value: float, field: Field) -> str:
    """The canonical `value` as this hospital records it: its unit, its number of decimals."""
    number = value / float(field.factor) + float(field.offset)
    return plain(Decimal(repr(round(float(number), field.decimals))))


def pick(rng: Generator, choices: Sequence[tuple[str, float]]) -> str:
    """One of the texts, by its share."""
    shares = np.array([share for _, share in choices])
    return choices[int(rng.choice(len(choices), p=shares / shares.sum()))][0]


def _empty(rng: Generator, words: Sequence[tuple[str, float]], truth: str, pattern: str) -> Cell:
    text = pick(rng, words)
    return Cell(text, truth, MISSING, pattern) if text else Cell(None, truth, MISSING)


def typed(text: str) -> Raw:
    """The number as a workbook holds it."""
    return float(text) if "." in text else int(text)


ABOVE = {"A": ((">", 0.7), ("＞", 0.2), ("≥", 0.1)), "B": ((">", 0.9), (">=", 0.1))}
BELOW = {"A": (("<", 0.75), ("＜", 0.25)), "B": (("<", 1.0),)}


def _limited(
    rng: Generator, number: float, limits: tuple[float | None, float | None], hospital: str
) -> tuple[str, str] | None:
    """(sign, limit) where the number lies outside the analyser's range."""
    low, high = limits
    if high is not None and number > high:
        return pick(rng, ABOVE[hospital]), plain(Decimal(repr(high)))
    if low is not None and number < low:
        return pick(rng, BELOW[hospital]), plain(Decimal(repr(low)))
    return None


def _number(rng: Generator, value: float, field: Field, hospital: str, diagnosed: np.datetime64) -> Cell:
    text = recorded(value, field)
    low, high = LIMITS.get((hospital, field.variable), (None, None))
    if hospital == "A" and field.variable == "ferritin" and diagnosed < OLD_UNTIL:
        high = OLD_FERRITIN_LIMIT
    beyond = _limited(rng, float(text), (low, high), hospital)
    if beyond:
        sign, limit = beyond
        side = "left" if sign in "<＜" else "right"
        shown = f"{int(limit):,}" if hospital == "B" and field.variable in THOUSANDS else limit
        if hospital == "A" and rng.random() < 0.1:
            shown = shown.translate(FULL_WIDTH)
        return Cell(sign + shown, canonical(limit, field), VALUE, "A1 beyond the measuring range", side)
    cell = Cell(typed(text), canonical(text, field))
    return _written_number_b(rng, cell, text, field) if hospital == "B" else _written_number_a(rng, cell, text)


def _written_number_a(rng: Generator, cell: Cell, text: str) -> Cell:
    """Excel numbers; now and then text: full-width digits, footnote marks, arrows."""
    draw = rng.random()
    if draw < 0.004:
        return replace(cell, raw=text.translate(FULL_WIDTH), pattern="D68 full-width digits")
    if draw < 0.008:
        return replace(cell, raw=text + pick(rng, (("*", 0.5), ("†", 0.5))), pattern="D63 footnote mark")
    if draw < 0.013:
        return replace(cell, raw=text + pick(rng, (("↑", 0.5), ("↓", 0.5))), pattern="D63 arrow")
    if draw < 0.018:
        return replace(cell, raw=f" {text} ", pattern="number typed as text")
    return cell


def _written_number_b(rng: Generator, cell: Cell, text: str, field: Field) -> Cell:
    """Text of a csv; thousands commas where the column has that habit, scientific notation for viral loads."""
    if field.variable == "ebv_dna":
        shown = f"{float(text):.1E}"
        return replace(cell, raw=shown, truth=canonical(shown, field), pattern="A6 scientific notation")
    if field.variable in THOUSANDS and float(text) >= 1000:
        return replace(cell, raw=f"{int(text):,}", pattern="A4 thousands comma")
    if rng.random() < 0.003:
        return replace(cell, raw=text + "*", pattern="D63 footnote mark")
    return replace(cell, raw=text)


def _date_a(rng: Generator, day: dt.datetime, field: Field) -> Cell:
    """Typed Excel dates for the days the ward system knows, text and a few bare serial numbers elsewhere."""
    truth = day.date().isoformat()
    y, m, d = day.year, day.month, day.day
    if field.variable in ("date_birth", "date_admission", "date_hlh_diagnosis") and rng.random() < 0.97:
        return Cell(day, truth)
    styles: tuple[tuple[str, float], ...] = (
        (f"{y}.{m}.{d}", 0.35),
        (f"{y}年{m}月{d}日", 0.25),
        (f"{y}-{m:02d}-{d:02d}", 0.2),
        (f"{y}/{m}/{d}", 0.08),
        (f"{y}{m:02d}{d:02d}", 0.03),
        (f"{y}-{m:02d}-{d:02d} 14:20", 0.03),
        (f"{y}.{m:02d}.{d:02d}".translate(FULL_WIDTH), 0.02),
    )
    if rng.random() < 0.03:
        return Cell((day - dt.datetime(1899, 12, 30)).days, truth, VALUE, "C54 Excel serial number")
    return Cell(pick(rng, styles), truth, VALUE, "C55 date as text")


def _date_b(rng: Generator, day: dt.datetime, field: Field) -> Cell:
    """Day, month, year, as the study file declares; ISO and month names are unambiguous in any order."""
    shown = pick(
        rng,
        (
            (day.strftime("%d/%m/%Y"), 0.96),
            (day.strftime("%Y-%m-%d"), 0.02),
            (f"{day.day} {_MONTHS[day.month - 1]} {day.year}", 0.02),
        ),
    )
    return Cell(shown, day.date().isoformat(), VALUE, "" if "/" in shown else "C55 another date style")


# strftime's %b would follow the locale.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def age_text(age_days: int, hospital: str, rng: Generator) -> tuple[str, float]:
    """Age at diagnosis as written, and the years it says."""
    months = int(age_days / 30.4375)
    if hospital == "B":
        if age_days < 365 and rng.random() < 0.4:
            return f"{max(months, 1)} mth", max(months, 1) / 12
        years = round(age_days / 365.25, 2)
        return plain(Decimal(repr(years))), years
    if age_days < 30:
        return pick(rng, ((f"{age_days}天", 0.7), (f"{age_days}d", 0.3))), age_days / 365.25
    if months < 12:
        return pick(rng, ((f"{max(months, 1)}月", 0.6), (f"{max(months, 1)}个月", 0.4))), max(months, 1) / 12
    if months < 72 and months % 12:
        return f"{months // 12}岁{months % 12}月", months / 12
    return f"{months // 12}岁", float(months // 12)


def _age(rng: Generator, age_days: int, hospital: str) -> Cell:
    text, years = age_text(age_days, hospital, rng)
    return Cell(text, f"{years:.8g}", VALUE, "" if text.replace(".", "").isdigit() else "C41 unit in the cell")


def _word(rng: Generator, code: str, field: Field) -> Cell:
    """The habitual word, now and then another one that means the same."""
    if code == "unknown":
        return Cell(code, code, MISSING)
    words = field.words[code]
    chosen = words[0] if len(words) == 1 or rng.random() < 0.95 else words[int(rng.integers(1, len(words)))]
    return Cell(chosen, code, VALUE, "" if chosen == words[0] else "B26 another word")


def _known(rng: Generator, field: Field, hospital: str, value: object, row: pd.Series) -> Cell:
    if field.kind == "text":
        return Cell(str(value), str(value))
    if field.kind == "number":
        return _number(rng, float(str(value)), field, hospital, row["date_hlh_diagnosis"].to_datetime64())
    if field.kind == "date":
        day = pd.Timestamp(str(value)).to_pydatetime()
        write: Callable[[Generator, dt.datetime, Field], Cell] = _date_b if hospital == "B" else _date_a
        return write(rng, day, field)
    code = ("true" if value else "false") if field.kind == "flag" else str(value)
    return _word(rng, code, field)


def _one(rng: Generator, field: Field, hospital: str, row: pd.Series) -> Cell:
    if field.kind == "age":
        return _age(rng, int(row["age_days"]), hospital)
    value = row[field.variable]
    if field.done and not row[field.done]:
        truth = "not_tested" if value == "not_tested" else ""
        return _empty(rng, NOT_DONE[hospital], truth, "B32 not done")
    if value is None or value != value:
        left_blank = field.kind in ("date", "text") or field.variable == "ebv_specimen"
        words = (("", 1.0),) if left_blank else UNKNOWN[hospital]
        if field.variable == "ebv_dna" and row["ebv_status"] == "negative" and hospital == "A" and rng.random() < 0.4:
            return Cell("<500", "500", VALUE, "A3 below the measuring range", "left")
        return _empty(rng, words, "", "unknown")
    return _known(rng, field, hospital, value, row)


def written(rng: Generator, people: pd.DataFrame, fields: Sequence[Field], hospital: str) -> dict[str, list[Cell]]:
    """The cells of one hospital's table by variable, one per row of `people`."""
    rows = [row for _, row in people.iterrows()]
    return {field.variable: [_one(rng, field, hospital, row) for row in rows] for field in fields}

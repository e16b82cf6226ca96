"""The text of a cell as a number: comparator, digits, power of ten, and what stands behind them.

Nothing here knows a variable. A text that holds no single certain number becomes a `Fault` with the code that says
which pattern it is, so that every refusal has its own advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from neurohlh.etl.characters import plain
from neurohlh.etl.parsed import Fault
from neurohlh.etl.table import Distinct, Kind
from neurohlh.etl.units import Unit, read_unit

PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,12})?").fullmatch
"""The ordinary number, whose text goes straight to float."""


@dataclass(frozen=True)
class Habit:
    """How a column writes numbers: its declared decimal mark, and marks seen that contradict thousands groups."""

    decimal: str = "."
    comma_decimals: bool = False
    """Some text has a comma that can only be a decimal one (3,9)."""
    point_decimals: bool = False


@dataclass(frozen=True)
class Reading:
    """One number read from a text."""

    number: Decimal
    censored: str = ""
    """'left', 'right' or ''."""
    unit: str = ""
    """The canonical spelling of a unit named in the cell, or ''."""
    footnote: str = ""
    """'', 'mark' (arrow, star, H/L flag) or 'text' (words in brackets)."""
    approximate: bool = False
    rules: tuple[str, ...] = ()


_THREE_DECIMALS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}").fullmatch
"""1.234: a decimal where points are decimal marks, a thousand where they group."""
_COMMA_DECIMAL = re.compile(r"(?<![\d.,])(?:0,\d+|\d+,(?:\d{1,2}|\d{4,}))(?![\d,])")
_POINT_DECIMAL = re.compile(r"(?<![\d.,])(?:0\.\d+|\d+\.(?:\d{1,2}|\d{4,}))(?![\d.])")


def writes_comma_decimals(columns: Iterable[Distinct]) -> bool:
    """Whether the texts of a table's numeric columns write decimal commas more often than decimal points."""
    found = [d.texts for d in columns if any("," in t and _COMMA_DECIMAL.search(t) for t in d.texts)]
    commas = sum(bool("," in t and _COMMA_DECIMAL.search(t)) for texts in found for t in texts)
    return commas > sum(bool("." in t and _POINT_DECIMAL.search(t)) for texts in found for t in texts)


def habit_of(texts: Sequence[str], kinds: Sequence[Kind], decimal: str) -> Habit:
    """What the texts of a whole column say about its commas and points (cells that the file typed say nothing)."""
    mark, pattern = (",", _COMMA_DECIMAL) if decimal == "." else (".", _POINT_DECIMAL)
    seen = any(
        kind == Kind.TEXT and mark in text and pattern.search(text) for text, kind in zip(texts, kinds, strict=True)
    )
    return Habit(decimal, comma_decimals=seen and decimal == ".", point_decimals=seen and decimal == ",")


_RIGHT = (
    ">=", "=>", "≥", ">", "大于等于", "不低于", "不少于", "大于", "高于", "超过", "多于", "above", "over", "more than",
    "greater than", "at least", "higher than",
)  # fmt: skip
_LEFT = (
    "<=", "=<", "≤", "<", "小于等于", "不超过", "不高于", "小于", "低于", "少于", "不足", "below", "under", "up to",
    "less than", "at most", "lower than", "no more than", "not more than",
)  # fmt: skip
_SIDE = {**dict.fromkeys(_RIGHT, "right"), **dict.fromkeys(_LEFT, "left")}
_COMPARE = "|".join(sorted(map(re.escape, _SIDE), key=len, reverse=True))
_HEAD = re.compile(
    rf"^(?P<approx>(?:约|大约|~|≈|about|approx\.?|approximately|around|ca\.?|circa)\s*)?(?:(?P<cmp>{_COMPARE})\s*)?"
    r"(?P<digits>[+-]?\s?(?:[0-9][0-9.,]*|[.,][0-9]+))(?P<rest>.*)$",
    re.I,
)
_POWER = re.compile(
    r"^(?:e(?P<e>[+-]?\d{1,3})|\s*[x×*]\s*10\s*(?:\^|\*\*|e)\s*\(?(?P<p>[+-]?\d{1,2})\)?)(?P<rest>.*)$", re.I
)
_TAIL_SIDE = {"以上": "right", "及以上": "right", "以下": "left", "及以下": "left"}
_MARKS = re.compile(r"\(\s*[*†‡§¶#↑↓HLhl]+\s*\)|[*†‡§¶#↑↓]+$|^[↑↓*]+|(?<=[0-9])\s*[HL]$|(?<=[0-9A-Za-z%])\s[HL]$")
_NUMBER = r"\d+(?:[.,]\d+)?"


_SIMPLE = re.compile(
    r"(?P<cmp>[<>]=?|[≤≥])?\s?(?P<digits>[0-9]{1,12}(?:\.[0-9]{1,12})?)"
    r"(?:\s?(?P<unit>[^\W\d_]{2}[^\s0-9()]{0,12}|[a-zA-Zμµ]{1,3}/[a-zA-Zμµ]{1,2}|%))?"
).fullmatch


def read_simple(text: str, habit: Habit) -> Reading | None:
    """The commonest shapes at once (>40000, 12.3 ng/mL); None leaves a text to `read_number`, which says the same."""
    m = _SIMPLE(text)
    if not m or ("." in m["digits"] and (habit.decimal == "," or habit.comma_decimals)):
        return None
    unit = read_unit(m["unit"]) if m["unit"] else None
    if m["unit"] and unit is None:
        return None
    censored = _SIDE[m["cmp"]] if m["cmp"] else ""
    return Reading(Decimal(m["digits"]), censored, unit.name if unit else "", rules=_RULES[censored])


_RULES = {"": (), "left": ("censored:left",), "right": ("censored:right",)}


def read_number(text: str, habit: Habit) -> Reading | Fault:
    """The one number that a text holds, or the reason why it holds none for certain."""
    s = plain(text)
    rules = ["fullwidth"] if s != " ".join(text.split()) else []
    s = s.strip("'\"").rstrip(";。、").strip()
    s = re.sub(r"(?<=\d)[·•](?=\d)", ".", s)
    fault = _pattern_fault(s)
    if fault:
        return fault
    bare = _MARKS.sub("", s).strip()
    marked = bare != s
    m = _HEAD.match(bare)
    if not m:
        return _wordy(s)
    number = _digits(m["digits"].replace(" ", ""), habit)
    if isinstance(number, Fault):
        return number
    value, how = number
    tail = _tail(value, m["rest"])
    if isinstance(tail, Fault):
        return tail
    value, unit, footnote, side, power = tail
    comparator = (m["cmp"] or "").casefold()
    censored = _SIDE.get(comparator, "") or side
    rules += [how] if how else []
    rules += ["scientific"] if power else []
    rules += [f"censored:{censored}"] if censored else []
    rules += ["approximate"] if m["approx"] else []
    rules += [f"footnote:{footnote or 'mark'}"] if footnote or marked else []
    return Reading(value, censored, unit, footnote or ("mark" if marked else ""), bool(m["approx"]), rules=tuple(rules))


def _pattern_fault(s: str) -> Fault | None:
    """The patterns that look like numbers and are none, each with its own name."""
    for code, pattern in _FAULTS:
        if pattern.search(s):
            return Fault(code)
    return None


_FAULTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("sign_in_number", re.compile(r"^\(?[+±]{1,4}\)?$|^\(-\)$|^[1-4]\s?\++$|^\+-$|^-\+$")),
    ("date_in_number", re.compile(r"^\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[ T].*)?$|^\d{1,2}[-/]\d{1,2}[-/]\d{4}$")),
    ("plus_minus", re.compile(r"\d\s*(?:±|\+/-|\+-)\s*\d")),
    ("serial_values", re.compile(r"\d\s*(?:→|->|=>|⇒|>)\s*\d|^[\d.]+\s*/\s*[\d.]+(?:\s*/\s*[\d.]+)*\s*$")),
    ("cells_run_together", re.compile(r"^\d{13,}$|^(?=(?:\D*\d){10})\d+(?:\s+\d+)+$")),
    ("range", re.compile(rf"^[^\d]*{_NUMBER}\s*[^\d\s()<>]*\s*(?:-|~|to|至|到)\s*{_NUMBER}\s*[^\d]*$", re.I)),
    ("plus_mark", re.compile(r"^\d[\d.,]*\s?\+$")),
)


def _wordy(s: str) -> Fault:
    """A text that does not begin with a number."""
    found = re.findall(_NUMBER, s)
    return Fault("not_a_number" if not found else "several_numbers" if len(found) > 1 else "unreadable_number")


def _digits(token: str, habit: Habit) -> tuple[Decimal, str] | Fault:
    """The digits of a number with the marks of its column, and how they were read."""
    sign, body = ("-", token[1:]) if token[0] == "-" else ("", token.lstrip("+"))
    body = body.rstrip(",") if body.endswith(",") else body
    point, comma = (".", ",") if habit.decimal == "." else (",", ".")
    how = "decimal_comma" if habit.decimal == "," and "," in body else ""
    whole, mark, fraction = body.partition(point)
    if habit.comma_decimals and _THREE_DECIMALS(body):
        return Fault("ambiguous_separator")
    if comma not in body and point not in fraction:
        return _decimal(sign, whole, fraction), how
    if comma in fraction or point in fraction:
        return Fault("decimal_mark")
    g = re.escape(comma)
    western = re.fullmatch(rf"[1-9]\d{{0,2}}((?:{g}\d{{3}})+)", whole)
    indian = re.fullmatch(rf"[1-9]\d?(?:{g}\d{{2}})+{g}\d{{3}}", whole)
    if western or indian:
        contradicted = habit.comma_decimals or habit.point_decimals
        if contradicted and not mark and western and len(western[1]) == 4:
            return Fault("ambiguous_separator")
        digits = _decimal(sign, whole.replace(comma, ""), fraction)
        return digits, "; ".join(filter(None, ("thousands" if western else "thousands_indian", how)))
    if habit.decimal == ".":
        return Fault("decimal_comma" if re.fullmatch(r"\d+,\d+", body) else "decimal_mark")
    if re.fullmatch(r"\d*\.\d+", body):  # 3.9 in a column of decimal commas can be nothing else
        return Decimal(sign + "0" + body if body.startswith(".") else sign + body), "decimal_point"
    return Fault("decimal_mark")


def _decimal(sign: str, whole: str, fraction: str) -> Decimal:
    return Decimal(f"{sign}{whole or '0'}.{fraction or '0'}" if fraction else f"{sign}{whole or '0'}")


_Tail = tuple[Decimal, str, str, str, bool]


def _tail(value: Decimal, rest: str) -> _Tail | Fault:
    """What stands behind the digits: (value, unit, footnote, side of 以上/以下, whether it had a power of ten)."""
    rest = rest.strip()
    if not rest:
        return value, "", "", "", False
    m = re.match(r"^\^\s*(\d{1,2})(?!\d)(.*)$", rest)
    if m and value == 10:
        return _with_power(Decimal(1), int(m[1]), m[2])
    unit = read_unit(rest)
    if unit is not None and not _powered(unit):
        return value, unit.name, "", "", False
    behind = _bracketed(rest)
    unit = read_unit(behind[0]) if behind else None
    if behind and unit is not None and not _powered(unit):
        many = re.search(r"\d", behind[1])
        return Fault("several_numbers") if many else (value, unit.name, "text", "", False)
    m = _POWER.match(rest)
    if m:
        return _with_power(value, int(m["e"] or m["p"]), m["rest"])
    if re.match(r"^[x×*]\s*10\s?\d{1,2}", rest):
        return Fault("exponent_lost")
    return _words_behind(value, rest)


def _powered(unit: Unit) -> bool:
    """10^4 copies/mL: the power belongs to the number; 10^9/L: it belongs to the unit."""
    return unit.name.startswith("10^") and " " in unit.name


def _with_power(value: Decimal, exponent: int, rest: str) -> _Tail | Fault:
    if abs(exponent) > 30:
        return Fault("unreadable_number")
    behind = _tail(value.scaleb(exponent), rest)
    return behind if isinstance(behind, Fault) else (*behind[:4], True)


def _bracketed(rest: str) -> tuple[str, str] | None:
    """'ng/mL (peak)' -> ('ng/mL', 'peak')."""
    m = re.fullmatch(r"([^()\[\]]*?)\s*[(\[](.*)[)\]]", rest)
    return (m[1].strip(), m[2].strip()) if m else None


def _words_behind(value: Decimal, rest: str) -> _Tail | Fault:
    """A unit with 以上/以下, a unit or a number with words in brackets; anything else has no certain meaning."""
    for word, side in _TAIL_SIDE.items():
        if rest.endswith(word):
            head = rest[: -len(word)].strip()
            unit = read_unit(head)
            if not head or unit:
                return value, unit.name if unit else "", "", side, False
    parts = _bracketed(rest)
    if parts:
        head, inner = parts
        unit = None if head else read_unit(inner)
        if unit is not None:
            return value, unit.name, "", "", False
        if not head:
            return Fault("several_numbers") if re.search(r"\d", inner) else (value, "", "text", "", False)
    if re.search(r"\d", re.sub(r"10\s*(?:\^|\*|e)?\s*\d{1,2}|mm3|\^3|10{2,5}", "", rest)):
        return Fault("several_numbers")
    if re.fullmatch(r"(?=[a-zA-Zμ/%x×*\u4e00-\u9fff])[^\s()（）,;，；。]{1,12}(?:\s?/\s?[^\s()]{1,10})?", rest):
        return Fault("unit_unknown")
    return Fault("unreadable_number")

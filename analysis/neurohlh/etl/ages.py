"""Ages and durations as people write them: `3岁2月`, `18d`, `1.5 mth`, `P25Y6M`, `one and half-year old`, `4+ mth`.

A year is 365.25 days and a month a twelfth of it. What counts from an event that the cell does not name (`day +21`,
`at 4 y`) is refused: times with different zeros cannot stand in one survival curve.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from neurohlh.etl.characters import plain
from neurohlh.etl.parsed import Fault


@dataclass(frozen=True)
class Span:
    """A length of time: its parts from the longest unit to the shortest, as written."""

    parts: tuple[tuple[Decimal, str], ...]
    """(number, unit), unit one of years, months, weeks, days, hours."""
    censored: str = ""
    rules: tuple[str, ...] = ()


_UNITS = {
    "years": r"周岁|岁|年|years?|yrs?\.?|y\.?/?o\.?|y",
    "months": r"个月龄|个月|月龄|月|months?|mths?|mos?|mon|m",
    "weeks": r"周龄|周|星期|weeks?|wks?|w",
    "days": r"日龄|天|日|days?|d",
    "hours": r"小时|hours?|hrs?|h",
}
_UNIT = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _UNITS.items())
_PART = re.compile(
    rf"(?P<number>\d+(?:\.\d+)?)\s*(?P<half>个?半)?\s*-?\s*(?P<plus>\+)?\s*(?:{_UNIT})(?![a-z])\.?(?P<after>半)?"
)
_ORDER = tuple(_UNITS)
_HALF = {"years": Decimal("0.5"), "months": Decimal("0.5"), "weeks": Decimal("0.5"), "days": Decimal("0.5")}
_WORDS = {
    "one": 1, "a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5,
    "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
_NUMBER_WORD = re.compile(
    r"(?<![a-z])(?P<word>"
    + "|".join(w for w in _WORDS if w.isascii())
    + r")(?=[\s-]*(?:and\s+(?:a\s+)?half[\s-]*)?(?:year|yr|month|mth|week|day))"
)
_CHINESE_WORD = re.compile(
    r"(?:(?P<tens>[二三四五六七八九])?(?P<ten>十)(?P<ones>[一二三四五六七八九])?|(?P<word>[一二两三四五六七八九]))(?=个?半?[岁年月周天])"
)
_ISO = re.compile(r"^p(?=\d)(?:(\d+(?:\.\d+)?)y)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)w)?(?:(\d+(?:\.\d+)?)d)?$")
_ZERO = re.compile(
    r"(?:^|\b|\s)(?:day|d|week|hospital day|post[- ]?\w+ day|at|on day|after|第)\s*[+-]?\s*\d|^\+\s*\d"
    r"|\bafter\b|术后|移植后|治疗后"
)
_OBSTETRIC = re.compile(r"\bg\d+\s*p\d+|孕|胎龄|gestation|\d+\s*\+\s*\d+\s*(?:周|w)")
_FILLER = re.compile(r"^(?:old|出生|of age|of life|aged?|大|龄|生后|出生后|of follow-?up|and|,|-|零|又|的|\s)*$")
_COMPARE = re.compile(
    r"^(?P<cmp><=|>=|≤|≥|<|>|大于|超过|小于|不足|不到|over|under|above|below|more than|less than|at least|up to)\s*"
)
_LEFT = frozenset({"<", "<=", "≤", "小于", "不足", "不到", "under", "below", "less than", "up to"})


def read_span(text: str, bands: frozenset[str] = frozenset()) -> Span | Fault:
    """The length of time that a text with units says, or why it says none. `bands` are words such as 'neonate'."""
    s = plain(text).casefold().strip(" .。")
    iso = _ISO.match(s)
    if iso:
        parts = tuple(
            (Decimal(n), u) for n, u in zip(iso.groups(), ("years", "months", "weeks", "days"), strict=True) if n
        )
        return Span(parts, rules=("time:iso",))
    fault = _named_fault(s, bands)
    if fault:
        return fault
    s, side = _compared(s)
    s = _spelled(s)
    return _assembled(s, side)


def _named_fault(s: str, bands: frozenset[str]) -> Fault | None:
    """The texts that are no age of one patient, each with its own reason."""
    if s in bands or re.sub(r"\s*\(.*\)$", "", s) in bands:
        return Fault("age_band")
    if _OBSTETRIC.search(s):
        return Fault("obstetric")
    if re.search(r"\d+月\d+日$|\d{4}[-/.年]\d", s):
        return Fault("date_in_number")
    if re.search(r"\d\s*[^\d\s(),;]{0,8}\s*(?:-|~|to|至|到)\s*\d", s):
        return Fault("age_range")
    if _ZERO.search(s):
        return Fault("zero_not_stated")
    return None


def _compared(s: str) -> tuple[str, str]:
    """The text without its comparator, and the side on which it is open."""
    m = _COMPARE.match(s)
    if m:
        return s[m.end() :], "left" if m["cmp"] in _LEFT else "right"
    for word in ("以上", "余"):
        if s.endswith(word):
            return s[: -len(word)], "right"
    return s, ""


def _spelled(s: str) -> str:
    """Number words before a unit of time as digits: 'one and half-year old' -> '1.5-year old', '半岁' -> '0.5岁'."""
    s = re.sub(r"^half (?:a |an )?", "0.5 ", s)
    s = re.sub(r"^半(?=[岁年])", "0.5", s)
    s = re.sub(r"^半个?月", "0.5个月", s)
    s = _NUMBER_WORD.sub(lambda m: str(_WORDS[m["word"]]), s)
    s = _CHINESE_WORD.sub(_chinese, s)
    return re.sub(r"(?<![\d.])(\d+)[\s-]*and\s+(?:a\s+)?half", r"\1.5", s)


def _chinese(m: re.Match[str]) -> str:
    if not m["ten"]:
        return str(_WORDS[m["word"]])
    return str(10 * _WORDS[m["tens"] or "一"] + _WORDS.get(m["ones"] or "", 0))


def _assembled(s: str, side: str) -> Span | Fault:
    """The parts of an age, which must follow each other from long to short with nothing between or behind."""
    parts: list[tuple[Decimal, str]] = []
    rest, end, open_ended = "", 0, False
    for m in _PART.finditer(s):
        unit = next(name for name in _ORDER if m[name])
        half = _HALF.get(unit, Decimal(0)) if m["half"] or m["after"] else Decimal(0)
        parts.append((Decimal(m["number"]) + half, unit))
        open_ended |= bool(m["plus"])
        rest += " " + s[end : m.start()]
        end = m.end()
    behind = s[end:].strip()
    open_ended |= behind == "+"
    rest = f"{rest} {behind if behind != '+' else ''}".strip()
    if not parts:
        return Fault("age_with_text" if re.match(r"\d+(?:\.\d+)?\s*\(\D*\)$", s) else "not_an_age")
    order = [_ORDER.index(unit) for _, unit in parts]
    if order != sorted(set(order)):
        return Fault("several_ages")
    if not _FILLER.match(rest):
        more = re.search(r"\d", rest) or (len(parts) > 1 and re.search(r"[,;(]", rest))
        return Fault("several_ages" if more else "age_with_text")
    rule = "time:" + "+".join(unit for _, unit in parts)
    censored = side or ("right" if open_ended else "")
    return Span(tuple(parts), censored, (rule, *([f"censored:{censored}"] if censored else [])))

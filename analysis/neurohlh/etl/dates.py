"""Dates as people and spreadsheets write them, to the day or not at all.

A day that can be exchanged with a month is refused unless the study declares the order; a date without its day is
refused or put in the middle of the month, as the study says; nothing lies in the future.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

from neurohlh.etl.characters import plain
from neurohlh.etl.parsed import Fault, ValueContext
from neurohlh.etl.table import Kind


@dataclass(frozen=True)
class Day:
    """A date read from a text: what was done to read it, and the code of a remark it deserves ('' for none).

    `date` is None for a placeholder that programs write where nothing was entered.
    """

    date: dt.date | None
    rules: tuple[str, ...] = ()
    doubt: str = ""


_MONTHS = {
    m: i for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_TIME = re.compile(
    r"(?:[ t]\s*|(?<=日)\s*)(?:上午|下午|凌晨|中午|晚上|早上)?\s*"
    r"(?P<time>\d{1,2}(?::\d{2}(?::\d{2}(?:[.,]\d+)?)?|时\d{0,2}分?(?:\d{1,2}秒)?))"
    r"\s*(?:[ap]m)?\s*(?:z|utc|[+-]\d{2}:?\d{2})?$"
)
_WEEKDAY = re.compile(r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[.,]?\s+")
_YMD = re.compile(r"^(\d{4})\s*[-/.\\年]\s*(\d{1,2})\s*[-/.\\月]\s*(\d{1,2})\s*[日号]?$")
_OTHER = re.compile(r"^(\d{1,2})\s*[-/.\\]\s*(\d{1,2})\s*[-/.\\]\s*(\d{4})$")
_SHORT = re.compile(r"^(\d{1,2})\s*[-/.\\年]\s*(\d{1,2})\s*[-/.\\月]\s*(\d{1,2})\s*[日号]?$")
_PARTIAL = re.compile(
    r"^(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*月?(?:\s*[-/.]\s*(?:00|xx|\?\?|__|uu))?$"
    r"|^(?P<y2>\d{4})\s*年?(?:\s*[-/.](?:00|xx|\?\?)){0,2}$"
    r"|^(?P<m3>\d{1,2})\s*[-/.]\s*(?P<y3>\d{4})$"
)
_VAGUE = re.compile(r"^\d{4}\s*年?\s*(?:\d{1,2}\s*月)?\s*(?:初|底|末|中|上旬|中旬|下旬|左右|前后|春|夏|秋|冬)")
_ENGLISH = (
    re.compile(rf"^(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s\-/.]*(?:of\s+)?{_MONTH}[\s\-/.,]*(?P<y>\d{{4}}|'?\d{{2}})$"),
    re.compile(rf"^{_MONTH}[\s\-/.]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:[\s,\-/.]+)(?P<y>\d{{4}})$"),
    re.compile(rf"^(?P<y>\d{{4}})[\s\-/.]*{_MONTH}[\s\-/.]*(?P<d>\d{{1,2}})$"),
)
_ENGLISH_PARTIAL = re.compile(rf"^{_MONTH}[\s\-/.,]*(?P<y>\d{{4}})$")
_ENGLISH_SHORT = re.compile(rf"^{_MONTH}[\s\-/.,]*'?\d{{2}}$")
_ONE = re.compile(
    r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|(?<!\d)(?:19|20)\d{6}(?!\d)"
)
_PLACEHOLDERS = frozenset(
    {
        "1900-01-00",
        "1900-01-01",
        "1899-12-30",
        "1899-12-31",
        "1904-01-01",
        "0000-00-00",
        "9999-12-31",
        "0001-01-01",
        "1800-01-01",
        "1600-01-01",
        "1753-01-01",
    }
)
_EPOCH = dt.date(1970, 1, 1)
_EARLIEST = dt.date(1900, 1, 2)
_FIRST_EVENT = 1960
"""No event of a cohort of this disease is older (it was first described in 1952); births may be."""


def read_date(text: str, kind: Kind, context: ValueContext, birth: bool = False) -> Day | Fault:
    """The day that a text names, the placeholder it is, or the reason why no day is certain.

    `birth`: the column holds dates of birth, where an old century is possible.
    """
    if len(text) == 10 and text[4] == text[7] == "-" and text.isascii():
        try:
            date = dt.date.fromisoformat(text)
        except ValueError:
            pass
        else:
            if date.year > 1970 and (context.today is None or date <= context.today) and date.year < 9999:
                return Day(date)
    s = plain(text)
    wide = ("fullwidth",) if s != text and not text.isascii() and "年" not in text else ()
    found = _read(s.casefold(), kind, context, birth)
    if isinstance(found, Fault):
        return found
    return _checked(Day(found.date, (*wide, *found.rules), found.doubt), context, birth)


def _checked(day: Day, context: ValueContext, birth: bool) -> Day | Fault:
    """No placeholder, nothing before 1900, nothing in the future."""
    date = day.date
    if date is None:
        return day
    if date == _EPOCH:
        timed = any(rule.startswith("date:time") for rule in day.rules)
        return Day(date, day.rules, "possible_placeholder") if birth and not timed else _placeholder()
    if date < _EARLIEST or (not birth and date.year < _FIRST_EVENT):
        return Fault("implausible_date")
    if context.today is not None and date > context.today:
        return Fault("future_date")
    return day


def _placeholder() -> Day:
    return Day(None, ("date:placeholder",), "placeholder_date")


def _read(s: str, kind: Kind, context: ValueContext, birth: bool) -> Day | Fault:
    s = _WEEKDAY.sub("", s).rstrip(".。;,")
    time = _TIME.search(s)
    body = s[: time.start()].rstrip(" t") if time else s
    if body in _PLACEHOLDERS:
        return _placeholder()
    if kind == Kind.NUMBER or re.fullmatch(r"\d{5}(?:\.\d+)?|\d{8}|\d{6}|\d{4}", body):
        return _from_number(body, kind, context, birth)
    for pattern, reader in _READERS:
        m = pattern.match(body)
        if m:
            return _with_time(reader(m, context, birth), time)
    if len(_ONE.findall(s)) > 1:
        return Fault("several_dates")
    if _VAGUE.match(body):
        return Fault("partial_date")
    if _ENGLISH_SHORT.match(body):
        return Fault("two_digit_year")
    return Fault("date_with_text" if _ONE.search(s) else "not_a_date")


def _with_time(day: Day | Fault, time: re.Match[str] | None) -> Day | Fault:
    """The day, saying that a time of day was dropped."""
    if time is None or isinstance(day, Fault):
        return day
    midnight = not re.search(r"[1-9]", time["time"])
    return Day(day.date, (*day.rules, "date:time_dropped"), day.doubt or ("" if midnight else "time_dropped"))


def _date(y: int, m: int, d: int) -> dt.date | None:
    try:
        return dt.date(y, m, d)
    except ValueError:
        return None


def _certain(y: int, m: int, d: int, rule: str, context: ValueContext, doubt: str = "") -> Day | Fault:
    if d in (0, 99) or m in (0, 99):
        known = 1 <= m <= 12
        return Fault("impossible_date") if 99 in (d, m) else _partial(y, m if known else None, context)
    date = _date(y, m, d)
    return Fault("impossible_date") if date is None else Day(date, (rule,), doubt)


def _ymd(m: re.Match[str], context: ValueContext, birth: bool) -> Day | Fault:
    y, month, d = (int(g) for g in m.groups())
    return _certain(y, month, d, "date:ymd", context)


def _day_and_month(m: re.Match[str], context: ValueContext, birth: bool) -> Day | Fault:
    """Day and month before a year of four digits."""
    a, b, y = (int(g) for g in m.groups())
    if context.date_order in ("dmy", "mdy"):
        d, month = (a, b) if context.date_order == "dmy" else (b, a)
        if month > 12 >= d:
            return Fault("date_order_contradicted")
        return _certain(y, month, d, f"date:{context.date_order}", context)
    if a == b or a > 12 >= b:
        return _certain(y, b, a, "date:dmy", context)
    if b > 12 >= a:
        return _certain(y, a, b, "date:mdy", context)
    return Fault("impossible_date" if a > 12 else "ambiguous_date")


def _two_digits(m: re.Match[str], context: ValueContext, birth: bool) -> Day | Fault:
    """A year of two digits: only with a declared order, and only where one century is possible."""
    if context.date_order is None:
        return Fault("two_digit_year")
    parts = dict(zip(context.date_order, (int(g) for g in m.groups()), strict=True))
    return _century(parts["y"], parts["m"], parts["d"], f"date:{context.date_order}", context, birth)


def _century(y: int, m: int, d: int, rule: str, context: ValueContext, birth: bool) -> Day | Fault:
    if _date(2000 + y, m, d) is None and _date(1900 + y, m, d) is None:
        return Fault("impossible_date")
    if context.today is None:
        return Fault("two_digit_year")
    first = 1900 if birth else _FIRST_EVENT
    possible = [date for c in (1900, 2000) if (date := _date(c + y, m, d)) and c + y >= first and date <= context.today]
    if len(possible) != 1:
        return Fault("two_digit_year")
    return Day(possible[0], (rule, "date:two_digit_year"), "century_assumed")


def _english(m: re.Match[str], context: ValueContext, birth: bool) -> Day | Fault:
    """A date with the name of its month."""
    month, d = _MONTHS[m["name"][:3]], int(m["d"])
    if len(m["y"]) == 4:
        return _certain(int(m["y"]), month, d, "date:month_name", context)
    if context.date_order != "dmy":
        return Fault("two_digit_year")
    return _century(int(m["y"].lstrip("'")), month, d, "date:month_name", context, birth)


def _partial(year: int, month: int | None, context: ValueContext) -> Day | Fault:
    """The 15th of a month, 1 July of a year, where the study asks for midpoints."""
    if month is not None and not 1 <= month <= 12:
        return Fault("impossible_date")
    if context.partial_dates != "midpoint":
        return Fault("partial_date")
    date = dt.date(max(year, 1), month or 7, 15 if month else 1)
    return Day(date, ("date:midpoint_month" if month else "date:midpoint_year",), "date_midpoint")


def _partial_digits(m: re.Match[str], context: ValueContext, birth: bool) -> Day | Fault:
    year, month = m["y"] or m["y2"] or m["y3"], m["m"] or m["m3"]
    return _partial(int(year), int(month) if month else None, context)


def _partial_english(m: re.Match[str], context: ValueContext, birth: bool) -> Day | Fault:
    return _partial(int(m["y"]), _MONTHS[m["name"][:3]], context)


_Reader = Callable[[re.Match[str], ValueContext, bool], Day | Fault]
_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_YMD, _ymd),
    (_OTHER, _day_and_month),
    (_SHORT, _two_digits),
    *((pattern, _english) for pattern in _ENGLISH),
    (_PARTIAL, _partial_digits),
    (_ENGLISH_PARTIAL, _partial_english),
)


def _from_number(s: str, kind: Kind, context: ValueContext, birth: bool) -> Day | Fault:
    """Digits alone: a spreadsheet's day count, yyyymmdd, or a bare year."""
    m = re.fullmatch(r"(\d+)(?:\.(\d+))?", s)
    if not m:
        return Fault("number_no_date")
    digits, fraction = m[1], (m[2] or "").strip("0")
    if len(digits) == 8 and not fraction:
        return _certain(int(digits[:4]), int(digits[4:6]), int(digits[6:]), "date:yyyymmdd", context)
    if digits in ("0", "1") and not fraction:
        return _placeholder()
    if len(digits) == 4 and 1900 <= int(digits) <= 2100 and not fraction:
        return _partial(int(digits), None, context)
    if len(digits) != 5:
        return Fault("number_no_date" if kind == Kind.NUMBER or len(digits) != 6 else "two_digit_year")
    date = excel_date(int(digits), context.date1904)
    if (context.today is not None and date > context.today) or (not birth and date.year < _FIRST_EVENT):
        return Fault("number_no_date")
    system = "date:excel1904" if context.date1904 else "date:excel1900"
    rules = (system, "date:time_dropped") if fraction else (system,)
    return Day(date, rules, "time_dropped" if fraction else "")


def excel_date(serial: int, date1904: bool = False) -> dt.date:
    """The day of a spreadsheet serial. The 1900 system counts a 29 February 1900 that never was (serial 60)."""
    if date1904:
        return dt.date(1904, 1, 1) + dt.timedelta(days=serial)
    return dt.date(1899, 12, 31) + dt.timedelta(days=serial - (serial > 60))

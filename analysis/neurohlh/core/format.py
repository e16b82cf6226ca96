"""Numbers to text, late and once: the only place where a full-precision number becomes what a reader sees.

Rounding is half away from zero on the number's shortest decimal form, as a reader would do it by hand. Not estimable is
an en dash; the reason belongs beside it. What disclosure control took away (any object whose `is_suppressed` is True)
is a word, never a number. Marks and places are those of the journal style in force (`journal`). No text from here is
ever parsed back into a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from neurohlh.core.journal import THIN, JournalStyle, current, journal

__all__ = [
    "MINUS",
    "MISSING",
    "SUPPRESSED",
    "THIN",
    "JournalStyle",
    "axis_percent",
    "count_of",
    "current",
    "decimals_for",
    "duration",
    "fixed",
    "integer",
    "interval",
    "is_missing",
    "is_suppressed",
    "journal",
    "out_of",
    "p_equals",
    "p_head",
    "p_value",
    "percent",
    "percentage_points",
    "ratio",
    "ratio_with_interval",
    "sentence_list",
    "shortest",
    "significant",
    "with_interval",
]  # fmt: skip

MISSING = "–"
SUPPRESSED = "suppressed"
MINUS = "\N{MINUS SIGN}"
_DAYS_PER_YEAR = 365.25


def is_missing(value: Any) -> bool:
    """Whether there is no number: None, NaN, NaT or pandas' NA. What was suppressed is not missing."""
    if is_suppressed(value):
        return False
    return value is None or bool(value != value) if not _is_na(value) else True


def is_suppressed(value: Any) -> bool:
    """Whether disclosure control took the number away."""
    return getattr(value, "is_suppressed", False) is True


def fixed(value: Any, decimals: int) -> str:
    """`value` with exactly `decimals` places; thousands set apart from 10 000 on, never '-0.0'."""
    state = _state(value)
    if state:
        return state
    number = float(value)
    if math.isinf(number):
        return "∞" if number > 0 else f"{MINUS}∞"
    rounded = Decimal(repr(number)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    whole, dot, rest = f"{abs(rounded):f}".partition(".")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", current().thousands)
    return f"{MINUS if rounded < 0 else ''}{whole}{dot and current().decimal}{rest}"


def integer(value: Any) -> str:
    """A count."""
    return fixed(value, 0)


def decimals_for(values: Iterable[Any], digits: int = 3) -> int:
    """How many places show the largest of `values` to `digits` significant digits (0 where all are whole numbers)."""
    known = [abs(float(v)) for v in values if not _state(v) and math.isfinite(float(v))]
    largest = max(known, default=0.0)
    if largest == 0 or all(v == int(v) for v in known):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(largest)))


def significant(value: Any, digits: int = 3) -> str:
    """`value` to `digits` significant digits, without an exponent; whole numbers stay whole."""
    return fixed(value, decimals_for([value], digits))


def shortest(value: Any) -> str:
    """`value` in as few digits as say it to four significant ones: '10', '0.25'; for the ticks of an axis."""
    state = _state(value)
    if state:
        return state
    places = decimals_for([value], 4)
    digits = f"{float(value):.{places}f}".rstrip("0").partition(".")[2] if places else ""
    return fixed(value, len(digits))


def axis_percent(share: float, _place: float | None = None) -> str:
    """A share as the label of a tick: '25 %'; of the form that matplotlib calls."""
    return f"{shortest(round(100 * share, 6))}{current().percent}"


def percent(proportion: Any, decimals: int | None = None) -> str:
    """A proportion (0..1) as a percentage; one that is neither 0 nor 1 is never shown as 0 or 100."""
    state = _state(proportion)
    return state or f"{percentage_points(proportion, decimals)}{current().percent}"


def percentage_points(proportion: Any, decimals: int | None = None) -> str:
    """A proportion, or a difference of two, in hundredths without the sign of per cent."""
    state = _state(proportion)
    if state:
        return state
    places = current().percent_decimals if decimals is None else decimals
    share, step = float(proportion), 10.0**-places
    if 0 < share < step / 200:
        return f"<{fixed(step, places)}"
    if 1 - step / 200 < share < 1:
        return f">{fixed(100 - step, places)}"
    return fixed(_hundredfold(share), places)


def out_of(n: Any, total: Any) -> str:
    """'12/40'; one word where either is a state."""
    return _state(n) or _state(total) or f"{integer(n)}/{integer(total)}"


def count_of(n: Any, total: Any, decimals: int | None = None) -> str:
    """'n/N (x %)': the denominator stands beside every percentage."""
    state = _state(n) or _state(total)
    if state:
        return state
    share = float(n) / float(total) if total else None
    return f"{integer(n)}/{integer(total)} ({percent(share, decimals)})"


def p_value(p: Any) -> str:
    """A p value by the rules of the style; plainly '<0.001', three places below 0.1, two above, '>0.99' at the top."""
    state = _state(p)
    if state:
        return state
    style, value = current(), float(p)
    if value < style.p_least:
        return f"<{_probability(style.p_least)}"
    if value > style.p_most:
        return f">{_probability(style.p_most)}"
    places = next((places for below, places in style.p_places if value < below), style.p_places_above)
    return _probability(value, places)


def p_equals(p: Any) -> str:
    """'p = 0.031' or 'p < 0.001', for a sentence."""
    text, style = p_value(p), current()
    sign, number = (text[0], text[1:]) if text[0] in "<>" else ("=", text)
    space = " " if style.p_spaces else ""
    return f"{style.p_letter}{space}{sign}{space}{number}"


def p_head() -> str:
    """The head of a column of p values."""
    return f"{current().p_letter} value"


def ratio(value: Any) -> str:
    """A ratio (HR, OR, RR): two places up to 10, fewer above, two significant digits below 0.1, three beside 1.

    A limit of 1.002 is shown as such: '1.00' would hide on which side of no difference it lies.
    """
    state = _state(value)
    if state:
        return state
    number = float(value)
    if number > 1000:
        return "∞" if math.isinf(number) else f">{fixed(1000, 0)}"
    if 0 < number < 0.001:
        return f"<{fixed(0.001, 3)}"
    if 0.995 <= number < 1.005 and number != 1:
        return fixed(number, 3)
    if 0 < number < 0.0995:
        return fixed(number, 1 - math.floor(math.log10(number)))
    return fixed(number, 2 if number < 9.995 else 1 if number < 99.95 else 0)


def interval(low: Any, high: Any, show: Callable[[Any], str], *, open_end: str = "") -> str:
    """'1.15–4.55'; 'to' where a limit is negative, open or cut off ('>1000').

    `open_end` stands for a limit that was not reached.
    """
    if is_missing(low) and is_missing(high):
        return MISSING
    if is_suppressed(low) or is_suppressed(high):
        return SUPPRESSED
    lower = show(low) if not is_missing(low) else open_end or MISSING
    upper = show(high) if not is_missing(high) else open_end or MISSING
    style = current()
    words = lower.startswith(MINUS) or upper.startswith((MINUS, ">")) or (bool(open_end) and open_end in (lower, upper))
    if not words and not style.percent_each and lower.endswith(style.percent) and upper.endswith(style.percent):
        lower = lower.removesuffix(style.percent)
    return f"{lower} to {upper}" if words else f"{lower}{style.interval}{upper}"


def with_interval(
    estimate: Any,
    low: Any,
    high: Any,
    show: Callable[[Any], str] = ratio,
    *,
    open_end: str = "",
) -> str:
    """'2.29 (1.15–4.55)'; an estimate that does not exist is a dash, also beside limits that do."""
    if is_missing(estimate) and is_missing(low) and is_missing(high):
        return MISSING
    if is_suppressed(estimate):
        return SUPPRESSED
    limits = interval(low, high, show, open_end=open_end)
    return show(estimate) if limits == MISSING else f"{show(estimate)} ({limits})"


def ratio_with_interval(estimate: Any, low: Any, high: Any, *, open_end: str = "") -> str:
    """'2.29 (1.15–4.55)'; three places throughout where all three lie close to 1: '0.995 (0.990–1.001)'."""
    known = [float(v) for v in (estimate, low, high) if not _state(v)]
    near = bool(known) and all(0.9 < v < 1.1 for v in known)
    show = _three_places if near else ratio
    return with_interval(estimate, low, high, show, open_end=open_end)


def duration(days: Any) -> str:
    """A time in days, in years where it is a whole number of them: '30 days', '3 years'."""
    state = _state(days)
    if state:
        return state
    span = float(days)
    for year in (_DAYS_PER_YEAR, 365.0):
        years = span / year
        if years >= 1 and abs(years - round(years)) < 1e-9:
            return f"{round(years)} year{'s' if round(years) > 1 else ''}"
    return f"{significant(span, 4)} day{'' if span == 1 else 's'}"


def sentence_list(words: Iterable[str], joint: str = "and") -> str:
    """'a, b and c'."""
    items = [w for w in words if w]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joint} {items[-1]}" if items else ""


def _state(value: Any) -> str:
    """What stands in the place of a number that is not there ('' where it is)."""
    return SUPPRESSED if is_suppressed(value) else MISSING if is_missing(value) else ""


def _probability(value: float, places: int | None = None) -> str:
    text = fixed(value, max(2, -Decimal(repr(value)).as_tuple().exponent) if places is None else places)  # type: ignore[operator]
    return text if current().p_leading_zero else text.removeprefix("0")


def _three_places(value: Any) -> str:
    return fixed(value, 3)


def _hundredfold(share: float) -> float:
    # In decimal: 0.285 * 100 is 28.499999999999996 in binary, which a reader would call a wrong rounding.
    return float(Decimal(repr(share)) * 100)


def _is_na(value: Any) -> bool:
    return type(value).__name__ in ("NAType", "NaTType")

"""Numbers to text, late and once: the only place where a full-precision number becomes what a reader sees.

Rounding is half away from zero on the number's shortest decimal form, as a reader would do it by hand. Not estimable is
an en dash; the reason belongs beside it. No text from here is ever parsed back into a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MISSING = "–"
THIN = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
_DAYS_PER_YEAR = 365.25


def is_missing(value: Any) -> bool:
    """Whether there is no number: None, NaN, NaT or pandas' NA."""
    return value is None or bool(value != value) if not _is_na(value) else True


def fixed(value: float | None, decimals: int) -> str:
    """`value` with exactly `decimals` places; thousands set apart from 10 000 on, never '-0.0'."""
    if is_missing(value):
        return MISSING
    number = float(value)  # type: ignore[arg-type]
    if math.isinf(number):
        return "∞" if number > 0 else f"{MINUS}∞"
    rounded = Decimal(repr(number)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    text = f"{abs(rounded):f}"
    whole, dot, rest = text.partition(".")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", THIN)
    return f"{MINUS if rounded < 0 else ''}{whole}{dot}{rest}"


def integer(value: float | None) -> str:
    """A count."""
    return fixed(value, 0)


def decimals_for(values: Iterable[float | None], digits: int = 3) -> int:
    """How many places show the largest of `values` to `digits` significant digits (0 where all are whole numbers)."""
    known = [abs(float(v)) for v in values if v is not None and not is_missing(v) and math.isfinite(float(v))]
    largest = max(known, default=0.0)
    if largest == 0 or all(v == int(v) for v in known):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(largest)))


def significant(value: float | None, digits: int = 3) -> str:
    """`value` to `digits` significant digits, without an exponent; whole numbers stay whole."""
    return fixed(value, decimals_for([value], digits))


def percent(proportion: float | None, decimals: int = 1) -> str:
    """A proportion (0..1) as a percentage; one that is neither 0 nor 1 is never shown as 0 or 100."""
    if is_missing(proportion):
        return MISSING
    share = float(proportion)  # type: ignore[arg-type]
    step = 10.0**-decimals
    if 0 < share < step / 200:
        return f"<{fixed(step, decimals)}{THIN}%"
    if 1 - step / 200 < share < 1:
        return f">{fixed(100 - step, decimals)}{THIN}%"
    return f"{fixed(_hundredfold(share), decimals)}{THIN}%"


def count_of(n: float | None, total: float | None, decimals: int = 1) -> str:
    """'n/N (x %)': the denominator stands beside every percentage."""
    if is_missing(n) or is_missing(total):
        return MISSING
    share = float(n) / float(total) if total else None  # type: ignore[arg-type]
    return f"{integer(n)}/{integer(total)} ({percent(share, decimals)})"


def p_value(p: float | None) -> str:
    """'<0.001', three places below 0.1, two from there on, '>0.99' at the top."""
    if is_missing(p):
        return MISSING
    value = float(p)  # type: ignore[arg-type]
    if value < 0.001:
        return "<0.001"
    if value > 0.99:
        return ">0.99"
    return fixed(value, 3 if value < 0.1 else 2)


def p_equals(p: float | None) -> str:
    """'p = 0.031' or 'p < 0.001', for a sentence."""
    text = p_value(p)
    return f"p {text[0]} {text[1:]}" if text[0] in "<>" else f"p = {text}"


def ratio(value: float | None) -> str:
    """A ratio (HR, OR, RR): two places up to 10, fewer above, two significant digits below 0.1, three beside 1.

    A limit of 1.002 is shown as such: '1.00' would hide on which side of no difference it lies.
    """
    if is_missing(value):
        return MISSING
    number = float(value)  # type: ignore[arg-type]
    if number > 1000:
        return "∞" if math.isinf(number) else f">{fixed(1000, 0)}"
    if 0 < number < 0.001:
        return "<0.001"
    if 0.995 <= number < 1.005 and number != 1:
        return fixed(number, 3)
    if 0 < number < 0.0995:
        return fixed(number, 1 - math.floor(math.log10(number)))
    return fixed(number, 2 if number < 9.995 else 1 if number < 99.95 else 0)


def interval(low: float | None, high: float | None, show: Callable[[float | None], str], *, open_end: str = "") -> str:
    """'1.15–4.55'; 'to' where a limit is negative or open; `open_end` stands for a limit that was not reached."""
    if is_missing(low) and is_missing(high):
        return MISSING
    lower = show(low) if not is_missing(low) else open_end or MISSING
    upper = show(high) if not is_missing(high) else open_end or MISSING
    words = lower.startswith(MINUS) or upper.startswith(MINUS) or (bool(open_end) and open_end in (lower, upper))
    if not words and lower.endswith(f"{THIN}%") and upper.endswith(f"{THIN}%"):
        lower = lower.removesuffix(f"{THIN}%")
    return f"{lower} to {upper}" if words else f"{lower}–{upper}"


def with_interval(
    estimate: float | None,
    low: float | None,
    high: float | None,
    show: Callable[[float | None], str] = ratio,
    *,
    open_end: str = "",
) -> str:
    """'2.29 (1.15–4.55)'; an estimate that does not exist is a dash, also beside limits that do."""
    if is_missing(estimate) and is_missing(low) and is_missing(high):
        return MISSING
    limits = interval(low, high, show, open_end=open_end)
    return show(estimate) if limits == MISSING else f"{show(estimate)} ({limits})"


def ratio_with_interval(estimate: float | None, low: float | None, high: float | None, *, open_end: str = "") -> str:
    """'2.29 (1.15–4.55)'; three places throughout where all three lie close to 1: '0.995 (0.990–1.001)'."""
    known = [float(v) for v in (estimate, low, high) if v is not None and not is_missing(v)]
    near = bool(known) and all(0.9 < v < 1.1 for v in known)
    show = _three_places if near else ratio
    return with_interval(estimate, low, high, show, open_end=open_end)


def duration(days: float | None) -> str:
    """A time in days, in years where it is a whole number of them: '30 days', '3 years'."""
    if is_missing(days):
        return MISSING
    span = float(days)  # type: ignore[arg-type]
    for year in (_DAYS_PER_YEAR, 365.0):
        years = span / year
        if years >= 1 and abs(years - round(years)) < 1e-9:
            return f"{round(years)} year{'s' if round(years) > 1 else ''}"
    return f"{significant(span, 4)} day{'' if span == 1 else 's'}"


def sentence_list(words: Iterable[str], joint: str = "and") -> str:
    """'a, b and c'."""
    items = [w for w in words if w]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joint} {items[-1]}" if items else ""


def _three_places(value: float | None) -> str:
    return fixed(value, 3)


def _hundredfold(share: float) -> float:
    # In decimal: 0.285 * 100 is 28.499999999999996 in binary, which a reader would call a wrong rounding.
    return float(Decimal(repr(share)) * 100)


def _is_na(value: Any) -> bool:
    return type(value).__name__ in ("NAType", "NaTType")

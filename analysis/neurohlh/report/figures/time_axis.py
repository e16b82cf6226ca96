"""The time axis: where its ticks stand, and what they say in days, months or years."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.names import Names

_DAYS_PER_YEAR = (365.25, 365.0)
_MONTHS = 12
UNITS = ("auto", "days", "months", "years")


def risk_ticks(result: Result) -> tuple[float, ...]:
    """The times at which the risk table counts, in days; without one, about five round times of the curves."""
    ticks = result.method.get("ticks") or sorted({row["time"] for row in result.method.get("risk_table", [])})
    if not ticks and len(result.curves) and "time" in result.curves:
        ticks = _round_ticks(float(result.curves["time"].max()))
    return tuple(float(t) for t in ticks) or (0.0,)


def _round_ticks(end: float) -> list[float]:
    steps = (1, 2, 5, 10, 20, 30, 60, 90, 182.625, *(365.25 * k for k in (1, 2, 5, 10, 20, 50)))
    step = next((s for s in steps if end / s <= 6), steps[-1])
    return [step * k for k in range(int(end / step) + 1)]


def time_axis(
    result: Result, unit: str, since: str | None, names: Names
) -> tuple[tuple[float, ...], tuple[str, ...], str]:
    """The ticks in days, their texts, and the label of the axis: 'Years since the diagnosis of HLH'.

    `since` None says what the Result says about its time zero. `unit` "auto" takes years where every tick is a whole
    number of half years, otherwise days. Raises as `unit_of`.
    """
    ticks = risk_ticks(result)
    texts, word = tick_words(ticks, unit)
    zero = str(result.method.get("time_zero", "")) if since is None else since
    return ticks, texts, names.say(_label(word, zero))


def _label(word: str, zero: str) -> str:
    # A whole text for each unit, so that each can be said in another language.
    if not zero:
        return word
    return {"Years": f"Years {zero}", "Months": f"Months {zero}"}.get(word, f"Days {zero}")


def tick_words(ticks: Sequence[float], unit: str = "auto") -> tuple[tuple[str, ...], str]:
    """Tick labels in `unit`, and the unit as a word."""
    days, word = unit_of(ticks, unit)
    return tuple(_short(t / days) for t in ticks), word


def _short(number: float) -> str:
    """The number with as few places as it needs, two at the most."""
    places = next((p for p in (0, 1) if abs(number - round(number, p)) < 1e-6), 2)
    return fmt.fixed(number, places)


def unit_of(ticks: Sequence[float], unit: str = "auto") -> tuple[float, str]:
    """The days of one unit of the axis, and the unit as a word. Raises ValueError for a unit outside `UNITS`."""
    if unit not in UNITS:
        raise ValueError(f"unit must be one of {', '.join(UNITS)}, not {unit!r}")
    if unit == "auto":
        year = next((y for y in _DAYS_PER_YEAR if ticks[-1] > y and _whole(2 * t / y for t in ticks)), None)
        return (year, "Years") if year else (1.0, "Days")
    if unit == "days":
        return 1.0, "Days"
    # The length of year that the ticks were made with: whole months fall on them.
    year = next((y for y in _DAYS_PER_YEAR if _whole(_MONTHS * t / y for t in ticks)), _DAYS_PER_YEAR[0])
    return (year, "Years") if unit == "years" else (year / _MONTHS, "Months")


def _whole(numbers: Iterable[float]) -> bool:
    return all(abs(number - round(number)) < 1e-6 for number in numbers)

"""How a journal prints numbers: a style that is data, and the one that is in force where numbers become text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

THIN = "\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True)
class JournalStyle:
    """The rules by which one journal prints numbers.

    Attributes
    ----------
    name, title : as study.toml names it, and in words.
    decimal : the decimal mark.
    thousands : what sets thousands apart, in numbers of five digits and more.
    interval : what stands between two limits; ' to ' takes its place beside a negative or an open limit.
    percent : the sign after a percentage, with the space before it.
    percent_decimals : places of a percentage.
    percent_each : whether both limits of an interval carry the sign, or the last alone.
    p_letter : 'p' or 'P'.
    p_spaces : whether the sign of comparison stands between spaces ('p = 0.03').
    p_leading_zero : whether a p value is written with the zero before its decimal mark.
    p_places : (below, places) pairs from the smallest on: how many places a p value below that bound has.
    p_places_above : places of every larger p value.
    p_least, p_most : beyond these only '<' or '>' is said.
    """

    name: str = "plain"
    title: str = "Plain"
    decimal: str = "."
    thousands: str = THIN
    interval: str = "–"
    percent: str = f"{THIN}%"
    percent_decimals: int = 1
    percent_each: bool = False
    p_letter: str = "p"
    p_spaces: bool = True
    p_leading_zero: bool = True
    p_places: tuple[tuple[float, int], ...] = ((0.1, 3),)
    p_places_above: int = 2
    p_least: float = 0.001
    p_most: float = 0.99


PLAIN = JournalStyle()
"""The style of this package where no journal was asked for."""

_CURRENT: ContextVar[JournalStyle] = ContextVar("journal_style", default=PLAIN)


def current() -> JournalStyle:
    """The style in force here."""
    return _CURRENT.get()


@contextmanager
def journal(style: JournalStyle) -> Iterator[JournalStyle]:
    """Prints every number made within in `style`: tables, figures and sentences of one report agree."""
    token = _CURRENT.set(style)
    try:
        yield style
    finally:
        _CURRENT.reset(token)

"""Errors for the person who reads them: what, where, why it matters, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Location:
    """Where in the input a thing stands, counted as a spreadsheet counts (the first row is 1)."""

    source: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""

    def __str__(self) -> str:
        parts = [self.source]
        if self.sheet:
            parts.append(f"sheet {self.sheet!r}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column!r}")
        return ", ".join(part for part in parts if part)


class NeuroHLHError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(NeuroHLHError):
    """The input, the study file or the arguments are at fault (exit code 2), never shown with a traceback.

    `what` happened, `where`, `why` it matters and what to `do`; none of them holds a patient's value.
    """

    def __init__(self, what: str, *, where: Location | str = "", why: str = "", do: str = "") -> None:
        self.what, self.where, self.why, self.do = what, where, why, do
        super().__init__(self.what)

    def __str__(self) -> str:
        return self.told(str)

    def told(self, say: Callable[[str], str]) -> str:
        """The message, its texts as `say` puts them: into another language, for example."""
        lines = [f"{say(str(self.where))}: {say(self.what)}" if str(self.where) else say(self.what)]
        if self.why:
            lines.append(f"  {say('Why it matters')}: {say(self.why)}")
        if self.do:
            lines.append(f"  {say('What to do')}: {say(self.do)}")
        return "\n".join(lines)


class NotEstimable(NeuroHLHError):
    """A statistic that these data cannot give; the reason is the message."""


def closest(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """The known names nearest in spelling to `name`, nearest first (none if nothing is near)."""
    by_fold = {k.casefold(): k for k in known}
    return [by_fold[k] for k in difflib.get_close_matches(name.casefold(), by_fold, n=n, cutoff=0.6)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest legal names, or lists the legal ones if nothing is near."""
    known = sorted(known)
    near = closest(name, known)
    if near:
        return "Did you mean " + " or ".join(repr(n) for n in near) + "?"
    shown = ", ".join(known[:12])
    return f"Known: {shown}{', …' if len(known) > 12 else ''}."

"""Where a text can be cut: at signs that stand outside brackets and quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_QUOTED = re.compile(r"(?<!\w)'.*?'(?!\w)|\"[^\"]*\"")
_NESTING = re.compile(r"[(\[{)\]}'\"]")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z0-9'\"“(<])")
# Words with which no phrase ends.
_UNFINISHED = re.compile(
    r"\b(?:of|and|the|in|with|to|is|was|are|were|an|for|by|or|from|that|which|as|on|its|their|no|not)$"
)
_TWO_NUMBERS = re.compile(r"\d[\d.,]* \d[\d.,]*|\d+, [A-Za-z].*", re.S)
_ABBREVIATED = re.compile(r"\b(?:al|vs|e\.g|i\.e|cf|ed|No|Fig|St|approx)\.$")


@lru_cache(maxsize=65536)
def levels(text: str) -> tuple[int, ...]:
    """For every sign of `text` in how many brackets and quotation marks it stands (a bracket stands in itself)."""
    if not _NESTING.search(text):
        return (0,) * len(text)
    found, level = [], 0
    for sign in text:
        level += sign in "([{"
        found.append(max(level, 0))
        level -= sign in ")]}"
    for quoted in _QUOTED.finditer(text):
        for at in range(quoted.start(), quoted.end()):
            found[at] += 1
    return tuple(found)


def closed(text: str) -> bool:
    """Whether every bracket that opens closes, and none closes that did not open."""
    level = 0
    for sign in text:
        level += (sign in "([") - (sign in ")]")
        if level < 0:
            return False
    return level == 0


@lru_cache(maxsize=65536)
def split(text: str, sign: str) -> tuple[str, ...]:
    """`text` at every `sign` outside brackets and quotation marks."""
    if sign not in text:
        return (text,)
    parts, start, inside = [], 0, levels(text)
    for found in re.finditer(re.escape(sign), text):
        if inside[found.start()] == 0 and found.start() >= start:
            parts.append(text[start : found.start()])
            start = found.end()
    return (*parts, text[start:])


@lru_cache(maxsize=65536)
def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text; an abbreviation ends none, nor does a stop within brackets or quotation marks."""
    parts, start = [], 0
    for found in _SENTENCE_END.finditer(text):
        before = text[start : found.start()]
        if levels(text)[found.start()] == 0 and not _ABBREVIATED.search(before):
            parts.append(before)
            start = found.end()
    return (*parts, text[start:])


def last_bracket(text: str) -> tuple[int, int] | None:
    """The places of the last outermost pair of brackets that does not begin the text, outside quotation marks."""
    level, end = 0, -1
    quoted = {at for found in _QUOTED.finditer(text) for at in range(found.start(), found.end())}
    for at in range(len(text) - 1, 0, -1):
        if at in quoted:
            continue
        if text[at] in ")]":
            end = end if level else at
            level += 1
        elif text[at] in "([" and level:
            level -= 1
            if level == 0:
                return at, end
    return None


def hole_ends(text: str, at: int, piece: str, *, last: bool) -> Iterator[int]:
    """Where a hole that begins at `at` can end: before each place where the next literal piece stands."""
    if last:
        end = len(text) - len(piece)
        if text.endswith(piece) and end > at:
            yield end
        return
    found = text.find(piece, at + 1)
    while found >= 0:
        yield found
        found = text.find(piece, found + 1)


def can_fill(hole: str, *, added: bool = False, weak: bool = False) -> bool:
    """Whether a piece can fill a hole: brackets closed, no joint at its ends, one sentence and one part of it.

    Where the hole follows a word without a blank (`added`) the piece may begin with a joint: ', sheet 2'. A `weak` hole
    may hold several parts. Two numbers side by side fill no hole, for the second counts what the
    first belongs to; nor does a number with words behind its comma.
    """
    if _UNFINISHED.search(hole) or (hole[0] in ",;:. )]" and not added) or hole[-1] in ",;: ([":
        return False
    if _TWO_NUMBERS.fullmatch(hole) or not closed(hole) or len(sentences(hole)) > 1:
        return False
    return weak or len(split(hole, "; ")) == 1

"""A sentence of a report as clauses of tokens: what is listed together stays together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from neurohlh.clinical.report_characters import is_chinese
from neurohlh.clinical.report_vocabulary import Roles, terms

ASSERTABLE = frozenset(
    ("phrase", "absent", "lesion", "weak", "swelling", "enhancement", "abnormal_enhancement", "high", "low", "raised",
     "lowered", "long_t1", "long_t2", "wide", "late")
)  # fmt: skip
"""Kinds of words that can be affirmed, denied or doubted."""
PLACES = frozenset(("site", "space"))
CUES = frozenset(("negation", "uncertainty", "resolved", "suppressing", "previous"))
_QUANTITIES = frozenset(("multi", "diffuse", "bilateral", "large"))
_ALONE = frozenset(("uncertainty", "resolved", "persisting"))
_OR = ("or ", "nor ", "and/or ", "或")
_LEFTOVER = 3
"""Letters beside a cue up to which a clause says nothing else ('now', 是)."""


@dataclass(frozen=True)
class Token:
    """An expression of the vocabulary at `start` to `end` of the plain text."""

    start: int
    end: int
    roles: Roles

    def has(self, kinds: frozenset[str]) -> bool:
        """Whether it is one of these kinds."""
        return not kinds.isdisjoint(self.roles)


@dataclass(frozen=True)
class Clause:
    """A part of a sentence that is read as one statement."""

    start: int
    end: int
    tokens: tuple[Token, ...]

    def any(self, *kinds: str) -> bool:
        """Whether it holds a word of one of these kinds."""
        wanted = frozenset(kinds)
        return any(t.has(wanted) for t in self.tokens)

    def joined(self, other: Clause) -> Clause:
        """This clause and the one after it as one."""
        return Clause(self.start, other.end, self.tokens + other.tokens)


def tokens(text: str, start: int, end: int) -> Iterator[Token]:
    """The expressions in a span, the longest at each place; what only looks like a finding is left out."""
    lexicon, at = terms(), start
    while at < end:
        found = lexicon.longest(text, at)
        if not found:
            at += 1
            continue
        roles = lexicon.roles[found]
        if "blocked" not in roles:
            yield Token(at, at + len(found), roles)
        at += len(found)


def segments(text: str, start: int, end: int) -> list[Clause]:
    """The parts of a sentence between commas and words like 'but'."""
    found = list(tokens(text, start, end))
    cuts = [i for i in range(start, end) if text[i] == "," and not text[i - 1 : i + 2].replace(",", "0").isdigit()]
    cuts += [t.start for t in found if "divide" in t.roles]
    edges = [start, *sorted(set(cuts) - {start}), end]
    return [Clause(a, b, tuple(t for t in found if a <= t.start < b)) for a, b in pairwise(edges)]


def clauses(text: str, parts: Sequence[Clause]) -> list[Clause]:
    """The segments of a sentence joined where they are one statement: lists, places before or after what is said."""
    return _with_places(_with_remarks(text, _with_denied_lists(text, parts)))


def _with_denied_lists(text: str, parts: Sequence[Clause]) -> list[Clause]:
    """'no haemorrhage, mass or abnormal enhancement': the denial reaches to the end of the list."""
    joined: list[Clause] = []
    i = 0
    while i < len(parts):
        clause, last = parts[i], i
        if _open_denial(clause):
            for k in range(i + 1, len(parts)):
                if not _item(text, parts[k]):
                    break
                if _with_or(text, parts[k]):
                    last = k
        for k in range(i + 1, last + 1):
            clause = clause.joined(parts[k])
        joined.append(clause)
        i = last + 1
    return joined


def _open_denial(clause: Clause) -> bool:
    cues = [t for t in clause.tokens if t.has(CUES | {"stop"})]
    return bool(cues) and "negation" in cues[-1].roles


def _item(text: str, clause: Clause) -> bool:
    """Whether a segment can be one more item of a denied list."""
    if clause.any("negation", "uncertainty", "resolved", "stop", "previous", "persisting", "normal"):
        return False
    if _with_or(text, clause):
        return True
    return clause.any(*ASSERTABLE, *PLACES) and not clause.any(*_QUANTITIES)


def _with_or(text: str, clause: Clause) -> bool:
    said = text[clause.start : clause.end].lstrip(", ")
    return said.startswith(_OR) or " or " in said or " nor " in said or "或" in said


def _with_remarks(text: str, parts: Sequence[Clause]) -> list[Clause]:
    """A segment that only doubts or revokes what was said before it belongs to that."""
    joined: list[Clause] = []
    for part in parts:
        said = sum(_weight(text[t.start : t.end]) for t in part.tokens)
        left = _weight(text[part.start : part.end]) - said
        only = part.tokens and all(t.has(_ALONE) for t in part.tokens) and left <= _LEFTOVER
        if joined and only:
            joined[-1] = joined[-1].joined(part)
        else:
            joined.append(part)
    return joined


def _weight(text: str) -> int:
    """The length of a text in letters; a Chinese character says as much as a short word."""
    return sum(_LEFTOVER if is_chinese(s) else 1 for s in text if s.isalnum())


def _with_places(parts: Sequence[Clause]) -> list[Clause]:
    """Places alone between commas go with what is said of them: of the clause before, or of the next one."""
    joined: list[Clause] = []
    waiting: Clause | None = None
    for part in parts:
        if _places_only(part):
            waiting = waiting.joined(part) if waiting else part
            continue
        if waiting is None and joined and _affirms(joined[-1]) and _lists_on(part):
            joined[-1] = joined[-1].joined(part)
        elif waiting is None:
            joined.append(part)
        elif _speaks_of_places(part) and not (joined and _affirms(joined[-1]) and part.any("site", "negation")):
            joined.append(waiting.joined(part))
        else:
            joined = _attached(joined, waiting)
            joined.append(part)
        waiting = None
    return _attached(joined, waiting) if waiting else joined


def _attached(joined: list[Clause], waiting: Clause) -> list[Clause]:
    return [*joined[:-1], joined[-1].joined(waiting)] if joined else [waiting]


def _places_only(clause: Clause) -> bool:
    return clause.any(*PLACES) and not clause.any(*ASSERTABLE, *CUES, "normal", "outside", "dwi", "adc")


def _lists_on(clause: Clause) -> bool:
    """'…, and thalami without enhancement': places that belong to the list before, then a denial of something else."""
    first = clause.tokens[0].roles if clause.tokens else {}
    return "site" in first and clause.any("negation") and not _speaks_of_places(clause)


def _speaks_of_places(clause: Clause) -> bool:
    return clause.any("lesion", "weak", "high", "low", "long_t1", "long_t2", "normal", "swelling", "wide")


def _affirms(clause: Clause) -> bool:
    return clause.any("lesion", "weak", "high", "low", "long_t1", "long_t2") and clause.any("site")

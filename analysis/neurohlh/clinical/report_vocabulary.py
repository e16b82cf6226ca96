"""The expressions of catalogue/mri_report_terms.toml as one dictionary: expression -> what it is."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from neurohlh.clinical.report_characters import is_chinese, plain_characters
from neurohlh.etl.codebook import CATALOGUE

Roles = Mapping[str, str]
"""kind -> the finding that is meant ('' for words that are no finding): {'site': 'thalamus'}, {'negation': ''}."""
_CODED = {"phrases": "phrase", "absent": "absent", "sites": "site", "spaces": "space"}
_WORDS = ("words", "aside", "cues")


@dataclass(frozen=True)
class Lexicon:
    """Expressions by their text, and how long those can be that begin with a sign."""

    roles: Mapping[str, Roles]
    lengths: Mapping[str, tuple[int, ...]]
    """First sign -> lengths, longest first."""

    def longest(self, text: str, at: int) -> str:
        """The longest expression that stands at that place, '' if none does; no English word is cut."""
        if at and _joined(text[at - 1], text[at]):
            return ""
        for length in self.lengths.get(text[at], ()):
            found = text[at : at + length]
            end = at + length
            if found in self.roles and not (end < len(text) and _joined(text[end - 1], text[end])):
                return found
        return ""


def _joined(left: str, right: str) -> bool:
    """Whether two signs belong to one English word or number with its letter."""
    return _latin(left) and _latin(right)


def _latin(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()


@lru_cache(maxsize=1)
def terms() -> Lexicon:
    """Everything that a report is read by."""
    data = _data()
    roles: dict[str, dict[str, str]] = {}
    for section, kind in _CODED.items():
        for code, texts in data[section].items():
            for text in _spellings(texts, data["spelling"]):
                roles.setdefault(text, {})[kind] = code
    for section in _WORDS:
        for kind, texts in data[section].items():
            for text in _spellings(texts, data["spelling"]):
                roles.setdefault(text, {})[kind] = ""
    return _lexicon(roles)


@lru_cache(maxsize=1)
def whole_normal_terms() -> Lexicon:
    """The words of which a clause must consist that calls the whole brain normal."""
    data = _data()
    roles: dict[str, dict[str, str]] = {}
    parts = {**data["whole"], **{k: data["words"][k] for k in ("lesion", "normal", "t1", "t2")}}
    for kind, texts in {**parts, "negation": data["cues"]["negation"]}.items():
        for text in _spellings(texts, data["spelling"]):
            roles.setdefault(text, {})[kind] = ""
    return _lexicon(roles)


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads((CATALOGUE / "mri_report_terms.toml").read_text(encoding="utf-8"))


def _lexicon(roles: Mapping[str, Roles]) -> Lexicon:
    lengths: dict[str, set[int]] = {}
    for text in roles:
        lengths.setdefault(text[0], set()).add(len(text))
    return Lexicon(roles, {sign: tuple(sorted(n, reverse=True)) for sign, n in lengths.items()})


def _spellings(texts: Iterable[str], pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each text in every spelling, singular and plural."""
    pairs = list(pairs)
    for text in texts:
        found = {plain_characters(text).text}
        for a, b in pairs:
            found |= {t.replace(a, b) for t in found} | {t.replace(b, a) for t in found}
        for spelling in found:
            yield spelling
            yield from _plurals(spelling)


def _plurals(text: str) -> Iterator[str]:
    last = text[-1]
    if is_chinese(last) or not last.isalpha() or len(text) < 3:
        return
    yield text + ("es" if last in "sx" or text.endswith(("sh", "ch")) else "s")
    if last == "y":
        yield text[:-1] + "ies"

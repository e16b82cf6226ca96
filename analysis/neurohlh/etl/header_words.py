"""`catalogue/headers.toml`: what headers hold besides the names of variables, and which must be asked about."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from neurohlh.etl.characters import plain
from neurohlh.etl.codebook import CATALOGUE, Variable, header_key


@dataclass(frozen=True)
class Group:
    """An upper header, and what may stand under it."""

    id: str
    words: tuple[str, ...]
    prefixes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    variables: tuple[str, ...] | None = None
    pattern: str = ""
    """A regular expression that finds the group in a header of lower case (day 3)."""
    reason: str = ""

    @cached_property
    def keys(self) -> frozenset[str]:
        """Its words as whole headers."""
        return frozenset(header_key(word) for word in self.words)

    @cached_property
    def english(self) -> tuple[str, ...]:
        """Its English words between blanks."""
        return tuple(f" {' '.join(re.split('[^a-z0-9]+', word.casefold()))} " for word in self.words if word.isascii())

    @cached_property
    def chinese(self) -> tuple[str, ...]:
        """Its Chinese words."""
        return tuple(header_key(word) for word in self.words if not word.isascii())

    def allows(self, variable: Variable) -> bool:
        """Whether the variable may stand under it; a group that names nothing allows everything."""
        if self.variables is None and not self.domains and not self.roles:
            return True
        named = variable.name in (self.variables or ())
        return named or variable.domain in self.domains or variable.role in self.roles


@dataclass(frozen=True)
class HeaderWords:
    """`catalogue/headers.toml`; word lists are keyed as `header_key` does."""

    personal: frozenset[str]
    neutral: frozenset[str]
    value_words: frozenset[str]
    whether_words: frozenset[str]
    bare: frozenset[str]
    bare_under: frozenset[str]
    counted_units: frozenset[str]
    name_states_unit: frozenset[str]
    time_words: Mapping[str, str]
    legend: Mapping[str, frozenset[str]]
    groups: tuple[Group, ...]
    ambiguous: tuple[Mapping[str, Any], ...]


@lru_cache(maxsize=1)
def header_words() -> HeaderWords:
    """The package's words about headers."""
    raw = tomllib.loads((CATALOGUE / "headers.toml").read_text(encoding="utf-8"))
    keyed = {
        name: frozenset(header_key(w) for w in raw[name])
        for name in ("personal", "neutral", "value_words", "whether_words", "bare", "bare_under")
    }
    return HeaderWords(
        **keyed,
        counted_units=frozenset(raw["counted_units"]),
        name_states_unit=frozenset(raw["name_states_unit"]),
        time_words={word: unit for unit, words in raw["time_words"].items() for word in words},
        legend={code: frozenset(header_key(w) for w in said) for code, said in raw["legend"].items()},
        groups=tuple(_group_entry(entry) for entry in raw["group"]),
        ambiguous=tuple(raw["ambiguous"]),
    )


def _group_entry(entry: dict[str, Any]) -> Group:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return Group(**fields)


@lru_cache(maxsize=4096)
def group_of(level: str) -> Group | None:
    """The group that an upper header names: the whole header first, then a word of it, in the catalogue's order."""
    groups = header_words().groups
    key, tokens = header_key(level), f" {' '.join(re.split(r'[^a-z0-9]+', plain(level).casefold()))} "
    whole = (group for group in groups if key in group.keys)
    lower = plain(level).casefold()
    part = (
        g
        for g in groups
        if any(w in tokens for w in g.english)
        or any(k in key for k in g.chinese)
        or (g.pattern and re.search(g.pattern, lower))
    )
    return next(whole, None) or next(part, None)


@lru_cache(maxsize=1)
def asked_headers() -> Mapping[str, Mapping[str, Any]]:
    """Headers that spell no variable and are asked about: 肝脾大."""
    return {
        header_key(h): entry for entry in header_words().ambiguous if "variable" not in entry for h in entry["headers"]
    }

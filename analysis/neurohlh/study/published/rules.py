"""How the words of the published tables are understood: the catalogue's rules, applied to one text at a time."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from neurohlh.etl.codebook import CATALOGUE

EVIDENCE = CATALOGUE / "evidence"


@cache
def rules() -> Mapping[str, Any]:
    """The rules of catalogue/evidence/rules.toml."""
    return tomllib.loads((EVIDENCE / "rules.toml").read_text(encoding="utf-8"))


def design_kind(design: str) -> tuple[str, str]:
    """(kind, reason why it gives no frequency) of a cohort's design; ('', '') for one that does."""
    for entry in rules()["design"]:
        if _any(entry["words"], design):
            return str(entry["kind"]), str(entry["reason"])
    return "", ""


def definition_of(domains: str) -> tuple[str, str]:
    """(definition group, reason why it is kept apart or '') of a cohort's CNS domains ('symptoms|csf')."""
    found = {d.strip().lower() for d in domains.split("|")}
    for entry in rules()["definition"]:
        if set(entry["needs"]) <= found:
            return str(entry["name"]), str(entry.get("apart", ""))
    raise AssertionError("the last definition needs nothing")


def age_of(age_group: str) -> str:
    """The age group of a cohort: children, adults, or mixed and not stated."""
    text = age_group.strip().lower()
    for entry in rules()["age"]:
        if text.startswith(tuple(entry["begins"])) and not _any(entry.get("unless", ()), text):
            return str(entry["name"])
    raise AssertionError("the last age group takes every text")


def contrast_of(contrast: str) -> Mapping[str, Any]:
    """The rule that fits a printed contrast: its name, and either its rank or the reason why it is not pooled."""
    for entry in rules()["contrast"]:
        wanted: Mapping[str, Any] = entry
        text = contrast.lower()
        if all(w in text for w in wanted["words"]) if wanted.get("all") else _any(wanted["words"], text):
            return wanted
    raise AssertionError("the last contrast takes every text")


def is_reversed(exposed: str) -> bool:
    """Whether the exposed group of a printed ratio is the one without CNS involvement."""
    return exposed.strip().lower().startswith(tuple(rules()["reversed"]["begins"]))


def horizon_of(outcome: str) -> str:
    """'early death', 'death', or '' where the outcome is not death."""
    said = rules()["outcome"]
    if not _any(said["death"], outcome):
        return ""
    return "early death" if _any(said["early"], outcome) else "death"


def _any(words: Sequence[str], text: str) -> bool:
    return any(word in text.lower() for word in words)

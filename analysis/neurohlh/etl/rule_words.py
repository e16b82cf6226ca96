"""What the rules of the log of changes mean, in words for a reader."""

from __future__ import annotations

import tomllib
from functools import lru_cache

from neurohlh.etl.codebook import CATALOGUE


@lru_cache(maxsize=1)
def _meanings() -> dict[str, str]:
    return tomllib.loads((CATALOGUE / "rules.toml").read_text(encoding="utf-8"))


def rule_kind(rule: str) -> str:
    """A rule without what it was applied to: 'footnote:after rest; unit:mg/dL->g/L' -> 'footnote; unit:mg/dL->g/L'.

    A footnote is a patient's text, which no summary may hold.
    """
    steps = [s if not s.startswith("footnote") else "footnote" for s in rule.split("; ")]
    return "; ".join(dict.fromkeys(steps))


def rule_meaning(rule: str) -> str:
    """The steps of a rule as a sentence."""
    steps = [_meanings().get(s) or _meanings().get(s.partition(":")[0], s) for s in rule.split("; ")]
    return "; ".join(dict.fromkeys(steps))

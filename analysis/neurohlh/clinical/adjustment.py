"""What the effect of CNS involvement on death is adjusted for, and what not: read from catalogue/adjustment.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache

from neurohlh.etl.codebook import CATALOGUE


@dataclass(frozen=True)
class Confounder:
    """A variable of the minimal adjustment set: how it enters, and why (source and status of the ground).

    `form` is number, logarithm, spline, categories or strata.
    """

    variable: str
    form: str
    why: str
    source: str
    status: str


@lru_cache(maxsize=1)
def minimal_set() -> tuple[Confounder, ...]:
    """The minimal adjustment set for the total effect of baseline CNS involvement (dossier 11, DOSSIER RULE)."""
    return tuple(Confounder(**row) for row in _catalogue()["adjust"])


@lru_cache(maxsize=1)
def never_adjusted() -> dict[str, str]:
    """Variable -> why it is not adjusted for, beside what its role says (dossier 11)."""
    return {row["variable"]: row["why"] for row in _catalogue()["refuse"]}


def _catalogue() -> dict[str, list[dict[str, str]]]:
    return tomllib.loads((CATALOGUE / "adjustment.toml").read_text(encoding="utf-8"))

"""Neurological sequelae as publications report them, to be printed beside a study's own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from neurohlh.etl.codebook import CATALOGUE


@dataclass(frozen=True)
class Reported:
    """Sequelae in two groups of survivors of one publication, with the p value that it prints."""

    key: str
    label: str
    about: str
    exposed: str
    exposed_events: int
    exposed_n: int
    other: str
    other_events: int
    other_n: int
    p_printed: float
    test: str
    source: str
    status: str


@dataclass(frozen=True)
class ReportedSeverity:
    """Survivors of one publication and how many had severe and mild sequelae."""

    key: str
    label: str
    n: int
    severe: int
    mild: int
    source: str
    status: str


def reported_sequelae() -> tuple[Reported, ...]:
    """Published comparisons of sequelae by CNS involvement."""
    return tuple(Reported(**row) for row in _read()["comparison"])


def reported_severity() -> tuple[ReportedSeverity, ...]:
    """Published severities of sequelae."""
    return tuple(ReportedSeverity(**row) for row in _read()["severity"])


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    return tomllib.loads((CATALOGUE / "sequelae.toml").read_text(encoding="utf-8"))

"""What is published on MRI in CNS-HLH, to stand beside a study's own numbers: catalogue/mri_published.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from neurohlh.etl.codebook import CATALOGUE

_NUMBERS = ("estimate", "conf_low", "conf_high", "n", "events", "p_value")


@dataclass(frozen=True)
class Published:
    """One published number; None is what was not printed. `group` names the finding or group of a study it answers."""

    topic: str
    key: str
    label: str
    group: str
    measure: str
    population: str
    source: str
    status: str
    note: str
    estimate: float | None
    conf_low: float | None
    conf_high: float | None
    n: float | None
    events: float | None
    p_value: float | None

    @property
    def cited(self) -> str:
        """Source and status in words, and what must be said of the number."""
        return "; ".join(filter(None, [self.source, self.status, self.note]))


@lru_cache(maxsize=8)
def published(topic: str) -> tuple[Published, ...]:
    """The published numbers on a topic (regions, diffusion, pattern, striatum, first); ValueError for another."""
    text = (CATALOGUE / "mri_published.csv").read_text(encoding="utf-8")
    rows = [r for r in csv.DictReader(text.splitlines()) if r["topic"] == topic]
    if not rows:
        raise ValueError(f"nothing is published here on {topic!r}")
    return tuple(_row(r) for r in rows)


def _row(row: dict[str, str]) -> Published:
    values: dict[str, Any] = dict(row)
    values |= {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    return Published(**values)

"""What is published on evidence of CNS involvement and death, to stand beside a study's own: cns/published.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from neurohlh.etl.codebook import CATALOGUE

_NUMBERS = ("threshold", "estimate", "conf_low", "conf_high", "n")


@dataclass(frozen=True)
class PublishedEvidence:
    """One published effect or cut; None is what was not printed.

    `variable` is the codebook's, `group` a level of it, `threshold` a cut in `unit` (abnormal is above it), `effect_id`
    the row of evidence/published_effects.csv with the same effect ('' where there is none).
    """

    topic: str
    key: str
    variable: str
    group: str
    threshold: float | None
    unit: str
    measure: str
    estimate: float | None
    conf_low: float | None
    conf_high: float | None
    n: float | None
    outcome: str
    population: str
    source: str
    effect_id: str
    status: str
    note: str

    @property
    def cited(self) -> str:
        """Source and status in words, and what must be said of the number."""
        return "; ".join(filter(None, [self.source, self.status, self.note]))


@lru_cache(maxsize=4)
def published_evidence(topic: str) -> tuple[PublishedEvidence, ...]:
    """The published numbers on a topic: 'horne' (the four groups) or 'cut' (CSF); ValueError for another."""
    text = (CATALOGUE / "cns" / "published.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["topic"] == topic]
    if not rows:
        raise ValueError(f"nothing is published here on {topic!r}")
    return tuple(_row(row) for row in rows)


def _row(row: dict[str, str]) -> PublishedEvidence:
    values: dict[str, Any] = dict(row)
    values |= {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    return PublishedEvidence(**values)

"""Groups of age at diagnosis for subgroup analyses, each limit with its source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from neurohlh.etl.codebook import CATALOGUE


@dataclass(frozen=True)
class AgeGroup:
    """Ages in years from `low` on and below `below`."""

    name: str
    low: float
    below: float
    source: str
    status: str


@lru_cache(maxsize=1)
def age_groups() -> tuple[AgeGroup, ...]:
    """The groups from the youngest on."""
    text = (CATALOGUE / "age_groups.toml").read_text(encoding="utf-8")
    return tuple(AgeGroup(**group) for group in tomllib.loads(text)["group"])


def age_group(age_years: pd.Series[Any]) -> pd.Series[Any]:
    """The name of each patient's group; missing where the age (years) is."""
    age = pd.to_numeric(age_years)
    named = pd.Series(None, index=age.index, dtype=object)
    for group in age_groups():
        named[(age >= group.low) & (age < group.below)] = group.name
    return named

"""What the catalogue says of triggers beside the rules: their names, the viruses, EBV loads and published cuts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from neurohlh.etl.codebook import CATALOGUE

TRIGGERS: Mapping[str, str] = {
    "malignancy": "Malignancy",
    "rheumatic_mas": "Rheumatic disease (MAS)",
    "immunotherapy_drug": "Immunotherapy or drug",
    "post_hsct": "After transplantation",
    "ebv": "EBV",
    "other_virus": "Other virus",
    "parasitic": "Parasite",
    "fungal": "Fungus",
    "bacterial": "Bacteria",
    "metabolic": "Metabolic disease",
    "other": "Other",
    "none": "Recorded as without trigger",
    "unknown": "Trigger unknown",
}
"""Codes of trigger_category in the order of the priority rule (dossier 5.4), in words."""


@dataclass(frozen=True)
class Virus:
    """A virus of the codebook: its code and name, whether it is of the herpes group, and how that was verified."""

    code: str
    name: str
    herpes: bool
    status: str


@dataclass(frozen=True)
class LoadCut:
    """A published EBV load, copies/mL; `specimen` is '' where the publication does not state it.

    `sensitivity`, `specificity` (0..1) are the published ones for what it is `about`; None where none was printed.
    """

    copies_per_ml: float
    specimen: str
    about: str
    source: str
    status: str
    sensitivity: float | None = None
    specificity: float | None = None


@lru_cache(maxsize=1)
def viruses() -> tuple[Virus, ...]:
    """Every virus that the codebook knows, the herpes group first (Maakaroun 2010)."""
    found = [
        Virus(code, v["name"], v["family"] == "herpes", v["status"])
        for code, v in _read("viruses.toml")["virus"].items()
    ]
    return tuple(sorted(found, key=lambda virus: not virus.herpes))


def virus_source() -> str:
    """The publication that lists the viruses."""
    return str(_read("viruses.toml")["source"])


def specimens() -> Mapping[str, str]:
    """Codes of ebv_specimen that name a material, in words."""
    found: dict[str, str] = _read("ebv_load.toml")["specimen"]
    return found


def load_cuts() -> tuple[LoadCut, ...]:
    """The published cuts of EBV load (dossier 4.6)."""
    return tuple(LoadCut(**cut) for cut in _read("ebv_load.toml")["cut"])


@lru_cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((CATALOGUE / name).read_text(encoding="utf-8"))

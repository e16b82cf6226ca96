"""The codebook: every variable with its labels, unit, ranges, codes and the headers people write for it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from neurohlh.core.errors import InputError, did_you_mean

CATALOGUE = files("neurohlh") / "catalogue"


@dataclass(frozen=True)
class Variable:
    """One row of the codebook.

    `type` is string, category, date, float, int, bool or tri (met / not_met / indeterminate). A value outside
    `hard_min`..`hard_max` is refused, outside `usual_min`..`usual_max` doubted (both in `unit`).
    """

    name: str
    type: str
    tier: str = "core"
    domain: str = ""
    unit: str = ""
    alt_units: Mapping[str, str] = field(default_factory=dict)
    """recorded unit -> factor to `unit`, as the text of a decimal number."""
    hard_min: float | None = None
    hard_max: float | None = None
    usual_min: float | None = None
    usual_max: float | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    """code -> meaning (the code itself where the codebook gives none)."""
    label_en: str = ""
    label_zh: str = ""
    aliases_en: tuple[str, ...] = ()
    aliases_zh: tuple[str, ...] = ()
    note: str = ""
    role: str = ""
    missing_rule: str = ""

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.type in ("float", "int")

    def label(self, language: str = "en") -> str:
        """What a reader sees for it."""
        return (self.label_zh if language == "zh" else self.label_en) or self.name


@dataclass(frozen=True)
class Codebook:
    """All variables by name, in the codebook's order."""

    variables: Mapping[str, Variable]

    def __getitem__(self, name: str) -> Variable:
        if name not in self.variables:
            raise InputError(f"the codebook has no variable {name!r}", do=did_you_mean(name, self.variables))
        return self.variables[name]

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    def __iter__(self) -> Iterator[Variable]:
        return iter(self.variables.values())


def _number(text: str) -> float | None:
    return float(text) if text else None


def _pairs(text: str) -> dict[str, str]:
    """'a=1;b' -> {'a': '1', 'b': 'b'}."""
    parts = [p.strip() for p in text.split(";") if p.strip()]
    return {k.strip(): (v.strip() if eq else k.strip()) for k, eq, v in (p.partition("=") for p in parts)}


def _names(text: str) -> tuple[str, ...]:
    return tuple(p.strip() for p in text.split(";") if p.strip())


def _variable(row: Mapping[str, str]) -> Variable:
    return Variable(
        name=row["name"],
        type=row["type"],
        tier=row["tier"],
        domain=row["domain"],
        unit=row["unit"],
        alt_units=_pairs(row["alt_units_factor_to_unit"]),
        hard_min=_number(row["hard_min"]),
        hard_max=_number(row["hard_max"]),
        usual_min=_number(row["usual_min"]),
        usual_max=_number(row["usual_max"]),
        codes=_pairs(row["allowed_codes"]),
        label_en=row.get("label_en", ""),
        label_zh=row["label_zh"],
        aliases_en=_names(row["aliases_en"]),
        aliases_zh=_names(row["aliases_zh"]),
        note=row["note"],
        role=row["role"],
        missing_rule=row["missing_rule"],
    )


@lru_cache(maxsize=1)
def codebook() -> Codebook:
    """The package's codebook."""
    text = (CATALOGUE / "variables.csv").read_text(encoding="utf-8")
    return Codebook({row["name"]: _variable(row) for row in csv.DictReader(text.splitlines())})

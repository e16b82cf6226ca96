"""The codebook: every variable with its labels, unit, ranges, codes and the headers people write for it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files

from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.characters import plain

CATALOGUE = files("neurohlh") / "catalogue"

_SIGNS = re.compile(r"""[\s_\-.·()\[\]{}《》「」:,;、。/\\|*†‡§?!'"“”‘’~]+""")


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
    """code -> meaning (the code itself where the codebook gives none); empty for free text."""
    open_codes: bool = False
    """Whether a code outside the list is kept with a warning (a newly described gene) instead of refused."""
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

    @property
    def free_text(self) -> bool:
        """Whether any text is a value of it: identifiers and centre names, which have no list of codes."""
        return self.type in ("string", "category") and not self.codes

    @property
    def narrative(self) -> bool:
        """Whether it is prose (a report), kept letter by letter and never shown outside the tables of patients."""
        return self.role == "text"

    def label(self, language: str = "en") -> str:
        """What a reader sees for it."""
        return (self.label_zh if language == "zh" else self.label_en) or self.name

    @property
    def spellings(self) -> tuple[str, ...]:
        """Everything a header may call it: its name, its labels, its aliases."""
        return tuple(s for s in (self.name, self.label_en, self.label_zh, *self.aliases_en, *self.aliases_zh) if s)


def header_key(text: str) -> str:
    """A header without what spelling habits change: case, width, blanks, underscores, hyphens, dots, brackets, marks.

    `#`, `%`, `+`, `<`, `>` and `=` stay: `NEUT#` and `NEUT%` are different measurements.
    """
    return _SIGNS.sub("", plain(text).casefold())


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

    @cached_property
    def spelled(self) -> Mapping[str, tuple[str, str]]:
        """`header_key` of every spelling -> (variable, the spelling as the codebook writes it).

        Raises ValueError where two variables share a spelling: such a header would be guessed.
        """
        found: dict[str, tuple[str, str]] = {}
        for variable in self:
            for spelling in variable.spellings:
                first = found.setdefault(header_key(spelling), (variable.name, spelling))
                if first[0] != variable.name:
                    raise ValueError(f"{spelling!r} is spelled for both {first[0]} and {variable.name}")
        return found

    @cached_property
    def pairs(self) -> Mapping[str, tuple[str, ...]]:
        """Two adjacent signs -> the keys of `spelled` that hold them: what spelling near misses are found by."""
        found: dict[str, list[str]] = {}
        for key in self.spelled:
            for pair in {key[i : i + 2] for i in range(len(key) - 1)}:
                found.setdefault(pair, []).append(key)
        return {pair: tuple(keys) for pair, keys in found.items()}

    def find(self, header: str) -> str | None:
        """The variable that `header` spells, whole; None where it spells none."""
        return self.spelled.get(header_key(header), (None, ""))[0]

    def with_role(self, *roles: str) -> tuple[str, ...]:
        """The variables of these roles: baseline, time, derived, post_baseline, outcome, …"""
        return tuple(v.name for v in self if v.role in roles)


def derived_roles(book: Codebook) -> Mapping[str, tuple[str, ...]]:
    """Which variables stand for what: role -> names, for every role of the codebook.

    'derived' are computed by the package where a source does not give them; 'post_baseline' and 'outcome' happen after
    time zero and are no baseline covariates; 'time' are the dates.
    """
    return {role: book.with_role(role) for role in dict.fromkeys(v.role for v in book)}


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
        open_codes=row["open_codes"] == "1",
        label_en=row["label_en"],
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


def known_header(text: str) -> bool:
    """Whether `text`, with its unit taken off, is a header that the package knows: a variable's, or personal data's.

    The reader finds the header row by it, so a header that will be asked about counts as known too.
    """
    from neurohlh.etl.headers import recognised  # it needs the units' table, which `import neurohlh` must not read

    return recognised(text)

"""A criteria set as data: items, each one test with its source and status, and a rule over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.codebook import codebook

ORDERED = (">=", ">", "<=", "<", "==")
COMBINATIONS = ("any_of", "all_of", "none_of", "first_recorded", "established")
STATUSES = ("VERIFIED", "FROM MEMORY", "DOSSIER RULE", "USER")


@dataclass(frozen=True)
class Comparison:
    """A variable against a threshold.

    `printed` holds the cut-off as published in other units, used for values recorded in them (dossier 0.1).
    `unit_variable` names the column of the recorded unit where values are never converted: the threshold holds only
    where it equals `unit`. `times` names a variable that the threshold multiplies. `unknown` are codes
    that say nothing. `tested_by` names the variable that says whether the examination was done: where it says no,
    whatever is recorded of it is unknown.
    """

    variable: str
    comparator: str
    threshold: float | bool | str | tuple[str, ...]
    unit: str = ""
    printed: tuple[tuple[str, float], ...] = ()
    tolerance: bool = False
    """Whether the printed pair disagrees, so that a value of unnamed unit gets 0.5 % tolerance."""
    unit_variable: str = ""
    times: str = ""
    unknown: tuple[str, ...] = ()
    tested_by: str = ""

    def words(self) -> str:
        """The comparison in words, with its unit and printed alternatives."""
        variable = codebook()[self.variable]
        if isinstance(self.threshold, bool):
            return f"{variable.label()}: {'yes' if self.threshold else 'no'}"
        if isinstance(self.threshold, tuple):
            joined = ", ".join(self.threshold)
            return f"{variable.label()} {'not ' if self.comparator == 'not_in' else ''}one of {joined}"
        if isinstance(self.threshold, str):
            return f"{variable.label()} = {self.threshold}"
        limit = f"{self.threshold:g} x {self.times}" if self.times else f"{self.threshold:g} {self.unit}".strip()
        printed = "".join(f" (or {self.comparator} {value:g} {unit} as recorded)" for unit, value in self.printed)
        return f"{variable.label()} {self.comparator} {limit}{printed}"


@dataclass(frozen=True)
class Combination:
    """Other items together: `how` is one of `COMBINATIONS`, 'at_least' (with `k`) or 'of' (counted for bands)."""

    how: str
    parts: tuple[str, ...]
    k: int = 0

    def words(self) -> str:
        """The combination in words."""
        joined = ", ".join(self.parts)
        lead = {"at_least": f"at least {self.k} of", "first_recorded": "the first recorded of", "of": "number of"}
        return f"{lead.get(self.how, self.how.replace('_', ' '))}: {joined}"


@dataclass(frozen=True)
class Evidence:
    """Met where one of `met_if` is met, not met where one of `not_met_if` is; otherwise unknown."""

    met_if: tuple[str, ...]
    not_met_if: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """All items that it names."""
        return self.met_if + self.not_met_if

    def words(self) -> str:
        """The evidence in words."""
        against = f"; not met if {' or '.join(self.not_met_if)}" if self.not_met_if else ""
        return f"met if {' or '.join(self.met_if)}{against}; otherwise unknown"


@dataclass(frozen=True)
class SetAnswer:
    """Another criteria set's answer, or (with a comparator) its count or score against a threshold."""

    name: str
    comparator: str = ""
    threshold: float = 0.0

    def words(self) -> str:
        """The reference in words."""
        return f"{self.name} {self.comparator} {self.threshold:g}" if self.comparator else f"{self.name}: met"


@dataclass(frozen=True)
class Score:
    """The sum of the items' points against a cut-off."""

    parts: tuple[str, ...]
    cut: float

    def words(self) -> str:
        """The score rule in words."""
        return f"score >= {self.cut:g}"


Test = Comparison | Combination | Evidence | SetAnswer | Score


@dataclass(frozen=True)
class Band:
    """Points for values that pass a comparison; of the bands passed, the last one counts."""

    comparator: str
    threshold: float
    points: float
    printed: tuple[tuple[str, float], ...] = ()
    tolerance: bool = False


@dataclass(frozen=True)
class Item:
    """One line of a criteria set. `part` marks a component shown only with the evidence."""

    name: str
    test: Test
    when: Comparison | None = None
    points: float | None = None
    bands: tuple[Band, ...] = ()
    part: bool = False
    source: str = ""
    status: str = ""
    note: str = ""

    @property
    def scored(self) -> bool:
        """Whether it contributes points."""
        return self.points is not None or bool(self.bands)

    def words(self) -> str:
        """The item's rule in words."""
        if self.bands:
            unit = f" {self.test.unit}" if isinstance(self.test, Comparison) else ""
            bands = ", ".join(f"{b.comparator} {b.threshold:g}{unit}: {b.points:g}" for b in self.bands)
            head = codebook()[self.test.variable].label() if isinstance(self.test, Comparison) else self.test.words()
            return f"{head} (points: {bands})"
        text = self.test.words()
        if self.when is not None:
            text += f", when {self.when.words()}"
        return f"{text} ({self.points:g} points)" if self.points is not None else text


@dataclass(frozen=True)
class Rule:
    """How the items make the answer.

    Where an item of `gate` is not met the set is not applicable. `bounds` names the item whose count is shown.
    """

    test: Test
    gate: tuple[str, ...] = ()
    bounds: str = ""
    note: str = ""


@dataclass(frozen=True)
class Definition:
    """A criteria set: `key` starts its column names, `name` stands in the outputs."""

    key: str
    name: str
    items: Mapping[str, Item]
    rule: Rule | None
    title: str = ""
    source: str = ""
    status: str = ""
    caveat: str = ""
    probability: tuple[tuple[float, float], ...] = ()
    """(score, published probability in percent), ascending."""
    origin: str = ""
    """The file that it was read from."""

    def with_threshold(self, item: str, threshold: float) -> Definition:
        """A copy with another threshold for one comparison item (a study's choice: its status becomes USER).

        A printed alternative belongs to the published threshold and is dropped. Raises InputError for an item that is
        unknown or compares no number.
        """
        if item not in self.items:
            raise InputError(f"{self.name} has no item {item!r}", do=did_you_mean(item, self.items))
        old = self.items[item]
        if not isinstance(old.test, Comparison) or isinstance(old.test.threshold, str | bool | tuple):
            raise InputError(f"item {item!r} of {self.name} has no numeric threshold", do="name a comparison item.")
        test = replace(old.test, threshold=float(threshold), printed=(), tolerance=False)
        note = f"study's own threshold; published: {old.test.words()}"
        new = replace(old, test=test, status="USER", note=note)
        return replace(self, items={**self.items, item: new})

    def variables(self) -> tuple[str, ...]:
        """The codebook variables that its own items read, in order (those of other sets it names are not included)."""
        found: dict[str, None] = {}
        for item in self.items.values():
            for test in (item.test, item.when):
                if isinstance(test, Comparison):
                    found |= dict.fromkeys(v for v in (test.variable, test.unit_variable, test.times) if v)
        return tuple(found)

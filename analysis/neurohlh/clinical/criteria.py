"""Reads criteria sets from TOML: the catalogue's and a user's own, checked against the codebook.

A set has items and a rule over them. An item is one test:

    variable, comparator, threshold, unit      a comparison (`>=` `>` `<=` `<` `==` `in` `not_in`)
    any_of | all_of | none_of = [items]        combinations of other items
    at_least = k, of = [items]                 k of n
    first_recorded = [items]                   the first whose datum is recorded; later ones are substitutes
    met_if = [items], not_met_if = [items]     evidence for and against; neither leaves it unknown
    established = [items]                      holds only where known to hold; unknown does not keep it open
    set = "name"                               the answer of another criteria set, or its count against a threshold

and scores `points` (where met) or `bands` (points by the value of a variable, or by how many of `of` hold).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from neurohlh.clinical.definition import (
    COMBINATIONS,
    ORDERED,
    STATUSES,
    Band,
    Combination,
    Comparison,
    Definition,
    Evidence,
    Item,
    Rule,
    Score,
    SetAnswer,
    Test,
)
from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.codebook import CATALOGUE, Codebook, Variable, codebook

_TESTS = (*COMBINATIONS, "at_least", "met_if", "set", "variable", "of")
_ITEM_KEYS = frozenset(
    {*_TESTS, "not_met_if", "comparator", "threshold", "unit", "printed", "unit_variable", "times", "unknown"}
    | {"tested_by", "when", "points", "bands", "part", "source", "status", "note"}
)
_RULE_KEYS = frozenset(
    {*COMBINATIONS, "at_least", "of", "met_if", "not_met_if", "score", "cut", "gate", "bounds", "note"}
)
_TOP_KEYS = frozenset({"key", "name", "title", "source", "status", "caveat", "items", "rule", "probability"})
_COMPARISON_KEYS = frozenset({"variable", "comparator", "threshold", "unit", "printed"})
_BAND_KEYS = frozenset({"comparator", "threshold", "points", "printed"})


def criteria_sets() -> tuple[str, ...]:
    """The keys of the criteria sets in the catalogue that give an answer, in alphabetical order."""
    return tuple(key for key, d in _catalogue().items() if d.rule is not None)


def load(name: str) -> Definition:
    """A definition of the catalogue by its name: 'hlh2004', 'HLH-2004' and 'hlh-2004' are the same.

    Raises InputError that names the closest for a name that the catalogue has not.
    """
    known = {_fold(n): d for d in _catalogue().values() for n in (d.key, d.name)}
    if _fold(name) not in known:
        names = [n for d in _catalogue().values() if d.rule is not None for n in (d.key, d.name)]
        raise InputError(f"there is no criteria set {name!r}", do=did_you_mean(name, names))
    return known[_fold(name)]


def load_definition(path: str | Path) -> Definition:
    """A user's own definition from a TOML file, checked against the codebook.

    Raises InputError, naming the file and the item, for whatever is not legal in it.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError("the definition cannot be read", where=str(path), why=error.strerror or "") from error
    except UnicodeDecodeError as error:
        raise InputError("the definition is not UTF-8 text", where=str(path), do="save it as UTF-8.") from error
    definition = parse(text, str(path), path.stem, status="USER")
    for item in definition.items.values():
        if isinstance(item.test, SetAnswer):
            _named_set(item, str(path))
    return definition


def _named_set(item: Item, path: str) -> None:
    assert isinstance(item.test, SetAnswer)
    try:
        load(item.test.name)
    except InputError as error:
        raise InputError(error.what, where=f"{path}, item {item.name!r}", do=error.do) from error


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, Definition]:
    files = sorted((f for f in (CATALOGUE / "criteria").iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    definitions = (parse(f.read_text(encoding="utf-8"), f.name, f.name.removesuffix(".toml")) for f in files)
    return {d.key: d for d in definitions}


def _fold(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def parse(text: str, origin: str, stem: str, status: str = "") -> Definition:
    """A definition from TOML text; `origin` names the file in error messages, `stem` is the default key."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError("this is not a TOML file", where=origin, why=str(error), do="correct the syntax.") from error
    return from_data(data, origin, stem, status)


def from_data(data: Mapping[str, Any], origin: str, stem: str, status: str = "") -> Definition:
    """A definition from the content of a TOML file; see `parse`."""
    _known_keys(data, _TOP_KEYS, origin)
    items_data = _table(data, "items", origin)
    if not items_data:
        raise InputError(
            "the definition has no items", where=origin, do="add a table [items.<name>] for each criterion."
        )
    inherited = {"source": str(data.get("source", "")), "status": str(data.get("status", status or "USER"))}
    key = str(data.get("key", stem))
    if not re.fullmatch(r"[A-Za-z]\w*", key):
        raise InputError(
            f"{key!r} cannot start a column name", where=origin, do="give a key of letters, digits and '_'."
        )
    items = {name: _Reader(f"{origin}, item {name!r}", inherited).item(name, body) for name, body in items_data.items()}
    rule = _Reader(f"{origin}, rule", inherited).rule(data["rule"]) if "rule" in data else None
    _check_references(items, rule, origin)
    table = tuple((float(score), float(percent)) for score, percent in data.get("probability", ()))
    head = {k: str(data.get(k, "")) for k in ("title", "caveat")}
    return Definition(
        key, str(data.get("name", key)), items, rule, **head, **inherited, probability=table, origin=origin
    )


def _known_keys(data: Any, legal: frozenset[str], where: str) -> None:
    if not isinstance(data, Mapping):
        raise InputError("a table of keys and values is expected here", where=where)
    for key in data:
        if key not in legal:
            raise InputError(f"unknown key {key!r}", where=where, do=did_you_mean(key, legal))


def _table(data: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, Mapping):
        raise InputError(f"{key!r} must be a table", where=where)
    return value


def _check_references(items: Mapping[str, Item], rule: Rule | None, origin: str) -> None:
    parts = {name: getattr(item.test, "parts", ()) for name, item in items.items()}
    if rule is not None:
        extra = (rule.bounds,) if rule.bounds else ()
        parts["rule"] = (*getattr(rule.test, "parts", ()), *rule.gate, *extra)
    for name, named in parts.items():
        for part in named:
            if part not in items:
                raise InputError(f"there is no item {part!r}", where=f"{origin}, {name}", do=did_you_mean(part, items))
    done: set[str] = set()
    while ready := {n for n in parts if n not in done and set(parts[n]) <= done}:
        done |= ready
    if len(done) < len(parts):
        stuck = ", ".join(sorted(set(parts) - done))
        raise InputError(f"items refer to each other in a circle: {stuck}", where=origin)
    if rule is not None and isinstance(rule.test, Score):
        for part in rule.test.parts:
            if not items[part].scored:
                raise InputError(f"item {part!r} has no points", where=f"{origin}, rule", do="add points or bands.")


@dataclass(frozen=True)
class _Reader:
    """Reads the parts of one definition, naming the place in every complaint."""

    where: str
    inherited: Mapping[str, str]

    def fail(self, what: str, do: str = "") -> InputError:
        return InputError(what, where=self.where, do=do)

    def item(self, name: str, body: Any) -> Item:
        _known_keys(body, _ITEM_KEYS, self.where)
        if not re.fullmatch(r"\w+", name):
            raise self.fail("an item's name is part of a column name", "use letters, digits and '_'.")
        when = body.get("when")
        if when is not None:
            _known_keys(when, _COMPARISON_KEYS, self.where)
        points = body.get("points")
        if points is not None and not _is_number(points):
            raise self.fail("points must be a number")
        has = {k: str(body.get(k, v)) for k, v in self.inherited.items()}
        if has["status"] not in STATUSES:
            raise self.fail(f"status {has['status']!r} is not known", did_you_mean(has["status"], STATUSES))
        return Item(
            name,
            self.test(body),
            when=self.comparison(when) if when is not None else None,
            points=points,
            bands=tuple(self.band(b, body) for b in body.get("bands", ())),
            part=bool(body.get("part", False)),
            note=str(body.get("note", "")),
            **has,
        )

    def rule(self, body: Any) -> Rule:
        _known_keys(body, _RULE_KEYS, self.where)
        test: Test
        if "score" in body:
            if not _is_number(body.get("cut")):
                raise self.fail("a score needs a numeric cut-off", "add cut = <number>.")
            test = Score(self.names(body["score"]), float(body["cut"]))
        else:
            test = self.test(body)
        gate = self.names(body["gate"]) if "gate" in body else ()
        return Rule(test, gate, str(body.get("bounds", "")), str(body.get("note", "")))

    def test(self, body: Mapping[str, Any]) -> Test:
        kinds = [k for k in _TESTS if k in body and not (k == "of" and "at_least" in body)]
        if len(kinds) != 1:
            raise self.fail("an item is exactly one test", f"give one of {', '.join(_TESTS)}.")
        kind = kinds[0]
        if kind == "variable":
            return self.comparison(body)
        if kind == "set":
            return self.set_answer(body)
        if kind == "met_if":
            return Evidence(self.names(body["met_if"]), self.names(body.get("not_met_if", [])))
        if kind == "at_least":
            return self.at_least(body)
        if kind == "of" and not body.get("bands"):
            raise self.fail("'of' needs to say how many", "add at_least = <k>, or bands.")
        return Combination(kind, self.names(body[kind]))

    def at_least(self, body: Mapping[str, Any]) -> Combination:
        k, parts = body["at_least"], self.names(body.get("of", []))
        if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= len(parts):
            raise self.fail("at_least must be between 1 and the number of items in 'of'")
        return Combination("at_least", parts, k)

    def set_answer(self, body: Mapping[str, Any]) -> SetAnswer:
        comparator, threshold = body.get("comparator", ""), body.get("threshold", 0)
        if comparator not in ("", ">=") or not _is_number(threshold) or ("threshold" in body) != bool(comparator):
            raise self.fail("another set's count is compared by >= with a number")
        return SetAnswer(str(body["set"]), comparator, float(threshold))

    def names(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.fail("a list of item names is expected")
        return tuple(value)

    def variable(self, name: Any) -> Variable:
        book: Codebook = codebook()
        if name not in book:
            known = [v.name for v in book]
            raise self.fail(f"the codebook has no variable {name!r}", did_you_mean(str(name), known))
        return book[name]

    def comparison(self, body: Mapping[str, Any]) -> Comparison:
        variable = self.variable(body.get("variable"))
        if body.get("bands"):
            unit = self.unit(variable, body)[0]
            return Comparison(variable.name, ">=", 0.0, unit, unit_variable=str(body.get("unit_variable", "")))
        for key in ("comparator", "threshold"):
            if key not in body:
                raise self.fail(f"the comparison of {variable.name!r} has no {key}", f"add {key} = ….")
        if variable.numeric:
            return self.numeric(variable, body)
        return self.coded(variable, body)

    def numeric(self, variable: Variable, body: Mapping[str, Any]) -> Comparison:
        comparator, threshold = body["comparator"], body["threshold"]
        if comparator not in ORDERED:
            raise self.fail(f"{variable.name!r} is a number, compared by {', '.join(ORDERED)}; not by {comparator!r}")
        if not _is_number(threshold):
            raise self.fail(f"the threshold of {variable.name!r} must be a number")
        unit, factor = self.unit(variable, body)
        printed = self.printed(variable, body) + (((str(body["unit"]), float(threshold)),) if factor != 1 else ())
        limit = float(threshold) * factor
        for key in ("unit_variable", "times"):
            if key in body:
                self.variable(body[key])
        return Comparison(
            variable.name,
            comparator,
            limit,
            unit,
            printed,
            _disagrees(variable, limit, printed),
            str(body.get("unit_variable", "")),
            str(body.get("times", "")),
        )

    def unit(self, variable: Variable, body: Mapping[str, Any]) -> tuple[str, float]:
        """The canonical unit, and the factor from the definition's unit to it."""
        unit = str(body.get("unit", variable.unit))
        if unit == variable.unit or unit == "":
            return variable.unit, 1.0
        factor = _factor(variable, unit)
        if factor is None:
            units = [variable.unit, *variable.alt_units]
            raise self.fail(f"{variable.name!r} is not measured in {unit!r}", did_you_mean(unit, units))
        return variable.unit, factor

    def printed(self, variable: Variable, body: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
        pairs = _table(body, "printed", self.where)
        for unit, value in pairs.items():
            if _factor(variable, unit) is None or not _is_number(value):
                raise self.fail(
                    f"printed alternative in {unit!r} is no number in a unit of {variable.name!r}",
                    did_you_mean(unit, variable.alt_units),
                )
        return tuple((unit, float(value)) for unit, value in pairs.items())

    def coded(self, variable: Variable, body: Mapping[str, Any]) -> Comparison:
        comparator, threshold = body["comparator"], body["threshold"]
        unknown = self.names(body.get("unknown", []))
        if variable.type == "bool":
            if comparator != "==" or not isinstance(threshold, bool):
                raise self.fail(f"{variable.name!r} is yes or no, compared by == with true or false")
            tested_by = self.variable(body["tested_by"]).name if "tested_by" in body else ""
            return Comparison(variable.name, comparator, threshold, tested_by=tested_by)
        if comparator in ("in", "not_in"):
            codes = self.names(threshold)
        elif comparator == "==" and isinstance(threshold, str):
            codes = (threshold,)
        else:
            raise self.fail(f"{variable.name!r} has codes, compared by ==, in or not_in with text")
        for code in codes:
            # Open code lists ("HGNC symbol") are described in words, closed ones are single words.
            if all(re.fullmatch(r"\S+", c) for c in variable.codes) and variable.codes and code not in variable.codes:
                raise self.fail(f"{variable.name!r} has no code {code!r}", did_you_mean(code, variable.codes))
        return Comparison(variable.name, comparator, codes if comparator != "==" else codes[0], unknown=unknown)

    def band(self, band: Any, body: Mapping[str, Any]) -> Band:
        _known_keys(band, _BAND_KEYS, self.where)
        if band.get("comparator") not in (">=", ">", "<=", "<"):
            raise self.fail("a band is compared by >=, >, <= or <")
        if not _is_number(band.get("threshold")) or not _is_number(band.get("points")):
            raise self.fail("a band needs a numeric threshold and numeric points")
        comparator, threshold, points = band["comparator"], float(band["threshold"]), band["points"]
        if "variable" not in body:
            return Band(comparator, threshold, points)
        variable = self.variable(body["variable"])
        printed = self.printed(variable, band)
        return Band(comparator, threshold, points, printed, _disagrees(variable, threshold, printed))


def _disagrees(variable: Variable, threshold: float, printed: tuple[tuple[str, float], ...]) -> bool:
    """Whether a printed pair of cut-offs differs after conversion (265 mg/dL of triglyceride is 2.992, not 3.0)."""
    return any(
        abs(value * (_factor(variable, unit) or 1) - threshold) > 1e-7 * abs(threshold) for unit, value in printed
    )


def _factor(variable: Variable, unit: str) -> float | None:
    if unit == variable.unit:
        return 1.0
    try:
        return float(variable.alt_units[unit])
    except (KeyError, ValueError):
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

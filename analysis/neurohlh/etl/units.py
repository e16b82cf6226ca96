"""Units as people write them: to one spelling, and from one unit to another in exact decimal arithmetic.

A unit is read by its grammar (power of ten, amount, volume) rather than from a list, so that `x10e9/L`, `10*9/l`,
`K/uL` and `万/ul` need no entry of their own. Scalings within one kind of amount are exact and come from
`catalogue/units.toml`; conversions that belong to an analyte (mg/dL of triglyceride to mmol/L) come from the codebook
alone. Where there is no factor there is no conversion.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from neurohlh.etl.characters import plain
from neurohlh.etl.codebook import CATALOGUE, Variable


@dataclass(frozen=True)
class Unit:
    """A unit understood: its canonical spelling, the kind of quantity it measures, and its size in base units."""

    name: str
    kind: str
    scale: Decimal
    offset: Decimal = Decimal(0)
    """Added to a number before scaling (degF)."""


@dataclass(frozen=True)
class Conversion:
    """canonical = (recorded + offset) x factor; `factor` is exact or has 28 digits."""

    factor: Decimal
    offset: Decimal = Decimal(0)

    def __call__(self, number: Decimal) -> Decimal:
        """The number in the canonical unit."""
        return (number + self.offset) * self.factor

    @property
    def same(self) -> bool:
        """Whether it changes nothing."""
        return self.factor == 1 and not self.offset


@dataclass(frozen=True)
class _Tables:
    amounts: Mapping[str, tuple[str, str, Decimal]]
    volumes: Mapping[str, tuple[str, Decimal]]
    named: Mapping[str, Unit]
    powers: Mapping[str, int]
    shorthand: Mapping[str, str]
    reading: Mapping[str, frozenset[str]]
    suspects: Mapping[str, Mapping[str, Any]]


def _exact(text: str) -> Decimal:
    top, _, bottom = text.partition("/")
    return Decimal(top) / Decimal(bottom) if bottom else Decimal(top)


@lru_cache(maxsize=1)
def tables() -> _Tables:
    """`catalogue/units.toml`, by the names people write."""
    raw = tomllib.loads((CATALOGUE / "units.toml").read_text(encoding="utf-8"))
    amounts = {
        written: (kind, name, Decimal(entry["scale"]))
        for kind, entries in raw["amount"].items()
        for name, entry in entries.items()
        for written in entry["names"]
    }
    volumes = {w: (name, Decimal(e["scale"])) for name, e in raw["volume"].items() for w in e["names"]}
    named = {
        _folded(w): Unit(name, kind, _exact(e["scale"]), Decimal(e.get("offset", "0")))
        for kind, entries in raw["named"].items()
        for name, e in entries.items()
        for w in e["names"]
    }
    reading = {key: frozenset(names) for key, names in raw["reading"].items()}
    suspects = {entry["variable"]: entry for entry in raw["suspect"]}
    return _Tables(amounts, volumes, named, raw["powers"], raw["shorthand"], reading, suspects)


def _folded(text: str) -> str:
    """Lower case without blanks; '.', '·' and '^-1' between amount and volume read as a division."""
    s = re.sub(r"\s+", "", plain(text).casefold()).replace("µ", "μ").replace("\\", "/").strip(",;:")
    s = re.sub(r"(?:per|每)(?=[a-zμ\d升毫微分])", "/", s)
    return re.sub(r"^(.+?)[·.*]?((?:d|m|u|μ)?l)\^?-1$", r"\1/\2", s)


_POWER = re.compile(
    r"^[x×*]?(?:(?P<plain>10{3,6})|10(?:\^|\*\*|\*|e)\(?\+?(?P<sure>\d{1,2})\)?|10\(?(?P<lost>12|[34569])\)?)[x×*]?(?=\D|$)"
)
"""A power of ten before an amount: 1000, 10^9, 10e9, 10*9, and 109 where the superscript was lost."""


@lru_cache(maxsize=4096)
def read_unit(text: str) -> Unit | None:
    """The unit that a text names, or None if it names none."""
    t = tables()
    s = _folded(text)
    if not s or len(s) > 40:
        return None
    found = t.named.get(s) or t.named.get(s.rstrip("."))
    if found:
        return found
    for mark in ("feu", "ddu"):
        if mark in s:
            inner = read_unit(re.sub(rf"\(?{mark}\)?", "", s))
            return Unit(f"{inner.name} {mark.upper()}", f"{inner.kind} {mark}", inner.scale) if inner else None
    if s in t.shorthand:
        return read_unit(t.shorthand[s])
    return _concentration(s, t) or (_concentration(f"10^9{s[1:]}", t) if plain(text) == "G/L" else None)


def _concentration(s: str, t: _Tables) -> Unit | None:
    """A unit of the form [power] amount / volume."""
    top, slash, bottom = s.partition("/")
    if not slash or bottom not in t.volumes:
        return None
    exponent, amount = _power(top, t)
    if amount not in t.amounts:
        return None
    kind, name, scale = t.amounts[amount]
    volume, size = t.volumes[bottom]
    head = f"10^{exponent}" if exponent else ""
    middle = f" {name}" if head and name else name
    return Unit(f"{head}{middle}/{volume}", f"{kind}/volume", scale * Decimal(10) ** exponent / size)


def _power(top: str, t: _Tables) -> tuple[int, str]:
    """The power of ten before an amount, and the amount."""
    m = _POWER.match(top)
    if m:
        n = len(m["plain"]) - 1 if m["plain"] else int(m["sure"] or m["lost"])
        return n, top[m.end() :]
    top = top.lstrip("x×*")
    if top in t.amounts:
        return 0, top
    for word in sorted(t.powers, key=len, reverse=True):
        rest = top.removeprefix(word)
        # A letter for a power stands before a bare count only (K/uL), or mg would be a million grams.
        if rest != top and rest in t.amounts and t.amounts[rest][0] == "count":
            return t.powers[word], rest
    return 0, top


def parse_unit(text: str) -> str | None:
    """The canonical spelling of a unit however it is written ('μg/l' -> 'ug/L', 'x10e9/L' -> '10^9/L'), or None."""
    unit = read_unit(text)
    return unit.name if unit else None


def conversion(unit: str, variable: Variable) -> Conversion | None:
    """How a number recorded in `unit` becomes the variable's canonical unit; None: no factor, no conversion.

    The codebook's own factor comes first for another kind of amount; within one kind the scaling is exact. (The
    codebook prints rounded factors for pure scalings, 0.0833333 for a month in years and 0.555556 for a degree
    Fahrenheit; the exact ones, 1/12 and 5/9, are used.)
    """
    known = _as_read(unit, variable)
    if known is None:
        return None
    if variable.unit.startswith("same as"):
        return Conversion(Decimal(1))
    target = _as_read(variable.unit, variable)
    if target is not None and known.kind == target.kind:
        return Conversion(_ratio(known.scale, target.scale), known.offset)
    for written, factor in variable.alt_units.items():
        other = _as_read(written, variable)
        if other is not None and other.kind == known.kind and not other.offset:
            return Conversion(_ratio(known.scale, other.scale) * Decimal(factor))
    return None


def _ratio(a: Decimal, b: Decimal) -> Decimal:
    return (a / b).normalize()


def _as_read(unit: str, variable: Variable) -> Unit | None:
    """The unit with the two readings that depend on the variable: IU for an enzyme, G/L for a count of cells."""
    known = read_unit(unit)
    if known is None:
        return None
    if known.kind == "international_unit/volume" and variable.name in tables().reading["same_as_unit"]:
        return Unit(known.name, "unit/volume", known.scale)
    if known.name == "g/L":
        target = read_unit(variable.unit)
        if target is not None and target.kind == "count/volume":
            return read_unit("10^9/L")
    return known


def convert(number: Decimal, unit: str, variable: Variable) -> Decimal | None:
    """The number in the variable's canonical unit, exactly; None when there is no factor (sCD25 pg/mL: never)."""
    way = conversion(unit, variable)
    return None if way is None else way(number)


def codebook_spelling(unit: str, variable: Variable) -> str:
    """The codebook's spelling of a unit for the variable: its own or an alternative unit of the same size."""
    known = _as_read(unit, variable)
    spellings = (variable.unit, *variable.alt_units)
    if known is None or known.name in spellings:
        return known.name if known else unit
    for written in spellings:
        other = _as_read(written, variable)
        if other and (other.kind, other.scale, other.offset) == (known.kind, known.scale, known.offset):
            return written
    return known.name


_BRACKET = re.compile(r"^(?P<rest>.*?)\s*[(\[{]\s*(?P<unit>[^()\[\]{}]*(?:\([^()]*\)[^()\[\]{}]*)*)\s*[)\]}]\s*$")
_GLUED = re.compile(
    r"^(?P<rest>.*?[^\d\s^.*x×])\s*(?P<unit>[x×*]?\s*(?:10\s*(?:\^|\*\*|\*|e)?\s*\d{1,2}|1000)\s*[a-z个]*\s*/\s*\S+)$",
    re.I,
)
_AFTER_CHINESE = re.compile(r"^(?P<rest>.*[\u4e00-\u9fff])(?P<unit>[a-zA-Zμ%°×][^\u4e00-\u9fff]*)$")
_SEPARATOR = re.compile(r"[\s_,:;/]+")
_BARE_POWER = re.compile(r"[x×*]?\s*10\s*(?:\^|\*|e)\s*(?P<power>3|9|12)", re.I)
_TRAILING = " _,:;/-*×·"


def split_unit(header: str) -> tuple[str, str | None]:
    """A header without its unit, and the unit; (header, None) where it names none.

    Conservative: the remainder is never empty, and one bare letter counts as a unit only in brackets.
    """
    s = plain(header)
    m = _BRACKET.match(s)
    if m:
        found = _header_unit(m["unit"], bracketed=True)
        return _parts(m["rest"], found, header)
    for pattern in (_GLUED, _AFTER_CHINESE):
        m = pattern.match(s)
        found = _header_unit(m["unit"]) if m else None
        if m and found:
            return _parts(m["rest"], found, header)
    for gap in _SEPARATOR.finditer(s):
        found = _header_unit(s[gap.end() :])
        if found:
            return _parts(s[: gap.start()], found, header)
    if s.endswith("%"):
        return _parts(s[:-1], "%", header)
    return header, None


def _parts(rest: str, unit: str | None, header: str) -> tuple[str, str | None]:
    rest = rest.rstrip(_TRAILING)
    return (rest, unit) if unit and rest else (header, None)


def _header_unit(text: str, bracketed: bool = False) -> str | None:
    """The unit that a piece of a header names, also with '_' written for '/' (g_l, 10_9_l)."""
    text = text.strip()
    if not text or (not bracketed and len(text) == 1 and text.isascii() and text != "%"):
        return None
    counted = _BARE_POWER.fullmatch(text)
    if counted:  # PLT(×10^9): for cells the volume goes without saying
        return f"10^{counted['power']}/{'uL' if counted['power'] == '3' else 'L'}"
    for written in (
        text,
        text.replace("_", "/"),
        re.sub(r"^x?10_?(\d+)_(\w+)$", r"10^\1/\2", text),
        text.split(",")[0],
    ):
        name = parse_unit(written)
        if name is not None:
            return name
    return None

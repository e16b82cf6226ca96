"""A number with its unit becomes a value of a variable: converted, checked against its ranges, doubted or refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from neurohlh.etl.codebook import Variable
from neurohlh.etl.numbers import PLAIN, Habit, Reading, read_number, read_simple
from neurohlh.etl.parsed import Fault, Parsed, State, ValueContext, number_text, refused, remark
from neurohlh.etl.table import Kind
from neurohlh.etl.units import Conversion, codebook_spelling, conversion, parse_unit, tables

_SAME = Conversion(Decimal(1))
_TYPED = Habit()
"""How a cell that the file itself typed as a number is written: never with a decimal comma."""
_INFINITE = float("inf")


class Measure:
    """One numeric variable in one column: which unit holds there, how it converts, and what is plausible."""

    def __init__(self, variable: Variable, context: ValueContext, habit: Habit) -> None:
        self.variable, self.context, self.habit = variable, context, habit
        reading = tables().reading
        self.points_are_decimal = habit.decimal == "." and not habit.comma_decimals
        self.kept_as_is = variable.name in reading["never_converted"]
        self.loses_exponents = variable.name in reading["lost_exponents"]
        self.whole = variable.type == "int" and variable.unit != "days"
        self.hard = _limits(variable.hard_min, variable.hard_max)
        self.usual = _limits(variable.usual_min, variable.usual_max)
        self.known = ", ".join(u for u in (variable.unit, *variable.alt_units) if not u.startswith("same as"))
        self.fault: Fault | None = None
        self._resolved: dict[str, tuple[str, Conversion] | Fault] = {}
        self.unit, self.way = self._column_unit()
        self.as_is = self.way.same
        self.column_rule = "" if self.as_is else self._unit_rule(self.unit)
        suspect = tables().suspects.get(variable.name)
        self.suspect = suspect if suspect and (self.unit or variable.unit) == suspect["unit"] else None
        # A number at or above this goes without a second look at its unit.
        self.unsuspicious = float(suspect["below"]) if self.suspect and suspect else -_INFINITE
        if variable.unit.endswith(" FEU") and context.unit and "feu" not in context.unit.casefold():
            self.unsuspicious = _INFINITE

    def _column_unit(self) -> tuple[str | None, Conversion]:
        """The unit of a cell that names none, and its conversion; the fault of a unit that cannot be used is kept."""
        v, named = self.variable, self.context.unit
        if named is None:
            # Without an alternative there is only one unit to be in; sCD25 has no common unit and stays unnamed.
            sure = self.context.unit_known or (not v.alt_units and not self.kept_as_is)
            return (v.unit if sure and not v.unit.startswith("same as") else None), _SAME
        found = self.resolve(named)
        if isinstance(found, Fault):
            self.fault = found
            return None, _SAME
        return found

    def resolve(self, written: str) -> tuple[str, Conversion] | Fault:
        """The codebook's spelling of a unit and its conversion, or the fault that it is unknown or has no factor."""
        if written not in self._resolved:
            self._resolved[written] = self._resolve(written)
        return self._resolved[written]

    def _resolve(self, written: str) -> tuple[str, Conversion] | Fault:
        name = parse_unit(written) or (written if written in (self.variable.unit, *self.variable.alt_units) else None)
        words = {"known": self.known, "first": self.variable.unit}
        if name is None:
            return Fault("unit_unknown", words)
        spelled = codebook_spelling(name, self.variable)
        way = conversion(name, self.variable)
        if self.kept_as_is:  # U/L is U/mL in another size; what is no U/mL keeps its number and its unit
            return (self.variable.unit, way) if way and not self.variable.unit.startswith("same") else (spelled, _SAME)
        if way is None and self.variable.unit.endswith(" FEU") and not name.endswith((" FEU", " DDU")):
            return self.resolve(f"{name} FEU")
        return (spelled, way) if way else Fault("no_conversion", {**words, "recorded_unit": spelled})

    def parse(self, text: str, kind: Kind) -> Parsed:
        """What a text says; words of any kind must have been read before."""
        if PLAIN(text) and (kind == Kind.NUMBER or "." not in text or self.points_are_decimal):
            return self._ordinary(text)
        share = re.fullmatch(r"(\d{1,2})\s?/\s?(\d{1,2})\s?[项条]?", text)
        if share and self.variable.type == "int" and float(share[2]) == self.variable.hard_max:
            p = self._ordinary(share[1])
            return p._replace(rule="k_of_n") if p.state == State.VALUE else p
        habit = _TYPED if kind == Kind.NUMBER else self.habit
        read = read_simple(text, habit) or read_number(text, habit)
        if isinstance(read, Fault):
            return refused(self._filled(read), self.variable)
        return self.value_of(read, text)

    def _ordinary(self, text: str) -> Parsed:
        """The fast way: digits and nothing else."""
        number = float(text)
        value = number if self.as_is else float(self.way(Decimal(text)))
        low, high = self.usual
        if low <= value <= high and number >= self.unsuspicious and not self.fault:
            whole = number.is_integer()
            if (whole or not self.whole) and not (self.loses_exponents and whole and 102 <= number <= 109):
                rule = self.column_rule if not self.as_is else "" if number_text(value) == text else "format"
                return Parsed(value, State.VALUE, "", number, self.unit, rule)
        return self.value_of(Reading(Decimal(text)), text)

    def _unit_rule(self, unit: str | None) -> str:
        return f"unit:{unit}->{self.variable.unit}"

    def value_of(self, read: Reading, text: str = "") -> Parsed:
        """The value of a number that was read, in its own unit or the column's, after all checks."""
        v, unit, way = self.variable, self.unit, self.way
        if read.unit:
            found = self.resolve(read.unit)
            if isinstance(found, Fault):
                return refused(found, v)
            unit, way = found
        elif self.fault:
            return refused(self.fault, v)
        if self._exponent_lost(read):
            return refused(Fault("exponent_lost"), v)
        value = float(way(read.number))
        if self.whole and value % 1:
            return refused(Fault("not_whole"), v)
        rules = [*read.rules, *([] if way.same else [self._unit_rule(unit)])]
        rules += ["cell_unit"] if read.unit and way.same else []
        if not rules and number_text(value) != text:
            rules = ["format"]
        parsed = Parsed(value, State.VALUE, read.censored, float(read.number), unit, "; ".join(rules))
        return self._checked(parsed, read)

    def _exponent_lost(self, read: Reading) -> bool:
        """10[2-9] in a column of copy numbers (10^4 copies became 104 copies)."""
        return self.loses_exponents and read.number in _LOST and "scientific" not in read.rules

    def _checked(self, p: Parsed, read: Reading) -> Parsed:
        """The value against the hard range, the suspicions of the catalogue and the usual range."""
        assert isinstance(p.value, float)
        v = self.variable
        if self.kept_as_is and p.unit not in (None, v.unit):
            return self._noted(p, read) if p.value > 0 else refused(self._range_fault(), v)
        doubted = self._doubted_unit(p, read)
        if doubted:
            return self._suspected(p, read, doubted, self._fitting(read, p.unit, doubted))
        if self.hard[0] <= p.value <= self.hard[1]:
            return self._noted(p, read)
        fitting = self._fitting(read, p.unit, self.variable.alt_units)
        return self._suspected(p, read, list(fitting), fitting) if fitting else refused(self._range_fault(), v)

    def _doubted_unit(self, p: Parsed, read: Reading) -> list[str]:
        """The units that the catalogue suspects for a number in this unit ([[suspect]] of units.toml)."""
        if not self.suspect or p.unit not in (None, self.suspect["unit"]) or read.number >= self.suspect["below"]:
            return []
        return list(self.suspect["units"])

    def _noted(self, p: Parsed, read: Reading) -> Parsed:
        """The value with the most serious of the remarks that it deserves."""
        v = self.variable
        if v.unit.endswith(" FEU") and self._assay_unnamed(read):
            return p._replace(**remark("assay_unnamed", v))
        assert isinstance(p.value, float)
        if not self.usual[0] <= p.value <= self.usual[1] and p.unit in (None, v.unit, *v.alt_units):
            return p._replace(**remark("outside_usual", v, {"usual_range": _span(self.usual)}))
        if read.approximate:
            return p._replace(**remark("approximate", v))
        if read.footnote:
            return p._replace(**remark("footnote" if read.footnote == "text" else "footnote_mark", v))
        return p

    def _assay_unnamed(self, read: Reading) -> bool:
        named = read.unit or self.context.unit or ""
        return bool(named) and "feu" not in named.casefold()

    def _range_fault(self) -> Fault:
        return Fault("out_of_hard_range", {"hard_range": _span(self.hard)})

    def _fitting(self, read: Reading, unit: str | None, among: Iterable[str]) -> dict[str, Conversion]:
        """The other units in which the number would be usual, one spelling for each factor."""
        fitting: dict[str, Conversion] = {}
        for other in (self.variable.unit, *among):
            way = conversion(other, self.variable)
            if way is None or other == (unit or self.variable.unit) or way in fitting.values():
                continue
            if self.usual[0] <= float(way(read.number)) <= self.usual[1]:
                fitting[other] = way
        return fitting

    def _suspected(self, p: Parsed, read: Reading, units: list[str], fitting: dict[str, Conversion]) -> Parsed:
        """Refused with the suspected units named, or converted where the study asks for it and one unit alone fits."""
        v = self.variable
        words = {"recorded_unit": p.unit or v.unit, "units": " or ".join(units), "first": units[0]}
        if self.context.unit_doubt != "convert" or len(fitting) != 1:
            return refused(Fault("unit_suspected", words), v)
        ((unit, way),) = fitting.items()
        rules = [*read.rules, f"unit_doubt:{unit}->{v.unit}"]
        converted = p._replace(value=float(way(read.number)), unit=unit, rule="; ".join(rules))
        return converted._replace(**remark("unit_converted", v, words))

    def _filled(self, fault: Fault) -> Fault:
        """A fault of the number room with the words of this variable."""
        return Fault(fault.code, {"known": self.known, "first": self.variable.unit, **fault.words})


_LOST = frozenset(Decimal(n) for n in range(102, 110))


def _limits(low: float | None, high: float | None) -> tuple[float, float]:
    return (-_INFINITE if low is None else low, _INFINITE if high is None else high)


def _span(limits: tuple[float, float]) -> str:
    """'0.1 to 60'."""
    return f"{number_text(limits[0])} to {number_text(limits[1])}"

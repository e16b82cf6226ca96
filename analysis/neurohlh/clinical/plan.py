"""From definitions to expressions: the columns that an evaluation lays down, level by level.

Bounds of measurements come first, then comparisons, then combinations; each is a pair of columns that is computed once,
however many items and sets use it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import narwhals as nw

from neurohlh.clinical import kleene
from neurohlh.clinical.criteria import load
from neurohlh.clinical.definition import (
    Band,
    Combination,
    Comparison,
    Definition,
    Evidence,
    Item,
    Score,
    SetAnswer,
    Test,
)
from neurohlh.clinical.kleene import Truth
from neurohlh.clinical.measurement import (
    TOLERANCE,
    Interval,
    Schema,
    age_in_days,
    age_in_years,
    bounds,
    is_code,
    yes_no,
)
from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import codebook

# Codes that say that nobody knows, in whatever variable.
_UNKNOWN_CODES = ("not_tested", "unknown", kleene.INDETERMINATE)


@dataclass(frozen=True)
class Node:
    """Two columns with a statement's (or a score's) bounds, and the level at which they are laid down."""

    low: str
    high: str
    level: int

    @property
    def truth(self) -> Truth:
        """The bounds as expressions."""
        return Truth(nw.col(self.low), nw.col(self.high))


@dataclass
class Plan:
    """The columns to lay down, level by level, for a frame with this schema."""

    schema: Schema
    definitions: dict[str, Definition]
    levels: dict[int, dict[str, nw.Expr]] = field(default_factory=dict)
    known: dict[Hashable, Node] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    """The text columns that are read."""

    def lay_down(self, data: Any) -> Any:
        """The frame with the planned columns, one step per level."""
        for level in sorted(self.levels):
            data = data.with_columns(*(e.alias(name) for name, e in self.levels[level].items()))
        return data

    def _holds(self, column: str, codes: tuple[str, ...]) -> nw.Expr:
        self.texts.add(column)
        return is_code(self.schema, column, codes)

    def _keep(self, key: Hashable, level: int, bounds: Truth) -> Node:
        if key not in self.known:
            stem = f"__{len(self.known)}"
            self.known[key] = Node(f"{stem}_low", f"{stem}_high", level)
            self.levels.setdefault(level, {}).update({f"{stem}_low": bounds.low, f"{stem}_high": bounds.high})
        return self.known[key]

    def _flag(self, key: Hashable, level: int, low: nw.Expr, high: nw.Expr) -> Node:
        """Keeps two null-free booleans as 0 and 1."""
        return self._keep(key, level, Truth(low.cast(nw.Int32), high.cast(nw.Int32)))

    # measurements

    def interval(self, variable: str, recorded: bool = False) -> Interval:
        """The bounds of a measurement, in the canonical unit or as recorded."""
        key = ("interval", variable, recorded)
        if key not in self.known:
            column = f"{variable}_recorded" if recorded else variable
            if f"{variable}_censored" in self.schema:
                self.texts.add(f"{variable}_censored")
            ages = {"age_days": age_in_days, "age_years": age_in_years}
            censored = f"{variable}_censored"
            pair = ages[variable](self.schema) if column in ages else bounds(self.schema, column, censored)
            self._keep(key, 0, Truth(*pair))
        return Interval(self.known[key].low, self.known[key].high)

    # comparisons

    def comparison(self, test: Comparison) -> Node:
        """A comparison as a statement."""
        if test not in self.known:
            low, high = self._numeric(test) if codebook()[test.variable].numeric else self._coded(test)
            self._flag(test, 1, low, high)
        return self.known[test]

    def _numeric(self, test: Comparison) -> tuple[nw.Expr, nw.Expr]:
        value = self.interval(test.variable)
        assert isinstance(test.threshold, float)
        if test.times:
            return value.against(test.comparator, self.interval(test.times), test.threshold)
        low, high = self._published(test, value, test.threshold)
        if test.unit_variable in self.schema:
            same = self._holds(test.unit_variable, (test.unit,))
            return low & same, high | ~same
        return low, high

    def _published(self, test: Comparison, value: Interval, threshold: float) -> tuple[nw.Expr, nw.Expr]:
        """The comparison in the unit in which each value was recorded."""
        low, high = value.certainly(test.comparator, threshold), value.possibly(test.comparator, threshold)
        unit_column = f"{test.variable}_unit"
        if not test.printed or unit_column not in self.schema or f"{test.variable}_recorded" not in self.schema:
            return low, high
        if test.tolerance:
            near = relaxed(test.comparator, threshold)
            unnamed = nw.col(unit_column).is_null()
            low = low | (unnamed & value.certainly(test.comparator, near))
            high = high | (unnamed & value.possibly(test.comparator, near))
        number = self.interval(test.variable, recorded=True)
        for unit, limit in test.printed:
            here = self._holds(unit_column, (unit,))
            low = (here & number.certainly(test.comparator, limit)) | (~here & low)
            high = (here & number.possibly(test.comparator, limit)) | (~here & high)
        return low, high

    def _coded(self, test: Comparison) -> tuple[nw.Expr, nw.Expr]:
        if test.variable not in self.schema:
            return nw.lit(False), nw.lit(True)
        if isinstance(test.threshold, bool):
            yes, no = yes_no(self.schema, test.variable)
            if test.tested_by in self.schema:
                undone = yes_no(self.schema, test.tested_by)[1]
                yes, no = yes & ~undone, no & ~undone
            return (yes, ~no) if test.threshold else (no, ~yes)
        codes = (test.threshold,) if isinstance(test.threshold, str) else tuple(map(str, test.threshold))  # type: ignore[arg-type]
        unknown = (*test.unknown, *_UNKNOWN_CODES)
        holds = self._holds(test.variable, codes)
        says_nothing = self._holds(test.variable, unknown) | nw.col(test.variable).is_null()
        if test.comparator == "not_in":
            return ~holds & ~says_nothing, ~holds
        return holds, holds | says_nothing

    # items

    def item(self, d: Definition, name: str) -> Node:
        """The item as a statement."""
        key = (d.key, name)
        if key not in self.known:
            item = d.items[name]
            if item.bands:
                score = self.score(d, name)
                node = self._flag(("positive", score), score.level + 1, score.truth.low > 0, score.truth.high > 0)
            else:
                node = self._when(item, self._test(d, item.test))
            self.known[key] = node
        return self.known[key]

    def _when(self, item: Item, node: Node) -> Node:
        if item.when is None:
            return node
        condition = self.comparison(item.when)
        both = kleene.all_of([condition.truth, node.truth])
        return self._keep(("when", condition, node), max(node.level, condition.level) + 1, both)

    def _test(self, d: Definition, test: Test) -> Node:
        if isinstance(test, Comparison):
            return self.comparison(test)
        if isinstance(test, SetAnswer):
            return self._other_set(test)
        nodes = [self.item(d, part) for part in test.parts]
        if isinstance(test, Evidence):
            n = len(test.met_if)
            truth = kleene.evidence([x.truth for x in nodes[:n]], [x.truth for x in nodes[n:]])
            return self._keep(("evidence", n, *nodes), _after(nodes), truth)
        if isinstance(test, Score):
            total = self.count(d, test)
            return self._keep(("score", test.cut, total), total.level + 1, kleene.at_least(test.cut, total.truth))
        return self._combination(d, test, nodes)

    def _combination(self, d: Definition, test: Combination, nodes: list[Node]) -> Node:
        truths = [n.truth for n in nodes]
        if test.how == "at_least":
            count = self.count(d, test)
            return self._keep(("at_least", test.k, count), count.level + 1, kleene.at_least(test.k, count.truth))
        if test.how == "first_recorded":
            truth = self._first_recorded(d, test, truths)
        elif test.how == "none_of":
            truth = kleene.negate(kleene.any_of(truths))
        else:
            truth = {"any_of": kleene.any_of, "all_of": kleene.all_of, "established": kleene.established}[test.how](
                truths
            )
        # "recorded" depends on the items, not only on their answers: such a node is shared within its set only.
        owner = (d.key, test.parts) if test.how == "first_recorded" else ()
        return self._keep((test.how, owner, *nodes), _after(nodes), truth)

    def _first_recorded(self, d: Definition, test: Combination, truths: list[Truth]) -> Truth:
        low, high = truths[-1].low, truths[-1].high
        for part, truth in reversed(list(zip(test.parts, truths, strict=True))[:-1]):
            here = self._recorded(d, part)
            low = nw.when(here).then(truth.low).otherwise(low)
            high = nw.when(here).then(truth.high).otherwise(high)
        return Truth(low, high)

    def used(self, d: Definition, test: Test, column: str) -> dict[str, nw.Expr]:
        """For substitutes, the column that says which of them was used: 1 for the first, …, 0 for none."""
        if not (isinstance(test, Combination) and test.how == "first_recorded"):
            return {}
        which = nw.lit(0)
        for place, part in reversed(list(enumerate(test.parts, start=1))):
            which = nw.when(self._recorded(d, part)).then(nw.lit(place)).otherwise(which)
        return {f"{column}__by": which}

    def _recorded(self, d: Definition, name: str) -> nw.Expr:
        """Where the item's data are recorded, or it is decided without some of them."""
        node, test = self.item(d, name), d.items[name].test
        decided = nw.col(node.low) == nw.col(node.high)
        if isinstance(test, Comparison):
            if not codebook()[test.variable].numeric:
                return decided
            there = self.interval(test.variable).recorded()
            if test.times:
                there = there & self.interval(test.times).recorded()
            if test.unit_variable in self.schema:
                there = there & self._holds(test.unit_variable, (test.unit,))
            return there
        parts = test.met_if if isinstance(test, Evidence) else getattr(test, "parts", ())
        each = [self._recorded(d, part) for part in parts]
        if not each:
            return decided
        anywhere = isinstance(test, Combination) and test.how == "first_recorded"
        return decided | reduce(lambda a, b: (a | b) if anywhere else (a & b), each)

    # counts, points and answers

    def count(self, d: Definition, test: Combination | Score) -> Node:
        """The bounds of the number of parts that hold, or of the sum of their points."""
        scored = isinstance(test, Score)
        nodes = [self.score(d, part) if scored else self.item(d, part) for part in test.parts]
        return self._keep(("count", *nodes), _after(nodes), kleene.total([n.truth for n in nodes]))

    def score(self, d: Definition, name: str) -> Node:
        """The bounds of an item's points."""
        item = d.items[name]
        if item.bands:
            return self._bands(d, item)
        node = self.item(d, name)
        assert item.points is not None
        return self._keep(("points", item.points, node), node.level + 1, _weighted([(item.points, node.truth)]))

    def _bands(self, d: Definition, item: Item) -> Node:
        steps: list[tuple[float, Node]] = []
        before: float = 0
        for band in item.bands:
            steps.append((band.points - before, self._band(d, item, band)))
            before = band.points
        key = ("bands", *steps)
        return self._keep(key, _after([n for _, n in steps]), _weighted([(points, n.truth) for points, n in steps]))

    def _band(self, d: Definition, item: Item, band: Band) -> Node:
        if isinstance(item.test, Comparison):
            limits = {f: getattr(band, f) for f in ("comparator", "threshold", "printed", "tolerance")}
            return self.comparison(replace(item.test, **limits))
        assert isinstance(item.test, Combination)
        count = self.count(d, item.test)
        return self._keep((">=", band.threshold, count), count.level + 1, kleene.at_least(band.threshold, count.truth))

    def answer(self, d: Definition) -> tuple[Node, Node, Node | None]:
        """The set's statement, the bounds that it shows, and its gate."""
        assert d.rule is not None
        if d.key in self.open:
            raise InputError("the set refers to itself", where=d.origin, do="name another set.")
        self.open.add(d.key)
        statement = self._test(d, d.rule.test)
        shown = d.items[d.rule.bounds].test if d.rule.bounds else d.rule.test
        bounds_of = self.count(d, shown) if isinstance(shown, Combination | Score) and _counts(shown) else statement
        gates = [self.item(d, name) for name in d.rule.gate]
        gate = None
        if gates:
            gate = self._keep(("gate", *gates), _after(gates), kleene.all_of([g.truth for g in gates]))
        self.open.discard(d.key)
        return statement, bounds_of, gate

    def _other_set(self, test: SetAnswer) -> Node:
        other = self.definitions.get(test.name) or load(test.name)
        statement, shown, gate = self.answer(other)
        if test.comparator:
            statement = self._keep(
                ("at_least", test.threshold, shown), shown.level + 1, kleene.at_least(test.threshold, shown.truth)
            )
        if gate is None:
            return statement
        # Where the other set does not apply it is not met.
        both = Truth(statement.truth.low * gate.truth.low, statement.truth.high * gate.truth.low)
        return self._keep(("applies", statement, gate), _after([statement, gate]), both)


def relaxed(comparator: str, threshold: float) -> float:
    """The threshold with the tolerance for a value whose recorded unit nobody named, in favour of meeting it."""
    return threshold * (1 - TOLERANCE if comparator in (">", ">=") else 1 + TOLERANCE)


def _counts(test: Combination | Score) -> bool:
    return isinstance(test, Score) or test.how in ("at_least", "of", "all_of", "any_of")


def _after(nodes: Sequence[Node]) -> int:
    return max(n.level for n in nodes) + 1


def _weighted(parts: Sequence[tuple[float, Truth]]) -> Truth:
    """The lowest and the highest sum of points; a negative number of points lowers the lowest where it may apply."""
    ordered = [Truth(t.low, t.high) if points >= 0 else Truth(t.high, t.low) for points, t in parts]
    return kleene.total(ordered, [points for points, _ in parts])

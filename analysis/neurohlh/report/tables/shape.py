"""The shape of a result's table: what heads its rows, what stands side by side, what is the same everywhere.

A tidy frame has a row for every number. Where many rows differ in one respect only (time, group, crude or adjusted),
that respect becomes columns, so that what is compared stands side by side. Nothing is left out by it: rows and columns
are chosen so that every row of the frame has a place of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from neurohlh.core import format as fmt
from neurohlh.report.tables.cells import Record, is_share

SIDE = "side"
"""The group that a row describes or the contrast that it compares: never both in one row of the frame."""
DIMENSIONS = ("outcome", "population", "variable", "term", "level", SIDE, "measure", "time")
_ACROSS = ("time", SIDE, "group", "contrast", "measure", "term", "population", "level", "outcome")
"""What may stand side by side, the most natural first."""
_CURVES = {"survival": ("Kaplan-Meier",), "cumulative incidence": ("", "Aalen-Johansen")}
"""Measure -> the methods whose rows at a time count the patients still at risk."""
_USUAL = {"crude", "adjusted"}
"""Terms that every reader expects side by side."""
_NO_GROUP = ("measure", "time", "method")
"""Dimensions that never head a group of rows."""
_COMPACT = (0.6, 0.4, 0.3, 0.2)
"""How many groups there may be for each line beneath them: fewer, the deeper a group stands within others."""
_MOST_COLUMNS = 10
_FULLNESS = 0.6
"""The least share of places that must be filled where something stands side by side."""


@dataclass(frozen=True)
class Shape:
    """What heads the rows (`down`, the outermost first), what stands side by side (`across`), what is constant.

    The first `groups` dimensions of `down` head groups of rows; the others have a column each.
    """

    down: tuple[str, ...]
    across: tuple[str, ...]
    constant: tuple[str, ...]
    groups: int = 0

    def named(self) -> tuple[str, ...]:
        """The dimensions that have a place in the table."""
        return (*self.down, *self.across, *self.constant)


def key(row: Record, dimension: str) -> Any:
    """What a row says in one dimension."""
    if dimension == SIDE:
        return str(row["group"] or row["contrast"])
    if dimension == "time":
        return "" if fmt.is_missing(row["time"]) else float(row["time"])
    return str(row[dimension])


def keys(row: Record, dimensions: Sequence[str]) -> tuple[Any, ...]:
    """What a row says in several dimensions."""
    return tuple(key(row, d) for d in dimensions)


def shape_of(rows: Sequence[Record], ignored: Sequence[str] = ()) -> Shape:
    """The shape in which these rows are read most easily: few lines, and a table neither too wide nor too empty.

    `ignored` dimensions get no place of their own; one without which two rows would fall on one place keeps its own.
    """
    varying, constant = _dimensions(rows)
    free = varying
    for d in (*ignored, *(d for d in varying if _said_by_another(rows, d, varying))):
        less = tuple(f for f in free if f != d)
        if len({keys(row, less) for row in rows}) == len({keys(row, free) for row in rows}):
            free = less
    if len({keys(row, free) for row in rows}) < len(rows):
        free = (*free, "method")  # rows that differ in their method only
    best = min(_candidates(rows, free), key=lambda c: _cost(rows, free, c), default=())
    groups, leaves = _split(rows, _down(free, best))
    return Shape((*groups, *leaves), best, constant, len(groups))


def plain_shape(rows: Sequence[Record]) -> Shape:
    """The shape with a line for every row, in the order of the rows."""
    varying, constant = _dimensions(rows)
    unique = len({keys(row, varying) for row in rows}) == len(rows)
    return Shape(varying if unique else (*varying, "method"), (), constant)


def _dimensions(rows: Sequence[Record]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The dimensions in which the rows differ, and those in which all say the same."""
    known = _known(rows)
    varying = tuple(d for d in known if len({key(row, d) for row in rows}) > 1)
    return varying, tuple(d for d in known if d not in varying and any(key(row, d) != "" for row in rows))


def _known(rows: Sequence[Record]) -> tuple[str, ...]:
    """The dimensions of these rows; a contrast of each level with the reference says no more than the level."""
    if all(not row["contrast"] or (row["level"] and row["contrast"].startswith(f"{row['level']} vs ")) for row in rows):
        return tuple("group" if d == SIDE else d for d in DIMENSIONS)
    if any(row["group"] and row["contrast"] for row in rows):
        return (*(d for d in DIMENSIONS if d != SIDE), "group", "contrast")
    return DIMENSIONS


def _said_by_another(rows: Sequence[Record], dimension: str, others: Sequence[str]) -> bool:
    """Whether a dimension only repeats another: the term the measure, the time a text that names it."""
    if dimension == "term":
        return "measure" in others and _tells(rows, "measure", "term") and _tells(rows, "term", "measure")
    if dimension != "time":
        return False
    timed = [row for row in rows if key(row, "time") != ""]
    return any(
        _tells(rows, o, "time") and all(f"{row['time']:g}" in str(key(row, o)) for row in timed)
        for o in others
        if o != "time"
    )


def _tells(rows: Sequence[Record], one: str, other: str) -> bool:
    return len({keys(row, (one, other)) for row in rows}) == len({key(row, one) for row in rows})


def _candidates(rows: Sequence[Record], free: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield ()
    if len({keys(row, free) for row in rows}) < len(rows):
        return  # rows that differ in nothing but their numbers need a line each
    usable = [d for d in _ACROSS if d in free]
    for size in (1, 2):
        for chosen in combinations(usable, size):
            if _width(rows, free, chosen) <= _MOST_COLUMNS and _full(rows, free, chosen):
                yield chosen


def _down(free: Sequence[str], across: Sequence[str]) -> tuple[str, ...]:
    return tuple(d for d in free if d not in across)


def _lines(rows: Sequence[Record], free: Sequence[str], across: Sequence[str]) -> int:
    return len({keys(row, _down(free, across)) for row in rows})


def _full(rows: Sequence[Record], free: Sequence[str], across: Sequence[str]) -> bool:
    blocks, lines = len({keys(row, across) for row in rows}), _lines(rows, free, across)
    return blocks > 1 and lines > 1 and len(rows) / (lines * blocks) >= _FULLNESS


def _width(rows: Sequence[Record], free: Sequence[str], across: Sequence[str]) -> int:
    blocks: dict[Any, list[Record]] = {}
    for row in rows:
        blocks.setdefault(keys(row, across), []).append(row)
    alike = counts_alike(rows, _down(free, across), across)
    return sum(len([p for p in parts(own) if not (alike and p == "counts")]) for own in blocks.values()) + alike


def counts_alike(rows: Sequence[Record], down: Sequence[str], across: Sequence[str]) -> bool:
    """Whether the counts of each line are the same in every block, so that they stand once before the blocks."""
    counts: dict[Any, set[tuple[str, str]]] = {}
    blocks = set()
    for row in rows:
        if _has_counts(row):
            counts.setdefault(keys(row, down), set()).add((str(row["n"]), str(row["events"])))
            blocks.add(keys(row, across))
    return len(blocks) > 1 and all(len(own) == 1 for own in counts.values())


def _cost(rows: Sequence[Record], free: Sequence[str], across: Sequence[str]) -> float:
    """What a table costs its reader: its lines, and its width more than in proportion."""
    columns = _width(rows, free, across) + max(0, len(_down(free, across)) - 1)
    cost = _lines(rows, free, across) + columns**2 / 7 + 2 * max(0, len(across) - 1)
    usual = across == ("term",) and {key(row, "term") for row in rows} <= _USUAL
    return cost / 2 if usual else cost


def parts(rows: Sequence[Record]) -> tuple[str, ...]:
    """The columns that these rows fill: 'counts', 'estimate', 'p'."""
    found = []
    if any(_has_counts(row) for row in rows):
        found.append("counts")
    if any(_has_estimate(row) for row in rows):
        found.append("estimate")
    if any(not fmt.is_missing(row["p_value"]) for row in rows):
        found.append("p")
    return tuple(found) or ("estimate",)


def _has_estimate(row: Record) -> bool:
    unknown = bool(row["note"]) and fmt.is_missing(row["p_value"])  # a dash with its reason
    return estimated(row) or counted(row) or unknown or bool(row["is_reference"])


def estimated(row: Record) -> bool:
    """Whether the row holds an estimate or a limit of one."""
    return any(not fmt.is_missing(row[c]) for c in ("estimate", "conf_low", "conf_high"))


def says_counts(row: Record) -> bool:
    """Whether the cell of the estimate says the counts itself: a share, a count, or a curve's value at a time."""
    return is_share(row) or on_curve(row) or counted(row)


def on_curve(row: Record) -> bool:
    """Whether the row is a curve's value at a time, whose n are those still at risk: not so where a model made it."""
    return not fmt.is_missing(row["time"]) and row["method"] in _CURVES.get(row["measure"], ())


def counted(row: Record) -> bool:
    """Whether the row is a number of patients or the like, and no estimate of anything."""
    return row["measure"] in ("count", "patients") and not (
        fmt.is_missing(row["estimate"]) and fmt.is_missing(row["n"])
    )


def _has_counts(row: Record) -> bool:
    known = not fmt.is_missing(row["n"]) or not fmt.is_missing(row["events"])
    repeated = row["measure"].startswith("p adjusted")  # of the test whose counts stand beside it
    return known and not repeated and not says_counts(row)


def _split(rows: Sequence[Record], down: Sequence[str]) -> tuple[list[str], list[str]]:
    """The dimensions that head groups of rows, that which changes least first, and those that have a column each."""
    changes = {d: sum(key(a, d) != key(b, d) for a, b in pairwise(rows)) for d in down}
    lines = len({keys(row, down) for row in rows})
    groups: list[str] = []
    for d in sorted(down, key=lambda d: changes[d])[: len(down) - 1]:
        most = _COMPACT[min(len(groups), len(_COMPACT) - 1)] * lines
        if d not in _NO_GROUP and not _mostly_empty(rows, d) and len({keys(row, (*groups, d)) for row in rows}) <= most:
            groups.append(d)
    rest = [d for d in (*DIMENSIONS, "group", "contrast", "method") if d in down and d not in groups]
    return groups, sorted(rest, key=lambda d: any(key(row, d) == "" for row in rows))


def _mostly_empty(rows: Sequence[Record], dimension: str) -> bool:
    return 2 * sum(key(row, dimension) == "" for row in rows) > len(rows)

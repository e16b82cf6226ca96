"""Which numbers of a tidy frame are withheld: small counts, the counts beside them, and what rests on either.

Rows that break the same patients down by the same variable are a block. In a block by groups a single small count takes
the whole breakdown away, so that neither margins nor another table can give it back; in a block without groups two
small counts protect each other, and one alone takes the block away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from neurohlh.core.suppression import SUPPRESSED, numbers
from neurohlh.report.disclose.rule import Rule, near

NUMBERS = ("n", "events", "estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "df", "p_value")
COUNTED = ("count", "patients", "patients, deaths", "missing", "censored")
SHARES = (*COUNTED, "proportion", "risk", "RD", "RR", "observed risk", "share known", "difference")
"""Measures from which a count follows when the other is known."""
QUANTILES = ("median", "q25", "q75", "days", "regions", "log10 copies/mL")
"""Measures of the values of many patients, from which no count follows."""
IN_TIME = ("survival", "cumulative incidence", "incidence difference", "incidence ratio")
"""Measures at a time of a curve: `disclose.curves` rules them."""
_TOTAL = ("", "overall")
_EXTREMES = re.compile(r"\b(?:smallest|largest|lowest|highest|minimum|maximum|earliest|latest)\b", re.I)
_PARTS = ("proportion", "risk", *COUNTED)


class Line(NamedTuple):
    """A row of a tidy frame, as far as counts are concerned; `place` is its position."""

    place: int
    population: str
    variable: str
    term: str
    level: str
    group: str
    contrast: str
    time: float | None
    measure: str
    n: float
    events: float
    estimate: float

    @property
    def plain(self) -> bool:
        """Whether the row speaks of patients as they are, and compares no groups."""
        return self.contrast == ""

    @property
    def of_all(self) -> bool:
        """Whether the row speaks of all patients, of every group."""
        return self.group in _TOTAL and self.plain

    @property
    def unit(self) -> str:
        """What the row counts: its level, or its term where it has none."""
        return self.level or self.term

    @property
    def part(self) -> float:
        """What the row counts of its `n`: the estimate of a count, otherwise the events."""
        return self.estimate if self.measure in COUNTED and self.estimate == self.estimate else self.events


def lines_of(tidy: pd.DataFrame) -> list[Line]:
    """The rows of a tidy frame."""
    times = [None if t != t else t for t in tidy["time"].tolist()]
    texts = [tidy[c].tolist() for c in ("population", "variable", "term", "level", "group", "contrast")]
    counts = [tidy[c].tolist() for c in ("n", "events", "estimate")]
    columns = zip(range(len(tidy)), *texts, times, tidy["measure"].tolist(), *counts, strict=True)
    return [Line(*values) for values in columns]


def withheld(tidy: pd.DataFrame, rule: Rule) -> dict[str, np.ndarray]:
    """Column -> whether the number of each row is withheld, for every column of `NUMBERS`."""
    lines = lines_of(tidy)
    small = {line.place for line in lines if _few(line, rule)}
    whole = small.union(*(_of_block(block, small, rule) for block in _blocks(lines)))
    found = {column: _flags(len(lines), whole) for column in NUMBERS}
    keeps = {line.place for line in lines if line.measure in QUANTILES} - small
    uncounted = _near(lines, rule)
    shares = {line.place for line in lines if line.measure in SHARES} & uncounted
    for column in ("n", "events"):
        found[column] |= _flags(len(lines), uncounted)
    for column in NUMBERS[2:]:
        found[column] = (found[column] & ~_flags(len(lines), keeps)) | _flags(len(lines), shares)
    found["estimate"] |= _flags(len(lines), _extremes(lines, tidy))
    return found


def mask(frame: pd.DataFrame, found: Mapping[str, np.ndarray]) -> tuple[pd.DataFrame, int]:
    """The frame with the state in the place of what is withheld, and how many numbers that took away."""
    masked, taken = frame.copy(), 0
    for column, withheld_rows in found.items():
        away = withheld_rows & frame[column].notna().to_numpy()
        if away.any():
            taken += int(away.sum())
            masked[column] = numbers([SUPPRESSED if a else v for a, v in zip(away, frame[column], strict=True)]).array
    return masked, taken


def own_rows(tidy: pd.DataFrame) -> np.ndarray:
    """Which rows speak of the study's own patients and not of published ones."""
    published = tidy["population"].str.startswith("published") | tidy["method"].eq("as printed")
    return np.asarray(~published, dtype=bool)


def _flags(size: int, places: Collection[int]) -> np.ndarray:
    flags = np.zeros(size, dtype=bool)
    flags[list(places)] = True
    return flags


def _few(line: Line, rule: Rule) -> bool:
    if line.measure in IN_TIME:
        return False
    counts = [line.n, line.events, line.n - line.events]
    if line.measure in COUNTED and float(line.estimate).is_integer():
        counts += [line.estimate, line.n - line.estimate]
    return any(rule.small(v) for v in counts)


def _by(lines: Iterable[Line], key: Callable[[Line], Hashable]) -> dict[Any, list[Line]]:
    found: dict[Any, list[Line]] = {}
    for line in lines:
        found.setdefault(key(line), []).append(line)
    return found


def _blocks(lines: Sequence[Line]) -> list[list[Line]]:
    """Rows that break down the same patients: by variable, or by term where no variable is named."""
    joined = _joined(lines)
    return list(_by(lines, lambda line: joined.get(_block(line), _block(line))).values())


def _block(line: Line) -> tuple[str, str, str]:
    return (line.population, line.variable, "" if line.variable else line.term)


def _joined(lines: Sequence[Line]) -> dict[tuple[str, str, str], tuple[str, str, str]]:
    """Blocks without a variable whose terms are the parts of one whole, by the first of them."""
    found: dict[tuple[str, str, str], tuple[str, str, str]] = {}
    free = [line for line in lines if not line.variable and line.plain and line.measure in SHARES]
    same = _by(free, lambda line: (line.population, line.level, line.group, line.time, line.measure, line.n))
    for rows in same.values():
        if len({line.term for line in rows}) > 1 and sum(line.part for line in rows) == rows[0].n:
            blocks = [_block(line) for line in rows]
            first = found.get(blocks[0], blocks[0])
            moved = {found.get(block, block) for block in blocks}
            found |= dict.fromkeys(blocks, first)
            found = {block: first if at in moved else at for block, at in found.items()}
    return found


def _of_block(block: Sequence[Line], small: Collection[int], rule: Rule) -> set[int]:
    """The rows of a block that are withheld beside its small ones."""
    few = {line.place for line in block if line.place in small}
    implied = _implied(block, rule)
    everything = {line.place for line in block}
    if not few and not implied:
        return set()
    if len({line.group for line in block if line.plain and line.measure not in IN_TIME}) > 1:
        # The column of all patients stays where only the groups within it are small.
        total = {line.place for line in block if line.of_all}
        return everything if few & total or not total else everything - total
    units = {line.unit for line in block if line.place in few}
    hit = [line for line in block if line.unit in units]
    if implied or len(units) < 2 or _pinned(hit, rule):
        return everything
    return {line.place for line in hit} | {line.place for line in block if not line.plain}


def _pinned(hit: Sequence[Line], rule: Rule) -> bool:
    """Whether the rows that would be hidden can be told from what their sums must be."""
    return any(
        rule.pinned([v for line in rows for v in [getattr(line, column)] if v == v])
        for rows in _by(hit, lambda line: (line.term, line.measure)).values()
        for column in ("n", "events")
    )


def _implied(block: Sequence[Line], rule: Rule) -> bool:
    """Whether what the rows leave over of their whole is a small count that no row shows."""
    shares = [line for line in block if line.plain and line.measure in _PARTS]
    for rows in _by(shares, lambda line: (line.term, line.group, line.measure, line.n)).values():
        if len({line.level for line in rows}) > 1 and rule.small(rows[0].n - sum(line.part for line in rows)):
            return True
    for rows in _by(shares, lambda line: (line.term, line.level, line.measure)).values():
        whole, parts = ([line for line in rows if line.of_all is of_all] for of_all in (True, False))
        if whole and parts and any(rule.small(_sum(whole, c) - _sum(parts, c)) for c in ("n", "events")):
            return True
    return False


def _sum(lines: Iterable[Line], column: str) -> float:
    return sum(v for line in lines for v in [getattr(line, column)] if v == v)


def _near(lines: Sequence[Line], rule: Rule) -> set[int]:
    """Rows of whole analyses that differ by few patients from another, and of parts that add up to one."""
    hit = {line.place for line in lines if rule.hidden(line.n)} | _nested(lines, rule)
    same = _by(lines, lambda line: (*line[1:5], line.contrast, line.time, line.measure))
    for rows in same.values():
        if len(rows) > 1 and len({line.group for line in rows}) == len(rows) and rule.hidden(_sum(rows, "n")):
            hit |= {line.place for line in rows}
    return hit


def _nested(lines: Sequence[Line], rule: Rule) -> set[int]:
    """Rows of all patients of an analysis that differ by few from others of the same population: crude and adjusted."""
    counted = (*SHARES, *IN_TIME)
    whole = [line for line in lines if line.group in _TOTAL and not line.level and line.measure not in counted]
    hit: set[int] = set()
    for rows in _by((line for line in whole if line.n == line.n), lambda line: line.population).values():
        away = near([(line.n, line.events) for line in rows], rule.minimum)
        hit |= {line.place for line in rows if (line.n, line.events) in away}
    return hit


def _extremes(lines: Sequence[Line], tidy: pd.DataFrame) -> set[int]:
    """Rows that show the value of a single patient: the smallest, the largest."""
    alone = tidy["conf_low"].isna().tolist()
    return {line.place for line in lines if alone[line.place] and _EXTREMES.search(f"{line.term} {line.level}")}

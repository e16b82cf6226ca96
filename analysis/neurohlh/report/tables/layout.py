"""The rows of a frame laid out in a shape: heads, groups of rows, blocks that stand side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell, Column, Row
from neurohlh.report.names import Names
from neurohlh.report.tables.cells import ROW, Record
from neurohlh.report.tables.checks import capital
from neurohlh.report.tables.estimates import all_points, cell, head
from neurohlh.report.tables.shape import SIDE, Shape, counts_alike, estimated, key, keys, parts

HEADS = {
    "outcome": "Outcome", "population": "Patients", "variable": "Variable", "term": "Item", "level": "Category",
    SIDE: "Group", "group": "Group", "contrast": "Comparison", "measure": "Measure", "method": "Method", "time": "Time",
}  # fmt: skip


class Layout:
    """The rows of a frame laid out in a shape."""

    def __init__(self, rows: Sequence[Record], shape: Shape, result: Result, names: Names) -> None:
        self.given, self.shape, self.result, self.names = rows, shape, result, names
        self.lines: dict[tuple[Any, ...], dict[tuple[Any, ...], Record]] = {}
        blocks: dict[tuple[Any, ...], list[Record]] = {}
        for row in rows:
            alone = () if shape.across else (row[ROW],)  # where nothing stands side by side every row has its line
            self.lines.setdefault((*keys(row, shape.down), *alone), {})[keys(row, shape.across)] = row
            blocks.setdefault(keys(row, shape.across), []).append(row)
        self.blocks = {block: blocks[block] for block in _beside(list(blocks), timed=shape.across == ("time",))}
        self.alike = counts_alike(rows, shape.down, shape.across)
        self.parts = {block: self._parts(own) for block, own in self.blocks.items()}
        self.usual = _usual_methods(rows)

    def _parts(self, rows: Sequence[Record]) -> tuple[str, ...]:
        found = parts(rows)
        return tuple(p for p in found if p != "counts") if self.alike else found

    def columns(self) -> tuple[Column, ...]:
        """Heads of the rows, then of each block that stands side by side."""
        leaves = self.shape.down[self.shape.groups :] or ("term",)
        first = [Column(self._head(d), number=False) for d in leaves]
        first += [Column(*head(self.given, "counts", self.result))] if self.alike else []
        return (*first, *(column for block in self.blocks for column in self._block_columns(block)))

    def _head(self, dimension: str) -> str:
        compared = dimension == SIDE and all(row["contrast"] for row in self.given)
        return HEADS["contrast" if compared else dimension]

    def _block_columns(self, block: tuple[Any, ...]) -> Iterator[Column]:
        own = self.blocks[block]
        heads = self._block_heads(block)
        above = heads[0] if len(heads) > 1 else ""
        single = len(self.parts[block]) == 1
        for part in self.parts[block]:
            text, sub = head(own, part, self.result)
            if not heads:
                yield Column(text, sub)
            elif single:
                said = [] if text in (heads[-1], "Estimate") else [text]
                yield Column(heads[-1], ", ".join([*said, *([sub] if sub else [])]), spanner=above)
            else:
                yield Column(text, sub, spanner=heads[-1], above=above)

    def _block_heads(self, block: tuple[Any, ...]) -> list[str]:
        """The words above a block; of a group and its measure the group is enough, of a contrast the measure."""
        one = self.blocks[block][0]
        said = dict(zip(self.shape.across, block, strict=True))
        if SIDE in said and "measure" in said:
            contrasts = {row["contrast"] for row in self.given if row["contrast"]}
            if one["group"]:
                del said["measure"]
            elif len(contrasts) == 1:
                del said[SIDE]
        return [self.words(d, value, one) for d, value in said.items() if value != ""]

    def rows(self) -> tuple[Row, ...]:
        """A row for each line, under the groups that head it."""
        return tuple(self._rows(list(self.lines), 0))

    def _rows(self, lines: list[tuple[Any, ...]], depth: int) -> Iterator[Row]:
        if depth == self.shape.groups:
            for line in lines:
                yield self._line(line, depth)
            return
        grouped: dict[Any, list[tuple[Any, ...]]] = {}
        for line in lines:
            grouped.setdefault(line[depth], []).append(line)
        for value in sorted(grouped, key=lambda v: v != ""):  # what belongs to no group comes before all groups
            beneath = grouped[value]
            if value != "":
                words = self.words(self.shape.down[depth], value, next(iter(self.lines[beneath[0]].values())))
                indent = sum(v != "" for v in beneath[0][:depth])
                yield Row((Cell(words, span=self.width()),), "group", indent=indent)
            yield from self._rows(beneath, depth + 1)

    def _line(self, line: tuple[Any, ...], depth: int) -> Row:
        found = self.lines[line]
        one = next(iter(found.values()))
        leaves = list(zip(self.shape.down, line, strict=False))[depth:]
        heads = [Cell(self.words(d, v, one), value=v if d == "time" and v != "" else None) for d, v in leaves]
        if not heads or not heads[0].text:
            heads[:1] = [Cell(self._only_head(one))]
        heads += [self._common_counts(found)] if self.alike else []
        cells = [cell for block in self.blocks for cell in self._block_cells(block, found.get(block))]
        above = sum(value != "" for value in line[:depth])
        return Row((*heads, *cells), "sub" if above else "body", indent=max(0, above - 1))

    def _common_counts(self, found: dict[tuple[Any, ...], Record]) -> Cell:
        cells = (cell(row, "counts", points=False) for row in found.values())
        return next((c for c in cells if c.text), Cell())

    def _only_head(self, row: Record) -> str:
        said = (self.words(d, key(row, d), row) for d in ("term", "variable", "population", "outcome", "measure"))
        return next((text for text in said if text), "")

    def _block_cells(self, block: tuple[Any, ...], row: Record | None) -> Iterator[Cell]:
        shown = self.parts[block]
        if row is None:
            yield from (Cell() for _ in shown)
            return
        points, noted = all_points(self.blocks[block]), _noted(row, shown)
        for part in shown:
            note = self._note(row) if part == noted else ""
            yield replace(cell({**row, "note": note}, part, points=points), note=note)

    def _note(self, row: Record) -> str:
        """The note of a row, and its method where that is not the usual one of its measure."""
        other = row["method"] if row["method"] and row["method"] != self.usual.get(row["measure"]) else ""
        shown = "method" in self.shape.down or "method" in self.shape.across
        return "; ".join(text for text in ("" if shown else other, self.names.prose(str(row["note"]))) if text)

    def width(self) -> int:
        """How many columns there are."""
        return len(self.columns())

    def words(self, dimension: str, value: Any, row: Record) -> str:
        """What a row says in one dimension, in words."""
        if value == "":
            return ""
        if dimension == "time":
            return fmt.duration(value)
        if dimension == "measure" and row["term"] and "term" not in self.shape.named():
            return capital(self.names.prose(str(row["term"])))  # the term says in words what is measured
        if dimension == "variable" or (dimension == "outcome" and value in self.names.labels):
            return self.names.label(str(value))
        if dimension == "level":
            variable = str(row["variable"])
            return capital(self.names.level(variable, value) if _raw(value, variable, self.names) else str(value))
        if dimension in (SIDE, "group", "contrast"):
            return capital(self.names.contrast(value) if " vs " in value else self.names.group_words(value))
        return capital(self.names.prose(str(value)))

    def constants(self) -> Iterator[str]:
        """What all rows say alike, in sentences; the measure stands above its column."""
        row = self.given[0]
        contrasts = dict.fromkeys(r["contrast"] for r in self.given if r["contrast"])
        if SIDE in self.shape.across and "measure" in self.shape.across and len(contrasts) == 1:
            yield f"Comparison: {self.words('contrast', next(iter(contrasts)), row)}."
        for d in self.shape.constant:
            if d == "measure" or (not self.shape.down and self.words(d, key(row, d), row) == self._only_head(row)):
                continue
            yield f"{self._head(d)}: {self.words(d, key(row, d), row)}."

    def method(self) -> str:
        """The methods of the rows, each with what it measures where there are several."""
        if not self.usual or "method" in self.shape.down or "method" in self.shape.across:
            return ""
        used: dict[str, list[str]] = {}
        one = {row["measure"]: row for row in reversed(self.given)}
        for measure, method in self.usual.items():
            used.setdefault(method, []).append(self.words("measure", measure, one[measure]) if measure else "")
        if len(used) == 1:
            return f"Method: {next(iter(used))}."
        said = "; ".join(f"{', '.join(m for m in measures if m)}: {how}" for how, measures in used.items())
        return f"Methods. {said}."


def _noted(row: Record, shown: Sequence[str]) -> str:
    """The part of a row that its note speaks of: the estimate, unless the row has only a p value or counts."""
    if "estimate" in shown and (estimated(row) or fmt.is_missing(row["p_value"])):
        return "estimate"
    return "p" if "p" in shown and not fmt.is_missing(row["p_value"]) else shown[0]


def _beside(blocks: list[tuple[Any, ...]], *, timed: bool) -> list[tuple[Any, ...]]:
    """The blocks in their order: times as they come, and what shares its outer head together."""
    if timed:
        return sorted(blocks, key=lambda block: tuple((isinstance(part, str), part) for part in block))
    first: dict[Any, int] = {}
    for block in blocks:
        first.setdefault(block[:1], len(first))
    return sorted(blocks, key=lambda block: first[block[:1]])


def _usual_methods(rows: Sequence[Record]) -> dict[str, str]:
    """Measure -> the method that most of its rows name."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        if row["method"]:
            found.setdefault(str(row["measure"]), Counter())[str(row["method"])] += 1
    return {measure: counts.most_common(1)[0][0] for measure, counts in found.items()}


def _raw(level: str, variable: str, names: Names) -> bool:
    """Whether a level is a code of its variable and not words already."""
    return level in names.levels.get(variable, {}) or level.replace("_", "").isalnum()

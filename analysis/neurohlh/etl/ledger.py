"""The books of the cleaning: which cells were changed, which refused or doubted; kept by column, written late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from neurohlh.etl.clean import CleanColumn
from neurohlh.etl.table import RawTable

CHANGE_COLUMNS = ("source", "sheet", "row", "column", "patient_id", "variable", "raw", "value", "rule")
ISSUE_COLUMNS = (
    "severity",
    "code",
    "source",
    "sheet",
    "row",
    "column",
    "patient_id",
    "variable",
    "raw",
    "message",
    "action",
)
SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class CellBlock:
    """Cells of one column of one table: `rows` are positions among the table's data rows, int64."""

    table: RawTable
    column: CleanColumn
    rows: np.ndarray
    patients: np.ndarray
    """Patient identifier of every data row of the table (object; None where the row has none)."""

    def _common(self) -> dict[str, object]:
        codes = self.column.codes[self.rows]
        return {
            "source": self.table.source,
            "sheet": self.table.sheet,
            "row": self.table.rows[self.rows],
            "column": self.column.header,
            "patient_id": self.patients[self.rows],
            "variable": self.column.variable.name,
            "raw": self.column.raw[codes],
        }

    def changes(self) -> pd.DataFrame:
        """The cells as rows of changes.csv."""
        codes = self.column.codes[self.rows]
        rules = np.array([p.rule or "format" for p in self.column.parsed] or _text_rules(self.column.raw))
        return pd.DataFrame({**self._common(), "value": self.column.shown[codes], "rule": rules[codes]})

    def issues(self) -> pd.DataFrame:
        """The cells as rows of issues.csv."""
        codes = self.column.codes[self.rows]
        told = {
            key: np.array([getattr(p, key) for p in self.column.parsed], dtype=object)[codes]
            for key in ("severity", "code", "message", "action")
        }
        return pd.DataFrame({**self._common(), **told})


@dataclass(frozen=True)
class Ledger:
    """A log kept as blocks of cells plus single rows; it becomes a frame only when somebody reads it."""

    columns: tuple[str, ...]
    blocks: tuple[CellBlock, ...]
    single: pd.DataFrame

    def __len__(self) -> int:
        return len(self.single) + sum(len(b.rows) for b in self.blocks)

    def _frame_of(self, block: CellBlock) -> pd.DataFrame:
        return block.changes() if self.columns == CHANGE_COLUMNS else block.issues()

    def frame(self) -> pd.DataFrame:
        """Every entry as a row, in the order of sources, rows and columns."""
        whole = stacked((*(self._frame_of(b) for b in self.blocks), self.single), self.columns)
        return whole.sort_values(["source", "sheet", "row"], kind="stable", ignore_index=True)

    def counts(self) -> pd.DataFrame:
        """How many cells per variable and rule (changes) or per severity, code and variable (issues)."""
        keys = ["variable", "rule"] if self.columns == CHANGE_COLUMNS else ["severity", "code", "variable"]
        parts = [self._block_counts(b, keys) for b in self.blocks]
        parts.append(self.single.assign(n=1)[[*keys, "n"]])
        whole = stacked(parts, (*keys, "n")).fillna(dict.fromkeys(keys, ""))
        return whole.groupby(keys, sort=True)["n"].sum().reset_index()

    def _block_counts(self, block: CellBlock, keys: list[str]) -> pd.DataFrame:
        per_text = np.bincount(block.column.codes[block.rows], minlength=len(block.column.raw))
        frame = pd.DataFrame({"variable": block.column.variable.name, "n": per_text})
        for key in keys:
            if key != "variable":
                frame[key] = [getattr(p, key) or "format" for p in block.column.parsed] or _text_rules(block.column.raw)
        return frame[frame["n"] > 0].groupby(keys)["n"].sum().reset_index()

    def with_rows(self, rows: pd.DataFrame) -> Ledger:
        """A ledger with further single entries."""
        if rows.empty:
            return self
        return Ledger(self.columns, self.blocks, stacked((self.single, rows), self.columns))

    def write_csv(self, path: Path) -> None:
        """The whole ledger as a csv file."""
        table = pa.Table.from_pandas(
            self.frame().astype({"row": "Int64"}).astype(object).map(_text), preserve_index=False
        )
        pyarrow.csv.write_csv(table, path)


def _text_rules(raw: np.ndarray) -> list[str]:
    """What was done to identifiers, which are taken as they stand."""
    return ["format" if text.isascii() else "fullwidth" for text in raw]


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)


def changes_of(table: RawTable, columns: Iterable[CleanColumn], patients: np.ndarray) -> list[CellBlock]:
    """The cells whose written text differs from the text read, block by block."""
    return _blocks(table, columns, patients, lambda c: c.changed)


def issues_of(table: RawTable, columns: Iterable[CleanColumn], patients: np.ndarray) -> list[CellBlock]:
    """The cells that were refused or doubted, block by block."""
    return _blocks(table, columns, patients, lambda c: np.array([bool(p.severity) for p in c.parsed]))


def _blocks(table, columns, patients, flagged) -> list[CellBlock]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    blocks = []
    for column in columns:
        marks = flagged(column)
        if marks.any():
            rows = np.flatnonzero(marks[column.codes])
            if rows.size:
                blocks.append(CellBlock(table, column, rows, patients))
    return blocks


def issue_rows(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Issues that are no single cell of the blocks, as a frame with the columns of issues.csv."""
    return pd.DataFrame(list(rows), columns=list(ISSUE_COLUMNS))


def stacked(frames: Iterable[pd.DataFrame], columns: Sequence[str] = ISSUE_COLUMNS) -> pd.DataFrame:
    """Frames of one log on top of each other; empty ones add nothing."""
    parts = [f for f in frames if len(f)]
    if not parts:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(parts, ignore_index=True).reindex(columns=list(columns))


def filled_cells(column: CleanColumn, rows: np.ndarray) -> np.ndarray:
    """Those of `rows` whose cell is not empty."""
    return rows[column.codes[rows] >= 0]

"""A Result is a tidy frame plus its recipe: full precision, one column vocabulary, formatted late and once."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.suppression import SUPPRESSED, WORD, is_suppressed, numbers, restored, written

TIDY_COLUMNS: tuple[str, ...] = (
    "analysis", "outcome", "population", "variable", "term", "level", "is_reference", "group", "contrast",
    "time", "n", "events", "measure", "scale", "estimate", "conf_low", "conf_high", "coef", "std_error",
    "statistic", "df", "p_value", "method", "note",
)  # fmt: skip
"""The columns of every tidy result, in order. `estimate` and its limits are on the scale that `measure` names;
`coef` and `std_error` on the working scale that `scale` names."""

_NUMBERS = (
    "time",
    "n",
    "events",
    "estimate",
    "conf_low",
    "conf_high",
    "coef",
    "std_error",
    "statistic",
    "df",
    "p_value",
)
_TEXT = frozenset(TIDY_COLUMNS) - {*_NUMBERS, "is_reference"}
CHECK_COLUMNS: tuple[str, ...] = ("check", "term", "statistic", "df", "p_value", "value", "verdict", "note")


def tidy_frame(rows: Sequence[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """A frame with exactly the tidy columns: text columns hold '' and number columns NaN where a row says nothing.

    Raises ValueError for a key outside the vocabulary.
    """
    # Column by column in plain Python: pandas takes milliseconds for what thousands of small results need each time.
    given, size = _by_column(rows)
    unknown = [c for c in given if c not in TIDY_COLUMNS]
    if unknown:
        raise ValueError(f"not in the tidy vocabulary: {', '.join(map(str, unknown))}")
    data: dict[str, Any] = {}
    for column in TIDY_COLUMNS:
        values = given.get(column, [None] * size)
        if column in _TEXT:
            data[column] = np.array(["" if _absent(v) else str(v) for v in values], dtype=object)
        elif column == "is_reference":
            data[column] = np.array([not _absent(v) and bool(v == 1) for v in values], dtype=bool)
        else:
            data[column] = _numbers(values)
    return pd.DataFrame(data)


def _numbers(values: list[Any]) -> Any:
    floats = [v if is_suppressed(v) else np.nan if _absent(v) else float(v) for v in values]
    return numbers(floats) if any(map(is_suppressed, floats)) else np.array(floats, dtype=float)


def _by_column(rows: Sequence[Mapping[str, Any]] | pd.DataFrame) -> tuple[dict[str, list[Any]], int]:
    if isinstance(rows, pd.DataFrame):
        return {str(c): rows[c].tolist() for c in rows.columns}, len(rows)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}, len(rows)


def _absent(value: Any) -> bool:
    return not is_suppressed(value) and _is_na(value)


def _is_na(value: Any) -> bool:
    return value is None or value is pd.NA or bool(value != value)


def check_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Diagnostics as rows: check, term, statistic, df, p_value, value, verdict, note."""
    return pd.DataFrame(list(rows), columns=list(CHECK_COLUMNS))


@dataclass(frozen=True, repr=False)
class Result:
    """One analysis: its numbers, its curves, its diagnostics, and every choice behind them.

    Attributes
    ----------
    kind : what it is ("kaplan_meier", "cox", "table1", …); tables and figures choose their layout by it.
    tidy : one row per number, columns `TIDY_COLUMNS`, full precision, never text for a number.
    curves : long frame for drawing (columns depend on the kind; see the function that made it), or empty.
    checks : diagnostics, columns `CHECK_COLUMNS`.
    method : every choice: test, correction, ties, variance, denominator, software, reference …
    counts : supplied, used, events, and what was dropped by reason.
    notes : sentences that must stand beside the numbers.
    origin : fingerprints, seed, versions.
    """

    kind: str
    tidy: pd.DataFrame
    curves: pd.DataFrame = field(default_factory=pd.DataFrame)
    checks: pd.DataFrame = field(default_factory=lambda: check_frame([]))
    method: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if tuple(self.tidy.columns) != TIDY_COLUMNS:
            object.__setattr__(self, "tidy", tidy_frame(self.tidy))

    def with_(self, **changes: Any) -> Result:
        """A copy with some parts replaced."""
        return replace(self, **changes)

    def to_json(self) -> str:
        """The whole result as JSON text; `Result.from_json` gives it back, number for number."""
        return json.dumps(
            {
                "kind": self.kind,
                "tidy": frame_to_json(self.tidy),
                "curves": frame_to_json(self.curves),
                "checks": frame_to_json(self.checks),
                "method": written(self.method),
                "counts": written(self.counts),
                "notes": list(self.notes),
                "origin": dict(self.origin),
            },
            ensure_ascii=False,
            allow_nan=False,
            default=_plain,
        )

    @classmethod
    def from_json(cls, text: str) -> Result:
        """The result that `to_json` wrote."""
        data = json.loads(text)
        for part in ("tidy", "curves", "checks"):
            data[part] = frame_from_json(data[part])
        data["method"], data["counts"] = restored(data["method"]), restored(data["counts"])
        data["notes"] = tuple(data["notes"])
        return cls(**data)

    def plot(self, **options: Any) -> Any:
        """The matplotlib figure that belongs to this kind of result."""
        # Looked up when asked for: the core knows no plots, and matplotlib must not load with it.
        figures = importlib.import_module("neurohlh.report.figures")
        return figures.draw(self, **options)

    def to_tables(self, *, style: str | None = None) -> tuple[Any, ...]:
        """The display tables: captions, heads, cells and notes as text, numbers in the style of a journal.

        `style` is plain, lancet, nejm or jama (None: that in force). The numbers in full precision are in `tidy`.
        """
        return tuple(_report_tables().to_tables(self, style))

    def to_html(self, *, style: str | None = None) -> str:
        """The tables as an HTML fragment that carries its own look."""
        return str(_report_tables().to_html(self, style))

    def to_markdown(self, *, style: str | None = None) -> str:
        """The tables as GitHub's Markdown."""
        return str(_report_tables().to_markdown(self, style))

    def to_csv(self, *, style: str | None = None, table: int = 0) -> str:
        """One table as it is displayed, as CSV; `table` counts from 0."""
        return str(_report_tables().to_csv(self, style, table))

    def to_gt(self, *, style: str | None = None, table: int = 0) -> Any:
        """One table as a `great_tables.GT`, to go on styling it; `table` counts from 0."""
        return _report_tables().to_gt(self, style, table)

    def __repr__(self) -> str:
        said = [f"{len(self.tidy)} rows", *([f"{len(self.checks)} checks"] if len(self.checks) else [])]
        supplied, used = self.counts.get("supplied"), self.counts.get("used")
        said += [f"{used} of {supplied} {self.counts.get('unit', 'patients')}"] if used is not None else []
        title = self.method.get("title")
        return f"Result {self.kind}{f' ({title})' if title else ''}: {', '.join(said)}"

    def _repr_html_(self) -> str:
        return self.to_html()


def _report_tables() -> Any:
    # Looked up when asked for, like the figures: the core knows no report.
    return importlib.import_module("neurohlh.report.tables")


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


_MASKED = "number or suppressed"
"""How the type of a column is written that holds numbers and states."""


def frame_to_json(frame: pd.DataFrame) -> dict[str, Any]:
    """A frame as plain data for JSON, number for number; `frame_from_json` gives it back."""
    # Not by DataFrame.to_json: it keeps 15 digits of a number that has up to 17, and writes infinity as null.
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    dtypes = {str(c): _MASKED if _masked(frame[c]) else str(t) for c, t in frame.dtypes.items()}
    return {"dtypes": dtypes, "data": {"columns": list(dtypes), "data": rows}}


def _masked(column: pd.Series) -> bool:
    return column.dtype == object and any(is_suppressed(v) for v in column)


def _cell(value: Any) -> Any:
    if is_suppressed(value):
        return WORD
    if pd.isna(value):
        return None
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def frame_from_json(data: Mapping[str, Any]) -> pd.DataFrame:
    """The frame that `frame_to_json` wrote."""
    frame = pd.DataFrame(data["data"]["data"], columns=data["data"]["columns"], dtype=object)
    for column, dtype in data["dtypes"].items():
        masked = dtype == _MASKED
        frame[column] = numbers([_number(v) for v in frame[column]]) if masked else frame[column].astype(dtype)
    return frame


def _number(value: Any) -> Any:
    return SUPPRESSED if value == WORD else math.nan if value is None else float(value)

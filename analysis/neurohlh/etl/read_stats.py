"""Files of statistics programs: SPSS sav, Stata dta, Parquet; their rows are counted as if row 1 held the names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.layout import Header
from neurohlh.etl.read_cells import cell_text, distinct_values, number_text, tidy
from neurohlh.etl.read_grid import CellGrid
from neurohlh.etl.read_loaded import Loaded
from neurohlh.etl.table import Distinct

_COUNTED = "rows are counted as in a spreadsheet whose row 1 holds the names: the first case is row 2"
_LABELLED_MISSING = "missing"
"""The label of a value that the file declares missing and does not label itself."""


def load_spss(path: Path, source: str) -> Loaded:
    """Read an SPSS file with its labels; values that it declares missing are labelled so where it has no label."""
    return _statistical(path, source, pyreadstat.read_sav)


def load_stata(path: Path, source: str) -> Loaded:
    """Read a Stata file with its labels; extended missing values are letters, labelled missing if it has no label."""
    return _statistical(path, source, pyreadstat.read_dta)


def load_parquet(path: Path, source: str) -> Loaded:
    """Read a Parquet file; nested values become JSON text."""
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(source, "Parquet") from error
    columns = [partial(_arrow_column, column) for column in table.columns]
    return Loaded(
        CellGrid(columns, table.num_rows, first_row=2),
        _header(table.column_names, source),
        _sha256(path),
        notes=(_COUNTED,),
    )


def _statistical(path: Path, source: str, read: Callable[..., tuple[pd.DataFrame, Any]]) -> Loaded:
    frame, meta = _frame(path, source, read)
    labels = tuple(label or "" for label in meta.column_labels or [""] * frame.shape[1])
    columns = [partial(_series_column, frame.iloc[:, j]) for j in range(frame.shape[1])]
    value_labels = {
        name: {cell_text(code)[0]: str(label) for code, label in codes.items()}
        for name, codes in (meta.variable_value_labels or {}).items()
    }
    notes = [_COUNTED, *_declared_missing(frame, meta, value_labels)]
    return Loaded(
        CellGrid(columns, len(frame), first_row=2),
        _header([str(name) for name in frame.columns], source),
        _sha256(path),
        labels=labels,
        value_labels=value_labels,
        notes=tuple(notes),
    )


def _frame(path: Path, source: str, read: Callable[..., tuple[pd.DataFrame, Any]]) -> tuple[pd.DataFrame, Any]:
    """The file in the encoding it names, else as gb18030."""
    kind = "SPSS" if read is pyreadstat.read_sav else "Stata"
    for encoding in (None, "gb18030"):
        try:
            return read(str(path), encoding=encoding, apply_value_formats=False, user_missing=True)
        except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
            failure = error
    raise _unreadable(source, kind) from failure


def _declared_missing(frame: pd.DataFrame, meta: Any, value_labels: dict[str, dict[str, str]]) -> list[str]:
    """Label the values that the file declares missing (codes and ranges of SPSS, letters of Stata), and say so."""
    notes = []
    letters = meta.missing_user_values or {}
    for name in dict.fromkeys((*(meta.missing_ranges or {}), *letters)):
        spans = (meta.missing_ranges or {}).get(name, ())
        declared = [v for v in frame[name].unique() if v in letters.get(name, ()) or any(_within(v, s) for s in spans)]
        for value in declared:
            value_labels.setdefault(name, {}).setdefault(cell_text(value)[0], _LABELLED_MISSING)
        notes.append(f"the file declares values of {name!r} missing")
    return notes


def _within(value: object, span: Mapping[str, Any]) -> bool:
    """Whether a value lies in a range of missing values, both ends included."""
    if isinstance(value, str) or isinstance(span["lo"], str):
        return bool(value == span["lo"])
    return isinstance(value, float | int) and bool(span["lo"] <= value <= span["hi"])


def _series_column(series: pd.Series[Any]) -> Distinct:
    if series.dtype.kind in "fiu":
        codes, values = pd.factorize(series.to_numpy())
        texts = [number_text(float(value)) for value in values]
        return tidy(texts, [cell_text(0.0)[1]] * len(texts), codes)
    return distinct_values(_plain(value) for value in series.tolist())


def _plain(value: object) -> object:
    """None for pandas' own missing values."""
    return None if value is None or value is pd.NaT or value is pd.NA else value


def _arrow_column(column: pa.ChunkedArray) -> Distinct:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    elif pa.types.is_float16(kind):
        column = column.cast(pa.float32())
    if pa.types.is_nested(kind):
        return distinct_values(_plain_nested(value) for value in column.to_pylist())
    encoded = column.dictionary_encode().unify_dictionaries()
    if not encoded.num_chunks:
        return Distinct([], [], np.zeros(0, dtype=np.int32))
    pairs = [cell_text(_shortened(value, column.type)) for value in _scalars(encoded.chunk(0).dictionary)]
    codes = np.concatenate([chunk.indices.fill_null(-1).to_numpy() for chunk in encoded.chunks])
    return tidy([text for text, _ in pairs], [kind for _, kind in pairs], codes)


def _plain_nested(value: object) -> object:
    return None if value is None else cell_text(value)[0]


def _scalars(values: pa.Array) -> list[object]:
    """Python values; nanoseconds (which Python's moments cannot hold) are cut to microseconds."""
    if pa.types.is_timestamp(values.type) or pa.types.is_duration(values.type) or pa.types.is_time64(values.type):
        values = _in_microseconds(values)
    return list(values.to_pylist())


def _in_microseconds(values: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.timestamp("us", tz=values.type.tz), safe=False)
    return values.cast(pa.duration("us") if pa.types.is_duration(values.type) else pa.time64("us"), safe=False)


def _shortened(value: object, kind: pa.DataType) -> object:
    """A 32-bit float as it was written, without the digits that 64 bits add."""
    return float(str(np.float32(value))) if pa.types.is_float32(kind) and isinstance(value, float) else value


def _header(names: list[str], source: str) -> Header:
    if not names:
        raise InputError("the file has no columns", where=Location(source), do="Export the table again.")
    return Header((), tuple((name,) for name in names))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(source: str, kind: str) -> InputError:
    return InputError(
        f"this is no {kind} file, or it is damaged",
        where=Location(source),
        why="Its name and its content disagree, or an export stopped half-way.",
        do="Export it again, or export a csv (UTF-8).",
    )

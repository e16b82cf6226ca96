"""Parquet and csv files of the analysis frame, and the list that explains its columns in every file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from neurohlh.core.provenance import versions
from neurohlh.study.exchange.frame import CATEGORY, CODE, COUNT, DATE, FLAG, AnalysisFrame, Column
from neurohlh.study.exchange.statistics import numbers_of
from neurohlh.study.outputs import write_csv as write_table


def write_parquet(frame: AnalysisFrame, path: Path) -> dict[str, str]:
    """Write a Parquet file; labels, unit and levels are metadata of each column. Returns name -> name in the file."""
    fields, arrays = [], []
    for column in frame.columns:
        array = _array(column)
        arrays.append(array)
        fields.append(pa.field(column.name, array.type, metadata=_metadata(column)))
    about = {"title": frame.title, "written_by": f"neurohlh {versions()['neurohlh']}"}
    schema = pa.schema(fields, metadata=about)
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path)
    return {c.name: c.name for c in frame.columns}


def _array(column: Column) -> pa.Array:
    if column.kind == FLAG:
        return pa.array(column.values, pa.bool_())
    if column.kind == DATE:
        return pa.array([None if pd.isna(v) else v.date() for v in column.values], pa.date32())
    if column.kind == CATEGORY:
        words = list(column.meaning.levels)
        places = [None if empty else words.index(w) for w, empty in zip(column.values, column.empty, strict=True)]
        return pa.DictionaryArray.from_arrays(pa.array(places, pa.int16()), pa.array(words, pa.string()))
    if column.kind in (COUNT, CODE):
        return pa.array(column.values, pa.int64(), from_pandas=True)
    if column.values.dtype.kind == "f":
        return pa.array(column.values, pa.float64(), from_pandas=True)
    return pa.array(column.values, pa.string(), from_pandas=True)


def _metadata(column: Column) -> dict[str, str]:
    meaning = column.meaning
    said = {"label_en": meaning.label_en, "label_zh": meaning.label_zh, "unit": meaning.unit}
    if column.kind in (CATEGORY, CODE):
        said["levels"] = json.dumps(dict(meaning.levels), ensure_ascii=False)
    return {key: value for key, value in said.items() if value}


def write_csv(frame: AnalysisFrame, path: Path) -> dict[str, str]:
    """Write a csv file as `patients.csv` is written: true/false, words, ISO 8601 dates, missing cells empty."""
    write_table(pd.DataFrame({c.name: c.values for c in frame.columns}), path)
    return {c.name: c.name for c in frame.columns}


def write_variables(frame: AnalysisFrame, names: Mapping[str, Mapping[str, str]], path: Path) -> None:
    """Write the list of columns: labels, kind, unit, levels with their numbers, how many are empty, names per format.

    `names` is, per format, name -> name in that file.
    """
    rows = []
    for column in frame.columns:
        rows.append(
            {
                "name": column.name,
                "label_en": column.meaning.label_en,
                "label_zh": column.meaning.label_zh,
                "kind": column.kind,
                "unit": column.meaning.unit,
                "levels": ";".join(_levels(column)),
                "n_empty": int(column.empty.sum()),
                **{f"name_{suffix}": said[column.name] for suffix, said in names.items()},
            }
        )
    write_table(pd.DataFrame(rows), path)


def _levels(column: Column) -> list[str]:
    """'number=word' of every level, as SPSS and Stata number them and Parquet and csv write them."""
    if column.kind == FLAG:
        return ["0=false", "1=true"]
    if column.kind == CODE:
        return [f"{code}={label}" for code, label in column.meaning.levels.items()]
    return [f"{number}={word}" for word, number in numbers_of(column).items()] if column.kind == CATEGORY else []

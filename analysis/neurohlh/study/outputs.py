"""The files of a run: written beside the target and moved there whole, so that a stopped run leaves nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import InputError
from neurohlh.core.result import Result
from neurohlh.core.suppression import WORD, is_suppressed

RUN_RECORD = "run.json"


def check_target(out: Path, record: str = RUN_RECORD) -> None:
    """Raise InputError if `out` can't take what is written without something else being lost.

    `record` is the file by which a folder shows that it holds an earlier one of the same kind.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out.name!r} is a file, not a folder", do="Give --out the name of a folder.")
    if out.exists() and any(out.iterdir()) and not (out / record).exists():
        kind = "run" if record == RUN_RECORD else "export"
        raise InputError(
            f"the folder {out.name!r} is not empty and holds no earlier {kind}",
            why="what stands there would be lost",
            do="Give --out a new or an empty folder.",
        )


def write_folder(out: Path, fill: Callable[[Path], None], record: str = RUN_RECORD) -> Path:
    """Let `fill` write into a fresh folder and put it in the place of `out`.

    An earlier one at `out`, shown by its file `record`, is replaced; anything else that stands there is not touched
    (InputError).
    """
    check_target(out, record)
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        fill(fresh)
        fresh.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        fresh.rename(out)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return out


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """A frame as csv: true/false, ISO 8601 dates, whole numbers without a decimal point, missing cells empty."""
    shown = pd.DataFrame({name: as_text(column) for name, column in frame.items()})
    shown.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def as_text(column: pd.Series) -> pd.Series:
    """A column as it is written to a file ('' where missing)."""
    missing = column.isna().to_numpy()
    if column.dtype == object and any(map(is_suppressed, column)):
        return pd.Series([WORD if is_suppressed(v) else _number(v) for v in column], index=column.index)
    if column.dtype.kind == "M":
        text = np.datetime_as_string(column.to_numpy().astype("datetime64[D]")).astype(object)
    elif column.dtype.kind == "f":
        text = _distinct(column, _number)
    elif column.dtype == "boolean" or column.dtype.kind == "b":
        text = np.where(column.fillna(False).to_numpy(dtype=bool), "true", "false").astype(object)
    else:
        text = _distinct(column, lambda v: v.isoformat() if hasattr(v, "isoformat") else _word(v))
    text[missing] = ""
    return pd.Series(text, index=column.index)


def _number(value: float) -> str:
    return "" if pd.isna(value) else repr(value + 0.0).removesuffix(".0")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _distinct(column: pd.Series, shown: Callable[[Any], str]) -> np.ndarray:
    """`shown` of every value, called once per distinct value."""
    codes, values = pd.factorize(column)
    texts = np.array([*(shown(v) for v in values.tolist()), ""], dtype=object)
    return texts[codes]


def write_results(results: Mapping[str, Result], folder: Path) -> None:
    """Each result's tidy frame as tables/<name>.csv and the result itself, with its recipe, as tables/<name>.json."""
    folder.mkdir()
    for name, result in results.items():
        write_csv(result.tidy, folder / f"{name}.csv")
        (folder / f"{name}.json").write_text(result.to_json() + "\n", encoding="utf-8")


def write_record(record: Mapping[str, Any], folder: Path) -> None:
    """run.json."""
    text = json.dumps(record, ensure_ascii=False, indent=2, default=str)
    (folder / RUN_RECORD).write_text(text + "\n", encoding="utf-8")

"""Findings as files: findings.json and tables/*.json hold all that a report is made from, without any patient."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from neurohlh.core.errors import InputError
from neurohlh.core.findings import Chapter, Findings, Reference, Setting
from neurohlh.core.result import Result, frame_from_json, frame_to_json

FINDINGS = "findings.json"
_ROWS = {"settings": Setting, "chapters": Chapter, "references": Reference}


def findings_to_json(findings: Findings) -> str:
    """Findings as JSON text; results stand in it by their names, since each has a file of its own."""
    held = {f.name: getattr(findings, f.name) for f in fields(findings) if f.name != "results"}
    data = {name: _plain(value) for name, value in held.items()}
    return json.dumps({**data, "results": list(findings.results)}, ensure_ascii=False, allow_nan=False, indent=1)


def findings_from_json(text: str, results: Mapping[str, Result]) -> Findings:
    """The findings that `findings_to_json` wrote, with their results from `results`."""
    data = json.loads(text)
    held = {f.name: _back(f.name, data[f.name]) for f in fields(Findings) if f.name in data and f.name != "results"}
    return Findings(**held, results={name: results[name] for name in data["results"]})


def write_findings(findings: Findings, folder: Path) -> None:
    """findings.json in `folder`, beside the tables of its results."""
    (folder / FINDINGS).write_text(findings_to_json(findings) + "\n", encoding="utf-8")


def read_findings(folder: Path) -> Findings:
    """The findings of the run in `folder`, from which its report can be made again without the data.

    Raises InputError where the folder holds none, or files that can't be read.
    """
    path = folder / FINDINGS
    if not path.is_file():
        raise InputError(
            f"the folder {folder.name!r} holds no {FINDINGS}",
            why="all that may be shown of a run is read from it",
            do="Give the folder that neurohlh run --out wrote; run the study again if an older version wrote it.",
        )
    try:
        text = path.read_text(encoding="utf-8")
        names = list(json.loads(text)["results"])
    except (ValueError, KeyError, TypeError):
        raise InputError("the findings can't be read", where=f"{folder.name}/{FINDINGS}") from None
    results = {name: read_result(folder, name) for name in names}
    try:
        return findings_from_json(text, results)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError("the findings can't be read", where=f"{folder.name}/{FINDINGS}") from None


def read_result(folder: Path, name: str) -> Result:
    """One result of the run in `folder`; raises InputError where its file is missing or can't be read."""
    path = folder / "tables" / f"{name}.json"
    if not path.is_file():
        raise InputError("a table of the run is missing", where=f"{folder.name}/tables/{path.name}")
    try:
        return Result.from_json(path.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError):
        raise InputError("the table can't be read", where=f"{folder.name}/tables/{path.name}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return {"frame": frame_to_json(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _back(name: str, value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"frame"}:
        return frame_from_json(value["frame"])
    if name in _ROWS:
        return tuple(_ROWS[name](**{k: _tuples(v) for k, v in row.items()}) for row in value)
    return tuple(value) if isinstance(value, list) else value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value

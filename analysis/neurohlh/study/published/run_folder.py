"""A finished run of a study, read back to be held against the published evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurohlh.core.errors import InputError
from neurohlh.core.result import Result
from neurohlh.study.outputs import RUN_RECORD
from neurohlh.study.published.own_study import OwnStudy, own_study


@dataclass(frozen=True)
class FinishedRun:
    """The study of a run's folder, its title, and whether its data are synthetic."""

    own: OwnStudy
    title: str
    synthetic: bool


def read_run(folder: Path) -> FinishedRun:
    """The run that `neurohlh run --out` wrote to `folder`; raises InputError for anything else."""
    record = folder / RUN_RECORD
    if not record.is_file():
        raise InputError(
            f"the folder {folder.name!r} holds no run", do="Give --study the folder that neurohlh run --out wrote."
        )
    try:
        config: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))["config"]
        study, definition = config["study"], config["cns"]["definition"]
        paths = [source["path"] for source in config["source"]]
    except (ValueError, KeyError, TypeError):
        raise InputError("the record of the run can't be read", where=f"{folder.name}/{RUN_RECORD}") from None
    results = {name: found for name in ("frequency", "cox") if (found := _result(folder, name)) is not None}
    title = str(study["title"])
    own = own_study(
        results, name="This study", case_series=study["design"] == "case_series", definition=f"definition {definition}"
    )
    # The same sign by which the report of the study itself knows them.
    synthetic = any("synthetic" in text.lower() for text in (title, *paths))
    return FinishedRun(own, title, synthetic)


def _result(folder: Path, name: str) -> Result | None:
    path = folder / "tables" / f"{name}.json"
    if not path.is_file():
        return None
    try:
        return Result.from_json(path.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError):
        raise InputError("the table can't be read", where=f"{folder.name}/tables/{path.name}") from None

"""A finished run as its folder holds it: the record, the study's settings and the findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from neurohlh.core.errors import InputError
from neurohlh.core.findings import Findings
from neurohlh.core.result import Result
from neurohlh.study.bundle import read_findings, read_result
from neurohlh.study.config import StudyConfig
from neurohlh.study.outputs import RUN_RECORD

_DO = "Give the folder that neurohlh run --out wrote."


@dataclass(frozen=True)
class Finished:
    """The run in `folder` with its `record` (run.json)."""

    folder: Path
    record: Mapping[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Finished:
        """The run in `folder`; raises InputError for anything that is not the folder of a finished study."""
        if not folder.exists():
            raise InputError(f"there is no folder {folder.name!r}", do=_DO)
        path = folder / RUN_RECORD
        if not folder.is_dir() or not path.is_file():
            raise InputError(f"{folder.name!r} is not the folder of a run", why=f"it holds no {RUN_RECORD}", do=_DO)
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise InputError("the record of the run can't be read", where=f"{folder.name}/{RUN_RECORD}") from None
        if not isinstance(record, dict) or not isinstance(record.get("config"), dict):
            raise InputError(
                f"the folder {folder.name!r} holds no run of a study",
                why="its record names no settings of a study",
                do=_DO,
            )
        return cls(folder, record)

    @cached_property
    def config(self) -> StudyConfig:
        """The settings of the study, as the run used them."""
        # A record says every setting, made or default: what a study file may not say together stands side by side.
        try:
            return StudyConfig.model_validate(dict(self.record["config"]))
        except ValidationError:
            where = f"{self.folder.name}/{RUN_RECORD}"
            raise InputError("the settings of the run can't be read", where=where, do=_DO) from None

    @cached_property
    def findings(self) -> Findings:
        """What the run's report was made from."""
        return read_findings(self.folder)

    @cached_property
    def results(self) -> dict[str, Result]:
        """Every result of the run by its name."""
        tables = sorted((self.folder / "tables").glob("*.json"))
        if not tables:
            raise InputError(f"the folder {self.folder.name!r} holds no tables", do=_DO)
        return {path.stem: read_result(self.folder, path.stem) for path in tables}

"""The analysis-ready frame of a study in the files that other programs read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.core.provenance import versions
from neurohlh.study.exchange.frame import AnalysisFrame, analysis_frame
from neurohlh.study.exchange.statistics import write_dta, write_sav
from neurohlh.study.exchange.tables import write_csv, write_parquet, write_variables
from neurohlh.study.outputs import write_folder
from neurohlh.study.study import StudyCohort

WRITERS: Mapping[str, Callable[[AnalysisFrame, Path], dict[str, str]]] = {
    "parquet": write_parquet,
    "sav": write_sav,
    "dta": write_dta,
    "csv": write_csv,
}
"""Format -> what writes it and returns the names of its columns."""
RECORD = "export.json"
"""What was exported from what, without a date; the mark of a folder that a later export may replace."""
_LIMITS = ("sav", "dta")
"""The formats whose names are limited, so that `variables.csv` lists them."""
_STEM = "patients"
_README = """\
Patient-level data. They stay with their owner and are not for publication.

One row per patient who is in the study, recorded and derived variables. `variables.csv` explains every column.
What is not known is never 'no': an empty cell of a question is empty in Parquet and csv, and in SPSS and Stata a
missing value with its reason. The free text of reports is left out.
"""


def export(
    cohort: StudyCohort, folder: str | Path, formats: Sequence[str] = ("parquet", "sav", "dta", "csv")
) -> list[Path]:
    """Write the patients in the study, with derived variables and labels, into `folder`; returns the files.

    `formats` are of parquet, sav (SPSS), dta (Stata 14 and later) and csv; `variables.csv` and a README stand beside
    them. The same cohort gives the same bytes. Raises InputError for another format, and for a folder that holds
    anything else.
    """
    for name in formats:
        if name not in WRITERS:
            raise InputError(f"there is no format {name!r}", do=did_you_mean(name, WRITERS))
    frame = analysis_frame(cohort.classified, cohort.population, cohort.study.config.study.title)
    if not len(frame):
        raise InputError(
            "no patient is in the study, so there is nothing to export",
            why="Every patient left by a step of the flow.",
            do="Look at the flow of `neurohlh run`, and at [eligibility].",
        )
    out = Path(folder)
    chosen = list(dict.fromkeys(formats))
    write_folder(out, lambda place: _fill(cohort, frame, chosen, place), RECORD)
    return [out / f"{_STEM}.{name}" for name in chosen] + [out / "variables.csv", out / RECORD, out / "README.txt"]


def _fill(cohort: StudyCohort, frame: AnalysisFrame, formats: Sequence[str], folder: Path) -> None:
    names = {name: WRITERS[name](frame, folder / f"{_STEM}.{name}") for name in formats}
    write_variables(frame, {name: said for name, said in names.items() if name in _LIMITS}, folder / "variables.csv")
    (folder / "README.txt").write_text(_README, encoding="utf-8")
    record = {
        "title": frame.title,
        "patients": len(frame),
        "columns": len(frame.columns),
        "inputs": [{"path": t.raw.source, "sheet": t.raw.sheet, "sha256": t.raw.sha256} for t in cohort.trail.tables],
        "renamed": {f: {old: new for old, new in said.items() if old != new} for f, said in names.items()},
        "versions": versions(),
    }
    (folder / RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

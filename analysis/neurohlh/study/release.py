"""The part of a finished run that may be shared: made anew from findings under disclosure control, with a manifest."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from neurohlh import __version__
from neurohlh.core.errors import InputError
from neurohlh.core.findings import Findings
from neurohlh.core.suppression import written
from neurohlh.report.disclose import DEFAULT_MINIMUM, Account, Rule, disclose
from neurohlh.study.bundle import write_findings
from neurohlh.study.clock import Clock
from neurohlh.study.finished import Finished
from neurohlh.study.outputs import write_folder, write_record, write_results
from neurohlh.study.report_files import write_study_report

MANIFEST = "manifest.json"
CODEBOOK = "codebook.csv"
_RULE = (
    "Counts of patients from 1 to below the minimum are suppressed, with the counts beside them from which they would "
    "follow, and every estimate that rests on either. 0 is shown. See docs/disclosure.md for what this does not do."
)
_COLUMNS = {
    "analysis": "which analysis a row belongs to",
    "outcome": "what was followed or counted",
    "population": "which patients",
    "variable": "the variable, by its name in the codebook",
    "term": "what of it: a level, a summary, a coefficient",
    "level": "the level of a categorical variable",
    "is_reference": "true where the row is the reference of a comparison",
    "group": "the group of patients",
    "contrast": "which groups are compared",
    "time": "days since time zero",
    "n": "patients",
    "events": "patients with the event",
    "measure": "what the estimate measures",
    "scale": "the scale on which coef and std_error are",
    "estimate": "the estimate, on the scale of the measure",
    "conf_low": "lower limit of its interval",
    "conf_high": "upper limit of its interval",
    "coef": "the estimate on the working scale",
    "std_error": "standard error on the working scale",
    "statistic": "test statistic",
    "df": "degrees of freedom",
    "p_value": "p value",
    "method": "how the number was computed",
    "note": "what must be read with the number; 'suppressed' stands in the place of a number that is withheld",
}


def release(run: Path, out: Path, minimum: int | None = None) -> tuple[Path, Account]:
    """Write the shareable part of the run in `run` to `out`; returns the manifest's path and what was suppressed.

    `minimum` is the smallest count shown (default: the study's own, else `DEFAULT_MINIMUM`). Nothing of cohort/ is
    read. Raises InputError where `run` is no run, where `out` is the run itself or holds something else, or where the
    study itself asks for a higher minimum.
    """
    done = Finished.open(run)
    least = _minimum(done, minimum)
    _check_out(run, out)
    safe, account = disclose(done.findings, least)
    write_folder(out, lambda folder: _fill(folder, done, safe, account))
    return out / MANIFEST, account


def _minimum(done: Finished, asked: int | None) -> int:
    own = done.config.disclosure.minimum
    if asked is not None and asked < 2:
        raise InputError(f"--minimum {asked} suppresses nothing", do="Give 2 or more; 5 is the default.")
    if asked is not None and own is not None and asked < own:
        raise InputError(
            f"--minimum {asked} is below the study's own minimum of {own}",
            why="the run was written under the higher one, so that counts below it are not there to be shown",
            do=f"Give {own} or more, or leave --minimum out.",
        )
    return asked or own or DEFAULT_MINIMUM


def _check_out(run: Path, out: Path) -> None:
    here, there = run.resolve(), out.resolve()
    if there == here or there in here.parents or here in there.parents:
        raise InputError(
            "a release can't be written into the folder of its run, or around it",
            why="that folder holds the patients' data",
            do="Give --out a folder elsewhere.",
        )
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise InputError(
            f"the folder {out.name!r} is not empty and holds no earlier release",
            why="what stands there would be lost",
            do="Give --out a new or an empty folder.",
        )


def _fill(folder: Path, done: Finished, safe: Findings, account: Account) -> None:
    write_study_report(safe, done.config, folder, Clock(None))
    write_results(safe.results, folder / "tables")
    write_findings(safe, folder)
    _write_codebook(safe, folder / CODEBOOK)
    write_record(_record(done.record, Rule(account.minimum)), folder)
    manifest = {
        "minimum": account.minimum,
        "rule": _RULE,
        "suppressed_cells": dict(sorted(account.cells.items())),
        "made_with": {"neurohlh": __version__},
        "versions_of_the_run": done.record.get("versions", {}),
        "files": dict(_files(folder)),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _record(record: Mapping[str, Any], rule: Rule) -> dict[str, Any]:
    """The run record without folders, and without counts of few patients."""
    config = {**record["config"], "source": [_bare(source) for source in record["config"].get("source", [])]}
    counts = {k: v for k, v in dict(record.get("counts", {})).items() if not rule.small(v)}
    if rule.small(counts.get("patients", 0) - counts.get("included", 0)):
        counts.pop("patients", None)
    kept = {k: v for k, v in record.items() if k not in ("config", "inputs", "counts", "seconds")}
    inputs = [_bare(source) for source in record.get("inputs", [])]
    return dict(written({**kept, "config": config, "inputs": inputs, "counts": counts}))


def _bare(source: Mapping[str, Any]) -> dict[str, Any]:
    # An address of a database holds its host and user; a path holds the names of folders.
    hidden = {"url", "query", "database", "rows"}
    return {
        key: PurePath(str(value)).name if key == "path" and value else value
        for key, value in source.items()
        if key not in hidden
    }


def _write_codebook(safe: Findings, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["kind", "name", "meaning", "unit"])
        table.writerows(_entries(safe))


def _entries(safe: Findings) -> Iterator[tuple[str, str, str, str]]:
    for column, meaning in _COLUMNS.items():
        yield "column of tables/*.csv", column, meaning, ""
    for name, result in safe.results.items():
        yield "table", f"tables/{name}.csv", str(result.method.get("title") or result.kind.replace("_", " ")), ""
    named = {str(v) for result in safe.results.values() for v in result.tidy["variable"]} - {""}
    for variable in sorted(named):
        yield "variable", variable, safe.label(variable), safe.units.get(variable, "")


def _files(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        yield path.relative_to(folder).as_posix(), {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}

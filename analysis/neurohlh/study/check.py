"""`neurohlh check`: what was understood, changed, refused and doubted, as plain lines without a patient's value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from neurohlh.etl.cohort import Cohort
from neurohlh.study.classify import study_definitions
from neurohlh.study.config import StudyConfig, check_config, read_config
from neurohlh.study.load import load_cohort
from neurohlh.study.summaries import issue_summary

_SHOWN = 25
"""Lines of one list before it only counts."""


def check_input(path: Path) -> str:
    """Read and check a study (`.toml`) or a single table; the report as text."""
    config, folder = _config(path)
    study_definitions(config, folder)  # a wrong one is said before any table is read
    cohort = load_cohort(config, folder, dt.date.today())
    return "\n".join(_lines(cohort)) + "\n"


def _config(path: Path) -> tuple[StudyConfig, Path]:
    if path.suffix.lower() == ".toml":
        return read_config(path), path.parent
    return check_config({"schema": 1, "source": [{"path": path.name}]}, path.name), path.parent


def _lines(cohort: Cohort) -> Iterator[str]:
    for table in cohort.trail.tables:
        raw = table.raw
        place = f"{raw.source}" + (f", sheet {raw.sheet!r}" if raw.sheet else "")
        header = "-".join(map(str, raw.header_rows))
        yield f"{place}: {len(raw.rows)} data rows, {len(raw.columns)} columns, header in row {header}" + (
            f", {raw.encoding}" if raw.encoding else ""
        )
        yield from (f"  {note}" for note in raw.notes)
        for item in table.understood:
            yield _column_line(item.column.header, item.variable, item.unit, item.how, item.suggestions)
    yield ""
    yield "Rows"
    yield from (
        f"  left out: {r['reason']} ({r['n_excluded']})" for r in cohort.rows.to_dict("records") if r["n_excluded"]
    )
    yield f"  Patients: {len(cohort.frame)}"
    yield from _counted("Cells changed, by variable and rule", cohort.changes_ledger.counts(), ["variable", "rule"])
    yield from _issue_lines(cohort)


def _column_line(header: str, variable: str | None, unit: str | None, how: str, near: tuple[str, ...]) -> str:
    if variable is None:
        hint = f" (spelled like {', '.join(near)})" if near else ""
        return f"  {header!r}: not used, {how}{hint}"
    return f"  {header!r} -> {variable}" + (f" [{unit}]" if unit else "") + f", by {how}"


def _counted(title: str, counts: pd.DataFrame, keys: list[str]) -> Iterator[str]:
    yield ""
    yield f"{title}: {int(counts['n'].sum()) if len(counts) else 0}"
    top = counts.sort_values("n", ascending=False, kind="stable").head(_SHOWN)
    yield from (f"  {' '.join(str(row[k]) for k in keys)}: {row['n']}" for row in top.to_dict("records"))
    if len(counts) > _SHOWN:
        yield f"  … and {len(counts) - _SHOWN} more kinds"


def _issue_lines(cohort: Cohort) -> Iterator[str]:
    summary = issue_summary(cohort)
    for severity in ("error", "warning", "info"):
        chosen = summary[summary["severity"] == severity]
        yield ""
        yield f"{severity.capitalize()}: {int(chosen['n'].sum()) if len(chosen) else 0}"
        for row in chosen.to_dict("records"):
            yield f"  {row['code']} {row['variable']} ({row['n']}): {row['message']}"
            yield f"    first at {row['where']}" + (f"; {row['action']}" if row["action"] else "")

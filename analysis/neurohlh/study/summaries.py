"""What a report may say about cells and columns: counts and places, never a value."""

from __future__ import annotations

import pandas as pd

from neurohlh.core.errors import Location
from neurohlh.core.findings import CHANGE_COLUMNS, COLUMN_COLUMNS, ISSUE_COLUMNS, SOURCE_COLUMNS, table
from neurohlh.etl.codebook import codebook
from neurohlh.etl.cohort import Cohort
from neurohlh.etl.rule_words import rule_kind, rule_meaning

_PLACES = 3
"""Places named for one kind of issue."""


def issue_summary(cohort: Cohort) -> pd.DataFrame:
    """Issues by severity, code and variable, errors first: how many, where the first stand, what to do."""
    issues = cohort.issues
    if issues.empty:
        return table(ISSUE_COLUMNS)
    issues = issues.fillna({"variable": "", "message": "", "action": "", "column": "", "sheet": "", "source": ""})
    rank = issues["severity"].map({"error": 0, "warning": 1, "info": 2})
    # One line per column where the column itself is the matter, else one per variable.
    subject = issues["variable"].where(issues["variable"] != "", issues["column"])
    groups = issues.assign(rank=rank, subject=subject).groupby(["rank", "severity", "code", "subject"], sort=True)
    rows = []
    for (_, severity, code, _), group in groups:
        first = group.iloc[0]
        rows.append(
            {
                "severity": severity,
                "code": code,
                "variable": first["variable"],
                "n": len(group),
                "where": _places(group),
                "message": first["message"],
                "action": first["action"],
            }
        )
    return table(ISSUE_COLUMNS, pd.DataFrame(rows))


def _places(group: pd.DataFrame) -> str:
    cells = group.head(_PLACES)[["source", "sheet", "row", "column"]].to_dict("records")
    named = "; ".join(
        str(Location(c["source"], c["sheet"], None if pd.isna(c["row"]) else int(c["row"]), c["column"])) for c in cells
    )
    return named + (f" and {len(group) - _PLACES} more" if len(group) > _PLACES else "")


def change_summary(cohort: Cohort) -> pd.DataFrame:
    """Changed cells by variable and rule."""
    counts = cohort.changes_ledger.counts().rename(columns={"n": "n_cells"})
    counts["rule"] = [rule_kind(rule) for rule in counts["rule"]]
    counts = counts.groupby(["variable", "rule"])["n_cells"].sum().reset_index()
    counts["meaning"] = [rule_meaning(rule) for rule in counts["rule"]]
    return table(CHANGE_COLUMNS, counts)


def source_summary(cohort: Cohort) -> pd.DataFrame:
    """The tables read."""
    rows = []
    for clean in cohort.trail.tables:
        raw = clean.raw
        rows.append(
            {
                "file": raw.source,
                "sheet": raw.sheet,
                "rows": len(raw.rows),
                "columns": len(raw.columns),
                "encoding": raw.encoding,
                "header_row": "-".join(map(str, raw.header_rows)),
                "sha256": raw.sha256[:12],
                "notes": "; ".join(raw.notes),
            }
        )
    return table(SOURCE_COLUMNS, pd.DataFrame(rows))


def column_summary(cohort: Cohort) -> pd.DataFrame:
    """How each column was understood."""
    book = codebook()
    rows = []
    for clean in cohort.trail.tables:
        for item in clean.understood:
            variable = book[item.variable] if item.variable else None
            unit = item.unit or (variable.unit if variable is not None and item.unit_known else "")
            if variable is not None and variable.numeric and variable.unit and not unit:
                unit = f"not named; {variable.unit} assumed"
            rows.append(
                {
                    "source": clean.raw.source,
                    "header": item.column.header or f"column {item.column.position + 1}",
                    "variable": item.variable or "",
                    "label": variable.label() if variable else "",
                    "unit": unit,
                    "how": item.how,
                    "note": item.note or (f"spelled like {', '.join(item.suggestions)}" if item.suggestions else ""),
                }
            )
    return table(COLUMN_COLUMNS, pd.DataFrame(rows))

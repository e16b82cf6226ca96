"""What is said about whole columns and rows: not recognised, set aside, left out, repeated, without a counterpart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from neurohlh.etl.clean import CleanTable
from neurohlh.etl.join import Roster
from neurohlh.etl.ledger import filled_cells, issue_rows, stacked


def table_issues(tables: Sequence[CleanTable], roster: Roster) -> pd.DataFrame:
    """Issues of whole columns and rows: unrecognised columns, rows set aside, rows without identifier or repeated."""
    rows: list[dict[str, object]] = []
    frames: list[pd.DataFrame] = []
    for k, table in enumerate(tables):
        rows += _column_issues(table)
        rows += _set_aside_issues(table)
        frames.append(_lost_row_cells(table, roster.without_id[k]))
        frames.append(_identical_row_issue(table, roster.identical[k], roster.names_of[k]))
    rows += _unmatched(tables, roster)
    return stacked([issue_rows(rows), *frames])


_UNUSED = {
    "ignored": ("info", "ignored_column", "the study file leaves this column out", ""),
    "personal": (
        "error",
        "personal_data",
        "the column holds personal data; it is not used and not written anywhere",
        "Delete the column: a cohort table needs a pseudonymised key only.",
    ),
    "unrecognised": (
        "warning",
        "unrecognised_column",
        "no variable of the codebook is called so; the column is not used",
        'To use it: rename = {{ "{header}" = "<variable>" }}.',
    ),
}


def _column_issues(table: CleanTable) -> list[dict[str, object]]:
    where = {"source": table.raw.source, "sheet": table.raw.sheet, "row": table.raw.header_rows[-1]}
    rows: list[dict[str, object]] = []
    for item in table.understood:
        about = {**where, "column": item.column.header, "variable": item.variable or ""}
        if item.variable is not None:
            if item.note:
                rows.append({**about, "severity": "info", "code": "column_note", "message": item.note, "action": ""})
            continue
        severity, code, message, action = _UNUSED[item.how]
        near = f" Spelled like: {', '.join(item.suggestions)}." if item.suggestions else ""
        said = f"{item.note or message}.{near}"
        action = action.format(header=item.column.header)
        rows.append({**about, "severity": severity, "code": code, "message": said, "action": action})
    rows += [
        {
            **where,
            "severity": "info",
            "code": "empty_column",
            "column": header,
            "message": "the column has no value",
            "action": "",
        }
        for header in table.raw.empty_columns
    ]
    return rows


_SET_ASIDE_WORDS = {
    "empty": "an empty row",
    "totals": "a row of totals",
    "note": "a note under the table",
    "header_repeat": "the header again",
    "section": "a section title",
    "title": "a title above the table",
}


def _set_aside_issues(table: CleanTable) -> list[dict[str, object]]:
    by_header = {c.header: name for name, c in table.columns.items()}
    rows = []
    for aside in table.raw.set_aside:
        for header, text in aside.cells or (("", ""),):
            rows.append(
                {
                    "severity": "info",
                    "code": f"row_{aside.kind}",
                    "source": table.raw.source,
                    "sheet": table.raw.sheet,
                    "row": aside.row,
                    "column": header,
                    "variable": by_header.get(header, ""),
                    "raw": text,
                    "message": f"{_SET_ASIDE_WORDS[aside.kind]}, not a patient; left out and counted",
                    "action": "",
                }
            )
    return rows


def _lost_row_cells(table: CleanTable, rows: np.ndarray) -> pd.DataFrame:
    parts = []
    for name, column in table.columns.items():
        filled = filled_cells(column, rows)
        parts.append(
            pd.DataFrame({"row": table.raw.rows[filled], "raw": column.raw[column.codes[filled]]}).assign(
                variable=name, column=column.header
            )
        )
    if not rows.size:
        return issue_rows([])
    return stacked(parts, ("row", "raw", "variable", "column")).assign(
        severity="error",
        code="row_without_patient_id",
        source=table.raw.source,
        sheet=table.raw.sheet,
        message="the row has no patient identifier, so it can't be joined, counted once or traced; it is left out",
        action="Fill the identifier in that row.",
    )


def _identical_row_issue(table: CleanTable, rows: np.ndarray, names: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"row": table.raw.rows[rows], "patient_id": names[rows]}).assign(
        severity="info",
        code="identical_row",
        source=table.raw.source,
        sheet=table.raw.sheet,
        column=table.columns["patient_id"].header,
        variable="patient_id",
        message="repeats an earlier row of the same patient in every recognised column; counted once",
        action="",
    )


def _unmatched(tables: Sequence[CleanTable], roster: Roster) -> list[dict[str, object]]:
    """Patients who stand in one table and not in another that shares patients with it."""
    members = [np.unique(p[p >= 0]) for p in roster.patient_of]
    rows: list[dict[str, object]] = []
    for a, table in enumerate(tables):
        for b, other in enumerate(tables):
            if a == b:
                continue
            shared = np.intersect1d(members[a], members[b], assume_unique=True)
            missing = np.setdiff1d(members[a], members[b], assume_unique=True)
            common = {"source": table.raw.source, "sheet": table.raw.sheet, "variable": "patient_id"}
            if not shared.size and a < b:
                rows.append(
                    {
                        **common,
                        "severity": "info",
                        "code": "no_shared_patients",
                        "message": f"no patient of this table stands in {other.raw.source}; the tables are stacked",
                        "action": "",
                    }
                )
            if shared.size:
                rows += [
                    {
                        **common,
                        "severity": "warning",
                        "code": "unmatched_patient",
                        "patient_id": roster.patient_ids[p],
                        "message": f"no row in {other.raw.source}; what only that table holds is unknown",
                        "action": "Check the identifier in both tables.",
                    }
                    for p in missing
                ]
    return rows

"""What is said about whole columns and rows: not recognised, set aside, left out, repeated, without a counterpart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from neurohlh.etl.clean import CleanTable
from neurohlh.etl.join import Roster
from neurohlh.etl.ledger import filled_cells, issue_rows, stacked
from neurohlh.etl.redcap_rows import OTHER_EVENT, OTHER_INSTANCE
from neurohlh.etl.values import State


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
    "empty": "an empty row, not a patient; left out and counted",
    "totals": "a row of totals, not a patient; left out and counted",
    "note": "a note under the table, not a patient; left out and counted",
    "header_repeat": "the header again, not a patient; left out and counted",
    "section": "a section title, not a patient; left out and counted",
    "title": "a title above the table, not a patient; left out and counted",
    OTHER_EVENT: "a row of an event that the study does not read; left out and counted",
    OTHER_INSTANCE: "a row of an instance that the study does not read; left out and counted",
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
                    "message": _SET_ASIDE_WORDS[aside.kind],
                    "action": "",
                }
            )
    return rows


_LOST_ROWS = {
    "row_without_patient_id": (
        "the row has no patient identifier, so it can't be joined, counted once or traced; it is left out",
        "Fill the identifier in that row.",
    ),
    "ambiguous_patient_id": (
        "patients of several centres have this identifier, and the row does not say its centre; it is left out",
        'Add a column with the centre, or name it for the whole source in study.toml: center = "…" under [[source]].',
    ),
}


def _lost_row_cells(table: CleanTable, rows: np.ndarray) -> pd.DataFrame:
    """Every cell of the rows that belong to nobody, by the reason why."""
    identifier = table.columns["patient_id"]
    named = identifier.per_row(identifier.state)[rows] == State.VALUE
    parts = []
    for code, lost in (("row_without_patient_id", rows[~named]), ("ambiguous_patient_id", rows[named])):
        message, action = _LOST_ROWS[code]
        for name, column in table.columns.items():
            filled = filled_cells(column, lost)
            cells = pd.DataFrame({"row": table.raw.rows[filled], "raw": column.raw[column.codes[filled]]})
            parts.append(cells.assign(variable=name, column=column.header, code=code, message=message, action=action))
    return stacked(parts).assign(severity="error", source=table.raw.source, sheet=table.raw.sheet)


def _identical_row_issue(table: CleanTable, rows: np.ndarray, names: np.ndarray) -> pd.DataFrame:
    identifier = table.columns["patient_id"]
    return pd.DataFrame(
        {"row": table.raw.rows[rows], "patient_id": names[rows], "raw": identifier.raw[identifier.codes[rows]]}
    ).assign(
        severity="info",
        code="identical_row",
        source=table.raw.source,
        sheet=table.raw.sheet,
        column=identifier.header,
        variable="patient_id",
        message="repeats an earlier row of the same patient in every recognised column; counted once",
        action="",
    )


def _unmatched(tables: Sequence[CleanTable], roster: Roster) -> list[dict[str, object]]:
    """Patients who stand in one table and not in another that shares patients with it."""
    members, first_rows = zip(*(np.unique(p[p >= 0], return_index=True) for p in roster.patient_of), strict=True)
    rows: list[dict[str, object]] = []
    for a, table in enumerate(tables):
        for b, other in enumerate(tables):
            if a == b:
                continue
            shared = np.intersect1d(members[a], members[b], assume_unique=True)
            missing = np.setdiff1d(members[a], members[b], assume_unique=True)
            header = table.columns["patient_id"].header
            common = {"source": table.raw.source, "sheet": table.raw.sheet, "column": header, "variable": "patient_id"}
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
                own = table.raw.rows[roster.patient_of[a] >= 0]
                row_of = dict(zip(members[a].tolist(), own[first_rows[a]].tolist(), strict=True))
                rows += [
                    {
                        **common,
                        "row": row_of[p],
                        "severity": "warning",
                        "code": "unmatched_patient",
                        "patient_id": roster.patient_ids[p],
                        "message": f"no row in {other.raw.source}; what only that table holds is unknown",
                        "action": "Check the identifier in both tables.",
                    }
                    for p in missing.tolist()
                ]
    return rows

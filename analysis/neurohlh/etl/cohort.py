"""The cohort: one row per patient, typed, with the books that say what happened to every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.clean import CleanTable
from neurohlh.etl.codebook import Codebook, Variable
from neurohlh.etl.join import Joined, Roster, call_the_roll, join_variable
from neurohlh.etl.ledger import CHANGE_COLUMNS, ISSUE_COLUMNS, Ledger, changes_of, issue_rows, issues_of, refused_cells
from neurohlh.etl.trail import Trail
from neurohlh.etl.values import State

CENSORED_WORDS = np.array([None, "right", "left"], dtype=object)
"""Indexed by the censoring sign 0, 1, -1."""


@dataclass(frozen=True)
class Cohort:
    """Everything the tables held, as one row per patient.

    Attributes
    ----------
    frame : one row per patient; `patient_id`, the variables that some source has, and their companions
        `<variable>_censored`, `<variable>_recorded` and `<variable>_unit` where they say something.
    states : uint8 frame (values of `State`), one row per patient, one column per variable: why a cell is empty.
    changes, issues : what was changed; what was refused or doubted.
    rows : counted fate of the raw rows (columns of flow.csv), from rows read to patients.
    in_conflict : per patient, whether rows of that patient contradict each other.
    trail : from a patient and a variable back to the cell.
    """

    frame: pd.DataFrame
    states: pd.DataFrame
    changes_ledger: Ledger
    issues_ledger: Ledger
    rows: pd.DataFrame
    in_conflict: np.ndarray
    trail: Trail

    @property
    def issues(self) -> pd.DataFrame:
        """Where, what, why it matters, what to do: a row per refused or doubted cell (columns of issues.csv)."""
        return self.issues_ledger.frame()

    @property
    def changes(self) -> pd.DataFrame:
        """Every cell whose written value differs from what was read (columns of changes.csv)."""
        return self.changes_ledger.frame()

    def with_issues(self, rows: pd.DataFrame) -> Cohort:
        """The cohort with further issues (columns of issues.csv)."""
        return replace(self, issues_ledger=self.issues_ledger.with_rows(rows))

    def __repr__(self) -> str:
        cells = int((self.states == State.REFUSED).to_numpy().sum())
        return (
            f"Cohort: {len(self.frame)} patients from {len(self.trail.tables)} table(s), {self.states.shape[1]} variables; "
            f"{len(self.changes_ledger)} cells changed, {cells} refused, {len(self.issues_ledger)} issues"
        )


def build_cohort(tables: Sequence[CleanTable], book: Codebook) -> Cohort:
    """Join cleaned tables into a cohort (one row per patient).

    Raises InputError if a table has no patient identifier, or no patient is left.
    """
    for table in tables:
        if "patient_id" not in table.columns:
            _ask_for_id(table)
    roster = call_the_roll(tables)
    if not len(roster.patient_ids):
        raise InputError("no row has a patient identifier", where=tables[0].raw.source, do="Fill the identifier column.")
    changes = Ledger(CHANGE_COLUMNS, (), pd.DataFrame(columns=list(CHANGE_COLUMNS)))
    issues = Ledger(ISSUE_COLUMNS, (), issue_rows([]))
    change_blocks, issue_blocks = [], []
    for table, names in zip(tables, roster.names_of, strict=True):
        change_blocks += changes_of(table.raw, table.columns.values(), names)
        issue_blocks += issues_of(table.raw, table.columns.values(), names)
    changes = replace(changes, blocks=tuple(change_blocks)).with_rows(_renamed_ids(tables, roster))
    issues = replace(issues, blocks=tuple(issue_blocks)).with_rows(_table_issues(tables, roster))
    columns, states, in_conflict, conflict_rows = _columns(tables, roster, book)
    return Cohort(
        frame=pd.DataFrame({"patient_id": roster.patient_ids, **columns}),
        states=pd.DataFrame(states),
        changes_ledger=changes,
        issues_ledger=issues.with_rows(conflict_rows),
        rows=_rows_flow(tables, roster),
        in_conflict=in_conflict,
        trail=Trail(tuple(tables), roster),
    )


def _ask_for_id(table: CleanTable) -> None:
    headers = [c.header for c in table.raw.columns if c.header]
    raise InputError(
        "no column holds the patient identifier",
        where=Location(table.raw.source, table.raw.sheet, table.raw.header_rows[-1]),
        why="rows are joined, counted and traced by it; the headers read are: "
        + ", ".join(repr(h) for h in headers[:20])
        + (", …" if len(headers) > 20 else ""),
        do='Name it in the study file, for example rename = { "<header>" = "patient_id" } under [[source]], '
        "or set header_row if the header stands in another row.",
    )


def _columns(
    tables: Sequence[CleanTable], roster: Roster, book: Codebook
) -> tuple[dict[str, object], dict[str, np.ndarray], np.ndarray, pd.DataFrame]:
    present = {name for t in tables for name in t.columns} - {"patient_id"}
    columns: dict[str, object] = {}
    states: dict[str, np.ndarray] = {}
    in_conflict = np.zeros(len(roster.patient_ids), dtype=bool)
    conflict_rows: list[pd.DataFrame] = []
    for variable in book:
        if variable.name not in present:
            continue
        joined = join_variable(variable, tables, roster)
        states[variable.name] = joined.state
        _add(columns, variable, joined, book)
        if joined.in_conflict is not None:
            in_conflict |= joined.in_conflict
            conflict_rows += [_conflict_issues(tables[k], variable, r, roster.names_of[k]) for k, r in joined.conflicts]
    _declared_centres(tables, roster, columns)
    return columns, states, in_conflict, pd.concat(conflict_rows) if conflict_rows else issue_rows([])


def _add(columns: dict[str, object], variable: Variable, joined: Joined, book: Codebook) -> None:
    """The variable's column and the companions that say something."""
    name = variable.name
    columns[name] = _series(variable, joined.values, columns.get(name))
    if joined.censored.any():
        columns[f"{name}_censored"] = CENSORED_WORDS[joined.censored]
    if not variable.numeric:
        return
    known = joined.state == State.VALUE
    elsewhere = known & (joined.unit != variable.unit)
    if f"{name}_unit" in book:  # sCD25: its unit is a variable of its own and nothing is converted
        columns[f"{name}_unit"] = joined.unit
    elif elsewhere.any() and variable.unit:
        columns[f"{name}_recorded"] = joined.recorded
        columns[f"{name}_unit"] = np.where(known, joined.unit, None)


def _series(variable: Variable, values: np.ndarray, companion: object) -> object:
    """`values` as a column; one that a companion has filled already keeps the companion's word where it has one."""
    if variable.type == "bool":
        return pd.arrays.BooleanArray(values == 1, values == -1)
    if companion is not None:
        told = np.asarray(companion, dtype=object)
        return np.where(pd.notna(told), told, values)
    return values


def _declared_centres(tables: Sequence[CleanTable], roster: Roster, columns: dict[str, object]) -> None:
    """The centre that the study file gives for a whole source, where the table has no such column."""
    if not any(t.center for t in tables):
        return
    centre = np.asarray(columns.get("center_id", np.full(len(roster.patient_ids), None, dtype=object)), dtype=object)
    for table, patient in zip(tables, roster.patient_of, strict=True):
        if table.center and "center_id" not in table.columns:
            own = patient[patient >= 0]
            centre[own] = np.where(pd.isna(centre[own]), table.center, centre[own])
    columns["center_id"] = centre


def _conflict_issues(table: CleanTable, variable: Variable, rows: np.ndarray, names: np.ndarray) -> pd.DataFrame:
    column = table.columns[variable.name]
    return pd.DataFrame(
        {
            "severity": "error",
            "code": "conflicting_rows",
            "source": table.raw.source,
            "sheet": table.raw.sheet,
            "row": table.raw.rows[rows],
            "column": column.header,
            "patient_id": names[rows],
            "variable": variable.name,
            "raw": column.raw[column.codes[rows]],
            "message": "rows of this patient say different things here, so neither is used and the patient is kept out "
            "of the analysis",
            "action": "Find out which row is right and delete or correct the other.",
        }
    )


def _renamed_ids(tables: Sequence[CleanTable], roster: Roster) -> pd.DataFrame:
    parts = []
    for table, rows, names in zip(tables, roster.renamed, roster.names_of, strict=True):
        column = table.columns["patient_id"]
        frame = pd.DataFrame({"row": table.raw.rows[rows], "patient_id": names[rows], "value": names[rows]})
        frame["raw"] = column.raw[column.codes[rows]]
        parts.append(
            frame.assign(source=table.raw.source, sheet=table.raw.sheet, column=column.header, variable="patient_id", rule="id_made_unique_by_centre")  # fmt: skip  # noqa: E501
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(CHANGE_COLUMNS))


def _table_issues(tables: Sequence[CleanTable], roster: Roster) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    frames: list[pd.DataFrame] = []
    for k, table in enumerate(tables):
        rows += _column_issues(table)
        rows += _set_aside_issues(table)
        frames.append(_lost_row_cells(table, roster.without_id[k]))
        frames.append(_identical_row_issue(table, roster.identical[k], roster.names_of[k]))
    rows += _unmatched(tables, roster)
    return pd.concat([issue_rows(rows), *frames], ignore_index=True)


def _column_issues(table: CleanTable) -> list[dict[str, object]]:
    where = {"source": table.raw.source, "sheet": table.raw.sheet, "row": table.raw.header_rows[-1]}
    rows = []
    for item in table.understood:
        if item.variable is not None:
            continue
        near = f" It is spelled like {', '.join(item.suggestions)}." if item.suggestions else ""
        ignored = item.how == "ignored"
        rows.append(
            {
                **where,
                "severity": "info" if ignored else "warning",
                "code": "ignored_column" if ignored else "unrecognised_column",
                "column": item.column.header,
                "message": item.note or f"no variable of the codebook is called so; the column is not used.{near}",
                "action": "" if ignored else f'To use it: rename = {{ "{item.column.header}" = "<variable>" }}.',
            }
        )
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
        filled = refused_cells(column, rows)
        parts.append(
            pd.DataFrame({"row": table.raw.rows[filled], "raw": column.raw[column.codes[filled]]}).assign(
                variable=name, column=column.header
            )
        )
    if not rows.size:
        return issue_rows([])
    return pd.concat(parts, ignore_index=True).assign(
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
                rows.append({**common, "severity": "info", "code": "no_shared_patients", "message": f"no patient of this table stands in {other.raw.source}; the tables are stacked", "action": ""})  # fmt: skip  # noqa: E501
            if shared.size:
                rows += [
                    {**common, "severity": "warning", "code": "unmatched_patient", "patient_id": roster.patient_ids[p], "message": f"the patient has no row in {other.raw.source}; what only that table holds is unknown", "action": "Check the identifier in both tables."}  # fmt: skip  # noqa: E501
                    for p in missing
                ]
    return rows


def _rows_flow(tables: Sequence[CleanTable], roster: Roster) -> pd.DataFrame:
    empty = sum(a.kind == "empty" for t in tables for a in t.raw.set_aside)
    other = sum(a.kind != "empty" for t in tables for a in t.raw.set_aside if a.kind != "title")
    data = sum(len(t.raw.rows) for t in tables)
    without = sum(len(r) for r in roster.without_id)
    identical = sum(len(r) for r in roster.identical)
    joined = data - without - identical - len(roster.patient_ids)
    steps = [
        ("empty_rows", "Empty rows", empty, "no cell is filled"),
        ("not_patients", "Totals, notes, section titles, repeated headers", other, "the row is no patient"),
        ("no_identifier", "Rows without a patient identifier", without, "can't be joined or counted once"),
        ("identical_rows", "Rows that repeat another row", identical, "counted once"),
        ("joined_rows", "Further rows of a patient already counted", joined, "joined into one row per patient"),
    ]
    rows, n = [], data + empty + other
    rows.append(("rows_read", "Rows read beneath the headers", n, 0, n, ""))
    for step, label, gone, reason in steps:
        rows.append((step, label, n, gone, n - gone, reason))
        n -= gone
    return pd.DataFrame(rows, columns=["step", "label", "n_in", "n_excluded", "n_out", "reason"])

"""The cohort: one row per patient, typed, with the books that say what happened to every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.clean import CleanTable
from neurohlh.etl.codebook import Codebook, Variable
from neurohlh.etl.join import Joined, Roster, call_the_roll, join_variable
from neurohlh.etl.ledger import CHANGE_COLUMNS, ISSUE_COLUMNS, Ledger, changes_of, issue_rows, issues_of, stacked
from neurohlh.etl.redcap_rows import OTHER_EVENT, OTHER_INSTANCE
from neurohlh.etl.table_issues import table_issues
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
    reports : findings read from the free text of reports, one row each (empty where none was read).
    """

    frame: pd.DataFrame
    states: pd.DataFrame
    changes_ledger: Ledger
    issues_ledger: Ledger
    rows: pd.DataFrame
    in_conflict: np.ndarray
    trail: Trail
    reports: pd.DataFrame = field(default_factory=pd.DataFrame)

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
            f"Cohort: {len(self.frame)} patients from {len(self.trail.tables)} table(s), "
            f"{self.states.shape[1]} variables; "
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
        raise InputError(
            "no row has a patient identifier", where=tables[0].raw.source, do="Fill the identifier column."
        )
    changes = Ledger(CHANGE_COLUMNS, (), pd.DataFrame(columns=list(CHANGE_COLUMNS)))
    issues = Ledger(ISSUE_COLUMNS, (), issue_rows([]))
    change_blocks, issue_blocks = [], []
    for table, names in zip(tables, roster.names_of, strict=True):
        change_blocks += changes_of(table.raw, table.columns.values(), names)
        issue_blocks += issues_of(table.raw, table.columns.values(), names)
    changes = replace(changes, blocks=tuple(change_blocks)).with_rows(_renamed_ids(tables, roster))
    issues = replace(issues, blocks=tuple(issue_blocks)).with_rows(table_issues(tables, roster))
    columns, states, in_conflict, conflict_rows = _columns(tables, roster, book)
    return Cohort(
        frame=pd.DataFrame({"patient_id": roster.patient_ids, **columns}, copy=False),
        states=pd.DataFrame(states, copy=False),
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
        conflict_rows += _contradicted(variable, joined, columns, Trail(tuple(tables), roster))
        states[variable.name] = joined.state
        _add(columns, variable, joined, book)
        if joined.in_conflict is not None:
            in_conflict |= joined.in_conflict
            conflict_rows += [_conflict_issues(tables[k], variable, r, roster.names_of[k]) for k, r in joined.conflicts]
    _declared_centres(tables, roster, columns)
    return columns, states, in_conflict, stacked(conflict_rows)


def _contradicted(variable: Variable, joined: Joined, columns: dict[str, object], trail: Trail) -> list[pd.DataFrame]:
    """Issues of a column of units, or of > and <, that says otherwise than the header or the number's own cell.

    A unit that is contradicted is unknown (emptied in `joined` and `columns`); a sign in the cell is believed.
    """
    if variable.name not in columns:
        return []
    told = np.array(columns[variable.name], dtype=object)
    doubted = (joined.state == State.VALUE) & pd.notna(told) & (told != joined.values)
    if not doubted.any():
        return []
    cells = trail.locate(variable.name, np.flatnonzero(doubted))
    if not variable.name.endswith("_unit"):
        return [cells.assign(**_SIGN_CONTRADICTED)]
    joined.values[doubted], joined.state[doubted] = None, State.REFUSED
    told[doubted] = None
    columns[variable.name] = told
    return [cells.assign(**_UNIT_CONTRADICTED)]


_UNIT_CONTRADICTED = {
    "severity": "error",
    "code": "unit_contradicted",
    "message": "this column says another unit than the header or the cell of the number, so its unit is unknown",
    "action": "Find out which of the two is right and correct the other.",
}
_SIGN_CONTRADICTED = {
    "severity": "warning",
    "code": "sign_contradicted",
    "message": "this column says otherwise than the sign before the number in its own cell; the sign is used",
    "action": "Find out which of the two is right and correct the other.",
}


def _add(columns: dict[str, object], variable: Variable, joined: Joined, book: Codebook) -> None:
    """The variable's column and the companions that say something."""
    name = variable.name
    columns[name] = _series(variable, joined.values, columns.get(name))
    if joined.censored.any():
        columns[f"{name}_censored"] = CENSORED_WORDS[joined.censored]
    if not variable.numeric:
        return
    if f"{name}_unit" in book:  # sCD25: its unit is a variable of its own and nothing is converted
        known = joined.state == State.VALUE
        own = np.array([None, variable.unit], dtype=object)[known.astype(int)]
        columns[f"{name}_unit"] = joined.unit if joined.in_other_unit else own
    elif joined.in_other_unit and variable.unit:
        columns[f"{name}_recorded"] = joined.recorded
        columns[f"{name}_unit"] = joined.unit


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
            frame.assign(
                source=table.raw.source,
                sheet=table.raw.sheet,
                column=column.header,
                variable="patient_id",
                rule="id_made_unique_by_centre",
            )
        )
    return stacked(parts, CHANGE_COLUMNS)


def _rows_flow(tables: Sequence[CleanTable], roster: Roster) -> pd.DataFrame:
    empty = sum(a.kind == "empty" for t in tables for a in t.raw.set_aside)
    unread = sum(a.kind in (OTHER_EVENT, OTHER_INSTANCE) for t in tables for a in t.raw.set_aside)
    other = sum(a.kind not in ("empty", "title") for t in tables for a in t.raw.set_aside) - unread
    data = sum(len(t.raw.rows) for t in tables)
    without = sum(len(r) for r in roster.without_id)
    identical = sum(len(r) for r in roster.identical)
    joined = data - without - identical - len(roster.patient_ids)
    steps = [
        ("empty_rows", "Rows that hold anything", empty, "empty rows"),
        ("not_patients", "Rows of patients", other, "totals, notes, section titles, repeated headers"),
        (
            "no_identifier",
            "Rows with a patient identifier",
            without,
            "rows without one can't be joined or counted once",
        ),
        ("identical_rows", "Different rows", identical, "rows that repeat another row of the patient"),
        ("joined_rows", "Patients", joined, "further rows of a patient, joined into one"),
    ]
    if unread:
        unread_words = "rows of other events or instances of a REDCap project"
        steps.insert(2, ("other_events", "Rows of the events and instances that are read", unread, unread_words))
    rows, n = [], data + empty + other + unread
    rows.append(("rows_read", "Rows read beneath the headers", n, 0, n, ""))
    for step, label, gone, reason in steps:
        rows.append((step, label, n, gone, n - gone, reason))
        n -= gone
    return pd.DataFrame(rows, columns=["step", "label", "n_in", "n_excluded", "n_out", "reason"])

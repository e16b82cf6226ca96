"""Rows of several tables become one row per patient: joined, de-duplicated, and in conflict said to be so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from neurohlh.etl.clean import CleanColumn, CleanTable
from neurohlh.etl.codebook import Variable
from neurohlh.etl.units import tables as tables_of_units
from neurohlh.etl.values import State

DROPPED = -1
"""Patient number of a row that is no patient's: without an identifier, or identical to another."""


@dataclass(frozen=True)
class Roster:
    """Who the rows belong to.

    `patient_of` holds, per table, the patient number of every data row (int64; `DROPPED` where the row is left out).
    """

    patient_ids: np.ndarray
    patient_of: tuple[np.ndarray, ...]
    names_of: tuple[np.ndarray, ...]
    """Per table, the patient identifier of every data row (object; None where there is none, or where it names patients
    of several centres and the row names no centre)."""
    without_id: tuple[np.ndarray, ...]
    identical: tuple[np.ndarray, ...]
    renamed: tuple[np.ndarray, ...]
    """Per table, positions of rows whose identifier was made unique by the centre."""


@dataclass(frozen=True)
class Joined:
    """One variable over all patients, and the rows that contradict each other.

    Arrays have one entry per patient. `conflicts` are (table number, row positions) of contradicting cells. Where every
    value was recorded in the codebook's unit (`in_other_unit` is False) `recorded` and `unit` say nothing.
    """

    values: np.ndarray
    state: np.ndarray
    censored: np.ndarray
    recorded: np.ndarray
    unit: np.ndarray
    conflicts: tuple[tuple[int, np.ndarray], ...] = ()
    in_conflict: np.ndarray | None = None
    in_other_unit: bool = True


def call_the_roll(tables: Sequence[CleanTable]) -> Roster:
    """Number the patients in the order in which they first appear.

    The same identifier at two centres names two patients; it is then written 'centre/identifier', and a row with such
    an identifier and no centre is nobody's.
    """
    ids = [t.columns["patient_id"].per_row(t.columns["patient_id"].values) for t in tables]
    centres = [_centres(t) for t in tables]
    names, renamed = _unique_by_centre(ids, centres)
    whole = np.concatenate(names)
    numbers, patient_ids = pd.factorize(whole)
    offsets = np.cumsum([0, *(len(n) for n in names)])
    patient_of = [numbers[a:b].copy() for a, b in pairwise(offsets)]
    without = [np.flatnonzero(p < 0) for p in patient_of]
    identical = [_identical_rows(t, p) for t, p in zip(tables, patient_of, strict=True)]
    for p, rows in zip(patient_of, identical, strict=True):
        p[rows] = DROPPED
    return Roster(
        np.asarray(patient_ids), tuple(patient_of), tuple(names), tuple(without), tuple(identical), tuple(renamed)
    )


def _centres(table: CleanTable) -> np.ndarray:
    if "center_id" in table.columns:
        column = table.columns["center_id"]
        return column.per_row(column.values)
    return np.full(len(table.raw.rows), table.center, dtype=object)


def _unique_by_centre(ids: list[np.ndarray], centres: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    pairs = pd.DataFrame({"id": np.concatenate(ids), "centre": np.concatenate(centres)})
    known = pairs.dropna()
    shared = pd.Index([])
    if known["centre"].nunique() > 1:
        per_id = known.drop_duplicates()["id"]
        shared = pd.Index(per_id[per_id.duplicated()].unique())
    names, renamed = [], []
    for own, centre in zip(ids, centres, strict=True):
        doubtful = pd.Index(own).isin(shared) if len(shared) else np.zeros(len(own), dtype=bool)
        rows = np.flatnonzero(doubtful & pd.notna(centre))
        name = own.copy()
        name[doubtful] = None
        name[rows] = [f"{c}/{i}" for c, i in zip(centre[rows], own[rows], strict=True)]
        names.append(name)
        renamed.append(rows)
    return names, renamed


def _identical_rows(table: CleanTable, patient: np.ndarray) -> np.ndarray:
    """Rows that repeat an earlier row of the same patient in every recognised column."""
    repeated = np.flatnonzero(pd.Series(patient).duplicated(keep=False).to_numpy() & (patient >= 0))
    if not repeated.size:
        return repeated
    cells = pd.DataFrame({name: column.codes[repeated] for name, column in table.columns.items()})
    return repeated[cells.duplicated().to_numpy()]


def join_variable(variable: Variable, tables: Sequence[CleanTable], roster: Roster) -> Joined:
    """One value per patient from every table that has the variable; contradicting values give none."""
    n = len(roster.patient_ids)
    parts = [(k, t.columns[variable.name]) for k, t in enumerate(tables) if variable.name in t.columns]
    rows = [np.flatnonzero(roster.patient_of[k] >= 0) for k, _ in parts]
    patient = np.concatenate([roster.patient_of[k][r] for (k, _), r in zip(parts, rows, strict=True)])
    columns = [c for _, c in parts]
    elsewhere = variable.numeric and any(c.in_other_unit for c in columns)
    if np.array_equal(patient, np.arange(n)):
        values, state, censored = (_gather(name, columns, rows) for name in FACTS[:3])
        if not elsewhere:
            return Joined(values, state, censored, np.zeros(0), np.zeros(0, dtype=object), in_other_unit=False)
        return Joined(values, state, censored, _gather("recorded", columns, rows), _gather("unit", columns, rows))
    joined = Joined(
        values=_empty(variable, n),
        state=np.full(n, State.NO_COLUMN, dtype=np.uint8),
        censored=np.zeros(n, dtype=np.int8),
        recorded=np.full(n, np.nan),
        unit=np.full(n, None, dtype=object),
        in_other_unit=elsewhere,
    )
    chosen, clashing = np.arange(len(patient)), np.array([], dtype=int)
    if np.bincount(patient, minlength=1).max() > 1:
        facts = {name: _gather(name, columns, rows) for name in ("state", "censored", "shown")}
        if variable.name in tables_of_units().reading["never_converted"]:  # 5000 U/mL and 5000 pg/mL are not the same
            facts["shown"] = facts["shown"] + np.array([u or "" for u in _gather("unit", columns, rows)], dtype=object)
        chosen, clashing = _choose(patient, facts)
    for name in FACTS:
        getattr(joined, name)[patient[chosen]] = _gather(name, columns, rows)[chosen]
    if not clashing.size:
        return joined
    return _with_conflicts(joined, variable, parts, rows, patient, clashing)


FACTS = ("values", "state", "censored", "recorded", "unit")


def _gather(name: str, columns: Sequence[CleanColumn], rows: Sequence[np.ndarray]) -> np.ndarray:
    """One of the columns' arrays, row by row."""
    found = [getattr(c, name)[c.codes[r]] for c, r in zip(columns, rows, strict=True)]
    return found[0] if len(found) == 1 else np.concatenate(found)


def _empty(variable: Variable, n: int) -> np.ndarray:
    if variable.numeric:
        return np.full(n, np.nan)
    if variable.type == "bool":
        return np.full(n, -1, dtype=np.int8)
    if variable.type == "date":
        return np.full(n, "NaT", dtype="datetime64[s]")
    return np.full(n, None, dtype=object)


def _choose(patient: np.ndarray, gathered: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Per patient the entry that tells most (value, reason, blank in that order), and entries that contradict it."""
    state = gathered["state"]
    worth = np.where(state == State.VALUE, 0, np.where(state == State.BLANK, 2, 1))
    order = np.lexsort((np.arange(len(patient)), worth, patient))
    first = np.r_[True, patient[order][1:] != patient[order][:-1]]
    chosen = order[first]
    text = pd.factorize(gathered["shown"])[0] * 3 + gathered["censored"]
    leader = np.repeat(chosen, np.diff(np.r_[np.flatnonzero(first), len(order)]))
    differs = (text[order] != text[leader]) & (state[order] == State.VALUE)
    clashing_patients = np.unique(patient[order][differs])
    return chosen, np.flatnonzero(np.isin(patient, clashing_patients) & (state == State.VALUE))


def _with_conflicts(
    joined: Joined,
    variable: Variable,
    parts: list[tuple[int, CleanColumn]],
    rows: list[np.ndarray],
    patient: np.ndarray,
    clashing: np.ndarray,
) -> Joined:
    who = np.unique(patient[clashing])
    blank = _empty(variable, len(who))
    joined.values[who], joined.state[who], joined.censored[who] = blank, State.REFUSED, 0
    joined.recorded[who], joined.unit[who] = np.nan, None
    marks = np.zeros(len(joined.values), dtype=bool)
    marks[who] = True
    offsets = np.cumsum([0, *(len(r) for r in rows)])
    conflicts = []
    for (k, _), r, a, b in zip(parts, rows, offsets[:-1], offsets[1:], strict=True):
        inside = clashing[(clashing >= a) & (clashing < b)] - a
        if inside.size:
            conflicts.append((k, r[inside]))
    return replace(joined, conflicts=tuple(conflicts), in_conflict=marks)

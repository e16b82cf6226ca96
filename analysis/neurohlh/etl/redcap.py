"""A REDCap project's export, understood by its data dictionary: labels for columns, words for codes, chosen rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.codebook import Codebook, codebook
from neurohlh.etl.read import read_table
from neurohlh.etl.redcap_cells import (
    BOX_WORDS,
    COMPLETE,
    RAW,
    selected,
    unanswered,
    with_unanswered,
    written_as,
)
from neurohlh.etl.redcap_dictionary import Field, fingerprint_note, read_dictionary
from neurohlh.etl.redcap_header import EVENT, GROUP, INSTANCE, INSTRUMENT, Place, places
from neurohlh.etl.redcap_levels import box_levels, field_levels
from neurohlh.etl.redcap_rows import RowChoice, left_out
from neurohlh.etl.table import Distinct, RawColumn, RawTable, SetAside

_OWN = {
    EVENT: "REDCap's own column: the event, by which the rows were chosen",
    INSTRUMENT: "REDCap's own column: the repeating instrument, by which the rows were chosen",
    INSTANCE: "REDCap's own column: the instance, by which the rows were chosen",
    "status": "REDCap's own column: whether the form is marked complete",
    "survey": "REDCap's own column: about the survey, not the patient",
    "not_known": "REDCap's own column: the box of a missing-data code, which leaves the question's empty boxes unknown",
}


@dataclass(frozen=True)
class Project:
    """What a study declares about an export: its dictionary, the rows to read, and how empty boxes are read."""

    dictionary: str
    """The data dictionary's path, relative to the study."""
    rows: RowChoice = field(default_factory=RowChoice)
    missing: frozenset[str] = frozenset()
    """The project's missing-data codes."""
    unticked: str = "unknown"
    """What a question without a ticked box says on a completed form: 'unknown' or 'no'."""


def read_redcap(path: Path, project: Project, folder: Path, *, name: str) -> RawTable:
    """The export at `path` (raw or with labels) as a raw table; the dictionary's path is relative to `folder`.

    The record identifier is the patient's, the data access group the centre. Rows of other events and instances are
    set aside, cell by cell. Raises InputError where the dictionary does not fit the export, where a cell is none of
    its field's choices, and where the project is longitudinal or repeats and nobody said what to read.
    """
    dictionary = read_dictionary(folder / project.dictionary, project.dictionary)
    raw = read_table(path, name=name, header_row=1)
    where = Location(raw.source)
    headers = [column.header for column in raw.columns]
    found = places(headers, dictionary, project.missing, where)
    mode = written_as(raw.columns, found, raw.rows, project.missing, where)
    why = _left_out(raw, found, project.rows, where)
    kept = np.flatnonzero(why == "")
    if not len(kept):
        raise InputError("no row is left to read", where=where, do="Look at `event` and `repeats` of the source.")
    boxes = _unanswered(raw, found, kept, project.unticked, where)
    book = codebook()
    columns = tuple(_column(c, p, kept, boxes, book) for c, p in zip(raw.columns, found, strict=True))
    return replace(
        raw,
        rows=raw.rows[kept],
        columns=columns,
        set_aside=(*raw.set_aside, *_set_aside(raw, why)),
        empty_columns=tuple(column.header for column in columns if not column.cells.texts),
        value_labels=_value_labels(columns, found, mode),
        notes=(*raw.notes, fingerprint_note(dictionary), f"choices are written as {mode}"),
    )


def _texts(column: RawColumn) -> list[str]:
    cells = column.cells
    return [cells.texts[code] if code >= 0 else "" for code in cells.codes.tolist()]


def _left_out(raw: RawTable, found: Sequence[Place], choice: RowChoice, where: Location) -> np.ndarray:
    own = {place.kind: _texts(c) for c, place in zip(raw.columns, found, strict=True) if place.kind in _OWN}
    record = _texts(raw.columns[0])
    return left_out(record, own.get(EVENT), own.get(INSTRUMENT), own.get(INSTANCE), choice, where)


def _set_aside(raw: RawTable, why: np.ndarray) -> list[SetAside]:
    rows = np.flatnonzero(why != "")
    texts = [(column.header, _texts(column)) for column in raw.columns] if len(rows) else []
    return [
        SetAside(int(raw.rows[i]), str(why[i]), tuple((header, column[i]) for header, column in texts if column[i]))
        for i in rows
    ]


def _unanswered(
    raw: RawTable, found: Sequence[Place], kept: np.ndarray, unticked: str, where: Location
) -> Mapping[str, np.ndarray]:
    """Per question with boxes and per row that is read: whether an empty box says nothing."""
    by_form: dict[str, list[tuple[Place, Distinct]]] = {}
    complete: dict[str, np.ndarray] = {}
    for column, place in zip(raw.columns, found, strict=True):
        cells = selected(column, kept) if place.kind in ("box", "not_known", "status") else None
        if place.field is not None and cells is not None:
            by_form.setdefault(place.field.form, []).append((place, cells))
        elif cells is not None and place.form:
            complete[place.form] = np.isin(cells.codes, [k for k, t in enumerate(cells.texts) if t in COMPLETE])
    said: dict[str, np.ndarray] = {}
    for form, boxes in by_form.items():
        if unticked == "no" and form not in complete:
            raise InputError(
                f"unticked = \"no\" needs the column '{form}_complete', which the export does not have",
                where=where,
                why="On a form that nobody completed an empty box says nothing.",
                do="Export the raw data with the status of the forms, or take `unticked` out.",
            )
        said |= unanswered(boxes, complete[form] if unticked == "no" else None, len(kept))
    return said


def _column(
    column: RawColumn, place: Place, kept: np.ndarray, boxes: Mapping[str, np.ndarray], book: Codebook
) -> RawColumn:
    """The column under the levels by which it is understood, called as the export calls it."""
    chosen = replace(column, read_cells=partial(selected, column, kept), called=column.header)
    if place.kind == GROUP:
        return replace(chosen, levels=("center_id",))
    if place.kind in _OWN:
        return replace(chosen, unused=("ignored", _OWN[place.kind]))
    item = _field(place)
    if column.position == 0:
        return replace(chosen, levels=("patient_id",))
    if place.kind == "box":
        cells = partial(_box, column, kept, boxes[item.name])
        return replace(chosen, levels=box_levels(item, place.code, book), read_cells=cells)
    levels, why = field_levels(item, book)
    if not why and book.find(item.label) == "patient_id":
        why = "the record identifier of the project names the patients"
    return replace(chosen, levels=levels, unused=("unrecognised", why) if why else None)


def _box(column: RawColumn, kept: np.ndarray, nothing: np.ndarray) -> Distinct:
    return with_unanswered(selected(column, kept), nothing)


def _field(place: Place) -> Field:
    assert place.field is not None, "only REDCap's own columns have no field"
    return place.field


def _value_labels(columns: Sequence[RawColumn], found: Sequence[Place], mode: str) -> dict[str, dict[str, str]]:
    """Header -> cell -> word: the choices where codes are written, and what a ticked and an empty box say."""
    labels: dict[str, dict[str, str]] = {}
    for column, place in zip(columns, found, strict=True):
        if place.kind == "box":
            labels[column.key] = BOX_WORDS
        elif place.kind == "field" and place.field is not None and place.field.choices and mode == RAW:
            labels[column.key] = dict(place.field.choices)
    return labels

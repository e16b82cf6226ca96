"""The data dictionary of a REDCap project: its fields with their labels, choices and forms."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.read_cells import stripped
from neurohlh.etl.read_encoding import text_bytes

_COLUMNS = {
    "name": ("variable / field name", "field_name"),
    "form": ("form name", "form_name"),
    "section": ("section header", "section_header"),
    "type": ("field type", "field_type"),
    "label": ("field label", "field_label"),
    "choices": ("choices, calculations, or slider labels", "select_choices_or_calculations"),
    "note": ("field note", "field_note"),
    "identifier": ("identifier?", "identifier"),
}
"""Attribute -> the column's name in a dictionary that is downloaded, and in one that the API gives."""
_NEEDED = ("name", "form", "type", "label", "choices")
_FIXED = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}
_CHOSEN = ("radio", "dropdown", "checkbox")
_NOT_EXPORTED = ("descriptive",)


@dataclass(frozen=True)
class Field:
    """One field of the project; texts without the markup that REDCap allows in them."""

    name: str
    form: str
    type: str
    label: str
    choices: Mapping[str, str] = field(default_factory=dict)
    """Code -> label, for the fields that have choices (yes/no and true/false included)."""
    section: str = ""
    """The section of the form in which the field stands."""
    note: str = ""
    identifier: bool = False

    @property
    def ticked(self) -> bool:
        """Whether it is a question with a box per choice, each exported as a column."""
        return self.type == "checkbox"

    def box(self, code: str) -> str:
        """The header of the box of a choice in a raw export."""
        return f"{self.name}___{re.sub('[^a-z0-9]', '_', code.lower())}"


@dataclass(frozen=True)
class Dictionary:
    """The fields in the project's order, the record identifier first."""

    name: str
    fields: tuple[Field, ...]
    sha256: str

    @property
    def record(self) -> Field:
        """The record identifier."""
        return self.fields[0]

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The forms in their order."""
        return tuple(dict.fromkeys(f.form for f in self.fields))


def read_dictionary(path: Path, name: str) -> Dictionary:
    """The data dictionary in a csv file, as REDCap's page or its API gives it.

    Raises InputError where the file is no data dictionary, and for choices that can't be read.
    """
    where = Location(name)
    if not path.is_file():
        raise InputError("there is no such data dictionary", where=where, do=f"Check the path {path.name}.")
    content = text_bytes(path, name)
    records = list(csv.reader(io.StringIO(content.data.to_pybytes().decode("utf-8"), newline="")))
    places = _places(records[0], where)
    fields: list[Field] = []
    section = ""
    for row, record in enumerate(records[1:], start=2):
        cells = {key: stripped(record[j]) if j < len(record) else "" for key, j in places.items()}
        if not cells["name"]:
            continue
        new_form = not fields or fields[-1].form != cells["form"]
        section = cleaned(cells.get("section", "")) or ("" if new_form else section)
        if cells["type"] not in _NOT_EXPORTED:
            fields.append(_field(cells, section, Location(name, row=row)))
    if not fields:
        raise InputError("the data dictionary has no field", where=where, do="Download it from the project again.")
    return Dictionary(name, tuple(fields), content.sha256)


def _places(header: Sequence[str], where: Location) -> dict[str, int]:
    """Attribute -> position of its column."""
    found = {stripped(text).casefold(): j for j, text in enumerate(header)}
    places = {key: found[n] for key, names in _COLUMNS.items() for n in names if n in found}
    missing = [_COLUMNS[key][0] for key in _NEEDED if key not in places]
    if missing:
        raise InputError(
            f"this is no REDCap data dictionary: it has no column {missing[0]!r}",
            where=where,
            why="Without it the codes of the export can't be told from numbers, nor its columns from each other.",
            do="In REDCap: Project Setup, Data Dictionary, download the current one (csv), and leave it as it is.",
        )
    return places


def _field(cells: Mapping[str, str], section: str, where: Location) -> Field:
    kind = cells["type"].lower()
    choices = _FIXED.get(kind, {})
    if kind in _CHOSEN:
        choices = _choices(cells["choices"], where)
    return Field(
        name=cells["name"],
        form=cells["form"],
        type=kind,
        label=cleaned(cells["label"]) or cells["name"],
        choices=choices,
        section=section,
        note=cleaned(cells.get("note", "")),
        identifier=cells.get("identifier", "").lower() == "y",
    )


def _choices(text: str, where: Location) -> dict[str, str]:
    """'1, Yes | 0, No' -> {'1': 'Yes', '0': 'No'}; a label may hold commas."""
    found: dict[str, str] = {}
    for part in re.split(r"\||\n", text):
        code, comma, label = (stripped(piece) for piece in part.partition(","))
        if not code and not comma:
            continue
        if not comma or not code or code in found:
            raise InputError(
                "a choice has no code and label of its own",
                where=Location(where.source, row=where.row, column=_COLUMNS["choices"][0]),
                why="A code without its label can't be understood.",
                do="Write every choice as code, label, with | between them; no code twice.",
            )
        found[code] = cleaned(label) or code
    return found


_TAG = re.compile(r"<[^<>]*>")


def cleaned(text: str) -> str:
    """A label as a reader of the form sees it: without markup, entities and line breaks."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split()) if text else ""


def fingerprint_note(dictionary: Dictionary) -> str:
    """What the reader says about the dictionary that it used."""
    named = sum(f.identifier for f in dictionary.fields)
    said = (
        f"read by the data dictionary {dictionary.name} ({len(dictionary.fields)} fields, sha256 {dictionary.sha256})"
    )
    return f"{said}; it marks {named} of them as identifiers" if named else said

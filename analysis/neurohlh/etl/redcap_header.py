"""What each column of a REDCap export is: a field, a box of one, the form's status, or a column of REDCap's own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.redcap_dictionary import Dictionary, Field, cleaned

EVENT, INSTRUMENT, INSTANCE, GROUP = "event", "instrument", "instance", "group"
_OWN = {
    "redcap_event_name": EVENT,
    "event name": EVENT,
    "redcap_repeat_instrument": INSTRUMENT,
    "repeat instrument": INSTRUMENT,
    "redcap_repeat_instance": INSTANCE,
    "repeat instance": INSTANCE,
    "redcap_data_access_group": GROUP,
    "data access group": GROUP,
    "redcap_survey_identifier": "survey",
    "survey identifier": "survey",
    "survey timestamp": "survey",
    "complete?": "status",
}
"""The columns that REDCap adds, by their raw and their labelled header in small letters."""
_MANY = 8


@dataclass(frozen=True)
class Place:
    """What one column is: 'field', 'box' (of a choice), 'not_known' (box of a missing-data code) or REDCap's own."""

    kind: str
    field: Field | None = None
    code: str = ""
    form: str = ""
    """For the status of a form: which."""


def places(headers: Sequence[str], dictionary: Dictionary, missing: frozenset[str], where: Location) -> list[Place]:
    """What every column is, in the export's order.

    Raises InputError where the dictionary does not fit: the record identifier is not first, a column is none of the
    dictionary's, or a labelled header stands for several fields.
    """
    raw = headers[0] == dictionary.record.name
    if not raw and cleaned(headers[0]) != dictionary.record.label:
        raise InputError(
            f"the export does not begin with the record identifier {dictionary.record.name!r}",
            where=where,
            why="The first field of a data dictionary is the record identifier, and every export begins with it; this "
            "dictionary is another project's, or the columns were moved.",
            do="Export the data and download the dictionary again, and leave both as they are.",
        )
    found = _raw_places(headers, dictionary, missing) if raw else _labelled_places(headers, dictionary, where)
    lost = [h for h, place in zip(headers, found, strict=True) if place is None]
    if lost:
        more = f" and {len(lost) - _MANY} more" if len(lost) > _MANY else ""
        raise InputError(
            f"the data dictionary has no field for {', '.join(map(repr, lost[:_MANY]))}{more}",
            where=where,
            why="The dictionary is another project's or an older version: its codes may mean something else.",
            do=f"Export the data and download the dictionary {dictionary.name} again, on the same day.",
        )
    return [place for place in found if place is not None]


def _raw_places(headers: Sequence[str], dictionary: Dictionary, missing: frozenset[str]) -> list[Place | None]:
    known: dict[str, Place] = {name: Place(kind) for name, kind in _OWN.items() if " " not in name and "?" not in name}
    for form in dictionary.forms:
        known[f"{form}_complete"] = Place("status", form=form)
        known[f"{form}_timestamp"] = Place("survey")
        known[f"{form}_return_code"] = Place("survey")
    for item in dictionary.fields:
        if not item.ticked:
            known[item.name] = Place("field", item)
            continue
        known |= {item.box(code): Place("not_known", item, code) for code in missing}
        known |= {item.box(code): Place("box", item, code) for code in item.choices}
    return [known.get(header) for header in headers]


def _labelled_places(headers: Sequence[str], dictionary: Dictionary, where: Location) -> list[Place | None]:
    """By label; a label that several fields have is told apart by the order, where all of them are exported."""
    labels = [cleaned(header) for header in headers]
    named: dict[str, list[Place]] = defaultdict(list)
    for item in dictionary.fields:
        if not item.ticked:
            named[item.label].append(Place("field", item))
        for code, choice in item.choices.items() if item.ticked else ():
            named[f"{item.label} (choice={choice})"].append(Place("box", item, code))
    for label, times in Counter(labels).items():
        if label in named and len(named[label]) != times:
            raise InputError(
                f"the header {label!r} stands for {len(named[label])} fields of the data dictionary, and the export "
                f"has {times} columns so called",
                where=where,
                why="Which field a column holds could only be guessed.",
                do="Export the raw data (csv, raw), whose headers are the fields' names.",
            )
    own = [Place(kind) if (kind := _OWN.get(label.lower())) and label not in named else None for label in labels]
    return [
        place or (named[label].pop(0) if named.get(label) else None) for place, label in zip(own, labels, strict=True)
    ]

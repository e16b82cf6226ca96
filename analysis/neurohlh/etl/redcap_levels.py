"""How the columns of a REDCap export are understood: by form, section and label, with the field's name beside them."""

from __future__ import annotations

from neurohlh.etl.codebook import Codebook, header_key
from neurohlh.etl.header_words import group_of
from neurohlh.etl.headers import Reading, read_header
from neurohlh.etl.redcap_dictionary import Field
from neurohlh.etl.units import parse_unit, read_unit, split_unit

Levels = tuple[str, ...]


def field_levels(item: Field, book: Codebook) -> tuple[Levels, str]:
    """The header by which a field is understood, top first, and why it may not be used ('' where it may).

    The label decides. A field's name is believed where the label is not known, and only while the label's words allow
    it; where the name is the codebook's own of another variable than the label's, neither is used. A unit in the field
    note counts as the label's.
    """
    upper = tuple(text for text in (item.form.replace("_", " "), item.section) if text and group_of(text) is not None)
    reading = read_header((*upper, item.label), book)
    named = read_header((*upper, item.name), book)
    if reading.variable is None and (reading.note or not _name_allowed(named, item.label, book)):
        return (*upper, item.label), ""
    # Only a name of the codebook speaks against a label; a short one (fu) may stand for anything.
    said_otherwise = item.name in book and named.variable not in (None, reading.variable)
    if reading.variable is not None and said_otherwise:
        return (*upper, item.label), f"its label spells {reading.variable}, its field name {named.variable}"
    unit, why = _unit(reading.unit or split_unit(item.label)[1], item.note)
    if why:
        return (*upper, item.label), why
    lowest = item.label if reading.variable is not None else item.name
    return (*upper, lowest if unit is None or reading.unit else f"{lowest} ({unit})"), ""


def _name_allowed(named: Reading, label: str, book: Codebook) -> bool:
    """Whether the label leaves the variable that the field's name spells as it is: 'Ferritin, day 28' does not."""
    group = group_of(label)
    return named.variable is not None and (group is None or group.allows(book[named.variable]))


def _unit(labelled: str | None, note: str) -> tuple[str | None, str]:
    """The unit of label and field note together, and why there is none although they name one."""
    noted = parse_unit(note)
    if labelled is None or noted is None:
        return labelled or noted, ""
    one, other = read_unit(labelled), read_unit(noted)
    if one and other and (one.kind, one.scale) != (other.kind, other.scale):
        return None, f"its label is in {labelled}, its field note says {noted}"
    return labelled, ""


def box_levels(item: Field, code: str, book: Codebook) -> Levels:
    """The header by which a box is understood: the question over its choice.

    Where the question is none that is known (adverse events under treatment), the choice alone would be a guess.
    """
    known = group_of(item.label) is not None or book.find(item.label) is not None
    choice = item.choices[code]
    if not known or header_key(choice) == "":
        return (f"{item.label} (choice={choice})",)
    upper = tuple(text for text in (item.form.replace("_", " "), item.section) if text and group_of(text) is not None)
    return (*upper, item.label, choice)

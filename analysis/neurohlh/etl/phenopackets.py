"""A folder or cohort of GA4GH phenopackets (schema 2) as a table: present is yes, excluded is no, absent is unknown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.codebook import codebook
from neurohlh.etl.hpo import LOCAL, Term, terms
from neurohlh.etl.layout import Header
from neurohlh.etl.parsed import number_text
from neurohlh.etl.read import raw_table
from neurohlh.etl.read_cells import distinct_values
from neurohlh.etl.read_grid import CellGrid
from neurohlh.etl.read_loaded import Loaded
from neurohlh.etl.table import RawTable

Json = Mapping[str, Any]
_SEVERAL = " | "
"""Between different values of one patient for one column, which no cell can hold: it will be refused, and named."""
_NAMED = 20


@dataclass(frozen=True)
class Packet:
    """One phenopacket and the file it stands in."""

    file: str
    content: Json


def is_phenopackets(path: Path) -> bool:
    """Whether the path is a folder of .json files, or one such file."""
    return path.suffix.lower() == ".json" or (path.is_dir() and any(path.glob("*.json")))


def read_phenopackets(path: Path, name: str) -> RawTable:
    """The phenopackets at `path` as a raw table, one row each, in the order of the files' names.

    Findings and measurements that the codebook knows stand under its variables' names; every other term keeps a column
    of its own, called by its identifier and label. Raises InputError for files that are no phenopackets of schema 2.
    """
    packets = list(_packets(path, name))
    if not packets:
        raise InputError("there is no phenopacket", where=name, do="Name a folder with .json files.")
    rows = [_cells(packet) for packet in packets]
    headers = list(dict.fromkeys(header for row in rows for header in row))
    columns = [
        partial(distinct_values, [_SEVERAL.join(dict.fromkeys(row.get(h, ()))) or None for row in rows])
        for h in headers
    ]
    loaded = Loaded(
        CellGrid(columns, len(packets), first_row=2),
        Header((), tuple((header,) for header in headers)),
        _sha256(packets),
        notes=(_counted(packets),),
    )
    return raw_table(loaded, name)


def _counted(packets: Sequence[Packet]) -> str:
    shown = ", ".join(f"row {i} is {p.file}" for i, p in enumerate(packets[:_NAMED], start=2))
    return f"one row per phenopacket, in the order of the files: {shown}" + (", …" if len(packets) > _NAMED else "")


def _packets(path: Path, name: str) -> Iterator[Packet]:
    if not path.exists():
        raise InputError("there is no such file or folder", where=name, do="Check the path.")
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    for file in files:
        where = Location(name, file.name if path.is_dir() else "")
        content = _camel(_json(file, where))
        members = content.get("members") if isinstance(content, dict) else content
        if isinstance(content, dict) and ("proband" in content or "relatives" in content):
            raise InputError(
                "this is a family, not a phenopacket", where=where, do="Give the affected patients as phenopackets."
            )
        for member in members if isinstance(members, list) else [content]:
            _check(member, where)
            yield Packet(file.name, member)


def _json(file: Path, where: Location) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(
            "this is no JSON", where=Location(where.source, where.sheet, line), do="Export the phenopackets again."
        ) from None


def _camel(content: Any) -> Any:
    """The same content with the names of the JSON form, whatever form of them was written (phenotypic_features)."""
    if isinstance(content, list):
        return [_camel(item) for item in content]
    if not isinstance(content, dict):
        return content
    renamed = {}
    for key, value in content.items():
        first, *rest = str(key).split("_")
        renamed[first + "".join(part.capitalize() for part in rest)] = _camel(value)
    return renamed


def _check(content: Any, where: Location) -> None:
    """Raise InputError for what is no phenopacket of schema 2, where 'excluded' would be read as present."""
    if not isinstance(content, dict) or not ({"subject", "phenotypicFeatures"} & set(content)):
        raise InputError("this is no phenopacket", where=where, do="Keep other JSON files out of the folder.")
    version = str(content.get("metaData", {}).get("phenopacketSchemaVersion", ""))
    old = any("negated" in feature for feature in content.get("phenotypicFeatures", []))
    if old or not version.startswith("2"):
        said = f"its schema version is {version!r}" if version else "it does not name its schema version"
        raise InputError(
            f"only phenopackets of schema 2 are read, and {said}",
            where=where,
            why="Schema 1 writes an excluded finding otherwise; read as schema 2 it would be present.",
            do="Convert the files to schema 2, for example with the phenopacket tools of GA4GH.",
        )
    if not content.get("subject", {}).get("id"):
        raise InputError("the phenopacket names no subject", where=where, do="Give subject.id.")


def _cells(packet: Packet) -> dict[str, list[str]]:
    """Column -> the texts of one packet; more than one where it says different things."""
    content, cells = packet.content, dict[str, list[str]]()

    def say(header: str, text: str) -> None:
        if text:
            cells.setdefault(header, []).append(text)

    for header, text in _of_subject(content["subject"]):
        say(header, text)
    for feature in content.get("phenotypicFeatures", []):
        for header, text in _of_feature(feature):
            say(header, text)
    for measurement in content.get("measurements", []):
        say(*_of_measurement(measurement))
    for disease in content.get("diseases", []):
        say(_named(disease.get("term", {})), "no" if disease.get("excluded") else "yes")
    return cells


def _of_subject(subject: Json) -> Iterator[tuple[str, str]]:
    yield "patient_id", str(subject["id"])
    sex = str(subject.get("sex", ""))
    yield "sex", "" if sex == "UNKNOWN_SEX" else sex
    yield "date_birth", str(subject.get("dateOfBirth", "")).partition("T")[0]
    vital = subject.get("vitalStatus", {})
    status = str(vital.get("status", ""))
    yield "death", {"DECEASED": "yes", "ALIVE": "no"}.get(status, "")
    if "survivalTimeInDays" in vital:
        yield "followup_days", str(vital["survivalTimeInDays"])


def _of_feature(feature: Json) -> list[tuple[str, str]]:
    """What a feature says: of variables, else of the term itself in a column of its own."""
    kind, excluded = feature.get("type", {}), bool(feature.get("excluded"))
    own = str(kind.get("id", "")).removeprefix(f"{LOCAL}:")
    if own != kind.get("id") and own in codebook():
        if codebook()[own].type == "tri":
            return [(own, "not_met" if excluded else "met")]
        return [(own, "no" if excluded else "yes")]
    said = [(term.variable, term.says(excluded)) for term in _meant(kind)]
    told = [(variable, text) for variable, text in said if text]
    return told or [(_named(kind), "no" if excluded else "yes")]


def _meant(kind: Json) -> list[Term]:
    """The rows of the table for a term; one that is not verified counts only beside its own label."""
    label = str(kind.get("label", "")).casefold()
    return [t for t in terms() if t.id == kind.get("id") and (t.verified or t.label.casefold() == label)]


def _of_measurement(measurement: Json) -> tuple[str, str]:
    assay, value = measurement.get("assay", {}), measurement.get("value", {})
    own = str(assay.get("id", "")).removeprefix(f"{LOCAL}:")
    header = own if own != assay.get("id") and own in codebook() else _named(assay)
    quantity = value.get("quantity")
    if quantity is None or "value" not in quantity:
        return header, str(value.get("ontologyClass", {}).get("label", ""))
    unit = quantity.get("unit", {})
    return header, f"{number_text(float(quantity['value']))} {unit.get('label') or unit.get('id', '')}".strip()


def _named(kind: Json) -> str:
    """How a column is called that holds a term the codebook does not know."""
    return f"{kind.get('id', '')} {kind.get('label', '')}".strip() or "term without identifier"


def _sha256(packets: Sequence[Packet]) -> str:
    digest = hashlib.sha256()
    for packet in packets:
        digest.update(packet.file.encode() + b"\n")
        digest.update(json.dumps(packet.content, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()

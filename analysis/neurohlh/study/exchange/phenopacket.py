"""One patient as a GA4GH phenopacket (schema 2): findings present and excluded; what is unknown is not in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from neurohlh import __version__
from neurohlh.etl.codebook import Codebook, Variable, codebook
from neurohlh.etl.hpo import LOCAL, features, local_id, term_of
from neurohlh.etl.parsed import number_text

Json = dict[str, Any]
_SEX = {"M": "MALE", "F": "FEMALE"}
_SIGN = {"right": ">", "left": "<"}
_NOT_MEASURED = ("age_days",)
_BASELINE = ("baseline",)
BEYOND = "beyond_limit"
"""The local class of a measurement that is known only to lie beyond a limit; its label is sign, limit and unit."""
CREATED = "1970-01-01T00:00:00Z"
"""The schema asks when a packet was made; a fixed moment keeps the same cohort the same bytes."""


@dataclass(frozen=True)
class Privacy:
    """What of a patient's identity is written."""

    keep_ids: bool = False
    """Whether the hospital's identifiers are written instead of numbers in random order."""
    dates: bool = False
    """Whether calendar dates are written instead of ages in days."""


def packet(row: Mapping[str, Any], name: str, hlh: str | None, privacy: Privacy) -> Json:
    """The phenopacket of one patient.

    `row` holds recorded variables by name and, where time zero is the diagnosis, the outcome (`os_days`, `os_event`);
    `name` is the subject's identifier, `hlh` the status under the study's criteria (None: not asked).
    """
    clock = _Clock(row, privacy.dates)
    book = codebook()
    found: Json = {
        "id": f"phenopacket-{name}",
        "subject": _subject(row, name, privacy.dates),
        "phenotypicFeatures": list(_features(row, book, clock)),
        "measurements": list(_measurements(row, book)),
        "diseases": list(_diseases(hlh, clock)),
    }
    return {key: value for key, value in found.items() if value} | {"metaData": _metadata(found)}


@dataclass(frozen=True)
class _Clock:
    """The patient's dates as points of the patient's age, or as calendar dates where these are asked for."""

    row: Mapping[str, Any]
    dates: bool

    def at(self, variable: str) -> Json | None:
        """A TimeElement; None where the date, or the age at it, is not known."""
        date: Any = self.row.get(variable)
        if not _known(date):
            return None
        if self.dates:
            return {"timestamp": f"{pd.Timestamp(date).date().isoformat()}T00:00:00Z"}
        days = self._age_days(pd.Timestamp(date))
        return None if days is None or days < 0 else {"age": {"iso8601duration": f"P{days}D"}}

    def _age_days(self, date: pd.Timestamp) -> int | None:
        birth: Any = self.row.get("date_birth")
        diagnosis: Any = self.row.get("date_hlh_diagnosis")
        age: Any = self.row.get("age_days")
        if _known(birth):
            return int((date - pd.Timestamp(birth)).days)
        if _known(diagnosis) and _known(age):
            return int(age) + int((date - pd.Timestamp(diagnosis)).days)
        return None


def _known(value: Any) -> bool:
    return value is not None and value is not pd.NA and value == value and value != ""


def _subject(row: Mapping[str, Any], name: str, dates: bool) -> Json:
    subject: Json = {"id": name, "sex": _SEX.get(str(row.get("sex")), "UNKNOWN_SEX")}
    if dates and _known(row.get("date_birth")):
        subject["dateOfBirth"] = f"{pd.Timestamp(row['date_birth']).date().isoformat()}T00:00:00Z"
    days, died = row.get("os_days"), row.get("os_event")
    if _known(days) and _known(died) and float(str(days)).is_integer():
        status = "DECEASED" if died else "ALIVE"
        subject["vitalStatus"] = {"status": status, "survivalTimeInDays": int(float(str(days)))}
    return subject | {"taxonomy": {"id": "NCBITaxon:9606", "label": "Homo sapiens"}}


def _features(row: Mapping[str, Any], book: Codebook, clock: _Clock) -> Iterator[Json]:
    """Findings: under their own term where one is the same and verified, else under the package's own identifier.

    A broader term that follows from what is present is written too, once; nothing is excluded that does not follow.
    """
    implied: dict[str, str] = {}
    for variable in features(book):
        value = row.get(variable.name)
        if not _known(value):
            continue
        term = term_of().get(variable.name)
        same = term is not None and term.verified and term.match == "exact"
        yield {
            "type": {"id": term.id, "label": term.label}
            if same and term is not None
            else {"id": local_id(variable.name), "label": variable.label_en},
            **({} if value else {"excluded": True}),
        }
        if value and term is not None and term.verified and term.match == "broader":
            implied.setdefault(term.id, term.label)
    yield from ({"type": {"id": i, "label": label}} for i, label in implied.items())
    yield from _symptoms_in_general(row, book, clock)


def _symptoms_in_general(row: Mapping[str, Any], book: Codebook, clock: _Clock) -> Iterator[Json]:
    """Whether there was any neurological symptom, as recorded, and when the first one was."""
    answer, onset = row.get("neuro_symptoms_any"), clock.at("date_neuro_onset")
    if answer in ("met", "not_met"):
        kind = {"id": local_id("neuro_symptoms_any"), "label": book["neuro_symptoms_any"].label_en}
        yield {"type": kind, **({"excluded": True} if answer == "not_met" else {})}
    if onset is not None and answer != "not_met":
        yield {"type": {"id": f"{LOCAL}:first_neuro_symptom", "label": "First neurological symptom"}, "onset": onset}


def _measurements(row: Mapping[str, Any], book: Codebook) -> Iterator[Json]:
    for variable in book:
        value = row.get(variable.name)
        if variable.numeric and variable.role in _BASELINE and variable.name not in _NOT_MEASURED and _known(value):
            yield {
                "assay": {"id": local_id(variable.name), "label": variable.label_en},
                "value": _value(variable, float(str(value)), row),
            }


def _value(variable: Variable, value: float, row: Mapping[str, Any]) -> Json:
    """A quantity; beyond a limit of the assay the limit is no quantity, so it is named as what it is."""
    unit = variable.unit
    if variable.name.startswith("scd25"):  # never converted: its unit is a variable of its own
        unit = str(row["scd25_unit"]) if _known(row.get("scd25_unit")) else "unknown unit"
    sign = _SIGN.get(str(row.get(f"{variable.name}_censored")))
    if sign is not None:
        return {"ontologyClass": {"id": f"{LOCAL}:{BEYOND}", "label": f"{sign}{number_text(value)} {unit}"}}
    return {"quantity": {"unit": {"id": f"{LOCAL}:unit", "label": unit}, "value": value}}


def _diseases(hlh: str | None, clock: _Clock) -> Iterator[Json]:
    if hlh not in ("met", "not_met"):
        return
    onset = clock.at("date_onset")
    yield {
        "term": {"id": f"{LOCAL}:hlh", "label": "Haemophagocytic lymphohistiocytosis by the study's criteria"},
        **({"excluded": True} if hlh == "not_met" else {}),
        **({"onset": onset} if onset is not None else {}),
    }


_HPO = {
    "id": "hp",
    "name": "Human Phenotype Ontology",
    "url": "http://purl.obolibrary.org/obo/hp.owl",
    "version": "identifiers and labels as in the package's catalogue/hpo.csv",
    "namespacePrefix": "HP",
    "iriPrefix": "http://purl.obolibrary.org/obo/HP_",
}
_TAXON = {
    "id": "ncbitaxon",
    "name": "NCBI organismal classification",
    "url": "http://purl.obolibrary.org/obo/ncbitaxon.owl",
    "version": "Homo sapiens only",
    "namespacePrefix": "NCBITaxon",
    "iriPrefix": "http://purl.obolibrary.org/obo/NCBITaxon_",
}
_OWN = {
    "id": "neurohlh",
    "name": "NeuroHLH codebook; local identifiers, no public terminology",
    "url": "urn:neurohlh:codebook",
    "version": __version__,
    "namespacePrefix": LOCAL,
    "iriPrefix": "urn:neurohlh:codebook:",
}


def _metadata(found: Json) -> Json:
    ids = [f["type"]["id"] for f in found["phenotypicFeatures"]]
    hpo = [_HPO] if any(i.startswith("HP:") for i in ids) else []
    return {
        "created": CREATED,
        "createdBy": f"neurohlh {__version__}",
        "resources": [*hpo, _TAXON, _OWN],
        "phenopacketSchemaVersion": "2.0",
    }

"""The definitions of CNS involvement: read from the catalogue, found by name, shown with thresholds and sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from neurohlh.clinical.csf import CsfRule, reference
from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.codebook import CATALOGUE

DEFAULT = "seed_any3"
DOMAINS = ("symptoms", "csf", "imaging")
"""The domains that every definition is shown with; `eeg` is a fourth where a definition uses it."""


@dataclass(frozen=True)
class CnsDefinition:
    """One definition of CNS involvement, executable.

    `rule` over `domains`: any_of, all_of, at_least (`k` of them), isolated_cns (Blincoe 2020) or recorded (the
    hospital's own). `not_tested` says what a domain that was not tested means: negative, excluded (the patient is
    not_applicable), indeterminate (the patient is); a domain not named there is unknown. `gate` asks for HLH,
    `pathology` lets a positive biopsy decide. The other fields are words for the reader.
    """

    name: str
    title: str
    source: str
    status: str
    rule: str
    domains: tuple[str, ...]
    k: int = 1
    csf: CsfRule = field(default_factory=CsfRule)
    atrophy: bool = True
    assessment_required: bool = False
    not_tested: Mapping[str, str] = field(default_factory=dict)
    gate: bool = True
    pathology: bool = True
    population: str = ""
    published_result: str = ""
    decision: str = ""
    note: str = ""
    printed: Mapping[str, str] = field(default_factory=dict)
    """What the source says, by part: rule, symptoms, csf_wbc, csf_protein, csf_other, imaging, timing, not_tested."""
    variables: tuple[str, ...] = ()


ISOLATED_INPUTS = (
    "molecular_dx_hlh", "splenomegaly", "hemoglobin", "platelets", "anc", "hemoglobin_censored",
    "platelets_censored", "anc_censored", "age_days", "age_years", "date_neuro_onset", "date_hlh_diagnosis",
)  # fmt: skip


def definitions() -> tuple[CnsDefinition, ...]:
    """All definitions in the catalogue's order; `name` is what study.toml writes, `title` says what it is."""
    return tuple(_catalogue().values())


def definition(name: str) -> CnsDefinition:
    """The definition of that name ('seed_any3', 'SEED_ANY3'); InputError names the closest for an unknown one."""
    known = _catalogue()
    if name.casefold() not in known:
        raise InputError(f"there is no CNS definition {name!r}", do=did_you_mean(name, known))
    return known[name.casefold()]


def describe(name: str) -> dict[str, Any]:
    """A definition for a reader: what it asks, its thresholds with their sources, its status and published result."""
    d = definition(name)
    shown: dict[str, Any] = {
        "name": d.name,
        "title": d.title,
        "rule": rule_in_words(d),
        "domains": list(d.domains),
        "population": d.population,
        "source": d.source,
        "status": d.status,
        "published_result": d.published_result,
        "thresholds": thresholds(d),
        "printed": dict(d.printed),
        "decision": f"{d.decision} (DOSSIER RULE / toolkit decision)" if d.decision else "",
        "note": d.note,
    }
    return {key: value for key, value in shown.items() if value}


def rule_in_words(d: CnsDefinition) -> str:
    """The executable rule as a sentence."""
    named = ", ".join({"csf": "CSF", "eeg": "EEG"}.get(x, x) for x in d.domains)
    words = {
        "any_of": f"met if any of these is abnormal: {named}" if len(d.domains) > 1 else f"met if {named} abnormal",
        "all_of": f"met if all of these are abnormal: {named}",
        "at_least": f"met if at least {d.k} of these are abnormal: {named}",
        "recorded": "the hospital's own cns_involved",
        "isolated_cns": "met with a molecular diagnosis and neurological symptoms, without cytopenia and "
        "splenomegaly, if systemic HLH came 90 days later or never",
    }
    tail = [f"{x} not tested: {w}" for x, w in d.not_tested.items()]
    return "; ".join([words[d.rule], *tail, "" if d.gate else "no HLH needed"]).rstrip("; ")


def thresholds(d: CnsDefinition) -> list[dict[str, str]]:
    """A row per CSF limit that the definition uses: analyte, age, limit, unit, source, status."""
    if "csf" not in d.domains:
        return []
    rows = []
    for analyte, use, unit in (("csf_wbc", d.csf.wbc, "cells/uL"), ("csf_protein", d.csf.protein, "g/L")):
        if isinstance(use, float):
            fixed = {"analyte": analyte, "age": "all ages", "limit": f"> {use:g}", "unit": unit}
            rows.append({**fixed, "source": d.source, "status": d.status})
        elif use == "age":
            rows += [_age_row(analyte, unit, row) for row in reference(analyte)]
    return rows


def _age_row(analyte: str, unit: str, row: Any) -> dict[str, str]:
    end = "on" if row.last_day >= 999_999 else str(row.last_day)
    limit = "> 0.99 falling in a line to 0.40" if row.falling else f"> {row.upper:g}"
    age = f"{row.first_day}-{end} d" if end != "on" else f"{row.first_day} d and older"
    return {"analyte": analyte, "age": age, "limit": limit, "unit": unit, "source": row.source, "status": row.status}


@lru_cache(maxsize=1)
def _catalogue() -> Mapping[str, CnsDefinition]:
    data = tomllib.loads((CATALOGUE / "cns" / "definitions.toml").read_text(encoding="utf-8"))
    return MappingProxyType({key.casefold(): _definition(key.casefold(), body) for key, body in data.items()})


def _definition(name: str, body: dict[str, Any]) -> CnsDefinition:
    plain = {k: v for k, v in body.items() if not k.startswith("printed_")}
    plain["title"] = plain.pop("name")
    plain["printed"] = {k.removeprefix("printed_"): v for k, v in body.items() if k.startswith("printed_")}
    plain["csf"] = CsfRule(**{k: _use(v) for k, v in plain.pop("csf", {}).items()})
    for part in ("domains", "variables"):
        plain[part] = tuple(plain.get(part, ()))
    return CnsDefinition(name=name, **plain)


def _use(value: Any) -> Any:
    return value if isinstance(value, bool | str) else float(value)

"""What a reader may see of the package's catalogue: names, notes, reasons, populations and states of its tables.

The catalogue is data, so which of its fields are for a reader is said here, file by file. A field that is compared,
parsed or read by the machine only (a comparator, a code, a spelling in a report) is not among them, nor is a citation.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reader_texts import ReaderText, numbered

from neurohlh.report.language.book import BOTH, pairs
from neurohlh.report.language.neutral import needs_words

# Path below the catalogue -> fields that a reader sees, at whatever depth they stand.
FIELDS: dict[str, frozenset[str]] = {
    "adjustment.toml": frozenset({"why", "form", "source", "status"}),
    "age_groups.toml": frozenset({"name", "source", "status"}),
    "cns/definitions.toml": frozenset(
        {
            "name", "source", "status", "population", "protein", "printed_rule", "printed_symptoms", "printed_csf_wbc",
            "printed_csf_protein", "printed_csf_other", "printed_imaging", "printed_timing", "printed_not_tested",
            "published_result", "decision", "note",
        }
    ),
    "criteria/*.toml": frozenset({"name", "title", "source", "status", "caveat", "note", "label", "printed"}),
    "prognosis/*.toml": frozenset(
        {
            "name", "title", "source", "status", "caveat", "note", "population", "predicts", "weights", "validated",
            "printed", "not_in_print", "not_held", "label",
        }
    ),
    "prognosis_cuts.toml": frozenset({"name", "label", "title", "note", "source", "status", "printed", "population"}),
    "ebv_load.toml": frozenset({"whole_blood", "plasma", "pbmc", "csf", "about", "source", "status", "note", "label"}),
    "evidence/rules.toml": frozenset(
        {
            "cns_effect_only", "cns_reported_as_percentage_or_text", "context_only_no_cns_figure", "kind", "reason",
            "name", "apart", "source", "note", "what", "text", "label", "claim",
        }
    ),
    "headers.toml": frozenset({"id", "reason", "question", "why", "answers", "ignore"}),
    "refusals.toml": frozenset({"message", "action", "why", "do", "what", "meaning", "reason"}),
    "rules.toml": frozenset({"*"}),
    "sequelae.toml": frozenset({"label", "about", "exposed", "other", "test", "source", "status"}),
    "tests.toml": frozenset(
        {"prints", "question", "when", "statistic", "correction", "assumptions", "effect", "reference"}
    ),
    "viruses.toml": frozenset({"name", "family", "status"}),
    "checklists/*.csv": frozenset({"section", "topic", "wording", "authors"}),
    "cns/csf_reference.csv": frozenset({"limit_type", "status", "note", "analyte"}),
    "cns/published.csv": frozenset({"outcome", "population", "source", "status", "note"}),
    "mri_findings.csv": frozenset({"label_en", "caution", "published_frequency", "status"}),
    "mri_published.csv": frozenset({"label", "group", "population", "source", "status", "note"}),
    "mri_regions.csv": frozenset({"label_en", "source", "status"}),
    "mri_sources.csv": frozenset({"citation"}),
    "neuro_symptoms.csv": frozenset({"label_en", "caution", "status"}),
    "variables.csv": frozenset({"label_en"}),
    "evidence/published_cohorts.csv": frozenset(
        {
            "age_group", "design", "cns_definition", "hlh_criteria", "followup_unit", "source_location",
        }
    ),
    "evidence/published_effects.csv": frozenset(
        {
            "contrast", "exposed_group", "reference_group", "outcome", "time_horizon", "covariates", "direction_note",
            "source_location", "verbatim_or_derived", "adjusted",
        }
    ),
}  # fmt: skip


def texts_of(catalogue: Path) -> list[ReaderText]:
    """The reader texts of the catalogue, each once, in the order of `FIELDS` and of the files."""
    found: dict[str, ReaderText] = {}
    for pattern, fields in FIELDS.items():
        for path in sorted(catalogue.glob(pattern)):
            name = f"catalogue/{path.relative_to(catalogue).as_posix()}"
            for place, text in _file_texts(path, fields):
                if needs_words(text):
                    found.setdefault(numbered(text), ReaderText(numbered(text), f"{name}:{place}"))
    return list(found.values())


def labels_in_chinese() -> frozenset[str]:
    """The English labels of the tables that hold both languages (variables, findings, abbreviations …)."""
    return frozenset(en for name in BOTH if name != "strings.csv" for en, _ in pairs(name, "zh"))


def _file_texts(path: Path, fields: frozenset[str]) -> Iterator[tuple[str, str]]:
    if path.suffix == ".toml":
        yield from _toml_texts(tomllib.loads(path.read_text(encoding="utf-8")), fields, "")
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            yield from ((f"{number} {name}", text) for name, text in row.items() if name in fields and text)


def _toml_texts(value: Any, fields: frozenset[str], key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if key == "items" and "_" in name:
                yield key, name.replace("_", " ")  # an item without a label is shown by its name
            yield from _toml_texts(inner, fields, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _toml_texts(inner, fields, key)
    elif isinstance(value, str) and (key in fields or "*" in fields):
        yield key, value

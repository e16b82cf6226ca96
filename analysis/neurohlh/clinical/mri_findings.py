"""The findings of brain MRI as they were recorded: seen, not seen, or unknown; and whether an MRI was done at all.

The vocabulary is catalogue/mri_findings.csv (39 findings, sources and statuses there). What is seen is kept apart from
what counts as CNS involvement (`imaging`): a haemorrhage with few platelets is seen, but does not count. Rules:

* `mri_done` = 0 makes what is recorded of it unknown; where it says nothing, a recorded answer shows that one was done;
* a finding for which no source has a column was not asked; an empty cell of a column is unknown;
* enhancement is unknown where `mri_contrast` = 0: without contrast it was not looked for;
* `mri_posterior_fossa` follows from brainstem or cerebellum where it is not recorded (dossier 9).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import narwhals as nw

from neurohlh.clinical.imaging import ENHANCEMENT, MRI, vocabulary
from neurohlh.clinical.kleene import NOT_APPLICABLE, status_of
from neurohlh.clinical.observe import Columns, Known, any_known, either, unless
from neurohlh.etl.codebook import CATALOGUE

EXAMINED = "mri_examined"
FOSSA, FOSSA_PARTS = "mri_posterior_fossa", ("mri_brainstem", "mri_cerebellum")
PATTERN_CODES = ("1a_multifocal_wm", "1b_brainstem", "1c_cerebellitis", "2_attenuated", "none")
_SEEN = "seen__"


@dataclass(frozen=True)
class Finding:
    """One finding of the vocabulary: its variable, words, kind (location, pattern, signal …) and what is published."""

    variable: str
    label: str
    kind: str
    caution: str
    published: str
    sources: str
    status: str


@lru_cache(maxsize=1)
def findings() -> tuple[Finding, ...]:
    """The 39 findings in the catalogue's order."""
    return tuple(
        Finding(name, r["label_en"], r["kind"], r["caution"], r["published_frequency"], r["sources"], r["status"])
        for name, r in vocabulary().items()
    )


@lru_cache(maxsize=1)
def sources() -> Mapping[str, str]:
    """Short name of a source -> its citation (catalogue/mri_sources.csv)."""
    text = (CATALOGUE / "mri_sources.csv").read_text(encoding="utf-8")
    return {row["source"]: row["citation"] for row in csv.DictReader(text.splitlines())}


def seen_column(variable: str) -> str:
    """Where `with_findings` puts the status of a finding."""
    return _SEEN + variable


def asked(names: Any) -> tuple[str, ...]:
    """The findings that the columns `names` ask for, in the catalogue's order."""
    held = set(names)
    derivable = held.issuperset(FOSSA_PARTS)
    return tuple(f.variable for f in findings() if f.variable in held or (derivable and f.variable == FOSSA))


def examined(columns: Columns) -> Known:
    """Whether a brain MRI was done."""
    answers = [e for v in (*vocabulary(), MRI) if v in columns for e in (columns.yes(v), columns.no(v))]
    if "mri_region_count" in columns:
        answers.append(columns.is_number("mri_region_count"))
    answers += [columns.is_code("mri_malik_pattern", code) for code in PATTERN_CODES]
    not_done = columns.no("mri_done")
    return Known(columns.yes("mri_done") | unless(either(answers), not_done), not_done)


def seen(name: str, columns: Columns) -> Known:
    """Whether a finding was seen on an MRI that was done."""
    found = columns.known(name)
    if name == FOSSA:
        parts = any_known([columns.known(p) for p in FOSSA_PARTS])
        found = Known(found.true | unless(parts.true, found.false), found.false | unless(parts.false, found.true))
    elif name in ENHANCEMENT:
        without = columns.no("mri_contrast")
        found = Known(unless(found.true, without), unless(found.false, without))
    undone = columns.no("mri_done")
    return Known(unless(found.true, undone), unless(found.false, undone))


def with_findings(frame: Any) -> Any:
    """The frame (pandas, Polars, …) with `mri_examined` and a status column per finding asked (see `seen_column`).

    Words: met, not_met, indeterminate; a finding is not_applicable where no MRI was done.
    """
    whole = nw.from_native(frame)
    columns = Columns(dict(whole.collect_schema()))
    done = examined(columns)
    shown = {EXAMINED: status_of(done.true, done.false)}
    for name in asked(whole.collect_schema().names()):
        found = seen(name, columns)
        said = status_of(found.true, found.false)
        shown[seen_column(name)] = nw.when(done.false).then(nw.lit(NOT_APPLICABLE)).otherwise(said)
    return whole.with_columns(**shown).to_native()

"""`catalogue/hpo.csv`: which terms of the Human Phenotype Ontology say what about which variables."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from neurohlh.etl.codebook import CATALOGUE, Codebook, Variable

LOCAL = "NEUROHLH"
"""Prefix of the identifiers of this package's own: its codebook's variables, where no verified term is the same."""
_OBSERVED = ("neuro_symptom", "mri_finding")


@dataclass(frozen=True)
class Term:
    """A term beside a variable.

    `match` is 'exact' (the same finding), 'broader' (the term holds more than the variable), 'narrower' (less) or
    'related' (neither follows from the other).
    """

    variable: str
    id: str
    label: str
    match: str
    source: str
    status: str

    @property
    def verified(self) -> bool:
        """Whether identifier and label were seen together at their source."""
        return self.status.startswith("VERIFIED")

    def says(self, excluded: bool) -> str:
        """What the term, present or excluded, says of the variable: 'yes', 'no' or '' (nothing).

        Who has no abnormal white matter has no subcortical lesion, but abnormal white matter need not be one.
        """
        if excluded:
            return "no" if self.match in ("exact", "broader") else ""
        return "yes" if self.match in ("exact", "narrower") else ""


@lru_cache(maxsize=1)
def terms() -> tuple[Term, ...]:
    """Every row of the table."""
    text = (CATALOGUE / "hpo.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(
        Term(row["variable"], row["hpo_id"], row["hpo_label"], row["match"], row["source"], row["status"])
        for row in rows
    )


@lru_cache(maxsize=1)
def term_of() -> Mapping[str, Term]:
    """Variable -> its term."""
    return {term.variable: term for term in terms()}


def features(book: Codebook) -> list[Variable]:
    """The yes/no variables that are findings about the patient: those beside a term, symptoms and imaging findings."""
    known = term_of()
    return [v for v in book if v.type == "bool" and (v.name in known or v.domain in _OBSERVED)]


def local_id(name: str) -> str:
    """The package's own identifier of a variable."""
    return f"{LOCAL}:{name}"

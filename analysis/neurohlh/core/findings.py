"""What a study hands to its report: results, counts and choices. No row of a patient, no date, no identifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from neurohlh.core.result import Result

SOURCE_COLUMNS = ("file", "sheet", "rows", "columns", "encoding", "header_row", "sha256", "notes")
COLUMN_COLUMNS = ("source", "header", "variable", "label", "unit", "how", "note")
CHANGE_COLUMNS = ("variable", "rule", "n_cells", "meaning")
ISSUE_COLUMNS = ("severity", "code", "variable", "n", "where", "message", "action")
FLOW_COLUMNS = ("step", "label", "n_in", "n_excluded", "n_out", "reason")
CRITERIA_COLUMNS = (
    "criteria_set", "item", "label", "rule", "met", "not_met", "indeterminate", "not_applicable", "source", "status",
)  # fmt: skip
CNS_COLUMNS = (
    "definition", "label", "met", "not_met", "indeterminate", "not_applicable", "source", "status", "note",
)  # fmt: skip
EVIDENCE_COLUMNS = ("domain", "evidence", "n", "n_asked")


@dataclass(frozen=True)
class Setting:
    """One setting of the study: what it is set to, who set it, and what it means."""

    name: str
    value: str
    origin: str
    """'declared' by the study file, or 'default'."""
    meaning: str = ""


STANDARD, DECLARED, EXPLORATORY = "standard plan", "declared by the study", "exploratory"
"""The standing of a part: of the standard plan, of a plan that the study declares, or outside it."""


@dataclass(frozen=True)
class Chapter:
    """One part of the plan: its key (which its results carry as method["part"]), heading, question and standing.

    `lead` names the results that answer the question; the others are there to be looked up.
    """

    key: str
    title: str
    question: str
    standing: str
    lead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """A published source of a rule or a method."""

    key: str
    text: str
    doi: str = ""
    status: str = ""


def table(columns: tuple[str, ...], rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """`rows` with exactly `columns` (absent ones empty); an empty frame without rows."""
    if rows is None:
        return pd.DataFrame({c: pd.Series(dtype=object) for c in columns})
    return rows.reindex(columns=list(columns)).reset_index(drop=True)


@dataclass(frozen=True)
class Findings:
    """Everything a report may say.

    Attributes
    ----------
    title, subtitle : of the report.
    question : the clinical question in one sentence.
    synthetic : a sentence that must stand at the very top where the data are not of real patients, else ''.
    case_series : whether the patients were chosen for being remarkable (published cases), so that no frequency can be
        estimated: the report then says so and shows none.
    settings : every setting of the study, declared or default.
    sources : one row per table read, columns `SOURCE_COLUMNS`.
    columns : how each column was understood, columns `COLUMN_COLUMNS` (`how` in words: alias, declared …).
    changes : cells changed by rule, columns `CHANGE_COLUMNS`.
    issues : issues by code and variable, columns `ISSUE_COLUMNS`; `severity` is 'error', 'warning' or 'note'; `where`
        names the first places by file, sheet, row and column, never a value.
    flow : steps from supplied rows to the analysis, columns `FLOW_COLUMNS`; n_in - n_excluded = n_out.
    criteria : counts by criteria set and item (and item 'overall'), columns `CRITERIA_COLUMNS`.
    criteria_set : the set that decides who has HLH in this study ('' where none does).
    criteria_notes : criteria set -> caveat that must stand with it.
    cns : counts by CNS definition, columns `CNS_COLUMNS`; `cns_definition` is the one used.
    cns_evidence : patients by domain and kind of evidence, columns `EVIDENCE_COLUMNS`; `n_asked` is the denominator.
    chapters : the parts of the plan that were carried out, in their order.
    results : 'completeness', 'table1', 'frequency', 'testing', 'kaplan_meier', 'logrank', 'followup', 'cox',
        'two_by_two', and any other Result by a name of its own.
    exposure : name of the variable that holds CNS status in the results.
    labels : variable -> label in words.
    level_labels : variable -> level -> label in words.
    units : variable -> canonical unit.
    cautions : sentences that must stand at the top.
    limitations : sentences on what these data cannot say.
    methods_notes : sentences on steps that no Result records (reading, cleaning, classification).
    references : published sources.
    versions : software and its version.
    time_zero : what the time axis of the curves counts from, as words after 'Years': 'since day 14 after diagnosis'.
    run : date, seed, version, fingerprint and the like, as text.
    """

    title: str
    subtitle: str = ""
    question: str = "Does CNS involvement change the survival of patients with haemophagocytic lymphohistiocytosis?"
    synthetic: str = ""
    case_series: bool = False
    settings: tuple[Setting, ...] = ()
    sources: pd.DataFrame = field(default_factory=lambda: table(SOURCE_COLUMNS))
    columns: pd.DataFrame = field(default_factory=lambda: table(COLUMN_COLUMNS))
    changes: pd.DataFrame = field(default_factory=lambda: table(CHANGE_COLUMNS))
    issues: pd.DataFrame = field(default_factory=lambda: table(ISSUE_COLUMNS))
    flow: pd.DataFrame = field(default_factory=lambda: table(FLOW_COLUMNS))
    criteria: pd.DataFrame = field(default_factory=lambda: table(CRITERIA_COLUMNS))
    criteria_set: str = ""
    criteria_notes: Mapping[str, str] = field(default_factory=dict)
    cns: pd.DataFrame = field(default_factory=lambda: table(CNS_COLUMNS))
    cns_definition: str = ""
    cns_evidence: pd.DataFrame = field(default_factory=lambda: table(EVIDENCE_COLUMNS))
    chapters: tuple[Chapter, ...] = ()
    results: Mapping[str, Result] = field(default_factory=dict)
    exposure: str = "cns"
    labels: Mapping[str, str] = field(default_factory=dict)
    level_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    methods_notes: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    time_zero: str = ""
    run: Mapping[str, Any] = field(default_factory=dict)

    def label(self, variable: str) -> str:
        """The variable in words; its name where nobody gave words."""
        return self.labels.get(variable) or variable.replace("_", " ")

"""Checks of the cohorts: counts that cannot be, survival outside its interval, and the numbers in their remarks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from neurohlh.study.published.faults_numbers import of_percentage, of_ratio, of_sum
from neurohlh.study.published.finding import CONSISTENT, IMPOSSIBLE, MISMATCH, UNUSED, Finding
from neurohlh.study.published.printed import Ratio, percentages, ratios, sums
from neurohlh.study.published.tables import SURVIVAL

_AT_MOST = (
    ("n_cns", "n_cns_evaluable"),
    ("n_cns_evaluable", "n_total"),
    ("n_neuro_symptoms", "n_neuro_symptoms_denominator"),
    ("n_neuro_symptoms_denominator", "n_total"),
    ("n_csf_abnormal", "n_csf_tested"),
    ("n_csf_tested", "n_total"),
    ("n_imaging_abnormal", "n_imaging_tested"),
    ("n_imaging_tested", "n_total"),
    ("n_died_total", "n_outcome_known"),
    ("n_outcome_known", "n_total"),
    ("n_cns_died", "n_cns_outcome_known"),
    ("n_cns_outcome_known", "n_cns"),
    ("n_nocns_died", "n_nocns_outcome_known"),
    ("n_neuro_sequelae", "n_survivors_assessed"),
    ("n_cns_died", "n_died_total"),
)
_TEXTS = ("aetiology_mix", "derived_fields", "notes")


def cohort_findings(cohorts: pd.DataFrame) -> Iterator[Finding]:
    """Every check of every cohort."""
    for _, row in cohorts.iterrows():
        yield from _counts(row)
        yield from _survival(row)
        for column in _TEXTS:
            yield from _text(row, column)


def _counts(row: pd.Series) -> Iterator[Finding]:
    label = str(row["label"])
    for part, whole in _AT_MOST:
        if np.isnan(row[part]) or np.isnan(row[whole]):
            continue
        fine = row[part] <= row[whole]
        printed = f"{_words(part)} {row[part]:.0f}, {_words(whole)} {row[whole]:.0f}"
        said = "" if fine else "a part larger than its whole"
        yield Finding(label, part, "counts within counts", CONSISTENT if fine else IMPOSSIBLE, printed, said)
    parts = [row[c] for c in ("n_cns_died", "n_nocns_died", "n_died_total")]
    known = [row[c] for c in ("n_cns_outcome_known", "n_nocns_outcome_known", "n_outcome_known")]
    if not np.isnan([*parts, *known]).any() and known[0] + known[1] == known[2]:
        fine = parts[0] + parts[1] == parts[2]
        printed = f"deaths {parts[0]:.0f} with and {parts[1]:.0f} without CNS involvement, {parts[2]:.0f} in all"
        said = "" if fine else f"the two groups add up to {parts[0] + parts[1]:.0f}"
        yield Finding(label, "n_died_total", "sum", CONSISTENT if fine else MISMATCH, printed, said)


def _survival(row: pd.Series) -> Iterator[Finding]:
    label = str(row["label"])
    for column in SURVIVAL:
        printed = str(row[f"{column}_printed"])
        if printed and np.isnan(row[column]):
            note = "which of them belongs to which time is unclear"
            yield Finding(label, column, "survival", UNUSED, printed, "", note)
        elif printed and not 0 <= row[column] <= 100:
            yield Finding(label, column, "survival", IMPOSSIBLE, printed, "no percentage")
    for which in ("os_cns", "os_nocns", "os_all"):
        columns = [f"{which}{end}" for end in ("_pct", "_ci_low_pct", "_ci_high_pct")]
        values = [str(row[f"{c}_printed"]) for c in columns]
        if all(values) and not row[columns].isna().any():
            text = f"{values[0]} % ({values[1]}–{values[2]})"
            yield from of_ratio(label, f"{which}_pct", Ratio(text, "%", *values))


def _text(row: pd.Series, column: str) -> Iterator[Finding]:
    label, text = str(row["label"]), str(row[column])
    for percentage in percentages(text, row["n_total"]):
        yield of_percentage(label, column, percentage)
    for ratio in ratios(text):
        yield from of_ratio(label, column, ratio)
    for found in sums(text):
        yield of_sum(label, column, found)


def _words(column: str) -> str:
    return column.removeprefix("n_").replace("_", " ").replace("cns", "CNS").replace("csf", "CSF")

"""patients.csv: what was recorded, in canonical units, and what was derived, under names that never hide each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from neurohlh.clinical.hlh import hscore_probability_text
from neurohlh.etl.codebook import codebook
from neurohlh.study.classify import Classified
from neurohlh.study.population import Population

_COMPANIONS = ("censored", "recorded", "unit")
_OUTCOME = ("os_days", "os_event", "os_source", "os_note", "withdrawn", "lost", "cr_days")
_CNS = ("cns_status", "cns_baseline", "cns_symptoms", "cns_csf", "cns_imaging")


def patients_table(classified: Classified, population: Population) -> pd.DataFrame:
    """One row per patient: variables of the codebook in canonical units, derived variables, included, excluded_by.

    A derived variable stands under the codebook's name where no source has that column, else as `<name>_derived`
    beside what the hospital recorded. `<name>_text` is what a report says, where it is used because nothing is coded.
    """
    recorded = classified.cohort.frame
    derived = derived_variables(classified)
    columns: dict[str, object] = {"patient_id": recorded["patient_id"]}
    for variable in codebook():
        name = variable.name
        if name in recorded and name != "patient_id":
            columns[name] = recorded[name]
            for companion in (f"{name}_{c}" for c in _COMPANIONS):
                if companion in recorded and companion not in columns:
                    columns[companion] = recorded[companion]
        if f"{name}_text" in classified.frame:
            columns[f"{name}_text"] = classified.frame[f"{name}_text"]
        if name in derived:
            columns[f"{name}_derived" if name in recorded else name] = derived[name]
        if f"{name}_high" in derived:
            columns[f"{name}_high"] = derived[f"{name}_high"]
    columns |= {c: classified.outcome[c] for c in _OUTCOME}
    columns |= {c: classified.frame[c] for c in _CNS}
    columns["included"] = population.included
    columns["excluded_by"] = population.excluded_by
    return pd.DataFrame(columns)


def derived_variables(classified: Classified) -> dict[str, object]:
    """Everything the package computes, by codebook name; `<name>_high` is the upper bound of a count with gaps."""
    frame, outcome = classified.frame, classified.outcome
    derived: dict[str, object] = {
        name: outcome[name]
        for name in ("age_years", "age_days", "death_7d", "death_30d", "death_8w_prehsct", "cr_event")
    }
    for name in ("hlh2004_met", "hlh2024_met", "mas2016_met", "ohi_positive", "molecular_dx_hlh"):
        derived[name] = frame[f"{name}_derived"]
    for name in ("hlh2004_count", "hlh2024_count", "hlh2004_cytopenia_lineages", "hscore_cytopenia_lineages"):
        derived[name] = frame[f"{name}_derived"]
        derived[f"{name}_high"] = frame[f"{name}_derived_high"]
    for name in ("hscore", "mh_score"):  # a score with gaps is no score: only its bounds are written
        low, high = frame[f"{name}_derived"].astype(float), frame[f"{name}_derived_high"].astype(float)
        derived[name] = low.where(low == high)
        derived[f"{name}_high"] = high
    derived["hscore_probability"] = pd.Series(hscore_probability_text(np.asarray(derived["hscore"], dtype=float)))
    derived |= {"hlh_class": frame["hlh_class_derived"], "trigger_category": frame["trigger_category_derived"]}
    derived |= {
        "neuro_symptoms_any": frame["cns_symptoms"],
        "csf_abnormal": frame["cns_csf"],
        "imaging_abnormal": frame["cns_imaging"],
        "cns_involved": frame["cns_status"],
    }
    for name in ("cns_group_horne", "cns_tested_domains", "cns_timing", "date_cns_first"):
        derived[name] = frame[name]
    return derived

"""The neurological-symptom domain: which recorded signs count, which only under a condition, which never.

The vocabulary is catalogue/neuro_symptoms.csv (sources and statuses there). What its `caution` column leaves open was
decided as follows (dossier 6.4 and 8; "toolkit" marks our own operational choice):

* a flag for which no source has a column is not part of the question; an empty cell is unknown, also where the patient
  was assessed: nobody answered that question;
* a recorded symptom counts also where `neuro_assessed` = 0 (toolkit; it is reported as a contradiction); the absence of
  symptoms does not count there;
* consciousness items count unless `metabolic_confounder` = 1, which makes them unknown, present or absent; `gcs` <= 14
  counts without it; an unknown confounder does not stop them (toolkit);
* `febrile_seizure_only` = 1 removes the seizure; `sx_febrile_seizure` does not decide in the domain rule;
* headache counts with vomiting, does not count without; unknown vomiting leaves it unknown (persistence is not in the
  codebook);
* pathological reflexes in the first year of life are unknown (Babinski's sign is physiological; toolkit);
* visual impairment is unknown with platelets < 50 or DIC (retinal haemorrhage; toolkit);
* a behaviour change after the start of treatment is unknown (steroid psychosis), otherwise it counts (toolkit);
* limb paralysis counts: nothing in the codebook tells ICU-acquired weakness apart (toolkit);
* clinically manifest intracranial haemorrhage is a flag of its own and never counts alone;
* GCS 15 and an empty GCS decide nothing; the summary `neuro_symptoms_any` is one more component (an empty cell is
  unknown), unknown where the only symptom behind it was removed by the rules above (toolkit).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache

import narwhals as nw

from neurohlh.clinical.observe import FALSE, Columns, Known, any_known, each, either, unless
from neurohlh.etl.codebook import CATALOGUE

SUMMARY, ASSESSED = "neuro_symptoms_any", "neuro_assessed"
GCS_LIMIT = 14
"""GCS at or below this counts (dossier 6.4)."""
PLATELETS_BLEEDING = 50.0
"""10^9/L; below it a haemorrhage may be the platelets' doing (dossier 6.4)."""
AGE, RISK = "_age_in_days", "_bleeding_risk"
"""Working columns."""
DAYS_OF_INFANCY = 365.25
_OTHER_INPUTS = (SUMMARY, ASSESSED, "gcs", "metabolic_confounder", "febrile_seizure_only", "platelets", "dic")
_MORE_INPUTS = ("age_days", "age_years", "date_neuro_onset", "date_treatment_start", "platelets_censored")


@lru_cache(maxsize=1)
def vocabulary() -> Mapping[str, Mapping[str, str]]:
    """The symptom flags: variable -> row of neuro_symptoms.csv (label_en, category, counts_default, caution, …)."""
    text = (CATALOGUE / "neuro_symptoms.csv").read_text(encoding="utf-8")
    return {row["variable"]: row for row in csv.DictReader(text.splitlines())}


def consciousness() -> tuple[str, ...]:
    """The flags of a changed consciousness."""
    return tuple(v for v, row in vocabulary().items() if row["category"] == "consciousness")


def inputs() -> tuple[str, ...]:
    """The variables that this domain reads."""
    return (*vocabulary(), *_OTHER_INPUTS, *_MORE_INPUTS)


def bleeding_risk(columns: Columns) -> Known:
    """Platelets < 50 x 10^9/L or DIC (dossier 6.4)."""
    if f"{RISK}_true" in columns.ready:
        return Known(nw.col(f"{RISK}_true"), nw.col(f"{RISK}_false"))
    if "platelets" not in columns:
        return any_known([Known(FALSE, FALSE), columns.known("dic")])
    platelets = columns.number("platelets")
    right, left = columns.is_code("platelets_censored", "right"), columns.is_code("platelets_censored", "left")
    limit = PLATELETS_BLEEDING
    low = unless((platelets < limit).fill_null(False), right) | (left & (platelets <= limit).fill_null(False))
    high = unless((platelets >= limit).fill_null(False), left)
    return any_known([Known(low, high), columns.known("dic")])


def age_in_days(columns: Columns) -> nw.Expr:
    """`age_days`, else `age_years` x 365.25.

    Exactly 0 years without days is an age in completed years of an infant: null (see `csf.limits`).
    """
    if AGE in columns.ready:
        return nw.col(AGE)
    years = columns.number("age_years")
    from_years = nw.when(years > 0).then(years * 365.25)
    if "age_days" not in columns:
        return from_years
    return nw.coalesce(columns.number("age_days"), from_years) if "age_years" in columns else columns.number("age_days")


def components(columns: Columns) -> dict[str, Known]:
    """Each part of the question that the frame has columns for: variable -> whether it counts."""
    parts = {name: _flag(name, row, columns) for name, row in vocabulary().items() if name in columns and _asked(row)}
    if SUMMARY in columns:
        changed = either(columns.yes(v) for v in consciousness())
        spent = columns.yes("febrile_seizure_only") | (changed & columns.yes("metabolic_confounder"))
        parts[SUMMARY] = Known(columns.yes(SUMMARY) & ~spent, columns.no(SUMMARY))
    if "gcs" in columns:
        low = (columns.number("gcs") <= GCS_LIMIT).fill_null(False)
        # GCS alone can't say that there are no symptoms.
        parts["gcs"] = Known(unless(low, columns.yes("metabolic_confounder")), ~low if parts else FALSE)
    return parts


def symptoms(columns: Columns, *, assessment_required: bool = False) -> Known:
    """Whether any counted symptom is present; `assessment_required`: absent only where `neuro_assessed` = 1."""
    whole = any_known(list(components(columns).values()))
    if ASSESSED not in columns and not assessment_required:
        return whole
    assessed = columns.yes(ASSESSED) if assessment_required else ~columns.no(ASSESSED)
    return Known(whole.true, whole.false & assessed)


def tested(columns: Columns, domain: Known) -> nw.Expr:
    """Whether the patient was examined: `neuro_assessed`, where that is unknown, whether the domain has an answer."""
    return columns.yes(ASSESSED) | (~columns.no(ASSESSED) & (domain.true | domain.false))


def _asked(row: Mapping[str, str]) -> bool:
    separate = row["code"] in ("febrile_seizure", "intracranial_hemorrhage")
    return row["counts_default"] != "0" and not separate


def _flag(name: str, row: Mapping[str, str], columns: Columns) -> Known:
    yes, no = columns.yes(name), columns.no(name)
    if row["counts_default"] == "1" and name != "sx_seizure":
        return Known(yes, no)
    if row["category"] == "consciousness":
        explained = columns.yes("metabolic_confounder")
        return Known(unless(yes, explained), unless(no, explained))
    return _CONDITIONS.get(name, _as_it_is)(columns, yes, no)


def _as_it_is(_: Columns, yes: nw.Expr, no: nw.Expr) -> Known:
    return Known(yes, no)


def _seizure(columns: Columns, yes: nw.Expr, no: nw.Expr) -> Known:
    febrile = columns.yes("febrile_seizure_only")
    return Known(unless(yes, febrile), either([no, each([yes, febrile])]))


def _headache(columns: Columns, yes: nw.Expr, no: nw.Expr) -> Known:
    vomiting = columns.known("sx_vomiting")
    return Known(yes & vomiting.true, no | (yes & vomiting.false))


def _reflexes(columns: Columns, yes: nw.Expr, no: nw.Expr) -> Known:
    return Known(yes & (age_in_days(columns) >= DAYS_OF_INFANCY).fill_null(False), no)


def _vision(columns: Columns, yes: nw.Expr, no: nw.Expr) -> Known:
    return Known(unless(yes, bleeding_risk(columns).true), no)


def _behaviour(columns: Columns, yes: nw.Expr, no: nw.Expr) -> Known:
    return Known(unless(yes, columns.after("date_neuro_onset", "date_treatment_start")), no)


_CONDITIONS = {
    "sx_seizure": _seizure,
    "sx_headache": _headache,
    "sx_abnormal_reflexes": _reflexes,
    "sx_visual_impairment": _vision,
    "sx_behaviour_change": _behaviour,
}

"""What sets HLH off, as a clinician reads it: the patient's record, the triggers found, the one that names the patient.

A trigger is found (met), excluded (not_met) or undecided. What a patient does not name is not recorded.
"""

import pandas as pd
import pytest

from neurohlh.clinical.criteria import load
from neurohlh.clinical.rules import evaluate
from neurohlh.clinical.trigger_facts import TRIGGERS, load_cuts, specimens, viruses
from neurohlh.clinical.triggers import PRIORITY, derive_aetiology
from neurohlh.etl.codebook import codebook
from neurohlh.study.study import Study

MET, NOT_MET, UNDECIDED = "met", "not_met", "indeterminate"


def read(*patients: dict) -> pd.DataFrame:
    return derive_aetiology(pd.DataFrame(list(patients)))


def found(row: pd.Series) -> set[str]:
    return {kind for kind in PRIORITY if row[f"triggers__{kind}"] == MET}


# Several triggers: every one keeps its flag, the first of the priority rule names the patient (dossier 5.4)

SEVERAL = [
    # record, all triggers found, the one that names the patient
    ({"trigger_category": "malignancy"}, {"malignancy"}, "malignancy"),
    ({"malignancy_type": "T_NK_lymphoma", "ebv_status": "positive"}, {"malignancy", "ebv"}, "malignancy"),
    ({"trigger_category": "ebv", "malignancy_type": "leukemia"}, {"malignancy", "ebv"}, "malignancy"),
    ({"sjia_status": True, "trigger_virus": "influenza"}, {"rheumatic_mas", "other_virus"}, "rheumatic_mas"),
    ({"sjia_status": True, "malignancy_type": "hodgkin"}, {"rheumatic_mas", "malignancy"}, "malignancy"),
    ({"trigger_category": "immunotherapy_drug", "ebv_status": "positive"}, {"immunotherapy_drug", "ebv"},
     "immunotherapy_drug"),
    ({"trigger_category": "post_hsct", "trigger_virus": "adenovirus"}, {"post_hsct", "other_virus"}, "post_hsct"),
    ({"ebv_status": "positive", "trigger_virus": "dengue"}, {"ebv", "other_virus"}, "ebv"),
    ({"trigger_category": "bacterial", "trigger_virus": "CMV"}, {"bacterial", "other_virus"}, "other_virus"),
    ({"trigger_category": "parasitic", "ebv_dna": 5000.0}, {"parasitic", "ebv"}, "ebv"),
    ({"trigger_category": "fungal"}, {"fungal"}, "fungal"),
    ({"trigger_category": "metabolic"}, {"metabolic"}, "metabolic"),
    ({"trigger_category": "none", "ebv_status": "positive"}, {"ebv"}, "ebv"),
    ({"trigger_category": "none"}, set(), "none"),
    ({"trigger_category": "unknown"}, set(), "unknown"),
    ({"trigger_category": None, "ebv_status": "negative"}, set(), "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "triggers", "category"), SEVERAL)
def test_every_trigger_keeps_its_flag_and_the_first_by_priority_names_the_patient(record, triggers, category):
    row = read(record).iloc[0]
    assert found(row) == triggers
    assert row["trigger_category_derived"] == category


def test_the_priority_is_that_of_the_dossier_and_every_kind_has_a_name():
    assert PRIORITY == (
        "malignancy", "rheumatic_mas", "immunotherapy_drug", "post_hsct", "ebv", "other_virus", "parasitic", "fungal",
        "bacterial", "metabolic", "other",
    )  # fmt: skip
    assert tuple(TRIGGERS) == (*PRIORITY, "none", "unknown")
    assert set(TRIGGERS) == set(codebook()["trigger_category"].codes)


def test_naming_one_trigger_excludes_no_other():
    row = read({"trigger_category": "bacterial"}).iloc[0]
    assert {row[f"triggers__{kind}"] for kind in PRIORITY if kind != "bacterial"} == {UNDECIDED}


def test_recorded_as_without_trigger_excludes_all():
    row = read({"trigger_category": "none"}).iloc[0]
    assert {row[f"triggers__{kind}"] for kind in PRIORITY} == {NOT_MET}


# EBV: not tested is not negative, a low load alone decides nothing, antibodies are no infection (dossier 4.6)

EBV = [
    ({"ebv_status": "positive"}, MET),
    ({"ebv_status": "negative"}, NOT_MET),
    ({"ebv_status": "not_tested"}, UNDECIDED),
    ({"ebv_status": None}, UNDECIDED),
    ({"ebv_dna": 1001.0}, MET),
    ({"ebv_dna": 1000.0}, UNDECIDED),  # viraemia is above 1000 copies/mL
    ({"ebv_dna": 500.0}, UNDECIDED),  # a low load alone neither shows nor excludes it
    ({"ebv_dna": 500.0, "ebv_dna_censored": "left"}, UNDECIDED),
    ({"ebv_dna": 5000.0, "ebv_dna_censored": "left"}, UNDECIDED),  # below 5000 may be above or below 1000
    ({"ebv_dna": 5000.0, "ebv_dna_censored": "right"}, MET),
    ({"ebv_status": "positive", "ebv_dna": 500.0}, MET),  # the hospital's own limit
    ({"ebv_status": "not_tested", "ebv_dna": 20000.0}, MET),
    ({"trigger_virus": "EBV"}, MET),
    ({"trigger_virus": "none"}, UNDECIDED),  # which viruses were looked for is not known
    ({"trigger_category": "ebv"}, MET),
    ({"trigger_category": "other_virus"}, UNDECIDED),
]


@pytest.mark.parametrize(("record", "status"), EBV)
def test_ebv(record, status):
    assert read(record)["triggers__ebv"].tolist() == [status]


def test_a_low_load_is_no_ebv_hlh_by_the_default_definition():
    negative = {"genetic_test_done": True, "gene_causal": "none"}
    patients = [
        {"ebv_status": "positive", "ebv_dna": 500.0, "ebv_specimen": "plasma", **negative},
        {"ebv_status": "positive", "ebv_dna": 5000.0, "ebv_specimen": "plasma", **negative},
        {"ebv_status": "positive", "ebv_dna": None, "ebv_specimen": "tissue", **negative},
        {"ebv_status": "not_tested", "ebv_dna": None, "ebv_specimen": None, **negative},
    ]
    assert evaluate(pd.DataFrame(patients), load("ebv_hlh"))["ebv_hlh"].tolist() == [NOT_MET, MET, MET, UNDECIDED]


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        ("VCA-IgG阳性", UNDECIDED),
        ("IgG positive", UNDECIDED),
        ("EBV-IgG", UNDECIDED),
        ("IgG+", UNDECIDED),
        ("未查", UNDECIDED),
        ("not tested", UNDECIDED),
        ("", UNDECIDED),
        ("阳性", MET),
        ("阴性", NOT_MET),
    ],
)
def test_what_a_cell_about_ebv_says(tmp_path, cell, status):
    """Antibodies alone are no infection: the cell is refused and the patient's EBV is unknown, not negative."""
    table = tmp_path / "hospital.csv"
    table.write_text(f"patient_id,EBV,性别,确诊日期\n1,{cell},男,2020-01-01\n", encoding="utf-8")
    patients = Study.of(table, eligibility={"criteria": "none"}).load().patients
    assert patients["triggers__ebv"].tolist() == [status]


# Other viruses


@pytest.mark.parametrize("virus", [v.code for v in viruses() if v.code != "EBV"])
def test_every_other_virus_of_the_codebook_is_a_trigger_of_its_own_kind(virus):
    row = read({"trigger_virus": virus}).iloc[0]
    assert found(row) == {"other_virus"}
    assert row["trigger_category_derived"] == "other_virus"


def test_the_viruses_are_those_of_the_codebook_with_the_herpes_group_first():
    names = [v.code for v in viruses()]
    assert set(names) | {"none"} == set(codebook()["trigger_virus"].codes)
    herpes = [v.code for v in viruses() if v.herpes]
    assert names[: len(herpes)] == herpes
    assert set(herpes) == {"EBV", "CMV", "HSV1_2", "VZV", "HHV6", "HHV7", "HHV8"}


# Malignancy and rheumatic disease

OTHERS = [
    # record, malignancy, rheumatic disease
    ({"malignancy_type": "B_lymphoma"}, MET, UNDECIDED),
    ({"malignancy_type": "none"}, NOT_MET, UNDECIDED),
    ({"malignancy_type": None}, UNDECIDED, UNDECIDED),
    ({"malignancy_type": "none", "trigger_category": "malignancy"}, MET, UNDECIDED),
    ({"sjia_status": True}, UNDECIDED, MET),
    ({"sjia_status": False}, UNDECIDED, UNDECIDED),  # another rheumatic disease remains possible
    ({"trigger_category": "rheumatic_mas"}, UNDECIDED, MET),
    ({"trigger_category": "none", "sjia_status": False}, NOT_MET, NOT_MET),
]


@pytest.mark.parametrize(("record", "malignancy", "rheumatic"), OTHERS)
def test_malignancy_and_rheumatic_disease(record, malignancy, rheumatic):
    row = read(record).iloc[0]
    assert (row["triggers__malignancy"], row["triggers__rheumatic_mas"]) == (malignancy, rheumatic)


# Primary or secondary is another question than the trigger (dossier 5.2, 5.3)

HOMOZYGOUS = {"genetic_test_done": True, "gene_causal": "PRF1", "zygosity": "homozygous", "acmg_class": "P"}
CARRIER = {"genetic_test_done": True, "gene_causal": "PRF1", "zygosity": "heterozygous", "acmg_class": "P"}
NEGATIVE = {"genetic_test_done": True, "gene_causal": "none"}
CLASS = [
    (HOMOZYGOUS, "primary", "unknown"),
    ({**HOMOZYGOUS, "ebv_status": "positive"}, "primary", "ebv"),  # primary HLH often has EBV
    ({"gene_causal": "XIAP", "zygosity": "hemizygous", "acmg_class": "LP", "ebv_status": "positive"}, "primary", "ebv"),
    ({"family_history_hlh": True, "ebv_status": "positive"}, "primary", "ebv"),
    ({**NEGATIVE, "ebv_status": "positive"}, "secondary", "ebv"),
    ({**NEGATIVE, "trigger_category": "malignancy"}, "secondary", "malignancy"),
    ({**NEGATIVE, "trigger_category": "none"}, "unknown", "none"),
    (NEGATIVE, "unknown", "unknown"),
    ({"ebv_status": "positive"}, "unknown", "ebv"),  # without a genetic test nobody is secondary
    ({"genetic_test_done": False, "ebv_status": "positive"}, "unknown", "ebv"),
    ({**CARRIER, "ebv_status": "positive"}, "unknown", "ebv"),  # one allele decides nothing
]


@pytest.mark.parametrize(("record", "hlh_class", "category"), CLASS)
def test_class_and_trigger_are_two_questions(record, hlh_class, category):
    row = read(record).iloc[0]
    assert (row["hlh_class_derived"], row["trigger_category_derived"]) == (hlh_class, category)


# Published cuts of EBV load stand with their material and source


def test_the_published_cuts_of_ebv_load():
    cuts = {(c.copies_per_ml, c.specimen): c for c in load_cuts()}
    assert set(cuts) == {(268000, "plasma"), (1320, "plasma"), (1000, "")}
    death = cuts[268000, "plasma"]
    assert (death.about, death.sensitivity, death.specificity) == ("death", 0.8857, 0.5625)
    assert all(c.source and c.status == "VERIFIED" for c in cuts.values())
    assert set(specimens()) | {"unknown"} == set(codebook()["ebv_specimen"].codes)

"""CNS involvement as a readable table: what is recorded of a patient, and what each domain and definition says.

Vectors 6 to 9 are the dossier's. A patient has HLH, is 5 years old and was tested in every domain with a normal result,
except for what the case says.
"""

from typing import Any

import pandas as pd
import pytest

from neurohlh.clinical.cns import classify_cns

NORMAL: dict[str, Any] = {
    "patient_id": "P1", "age_years": 5.0, "neuro_assessed": True, "sx_seizure": False, "sx_ataxia": False,
    "lp_done": True, "csf_wbc": 2.0, "csf_protein": 0.2, "mri_done": True, "mri_brainstem": False, "mri_atrophy": False,
}  # fmt: skip
NO_LP = {"lp_done": False, "csf_wbc": None, "csf_protein": None}
NO_MRI = {"mri_done": False, "mri_brainstem": None, "mri_atrophy": None}
TRIS = {"neuro_symptoms_any", "csf_abnormal", "mri_abnormal", "ct_abnormal", "imaging_abnormal", "eeg_abnormal"}
TEXT = {*TRIS, "patient_id", "csf_pathogen", "cns_involved", "cns_pathology_positive", "molecular_dx_hlh", "hlh"}


def column(name: str, values: list[Any]) -> Any:
    if name in TEXT or name.endswith("_censored"):
        return pd.Series(values, dtype=object)
    if name.startswith("date_"):
        return pd.to_datetime(pd.Series(values)).astype("datetime64[s]")
    if any(isinstance(v, bool) for v in [*values, NORMAL.get(name)]):
        return pd.array(values, dtype="boolean")
    return pd.Series(values, dtype="float64")


def patient(*changes: dict[str, Any]) -> pd.DataFrame:
    row = NORMAL | {name: value for change in changes for name, value in change.items()}
    return pd.DataFrame({name: column(name, [value]) for name, value in row.items()})


def answer(shown: str, *changes: dict[str, Any], definition: str = "seed_any3", **options: Any) -> Any:
    return classify_cns(patient(*changes), definition, **options)[shown].iloc[0]


def check(shown: str, table: list[tuple[dict[str, Any], str]], definition: str = "seed_any3") -> None:
    """Every (case, answer) of the table; the cases with the same columns are read as one frame."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, (case, _) in enumerate(table):
        groups.setdefault(tuple(sorted({*NORMAL, *case})), []).append(i)
    found: dict[int, Any] = {}
    for names, members in groups.items():
        rows = [NORMAL | table[i][0] for i in members]
        frame = pd.DataFrame({name: column(name, [row[name] for row in rows]) for name in names})
        found |= dict(zip(members, classify_cns(frame, definition)[shown], strict=True))
    assert {i: (table[i][0], found[i]) for i in found} == dict(enumerate(table))


MET, NOT, UNKNOWN, APART = "met", "not_met", "indeterminate", "not_applicable"


CSF = [
    # vector 8: protein 0.50 g/L
    ({"age_years": None, "age_days": 40, "csf_protein": 0.50}, NOT),
    ({"age_years": 5, "csf_protein": 0.50}, MET),
    ({"age_years": 30, "csf_protein": 0.50}, NOT),
    ({"age_years": 50, "csf_protein": 0.60}, NOT),
    ({"age_years": 50, "csf_protein": 0.61}, MET),
    ({"age_years": 10, "csf_protein": 0.41}, NOT),  # 10 years open the row 10-18 y
    ({"age_years": 18, "csf_protein": 0.50}, NOT),
    ({"age_days": 28, "age_years": None, "csf_wbc": 15}, NOT),
    ({"age_days": 28, "age_years": None, "csf_wbc": 16}, MET),
    ({"age_days": 29, "age_years": None, "csf_wbc": 10}, MET),
    ({"age_days": 60, "age_years": None, "csf_wbc": 9}, NOT),
    ({"age_days": 61, "age_years": None, "csf_wbc": 6}, MET),
    # 0.99 - (121 - 60) x 0.59 / 122 = 0.695
    ({"age_days": 121, "age_years": None, "csf_protein": 0.69}, NOT),
    ({"age_days": 121, "age_years": None, "csf_protein": 0.70}, MET),
    ({"age_days": 182, "age_years": None, "csf_protein": 0.40}, NOT),
    # the local limit wins
    ({"csf_protein": 0.40, "csf_protein_uln": 0.45}, NOT),
    ({"csf_wbc": 9, "csf_wbc_uln": 8}, MET),
    # unknown age: only beyond the limits of all ages is anything certain
    ({"age_years": None, "csf_protein": 1.28}, MET),
    ({"age_years": None, "csf_protein": 0.50}, UNKNOWN),
    ({"age_years": None, "csf_protein": 0.30}, NOT),
    ({"age_years": 0, "csf_protein": 0.50}, UNKNOWN),  # an infant in completed years
    ({"age_years": 0, "csf_wbc": 16}, MET),
    # normal only if both are known
    ({"csf_wbc": None}, UNKNOWN),
    ({"csf_wbc": None, "csf_protein": 0.5}, MET),
    (NO_LP, UNKNOWN),
    ({"lp_done": False, "csf_protein": 2.0}, UNKNOWN),
    ({"csf_hemophagocytes": True}, MET),
    ({"csf_pathogen": "bacteria", "csf_wbc": 900}, UNKNOWN),
    ({"csf_pathogen": "ebv", "csf_wbc": 900}, MET),
    ({"csf_glucose": 0.5}, NOT),
    # below and above the limits of measurement
    ({"csf_wbc_censored": "left", "csf_wbc": 5}, NOT),
    ({"csf_wbc_censored": "left", "csf_wbc": 6}, UNKNOWN),
    ({"csf_wbc_censored": "right", "csf_wbc": 5}, MET),
    ({"csf_wbc_censored": "right", "csf_wbc": 4}, UNKNOWN),
    # vector 7: blood in the sample, the patient's own ratio is 3000:1
    ({"csf_wbc": 8, "csf_rbc": 3000, "wbc": 1.0, "rbc_blood": 3.0}, MET),
    ({"csf_wbc": 8, "csf_rbc": 3000, "wbc": 5.0, "rbc_blood": 3.0}, UNKNOWN),  # 8 - 5 = 3
    ({"csf_wbc": 8, "csf_rbc": 3000}, UNKNOWN),  # blood counts unknown, 1000:1 leaves 5
    ({"csf_wbc": 9, "csf_rbc": 3000}, MET),
    ({"csf_wbc": 4, "csf_rbc": 3000}, NOT),
    ({"csf_protein": 0.34, "csf_rbc": 3000}, UNKNOWN),  # 0.34 - 0.033 = 0.307
    ({"csf_protein": 0.36, "csf_rbc": 3000}, MET),
    ({"csf_wbc": 900, "csf_rbc": 3000, "csf_rbc_censored": "right"}, UNKNOWN),
    # the hospital's summary is one more component
    ({"csf_abnormal": "met"}, MET),
    ({"csf_abnormal": "indeterminate"}, UNKNOWN),
    ({"csf_abnormal": None}, UNKNOWN),  # one more component: an empty cell answers nothing
    ({"csf_abnormal": "not_met"}, NOT),
    # a white count of 0 is known: the needle's blood brought no cells with it
    ({"csf_wbc": 8, "csf_rbc": 3000, "wbc": 0, "rbc_blood": 3.0}, MET),
    ({"csf_abnormal": "not_met", "csf_protein": 0.5}, MET),
]


def test_csf():
    check("cns_csf", CSF)


SYMPTOMS = [
    ({"sx_seizure": True}, MET),
    ({"neuro_assessed": None, "sx_ataxia": None}, UNKNOWN),
    ({"neuro_assessed": True, "sx_ataxia": None}, UNKNOWN),  # an empty flag is no answer
    ({"neuro_assessed": False}, UNKNOWN),
    ({"neuro_assessed": False, "sx_seizure": True}, MET),
    ({"sx_seizure": True, "febrile_seizure_only": True}, NOT),
    ({"sx_febrile_seizure": True}, NOT),
    ({"sx_coma": True}, MET),
    ({"sx_coma": True, "metabolic_confounder": True}, UNKNOWN),
    ({"sx_coma": True, "metabolic_confounder": None}, MET),
    ({"sx_coma": False, "metabolic_confounder": True}, UNKNOWN),  # nor can its absence be seen in the sedated
    ({"gcs": 14}, MET),
    ({"gcs": 14, "metabolic_confounder": True}, UNKNOWN),
    ({"gcs": 15}, NOT),
    ({"gcs": None}, NOT),
    ({"sx_headache": True, "sx_vomiting": True}, MET),
    ({"sx_headache": True, "sx_vomiting": False}, NOT),
    ({"sx_headache": True}, UNKNOWN),
    ({"sx_vomiting": True}, NOT),
    ({"sx_hearing_impairment": True, "sx_dev_delay": True}, NOT),
    ({"sx_intracranial_hemorrhage": True}, NOT),
    ({"sx_abnormal_reflexes": True}, MET),
    ({"sx_abnormal_reflexes": True, "age_years": 0.5}, UNKNOWN),
    ({"sx_visual_impairment": True}, MET),
    ({"sx_visual_impairment": True, "platelets": 20}, UNKNOWN),
    ({"neuro_symptoms_any": "met"}, MET),
    ({"neuro_symptoms_any": None}, UNKNOWN),
    ({"neuro_symptoms_any": "not_met"}, NOT),
    ({"neuro_symptoms_any": "indeterminate"}, UNKNOWN),
    ({"neuro_symptoms_any": "not_met", "sx_seizure": True}, MET),
    ({"neuro_symptoms_any": "met", "febrile_seizure_only": True, "sx_seizure": True}, UNKNOWN),
    (
        {"sx_behaviour_change": True, "date_neuro_onset": "2020-02-09", "date_treatment_start": "2020-02-01"},
        UNKNOWN,
    ),
    ({"sx_behaviour_change": True, "date_neuro_onset": "2020-01-09", "date_treatment_start": "2020-02-01"}, MET),
]


def test_symptoms():
    check("cns_symptoms", SYMPTOMS)


IMAGING = [
    ({"mri_brainstem": True}, MET),
    ({"mri_brainstem": None}, UNKNOWN),
    (NO_MRI, UNKNOWN),
    ({"mri_done": False, "mri_brainstem": True}, UNKNOWN),
    (NO_MRI | {"ct_done": True, "ct_abnormal": "not_met"}, UNKNOWN),  # a normal CT alone
    (NO_MRI | {"ct_done": True, "ct_abnormal": "met"}, MET),
    ({"ct_abnormal": "met"}, NOT),  # MRI overrides CT
    ({"mri_atrophy": True}, MET),
    ({"mri_hemorrhage_parenchymal": True, "platelets": 49, "dic": False}, NOT),
    ({"mri_hemorrhage_parenchymal": True, "platelets": 120, "dic": True}, NOT),
    ({"mri_hemorrhage_parenchymal": True, "platelets": 50, "dic": False}, MET),
    ({"mri_hemorrhage_parenchymal": True, "platelets": 120, "dic": None}, UNKNOWN),
    ({"mri_hemorrhage_parenchymal": True, "mri_brainstem": True, "platelets": 20}, MET),
    ({"mri_hemorrhage_parenchymal": True, "mri_abnormal": "met", "platelets": 20}, UNKNOWN),
    ({"mri_infarct": True}, MET),
    ({"mri_infarct": True, "dic": True}, UNKNOWN),
    ({"mri_leptomeningeal_enh": False, "mri_contrast": False}, UNKNOWN),
    ({"mri_leptomeningeal_enh": False, "mri_contrast": True}, NOT),
    ({"mri_leptomeningeal_enh": True, "mri_contrast": True}, MET),
    ({"mri_pres": True, "mri_delayed_myelination": True, "mri_t1_hypo": True}, NOT),
    ({"mri_nonspecific": True}, UNKNOWN),
    ({"mri_spinal_cord": True}, MET),
    ({"mri_spinal_cord": None}, UNKNOWN),
    ({"mri_region_count": 3}, MET),
    ({"mri_region_count": 0}, NOT),
    ({"mri_abnormal": "met"}, MET),
    ({"mri_abnormal": None}, UNKNOWN),
    ({"mri_abnormal": "not_met"}, NOT),
    ({"imaging_abnormal": "met"}, MET),
    ({"imaging_abnormal": None}, UNKNOWN),
    ({"imaging_abnormal": "not_met"}, NOT),
    ({"imaging_abnormal": "met", "ct_abnormal": "met"}, NOT),  # the CT that the MRI overrides explains it
]


def test_imaging():
    check("cns_imaging", IMAGING)


SICK = {"sx_seizure": True}


STATUS = [
    ("seed_any3", {}, NOT),
    ("seed_any3", SICK, MET),
    ("seed_any3", NO_LP, UNKNOWN),  # vector 6
    ("seed_any3", NO_LP | SICK, MET),
    ("seed_any3", {"cns_pathology_positive": "met"}, MET),
    ("seed_any3", {"hlh_confirmed": False} | SICK, APART),
    ("seed_any3", {"hlh_confirmed": None} | SICK, MET),
    ("zhao2018", NO_LP, NOT),  # vector 6: the literature's habit
    ("zhao2018", NO_LP | NO_MRI, NOT),
    ("zhao2018", {"csf_wbc": None}, UNKNOWN),  # tested, without a clear answer
    ("kim2012", NO_LP | NO_MRI, NOT),
    ("kim2012", {"csf_protein": 3.0}, NOT),
    ("kim2012", {"csf_wbc": 6}, MET),
    ("kim2012", {"csf_hemophagocytes": True}, NOT),  # cells are counted, not looked at
    ("jovanovic2014", {"csf_hemophagocytes": True}, NOT),
    ("horne2008", {"csf_hemophagocytes": True}, MET),
    ("bch2014_61", NO_LP, APART),  # vector 6: complete case
    ("bch2014_61", NO_LP | SICK, APART),
    ("bch2014_61", {"csf_protein": 0.5}, MET),
    ("csfmark", {"neuro_assessed": False, "sx_seizure": None}, APART),
    ("deiva2012", NO_LP, UNKNOWN),
    ("deiva2012", NO_MRI, APART),
    ("horne2008", NO_LP | SICK, UNKNOWN),
    ("horne2008", {"csf_protein": 0.5}, MET),
    ("horne2008", {"mri_brainstem": True}, NOT),
    ("haddad1997", {"mri_brainstem": True}, NOT),
    ("jovanovic2014", {"csf_protein": 0.34}, NOT),
    ("jovanovic2014", {"csf_protein": 0.35}, NOT),
    ("jovanovic2014", {"csf_protein": 0.36, "csf_protein_uln": 0.45, "age_years": 30}, MET),
    ("hornebeutel2018", SICK, NOT),
    ("hornebeutel2018", SICK | NO_LP, UNKNOWN),
    ("hornebeutel2018", SICK | {"csf_wbc": 6, "mri_brainstem": True}, MET),
    ("sx_only", NO_LP | NO_MRI, NOT),
    ("sx_only", {"neuro_assessed": None}, UNKNOWN),
    ("obj", SICK, NOT),
    ("obj", {"mri_atrophy": True}, NOT),
    ("obj", {"mri_atrophy": True, "mri_abnormal": "met"}, UNKNOWN),
    ("obj", {"mri_brainstem": True}, MET),
    ("two3", SICK, NOT),
    ("two3", SICK | NO_LP, UNKNOWN),
    ("two3", NO_LP, NOT),
    ("two3", SICK | {"csf_wbc": 6}, MET),
    ("pleo100", {"csf_wbc": 100}, NOT),
    ("pleo100", {"csf_wbc": 101}, MET),
    ("pleo100", {"csf_protein": 5.0, "cns_pathology_positive": "met"}, NOT),
    ("pleo100", NO_LP, UNKNOWN),
    ("hines2022", {"eeg_abnormal": "met"}, MET),
    ("hines2022", {"eeg_abnormal": None}, UNKNOWN),
    ("hines2022", {}, NOT),
    ("as_recorded", SICK | {"cns_involved": "not_met"}, NOT),
    ("as_recorded", SICK, UNKNOWN),
]


@pytest.mark.parametrize("definition", dict.fromkeys(name for name, _, _ in STATUS))
def test_definition(definition):
    check("cns_status", [(case, word) for name, case, word in STATUS if name == definition], definition)


ISOLATED = {
    "molecular_dx_hlh": "met", "sx_ataxia": True, "splenomegaly": False, "hemoglobin": 120.0, "platelets": 250.0,
    "anc": 3.0, "date_neuro_onset": "2020-01-01", "date_hlh_diagnosis": "2020-03-31",
}  # fmt: skip


ONSETS = [
    ({}, MET),  # 90 days
    ({"date_hlh_diagnosis": "2020-03-30"}, NOT),  # 89 days
    ({"date_hlh_diagnosis": None}, UNKNOWN),
    ({"date_hlh_diagnosis": None, "hlh_confirmed": False}, MET),  # never systemic, and no gate
    ({"molecular_dx_hlh": "indeterminate"}, UNKNOWN),
    ({"splenomegaly": True}, NOT),
    ({"platelets": 99.0}, NOT),
    ({"platelets": 150.0, "platelets_censored": "left"}, UNKNOWN),
    ({"platelets": 100.0, "platelets_censored": "left"}, NOT),
    ({"anc": 0.5, "anc_censored": "right"}, UNKNOWN),
    ({"hemoglobin": 89.0}, NOT),
    ({"sx_ataxia": False}, NOT),
]


def test_isolated_cns_disease():
    check("cns_status", [(ISOLATED | case, word) for case, word in ONSETS], "blincoe2020")


@pytest.mark.parametrize(
    ("case", "group"),
    [({}, "1"), (SICK, "2"), ({"csf_wbc": 6}, "3"), (SICK | {"csf_wbc": 6}, "4"), (SICK | NO_LP, "unknown"),
     (SICK | {"csf_protein": None}, "unknown")],
    ids=str,
)  # fmt: skip
def test_horne_group(case, group):  # vector 9
    assert answer("cns_group_horne", case) == group


def test_no_column_at_all_is_unknown_not_negative():
    found = classify_cns(pd.DataFrame({"patient_id": ["a"]}))
    assert found[["cns_status", "cns_symptoms", "cns_csf", "cns_imaging"]].iloc[0].tolist() == [UNKNOWN] * 4
    assert found["cns_tested_domains"].iloc[0] == 0


def test_no_symptoms_without_any_word_on_the_assessment_leaves_symptoms_only_open():
    unsaid = patient().drop(columns="neuro_assessed")
    assert classify_cns(unsaid, "sx_only")["cns_status"].iloc[0] == UNKNOWN
    assert classify_cns(unsaid, "seed_any3")["cns_status"].iloc[0] == NOT


def test_three_summary_columns_alone_can_say_no():
    words = {"neuro_symptoms_any": ["not_met"], "csf_abnormal": ["not_met"], "imaging_abnormal": ["not_met"]}
    assert classify_cns(pd.DataFrame({"patient_id": ["a"], **words}))["cns_status"].iloc[0] == NOT

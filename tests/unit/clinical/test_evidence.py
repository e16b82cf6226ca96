"""Evidence in words: why, and which missing test would change the answer."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.clinical.cns import cns_long, definitions
from neurohlh.clinical.evidence import LONG_COLUMNS
from neurohlh.core.errors import InputError

ROWS = {
    "child": {"age_years": 4.3, "csf_wbc": 2, "csf_protein": 0.62},
    "newborn": {"age_years": 0.05, "csf_wbc": 21, "csf_protein": 0.9, "sx_seizure": True, "gcs": 9},
    "infant": {"age_years": 0.25, "csf_wbc": 1, "csf_protein": 0.95},
    "local": {"age_years": 4, "csf_wbc": 2, "csf_protein": 0.62, "csf_protein_uln": 0.45},
    "bloody": {"age_years": 4, "csf_wbc": 20, "csf_rbc": 4000, "csf_protein": 0.2},
    "image": {"age_years": 4, "csf_wbc": 1, "csf_protein": 0.2, "mri_brainstem": True,
              "mri_diffusion_restricted": True},
    "nothing": {"age_years": 4, "csf_wbc": 1, "csf_protein": 0.2},
    "untested": {"age_years": 4, "lp_done": False, "mri_done": False, "mri_brainstem": None,
                 "mri_diffusion_restricted": None},
    "no puncture": {"age_years": 4, "lp_done": False},
    "ct": {"age_years": 4, "csf_wbc": 1, "csf_protein": 0.2, "mri_done": False, "mri_brainstem": None,
           "mri_diffusion_restricted": None, "ct_abnormal": "not_met"},
    "excluded": {"age_years": 4, "sx_seizure": True, "hlh_confirmed": False},
    "above": {"age_years": 4, "csf_wbc": 500, "csf_wbc_censored": "right", "csf_protein": 0.2},
    "below": {"age_years": 4, "csf_wbc": 10, "csf_wbc_censored": "left", "csf_protein": 0.2},
    "adult": {"age_years": 30, "csf_wbc": 7, "csf_protein": 0.62, "csf_rbc": 1},
    "half asked": {"age_years": 4, "csf_wbc": 1, "csf_protein": 0.2, "sx_seizure": None},
    "half tested": {"age_years": 4, "csf_wbc": 1, "mri_brainstem": None},
    "no age": {"csf_wbc": 1, "csf_protein": 0.5},
    "no age, no protein": {"csf_wbc": 1},
}  # fmt: skip
FLAGS = (
    "neuro_assessed",
    "sx_seizure",
    "mri_brainstem",
    "mri_diffusion_restricted",
    "lp_done",
    "mri_done",
    "hlh_confirmed",
)
DEFAULTS = {"sx_seizure": False, "mri_brainstem": False, "mri_diffusion_restricted": False, "lp_done": True,
            "mri_done": True, "hlh_confirmed": True}  # fmt: skip


def frame():
    data = pd.DataFrame([{"patient_id": name, "neuro_assessed": True, **DEFAULTS, **row} for name, row in ROWS.items()])
    data[list(FLAGS)] = data[list(FLAGS)].astype("boolean")
    return data.assign(csf_wbc_censored=data["csf_wbc_censored"].where(data["csf_wbc_censored"].notna(), None))


@pytest.fixture(scope="module")
def long():
    names = ["seed_any3", "TWO3", "zhao2018", "bch2014_61", "jovanovic2014", "horne2008"]
    return cns_long(frame(), names).set_index(["definition", "patient_id"])


@pytest.mark.parametrize(
    ("definition", "patient", "status", "evidence"),
    [
        ("seed_any3", "child", "met", "CSF protein 0.62 g/L > 0.32 (age 4 y, RCH/Biou)"),
        ("seed_any3", "newborn", "met", "seizure; GCS 9; CSF WBC 21/uL > 15 (age 18 d, Thomson)"),
        # 91.3125 days: 0.99 - 31.3125 x 0.59 / 122 = 0.8386
        ("seed_any3", "infant", "met", "CSF protein 0.95 g/L > 0.839 (age 3 mo, RCH/interpolated)"),
        ("seed_any3", "local", "met", "CSF protein 0.62 g/L > 0.45 (local limit)"),
        ("seed_any3", "bloody", "met", "CSF WBC 20/uL (16 corrected for blood) > 5 (age 4 y, RCH)"),
        ("seed_any3", "above", "met", "CSF WBC >500/uL > 5 (age 4 y, RCH)"),
        (
            "seed_any3",
            "adult",
            "met",
            "CSF WBC 7/uL > 5 (age 30 y, RCH); CSF protein 0.62 g/L > 0.55 (age 30 y, Breiner)",
        ),
        (
            "seed_any3",
            "below",
            "indeterminate",
            "undecided: CSF (recorded only as below or above a limit of measurement); "
            "an abnormal result would make it met, a normal one not_met",
        ),
        (
            "seed_any3",
            "half asked",
            "indeterminate",
            "undecided: symptoms (not answered: seizure); an abnormal result would make it met, a normal one not_met",
        ),
        (
            "seed_any3",
            "half tested",
            "indeterminate",
            "undecided: CSF (not answered: protein), MRI (not answered: brainstem lesion); "
            "an abnormal result of either would make it met",
        ),
        (
            "seed_any3",
            "no age",
            "indeterminate",
            "undecided: CSF (age not known); an abnormal result would make it met, a normal one not_met",
        ),
        (
            "seed_any3",
            "no age, no protein",
            "indeterminate",
            "undecided: CSF (not answered: protein); an abnormal result would make it met, a normal one not_met",
        ),
        ("seed_any3", "image", "met", "MRI: brainstem lesion; restricted diffusion (low ADC)"),
        ("seed_any3", "nothing", "not_met", "negative: symptoms, CSF, MRI"),
        (
            "seed_any3",
            "untested",
            "indeterminate",
            "not tested: CSF, MRI; an abnormal result of either would make it met",
        ),
        (
            "seed_any3",
            "no puncture",
            "indeterminate",
            "not tested: CSF; an abnormal result would make it met, a normal one not_met",
        ),
        (
            "seed_any3",
            "ct",
            "indeterminate",
            "undecided: MRI (CT normal, no MRI); an abnormal result would make it met, a normal one not_met",
        ),
        ("seed_any3", "excluded", "not_applicable", "no HLH by the criteria of the study"),
        ("two3", "untested", "indeterminate", "not tested: CSF, MRI; abnormal results of both would make it met"),
        ("two3", "child", "not_met", "CSF protein 0.62 g/L > 0.32 (age 4 y, RCH/Biou); negative: symptoms, MRI"),
        ("zhao2018", "untested", "not_met", "negative: symptoms; not tested and read as negative: CSF, MRI"),
        ("bch2014_61", "no puncture", "not_applicable", "not tested: CSF; left out by the definition"),
        ("jovanovic2014", "child", "met", "CSF protein 0.62 g/L > 0.35 (fixed limit of jovanovic2014)"),
    ],
)
def test_evidence(long, definition, patient, status, evidence):
    assert tuple(long.loc[(definition, patient), ["status", "evidence"]]) == (status, evidence)


def test_shape_and_columns():
    table = cns_long(frame(), [d.name for d in definitions()])
    assert tuple(table.columns) == LONG_COLUMNS
    assert len(table) == len(ROWS) * len(definitions())
    assert table["definition"].drop_duplicates().tolist() == [d.name for d in definitions()]
    assert (table["evidence"].str.len() > 0).all()


def test_an_indeterminate_patient_is_told_what_is_missing_and_a_met_one_why(long):
    undecided = long[long["status"] == "indeterminate"]["evidence"]
    assert undecided.str.contains("not tested|undecided").all()
    assert not long[long["status"] == "met"]["evidence"].str.contains("not tested|undecided|negative").any()


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        ({}, "seizure; isolated onset met by the rule of blincoe2020"),
        (
            {"splenomegaly": True, "platelets": 20.0, "anc": None},
            "seizure; isolated onset not met by the rule of blincoe2020: absent: normal blood counts, normal spleen",
        ),
        (
            {"molecular_dx_hlh": None, "anc": None},
            "seizure; isolated onset indeterminate by the rule of blincoe2020: "
            "not known: molecular diagnosis, normal blood counts",
        ),
    ],
)
def test_an_isolated_onset_names_what_is_missing(changes, evidence):
    patient = {"patient_id": "P", "sx_seizure": True, "molecular_dx_hlh": "met", "splenomegaly": False, "anc": 2.0,
               "hemoglobin": 120.0, "platelets": 300.0, "age_years": 4.0, "hlh_confirmed": False}  # fmt: skip
    data = pd.DataFrame([patient, patient | changes]).astype({"anc": float, "hlh_confirmed": "boolean"})
    assert cns_long(data, ["blincoe2020"])["evidence"].tolist()[1] == evidence


def test_the_work_grows_with_the_data_not_faster():
    many = pd.concat([frame()] * 500, ignore_index=True)
    many["patient_id"] = [f"P{i}" for i in range(len(many))]
    table = cns_long(many)
    assert len(table) == len(many)
    assert np.array_equal(table["evidence"].to_numpy()[: len(ROWS)], cns_long(frame())["evidence"].to_numpy())


def test_an_unknown_definition_or_status_column_is_named():
    with pytest.raises(InputError, match="seed_any4") as error:
        cns_long(frame(), ["seed_any4"])
    assert "seed_any3" in str(error.value)
    with pytest.raises(InputError, match="hlh2004_status"):
        cns_long(frame(), hlh="hlh2004_status")

"""The catalogue of CNS definitions, the three readings, and records that can't all be right."""

import csv
import io
from importlib.resources import files

import pandas as pd
import pytest

from neurohlh.clinical.cns import (
    classify_cns,
    cns_contradictions,
    definition,
    definitions,
    describe,
    summary,
)
from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import codebook

PUBLISHED = [
    "SEED_ANY3", "HORNE2008", "HADDAD1997", "YANG2010", "KIM2012", "JOVANOVIC2014", "DEIVA2012", "CAI2017", "SONG2018",
    "ZHAO2018", "BCH2014_61", "WEN2017", "NJMU2018", "CSFMARK", "BLINCOE2020", "CNSREST2019", "HORNEBEUTEL2018",
    "TROTTESTAM2011", "BERGSTEN2017", "HINES2022", "LAROSEE2019", "WANGX2026", "SX_ONLY", "OBJ", "TWO3", "PLEO100",
]  # fmt: skip


def test_every_row_of_the_dossier_is_a_definition():
    assert [d.name for d in definitions()] == [name.lower() for name in (*PUBLISHED, "AS_RECORDED")]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_definition_carries_source_status_and_what_was_decided_here(name):
    shown = describe(name)
    assert shown["source"]
    assert any(word in shown["status"] for word in ("VERIFIED", "FROM MEMORY", "DOSSIER RULE"))
    assert shown["decision"].endswith("(DOSSIER RULE / toolkit decision)")
    for row in shown.get("thresholds", []):
        assert row["source"]
        assert row["status"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_definition_without_published_numbers_says_so(name):
    d = definition(name)
    if "csf" not in d.domains or not d.csf.by_age:
        return
    assert d.printed["csf_wbc"] == d.printed["csf_protein"] == "not stated in the retrieved text"


def test_what_a_definition_reads_is_in_the_codebook():
    book = codebook()
    assert all(v in book for d in definitions() for v in d.variables)


def test_only_one_definition_has_published_limits_for_both_analytes():
    fixed = [d.name for d in definitions() if not d.csf.by_age]
    assert fixed == ["kim2012", "jovanovic2014", "pleo100"]
    assert (definition("jovanovic2014").csf.wbc, definition("jovanovic2014").csf.protein) == (5.0, 0.35)
    assert [row["limit"] for row in describe("jovanovic2014")["thresholds"]] == ["> 5", "> 0.35"]


def test_names_in_any_case_and_the_closest_for_a_wrong_one():
    assert definition("SEED_any3") is definition("seed_any3")
    with pytest.raises(InputError) as error:
        describe("zhao2081")
    assert "zhao2018" in str(error.value)


def test_the_default_limits_are_the_dossiers():
    text = (files("neurohlh") / "catalogue/cns/csf_reference.csv").read_text(encoding="utf-8")
    rows = [r for r in csv.DictReader(io.StringIO(text)) if r["is_default"] == "1"]
    limits = {a: [float(r["limit"]) for r in rows if r["variable"] == a] for a in ("csf_wbc", "csf_protein")}
    assert limits == {"csf_wbc": [15, 9, 5], "csf_protein": [1.27, 0.99, 0.7, 0.32, 0.41, 0.55, 0.6]}


def test_three_readings_of_the_same_patients():
    words = {
        "neuro_symptoms_any": ["met", "not_met", "not_met", "not_met", "not_met"],
        "csf_abnormal": [None, "not_met", None, "not_met", None],
        "imaging_abnormal": ["not_met", "not_met", "not_met", "met", "not_met"],
        "hlh": ["met", "met", "met", "indeterminate", "not_met"],
    }
    frame = classify_cns(pd.DataFrame({"patient_id": list("abcde"), **words}), hlh="hlh")
    assert frame["cns_status"].tolist() == ["met", "not_met", "indeterminate", "met", "not_applicable"]
    table = summary(frame).set_index("reading")
    assert table.loc["indeterminate kept", ["n", "met", "not_met", "indeterminate"]].tolist() == [4, 2, 1, 1]
    assert table.loc["indeterminate as negative", ["n", "met", "not_met", "proportion"]].tolist() == [4, 2, 2, 0.5]
    assert table.loc["complete case", ["n", "met", "not_met", "proportion"]].tolist() == [2, 1, 1, 0.5]


def test_the_input_is_not_changed():
    frame = pd.DataFrame({"patient_id": ["a"], "cns_timing": ["at_relapse"], "neuro_symptoms_any": ["met"]})
    before = frame.copy(deep=True)
    classify_cns(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_no_patient_at_all():
    empty = pd.DataFrame({"patient_id": pd.Series(dtype=object), "csf_wbc": pd.Series(dtype=float)})
    assert classify_cns(empty)["cns_status"].tolist() == []


CONTRADICTIONS = {
    "clean": {},
    "symptoms": {"neuro_symptoms_any": "not_met", "sx_seizure": True},
    "fluid": {"csf_abnormal": "not_met", "csf_protein": 0.5},
    "image": {"mri_abnormal": "not_met", "mri_brainstem": True},
    "no puncture": {"lp_done": False, "csf_protein": 0.2},
    "no mri": {"mri_done": False, "mri_brainstem": True},
    "no contrast": {"mri_contrast": False, "mri_leptomeningeal_enh": True},
    "not assessed": {"neuro_assessed": False, "sx_seizure": True},
    "overall": {"imaging_abnormal": "not_met", "ct_abnormal": "met"},
}


def test_contradictions_are_named_one_by_one():
    columns = list(dict.fromkeys(name for row in CONTRADICTIONS.values() for name in row))
    rows = [{"patient_id": name, "age_years": 5.0, **row} for name, row in CONTRADICTIONS.items()]
    frame = pd.DataFrame(rows, columns=["patient_id", "age_years", *columns])
    for name in columns:
        frame[name] = frame[name].astype(
            "float64" if name == "csf_protein" else "object" if codebook()[name].type == "tri" else "boolean"
        )
    found = cns_contradictions(frame)
    assert set(map(tuple, found[["patient_id", "variable", "code"]].to_numpy())) == {
        ("symptoms", "neuro_symptoms_any", "summary_contradicts_components"),
        ("fluid", "csf_abnormal", "summary_contradicts_components"),
        ("image", "mri_abnormal", "summary_contradicts_components"),
        ("no puncture", "csf_protein", "value_without_test"),
        ("no mri", "mri_brainstem", "finding_without_test"),
        ("no contrast", "mri_leptomeningeal_enh", "enhancement_without_contrast"),
        ("not assessed", "neuro_assessed", "symptom_without_assessment"),
        ("overall", "imaging_abnormal", "summary_contradicts_components"),
    }
    assert (found["message"].str.len() > 20).all()
    assert not found["message"].str.contains("0.5").any()  # no value of a patient

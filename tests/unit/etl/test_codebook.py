"""The codebook: complete, unambiguous, and each spelling leading to one variable."""

import csv

import pytest

from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import CATALOGUE, Codebook, Variable, codebook, derived_roles, header_key, known_header

BOOK = codebook()


def _vocabulary(name):
    return list(csv.DictReader((CATALOGUE / name).read_text(encoding="utf-8").splitlines()))


def test_holds_the_whole_dictionary():
    assert (
        len(BOOK.variables) == 259
    )  # the 256 of the clinical dictionary, pregnancy, and the texts of MRI and CT reports
    assert sum(v.tier == "core" for v in BOOK) == 133
    assert sum(v.domain == "neuro_symptom" for v in BOOK) == 38
    assert sum(v.domain == "mri_finding" for v in BOOK) == 39


@pytest.mark.parametrize("variable", list(BOOK), ids=lambda v: v.name)
def test_every_variable_can_be_shown_and_recognised(variable):
    assert variable.label("en")[0].isupper() or variable.label("en").startswith(("sCD25", "sJIA"))
    assert not variable.label_en.isspace()
    assert any("\u4e00" <= sign <= "\u9fff" for sign in variable.label_zh) or variable.name in {"hscore", "icu"}
    assert variable.aliases_en
    assert all(BOOK.find(spelling) == variable.name for spelling in variable.spellings)
    assert variable.type in {"string", "category", "date", "float", "int", "bool", "tri"}


def test_no_spelling_belongs_to_two_variables():
    owners = {}
    for variable in BOOK:
        for spelling in variable.spellings:
            owners.setdefault(header_key(spelling), set()).add(variable.name)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}


def test_a_shared_spelling_is_refused():
    twins = Codebook({n: Variable(n, "float", aliases_en=("same thing",)) for n in ("a", "b")})
    with pytest.raises(ValueError, match="same thing"):
        twins.find("a")


@pytest.mark.parametrize("variable", [v for v in BOOK if v.numeric], ids=lambda v: v.name)
def test_ranges_are_nested(variable):
    limits = [variable.hard_min, variable.usual_min, variable.usual_max, variable.hard_max]
    assert None not in limits
    assert limits == sorted(limits)
    assert variable.unit


def test_vocabularies_and_codebook_agree():
    for row in _vocabulary("neuro_symptoms.csv") + _vocabulary("mri_findings.csv"):
        assert BOOK[row["variable"]].label_en == row["label_en"]
        assert BOOK[row["variable"]].label_zh == row["label_zh"]
        assert row["status"]


def test_free_text_and_coded_variables_are_told_apart():
    assert BOOK["patient_id"].free_text
    assert BOOK["center_id"].free_text
    assert not BOOK["sex"].free_text
    assert set(BOOK["sex"].codes) == {"M", "F"}
    assert not BOOK["date_death"].codes
    assert all(v.codes == {"0": "no", "1": "yes"} for v in BOOK if v.type == "bool")
    assert all(v.codes for v in BOOK if v.type in ("category", "tri") and v.name != "center_id")


def test_open_lists_hold_the_published_codes():
    genes = (
        "PRF1 UNC13D STX11 STXBP2 RAB27A LYST AP3B1 SH2D1A XIAP ITK MAGT1 CD27 CD70 CTPS1 RASGRP1 NLRC4 CDC42 HAVCR2"
    )
    assert set(genes.split()) | {"SLC7A7", "none"} == set(BOOK["gene_causal"].codes)
    assert {"EBV", "CMV", "HSV1_2", "parvovirus_B19", "SFTSV", "dengue"} <= set(BOOK["trigger_virus"].codes)
    assert [v.name for v in BOOK if v.open_codes] == ["gene_causal", "trigger_virus", "cns_def_id"]


def test_roles_tell_what_is_computed_and_what_comes_after_time_zero():
    roles = derived_roles(BOOK)
    assert {"hlh2004_met", "hscore", "csf_abnormal", "imaging_abnormal", "cns_involved", "death_30d"} <= set(
        roles["derived"]
    )
    assert {"intrathecal", "hsct", "etoposide"} <= set(roles["post_baseline"])
    assert {"death", "followup_days", "outcome_status"} <= set(roles["outcome"])
    assert {"date_death", "date_hlh_diagnosis"} <= set(roles["time"])
    assert sum(map(len, roles.values())) == len(BOOK.variables)
    assert BOOK.with_role("time", "outcome") == tuple(v.name for v in BOOK if v.role in ("time", "outcome"))


def test_an_unknown_variable_names_the_nearest():
    with pytest.raises(InputError, match="no variable 'feritin'") as caught:
        BOOK["feritin"]
    assert "'ferritin'" in caught.value.do


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CSF_Protein", "csf protein"),
        ("ＷＢＣ", "wbc"),
        ("脾肋下（cm）", "脾肋下(cm)"),
        ("sIL-2R", "SIL 2R"),
        ("甘油三酯*", "甘油三酯"),
        ("T2/FLAIR高信号", "T2 FLAIR 高信号"),
    ],
)
def test_spelling_habits_do_not_matter(one, other):
    assert header_key(one) == header_key(other)


@pytest.mark.parametrize(("one", "other"), [("NEUT#", "NEUT%"), ("CD56+", "CD56"), ("GCS<=8", "GCS 8")])
def test_signs_that_mean_something_stay(one, other):
    assert header_key(one) != header_key(other)


@pytest.mark.parametrize(
    "header",
    [
        "铁蛋白",
        "铁蛋白(ng/ml)",
        "PLT (10^9/L)",
        "Hb g/dL",
        "住院号",
        "病案号",
        "姓名",
        "肝脾大",
        "age (years)",
        "date_death",
        "血常规_白细胞",
    ],
)
def test_knows_a_header(header):
    assert known_header(header)


@pytest.mark.parametrize(
    "text", ["", "  ", "12.5", "2020-03-05", "3岁2月", "张三", "SYN-A-0001", ">40000", "x" * 200, "备注"]
)
def test_a_value_is_no_header(text):
    assert not known_header(text)

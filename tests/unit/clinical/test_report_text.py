"""Reading reports: places in the text, faults of the text, frames of reports."""

import csv
import time

import pandas as pd
import pytest

from neurohlh.clinical.report_characters import plain_characters, sentences
from neurohlh.clinical.report_quality import QUALITY_COLUMNS, errors, judged, quality
from neurohlh.clinical.report_statements import ABNORMAL
from neurohlh.clinical.report_text import REPORT_COLUMNS, is_report, read_report, read_reports
from neurohlh.clinical.report_vocabulary import terms
from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import CATALOGUE


def _read(text):
    return {f.finding.removeprefix("mri_"): f.status for f in read_report(text)}


def test_every_finding_of_the_vocabulary_can_be_read():
    rows = csv.DictReader((CATALOGUE / "mri_findings.csv").read_text(encoding="utf-8").splitlines())
    codes = {row["code"] for row in rows}
    expressed = {role for roles in terms().roles.values() for role in roles.values()} - {""}
    by_rule = {"t2_flair_hyper", "t1_hypo", "large_lesion", "nonspecific", "wm_multifocal", "striatum_bilateral"}
    by_rule |= {"leptomeningeal_enh", "nodular_ring_enh", "parenchymal_enh", "sulcal_widening"}
    assert codes <= expressed | by_rule
    assert expressed <= codes | {"white_matter", "striatum"}


@pytest.mark.parametrize(
    "text", ["", " ", "。", "?", "\n\n", "-", "12345", "<br>", "𠀀", "\u200b", "，，，；", "no", "未见", "可能"]
)
def test_a_text_that_says_nothing_gives_nothing(text):
    assert read_report(text) == ()


def test_a_text_that_is_not_about_the_brain_gives_nothing():
    assert read_report("The patient was admitted with fever and splenomegaly.") == ()
    assert read_report("患儿因发热、肝脾大入院。") == ()


@pytest.mark.parametrize(
    "text",
    [
        "双侧丘脑异常信号",
        "双侧丘脑　异常信号",
        "双侧 丘脑 异常 信号",
        "<p>双侧丘脑<b>异常信号</b></p>",
        "双侧丘脑\u200b异常信号",
        "双侧丘脑&nbsp;异常信号",
        "Ｔｈａｌａｍｉｃ　ｌｅｓｉｏｎ",
        "THALAMIC LESION",
        "thalamic  lesions",
        "<div>Thalamic&nbsp;lesion</div>",
    ],
)
def test_width_case_blanks_and_tags_change_nothing(text):
    assert _read(text) == {"thalamus": "met"}


def test_tags_divide_sentences():
    assert _read("<td>无出血</td><td>丘脑异常信号</td>") == {"hemorrhage_parenchymal": "not_met", "thalamus": "met"}


def test_less_than_is_no_tag():
    assert _read("病灶直径<5mm, 位于丘脑, >3mm") == {"thalamus": "met"}


def test_words_stand_in_the_original_text():
    text = "头颅ＭＲＩ：  双侧丘脑　异常信号；No haemorrhage."
    found = read_report(text)
    assert [(f.finding, f.words, f.language) for f in found] == [
        ("mri_thalamus", "丘脑　异常信号", "zh"),
        ("mri_hemorrhage_parenchymal", "No haemorrhage", "en"),
    ]
    assert all(text[f.start : f.end] == f.words for f in found)


def test_both_languages_in_one_sentence():
    assert _read("T2WI见thalamus及基底节hyperintensity，未见hemorrhage") == {
        "thalamus": "met",
        "basal_ganglia": "met",
        "hemorrhage_parenchymal": "not_met",
    }


@pytest.mark.parametrize(("a", "b"), [("haemorrhage", "hemorrhage"), ("oedema", "edema"), ("脑梗塞", "脑梗死")])
def test_spellings_say_the_same(a, b):
    assert _read(a) == _read(b) != {}


def test_a_long_text_is_read_in_time_and_once_per_finding():
    text = "双侧丘脑异常信号，未见出血。" * 800
    started = time.perf_counter()
    found = read_report(text)
    assert time.perf_counter() - started < 3
    assert len(text) > 10_000
    assert [f.finding for f in found] == ["mri_thalamus", "mri_hemorrhage_parenchymal"]


def test_time_grows_with_the_length_only():
    def seconds(n):
        text = "丘脑、" * n
        started = time.perf_counter()
        read_report(text)
        return time.perf_counter() - started

    seconds(100)
    assert seconds(4000) < 40 * max(seconds(1000), 0.01)


def test_sentences_end_where_they_end():
    text = plain_characters("A lesion of 3.5 cm. No oedema; 1. thalamus\n2、脑干。").text
    assert [text[a:b].strip() for a, b in sentences(text)] == [
        "a lesion of 3.5 cm.", "no oedema;", "1. thalamus", "2、脑干。",
    ]  # fmt: skip


def test_present_comes_before_undecided_before_absent():
    assert _read("No oedema. Possible oedema.") == {"edema": "indeterminate"}
    assert _read("Possible oedema. Cerebral oedema. No oedema.") == {"edema": "met"}


def test_a_normal_brain_is_not_said_beside_a_finding():
    assert _read("Brain MRI normal. Thalamic lesion.") == {"thalamus": "met"}
    assert _read("Thalamic lesion; otherwise normal.") == {"thalamus": "met"}
    assert _read("Sinusitis; otherwise normal.") == {ABNORMAL: "not_met"}


def test_the_order_of_sentences_does_not_matter():
    parts = ["双侧丘脑异常信号。", "未见出血。", "可疑脑水肿。", "脑室扩大。"]
    assert _read("".join(parts)) == _read("".join(reversed(parts)))


FRAME = pd.DataFrame(
    {
        "patient_id": ["a", "b", "c", "d"],
        "mri_report_text": ["脑外间隙增宽", None, "脑外间隙增宽", "脑外间隙增宽"],
        "age_days": [100.0, 100.0, None, None],
        "age_years": [None, None, 7.0, None],
    }
)


def test_reports_of_a_frame_are_long_and_know_the_age():
    found = read_reports(FRAME)
    assert tuple(found.columns) == REPORT_COLUMNS
    assert dict(zip(found["patient_id"], found["status"], strict=True)) == {
        "a": "indeterminate", "c": "met", "d": "indeterminate",
    }  # fmt: skip


def test_each_patient_gets_the_findings_of_the_own_report():
    texts = ["丘脑异常信号，未见出血", "Cerebellar lesion", "nothing of note", None] * 5
    frame = pd.DataFrame({"patient_id": [f"P{i}" for i in range(20)], "mri_report_text": texts})
    found = read_reports(frame)
    for patient, text in zip(frame["patient_id"], texts, strict=True):
        own = found[found["patient_id"] == patient]
        assert list(own["finding"]) == [f.finding for f in read_report(text or "")]


def test_reports_of_nobody():
    empty = FRAME.assign(mri_report_text=None)
    assert read_reports(empty).empty
    assert tuple(read_reports(FRAME.iloc[:0]).columns) == REPORT_COLUMNS


def test_a_column_that_is_not_there_is_asked_for():
    with pytest.raises(InputError, match="mri_report_text"):
        read_reports(FRAME.drop(columns="mri_report_text"))


def test_what_is_a_report():
    assert is_report(["丘脑", "a", "--", "", None, 3.0]).tolist() == [True, True, False, False, False, False]


def test_quality_counts_what_was_judged():
    pairs, table = judged(), quality()
    assert tuple(table.columns) == QUALITY_COLUMNS
    for name, part in pairs.groupby("set"):
        row = table[(table["set"] == name) & (table["status"] == "all")].iloc[0]
        assert row["right"] == (part["labelled"] == part["read"]).sum()
        assert row["right"] + len(errors(str(name))) == len(part)
        parts = table[(table["set"] == name) & (table["status"] != "all")]
        assert parts[["labelled", "read", "right"]].sum().tolist() == row[["labelled", "read", "right"]].tolist()


def test_quality_by_finding_sums_up():
    table = quality(by_finding=True)
    own = table[(table["finding"] != "all") & (table["status"] == "all")].groupby("set")["right"].sum()
    whole = table[(table["finding"] == "all") & (table["status"] == "all")].set_index("set")["right"]
    assert own.to_dict() == whole.to_dict()

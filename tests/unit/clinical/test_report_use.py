"""Which findings of a report take part beside what is coded: a code stands, nothing known becomes unknown."""

import itertools

import numpy as np
import pandas as pd
import pytest

from neurohlh.clinical.cns import classify_cns
from neurohlh.clinical.evidence import cns_long
from neurohlh.clinical.report_use import CONTRADICTION, USED_COLUMNS, decide, with_report_findings

NORMAL, THALAMUS, NO_THALAMUS = "头颅MRI未见异常", "双侧丘脑异常信号", "丘脑未见异常信号"
BLEEDING, ATROPHY, FRONTAL = "右侧枕叶脑出血", "脑萎缩", "左侧额叶异常信号"
DOUBT, BEFORE, GONE = "可疑丘脑异常信号", "既往MRI示丘脑异常信号", "丘脑病灶已消失"
FOCI = "Nonspecific punctate T2 foci in the thalamus"


def _frame(**columns):
    n = max((len(v) for v in columns.values() if isinstance(v, list)), default=1)
    data = {k: v if isinstance(v, list) else [v] * n for k, v in columns.items()}
    frame = pd.DataFrame({"patient_id": [f"P{i}" for i in range(n)], **data})
    flags = [
        c for c in frame if c.startswith("mri_") and c not in ("mri_report_text", "mri_abnormal", "mri_region_count")
    ]
    frame[flags] = frame[flags].astype("boolean")
    return frame


def _used(**columns):
    table, issues = decide(_frame(**columns))
    return table.set_index("finding")[["used", "why"]], issues


def _imaging(frame):
    table, _ = decide(frame)
    return classify_cns(with_report_findings(frame, table), "seed_any3")["cns_imaging"].tolist()


# coded columns, report -> the imaging domain without the report, and with it
CASES = [
    ({"mri_thalamus": None}, THALAMUS, "indeterminate", "met"),
    ({"mri_thalamus": None}, NO_THALAMUS, "indeterminate", "not_met"),
    ({"mri_thalamus": None}, NORMAL, "indeterminate", "indeterminate"),
    ({"mri_thalamus": None}, DOUBT, "indeterminate", "indeterminate"),
    ({"mri_thalamus": None}, BEFORE, "indeterminate", "indeterminate"),
    ({"mri_thalamus": None}, GONE, "indeterminate", "indeterminate"),
    ({"mri_thalamus": None}, FOCI, "indeterminate", "indeterminate"),
    ({"mri_thalamus": False}, THALAMUS, "not_met", "not_met"),
    ({"mri_thalamus": True}, NO_THALAMUS, "met", "met"),
    ({"mri_thalamus": True}, NORMAL, "met", "met"),
    ({"mri_cerebellum": False}, THALAMUS, "not_met", "met"),
    ({"mri_cerebellum": None}, NO_THALAMUS, "indeterminate", "indeterminate"),
    ({}, NORMAL, "indeterminate", "not_met"),
    ({}, THALAMUS, "indeterminate", "met"),
    ({}, NO_THALAMUS, "indeterminate", "indeterminate"),
    ({}, FRONTAL, "indeterminate", "met"),
    ({"mri_abnormal": None}, NORMAL, "indeterminate", "not_met"),
    ({"mri_abnormal": None}, FRONTAL, "indeterminate", "met"),
    ({"mri_abnormal": "not_met"}, THALAMUS, "not_met", "not_met"),
    ({"mri_abnormal": "not_met"}, FRONTAL, "not_met", "not_met"),
    ({"mri_abnormal": "met"}, NORMAL, "met", "met"),
    ({"mri_abnormal": "indeterminate"}, THALAMUS, "indeterminate", "indeterminate"),
    ({"mri_abnormal": "indeterminate"}, NORMAL, "indeterminate", "indeterminate"),
    ({"mri_abnormal": "met", "platelets": 20.0}, BLEEDING, "met", "met"),
    ({"mri_abnormal": "met", "mri_hemorrhage_parenchymal": None, "platelets": 20.0}, BLEEDING, "met", "met"),
    ({"mri_abnormal": None, "platelets": 20.0}, BLEEDING, "indeterminate", "indeterminate"),
    ({"platelets": 200.0, "dic": False}, BLEEDING, "indeterminate", "met"),
    ({"imaging_abnormal": "not_met"}, THALAMUS, "not_met", "not_met"),
    ({"imaging_abnormal": "met"}, NORMAL, "met", "met"),
    ({"ct_abnormal": "met"}, NORMAL, "met", "met"),
    ({"ct_abnormal": "met", "mri_thalamus": None}, NO_THALAMUS, "met", "met"),
    ({"ct_abnormal": "not_met"}, NORMAL, "indeterminate", "not_met"),
    ({"mri_done": False}, THALAMUS, "indeterminate", "indeterminate"),
    ({"mri_done": False}, NORMAL, "indeterminate", "indeterminate"),
]


@pytest.mark.parametrize(("coded", "report", "without", "with_it"), CASES)
def test_a_report_beside_what_is_coded(coded, report, without, with_it):
    frame = _frame(**coded)
    assert classify_cns(frame, "seed_any3")["cns_imaging"].tolist() == [without]
    assert _imaging(frame.assign(mri_report_text=report)) == [with_it]


def test_a_coded_value_is_never_changed():
    frame = _frame(mri_thalamus=[True, False, None], mri_abnormal=["met", "not_met", None], mri_report_text=NO_THALAMUS)
    answered = with_report_findings(frame, decide(frame)[0])
    assert answered["mri_thalamus"].tolist() == [True, False, False]
    assert answered["mri_abnormal"].tolist() == ["met", "not_met", None]
    assert answered["mri_thalamus_text"].isna().tolist() == [True, True, False]


def test_contradictions_name_the_finding_and_not_the_text():
    for text, coded in ((THALAMUS, False), (NO_THALAMUS, True)):
        used, issues = _used(mri_thalamus=coded, mri_report_text=text)
        assert used.loc["mri_thalamus"].tolist() == [False, CONTRADICTION]
        assert issues["variable"].tolist() == ["mri_thalamus"]
        assert "丘脑" not in issues.to_csv()
    assert _used(mri_abnormal="not_met", mri_report_text=THALAMUS)[1]["variable"].tolist() == ["mri_abnormal"]
    assert _used(imaging_abnormal="not_met", mri_report_text=THALAMUS)[1]["variable"].tolist() == ["imaging_abnormal"]
    assert _used(mri_thalamus=True, mri_report_text=NORMAL)[1]["variable"].tolist() == ["mri_thalamus"]
    assert _used(mri_done=False, mri_report_text=NORMAL)[1]["variable"].tolist() == ["mri_done"]


def test_agreement_is_no_contradiction():
    used, issues = _used(mri_thalamus=True, mri_report_text=THALAMUS)
    assert used.loc["mri_thalamus"].tolist() == [False, "the same is coded"]
    assert issues.empty


def test_a_lesion_that_is_gone_does_not_contradict():
    assert _used(mri_thalamus=True, mri_report_text=GONE)[1].empty


def test_enhancement_without_contrast_is_not_used():
    used, _ = _used(mri_contrast=False, mri_report_text="软脑膜强化")
    assert used.loc["mri_leptomeningeal_enh"].tolist() == [False, "no contrast was given, as coded"]


# CT: coded columns, report of a CT -> the imaging domain
CT_CASES = [
    ({}, "CT示双侧丘脑低密度影", "met"),
    ({}, "头颅CT未见异常", "indeterminate"),
    ({}, "CT示脑出血", "indeterminate"),
    ({"ct_abnormal": "not_met"}, "CT示双侧丘脑低密度影", "indeterminate"),
    ({"ct_abnormal": None}, "CT示双侧丘脑低密度影", "met"),
    ({"ct_done": False}, "CT示双侧丘脑低密度影", "indeterminate"),
    ({"mri_thalamus": False}, "CT示双侧丘脑低密度影", "not_met"),
    ({"imaging_abnormal": "not_met", "mri_done": True}, "CT示双侧丘脑低密度影", "not_met"),
]


@pytest.mark.parametrize(("coded", "report", "expected"), CT_CASES)
def test_a_ct_report_beside_what_is_coded(coded, report, expected):
    assert _imaging(_frame(**coded).assign(ct_report_text=report)) == [expected]


def test_the_evidence_says_that_it_was_read():
    frame = _frame(mri_thalamus=None, mri_report_text="双侧丘脑、胼胝体异常信号", ct_report_text=None)
    said = cns_long(with_report_findings(frame, decide(frame)[0]))["evidence"].item()
    assert said.startswith("MRI report: corpus callosum lesion; thalamic lesion") or said.startswith(
        "MRI report: thalamic lesion; corpus callosum lesion"
    )
    frame = _frame(ct_report_text="CT示双侧丘脑低密度影")
    assert "CT report: abnormal" in cns_long(with_report_findings(frame, decide(frame)[0]))["evidence"].item()
    frame = _frame(mri_thalamus=True, mri_report_text="双侧小脑异常信号")
    said = cns_long(with_report_findings(frame, decide(frame)[0]))["evidence"].item()
    assert said.startswith("MRI: thalamic lesion; MRI report: cerebellar lesion")


def test_without_reports_nothing_happens():
    frame = _frame(mri_thalamus=[True, None])
    table, issues = decide(frame)
    assert table.empty
    assert issues.empty
    assert tuple(table.columns) == USED_COLUMNS
    assert with_report_findings(frame, table) is frame


TEXTS = [
    None, "", NORMAL, THALAMUS, NO_THALAMUS, BLEEDING, ATROPHY, FRONTAL, DOUBT, BEFORE, GONE, FOCI, "脑梗死",
    "软脑膜强化",
    "丘脑、小脑未见异常信号，脑萎缩", "未见出血及异常强化", "脑室扩大，未见出血",
]  # fmt: skip
ANSWERS = {
    "mri_thalamus": [True, False, None],
    "mri_atrophy": [True, False, None],
    "mri_hemorrhage_parenchymal": [True, False, None],
    "mri_nonspecific": [True, False, None],
    "mri_infarct": [True, False, None],
    "mri_leptomeningeal_enh": [True, False, None],
    "mri_abnormal": ["met", "not_met", "indeterminate", None],
    "imaging_abnormal": ["met", "not_met", None],
    "ct_abnormal": ["met", "not_met", None],
    "mri_done": [True, False, None],
    "ct_done": [True, False, None],
    "mri_contrast": [True, False, None],
    "mri_region_count": [0.0, 3.0, None],
    "dic": [True, False, None],
    "platelets": [20.0, 200.0, None],
}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("definition", ["seed_any3", "obj"])
def test_no_text_takes_back_what_the_codes_decide(seed, definition):
    """Known stays known; met stays met; a known negative changes only by a finding that was never asked."""
    rng = np.random.default_rng(seed)
    names = [name for name in ANSWERS if rng.random() < 0.5]
    n = 400
    coded = {name: [ANSWERS[name][i] for i in rng.integers(0, len(ANSWERS[name]), n)] for name in names}
    frame = _frame(**coded, mri_report_text=[TEXTS[i] for i in rng.integers(0, len(TEXTS), n)])
    for flag in ("ct_done", "dic"):
        if flag in frame:
            frame[flag] = frame[flag].astype("boolean")
    before = classify_cns(frame, definition)["cns_imaging"]
    table, _ = decide(frame)
    after = classify_cns(with_report_findings(frame, table), definition)["cns_imaging"]
    assert (after[before == "met"] == "met").all()
    assert (after[before == "not_met"] != "indeterminate").all()
    turned = frame["patient_id"][(before == "not_met") & (after == "met")]
    positive = table[table["used"].astype(bool) & (table["status"] == "met")]
    assert set(turned) <= set(positive["patient_id"])
    negative = table[table["used"].astype(bool) & (table["status"] == "not_met")]
    bled = positive[positive["finding"] == "mri_hemorrhage_parenchymal"]  # with a risk of bleeding it does not count
    answered = frame["patient_id"][(before == "indeterminate") & (after == "not_met")]
    assert set(answered) <= {*negative["patient_id"], *bled["patient_id"]}


def test_rows_may_stand_in_any_order():
    frame = _frame(mri_thalamus=[None] * len(TEXTS), mri_report_text=TEXTS)
    turned = frame.iloc[::-1].reset_index(drop=True)
    assert _imaging(turned) == _imaging(frame)[::-1]


def test_every_text_leaves_every_known_code_alone():
    for text, coded in itertools.product(TEXTS, (True, False)):
        frame = _frame(mri_thalamus=coded, mri_report_text=text)
        assert with_report_findings(frame, decide(frame)[0])["mri_thalamus"].tolist() == [coded]

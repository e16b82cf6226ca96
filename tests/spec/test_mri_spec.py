"""MRI as readable tables: how many regions are affected, which of Malik's patterns it is, and whether it came first.

A case says what is recorded; what it does not say has no column. Yes and no are what the report says of a finding, None
an empty cell.
"""

from typing import Any

import pandas as pd
import pytest

from neurohlh.clinical.cns import classify_cns
from neurohlh.clinical.mri_findings import asked, findings, seen_column, sources, with_findings
from neurohlh.clinical.mri_first import BESIDE, DAYS, POSITIVE, with_mri_first
from neurohlh.clinical.mri_patterns import with_pattern
from neurohlh.clinical.mri_published import published
from neurohlh.clinical.mri_regions import with_regions

YES, NO, EMPTY = True, False, None
TRIS = {"mri_abnormal", "neuro_symptoms_any", "csf_abnormal", "imaging_abnormal", "ct_abnormal", "mri_malik_pattern"}
NUMBERS = {"mri_region_count", "platelets"}

# Six regions that the vocabulary names; the four lobes have no finding of their own.
NAMED = (
    "mri_wm_deep", "mri_wm_periventricular", "mri_corpus_callosum", "mri_basal_ganglia", "mri_thalamus",
    "mri_brainstem", "mri_cerebellum",
)  # fmt: skip
ALL_NO = dict.fromkeys(NAMED, NO)
FIVE = ALL_NO | dict.fromkeys(NAMED[2:], YES)


def patient(case: dict[str, Any]) -> pd.DataFrame:
    def column(name: str, value: Any) -> Any:
        if name in TRIS:
            return pd.Series([value], dtype=object)
        if name in NUMBERS:
            return pd.Series([value], dtype="float64")
        if name.startswith("date_"):
            return pd.to_datetime(pd.Series([value])).astype("datetime64[s]")
        return pd.array([value], dtype="boolean")

    return pd.DataFrame({"patient_id": ["P1"], **{name: column(name, value) for name, value in case.items()}})


REGIONS = [
    # what is recorded, lowest and highest number of regions, 5 or more?
    ("the hospital counted 5", {"mri_region_count": 5}, (5, 5, "met")),
    ("the hospital counted 4", {"mri_region_count": 4}, (4, 4, "not_met")),
    ("the hospital counted none", {"mri_region_count": 0}, (0, 0, "not_met")),
    ("its count stands beside no finding", ALL_NO | {"mri_region_count": 6}, (6, 6, "met")),
    ("counted 3, but five regions are recorded", FIVE | {"mri_region_count": 3}, (3, 5, "indeterminate")),
    ("counted 6, of which five are recorded", FIVE | {"mri_region_count": 6}, (6, 6, "met")),
    ("no count: the four lobes stay open", FIVE, (5, 9, "met")),
    ("four named regions: a lobe may be the fifth", FIVE | {"mri_thalamus": NO}, (4, 8, "indeterminate")),
    ("one named region may be five with the lobes", ALL_NO | {"mri_thalamus": YES}, (1, 5, "indeterminate")),
    ("none of six named regions: at most the four lobes", ALL_NO, (0, 4, "not_met")),
    ("an empty cell is unknown", ALL_NO | {"mri_thalamus": EMPTY}, (0, 5, "indeterminate")),
    ("a normal MRI has no affected region", {"mri_abnormal": "not_met"}, (0, 0, "not_met")),
    ("normal by its summary, but a lesion is recorded", {"mri_abnormal": "not_met", "mri_thalamus": YES},
     (1, 10, "indeterminate")),
    ("abnormal, nothing more said", {"mri_abnormal": "met"}, (0, 10, "indeterminate")),
    ("MRI done, no result", {"mri_done": YES}, (0, 10, "indeterminate")),
    ("deep white matter is free only if both were asked", {"mri_wm_periventricular": NO}, (0, 10, "indeterminate")),
    ("deep and periventricular are one region", ALL_NO | {"mri_wm_deep": YES, "mri_wm_periventricular": YES},
     (1, 5, "indeterminate")),
    ("basal ganglia and striatum are one region",
     ALL_NO | {"mri_basal_ganglia": YES, "mri_striatum_bilateral": YES}, (1, 5, "indeterminate")),
    ("the striatum shows basal ganglia", ALL_NO | {"mri_basal_ganglia": EMPTY, "mri_striatum_bilateral": YES},
     (1, 5, "indeterminate")),
    ("a free striatum does not exclude them", ALL_NO | {"mri_basal_ganglia": EMPTY, "mri_striatum_bilateral": NO},
     (0, 5, "indeterminate")),
    ("cerebellitis shows the cerebellum", ALL_NO | {"mri_cerebellum": EMPTY, "mri_cerebellitis": YES},
     (1, 5, "indeterminate")),
    ("the hippocampus shows the temporal lobe", ALL_NO | {"mri_hippocampus": YES}, (1, 4, "not_met")),
    ("a cortical lesion names no lobe", ALL_NO | {"mri_cortex": YES}, (0, 4, "not_met")),
    ("no lesion of the posterior fossa excludes brainstem and cerebellum",
     ALL_NO | {"mri_brainstem": EMPTY, "mri_cerebellum": EMPTY, "mri_posterior_fossa": NO}, (0, 4, "not_met")),
    ("a lesion of it is at least one region",
     ALL_NO | {"mri_brainstem": EMPTY, "mri_cerebellum": EMPTY, "mri_posterior_fossa": YES}, (1, 6, "indeterminate")),
    ("… but not one more beside the brainstem", ALL_NO | {"mri_brainstem": YES, "mri_posterior_fossa": YES},
     (1, 5, "indeterminate")),
]  # fmt: skip


@pytest.mark.parametrize(("words", "case", "expected"), REGIONS, ids=[r[0] for r in REGIONS])
def test_count_of_affected_regions(words, case, expected):
    found = with_regions(patient(case)).iloc[0]
    assert (found["mri_regions_low"], found["mri_regions_high"], found["mri_regions_many"]) == expected


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ({"mri_done": NO, "mri_thalamus": YES}, "not_applicable"),  # recorded of an MRI that was not done
        ({"mri_done": NO, "mri_region_count": 7}, "not_applicable"),
        ({"mri_done": EMPTY, "mri_thalamus": EMPTY}, "indeterminate"),  # not known whether one was done
    ],
)
def test_without_an_mri_there_is_no_count(case, status):
    found = with_regions(patient(case)).iloc[0]
    assert found["mri_regions_many"] == status
    assert pd.isna(found["mri_regions_low"])
    assert found["mri_regions_from"] == ""


OTHERS_NO = {"mri_wm_multifocal": NO, "mri_brainstem": NO, "mri_cerebellitis": NO}
PATTERNS = [
    # what is recorded, pattern, from where
    ("recorded 1b stands, whatever the findings", OTHERS_NO | {"mri_malik_pattern": "1b_brainstem"}, "1b_brainstem"),
    ("recorded as unknown: from the findings", OTHERS_NO | {"mri_malik_pattern": "unknown", "mri_brainstem": YES},
     "1b_brainstem"),
    ("multifocal white matter", OTHERS_NO | {"mri_wm_multifocal": YES}, "1a_multifocal_wm"),
    ("multifocal white matter and brainstem: not brainstem predominant",
     OTHERS_NO | {"mri_wm_multifocal": YES, "mri_brainstem": YES}, "1a_multifocal_wm"),
    ("brainstem alone", OTHERS_NO | {"mri_brainstem": YES}, "1b_brainstem"),
    ("brainstem, white matter unknown", {"mri_brainstem": YES, "mri_wm_multifocal": EMPTY, "mri_cerebellitis": NO},
     "1_undecided"),
    ("cerebellitis", OTHERS_NO | {"mri_cerebellitis": YES}, "1c_cerebellitis"),
    ("cerebellitis and brainstem", OTHERS_NO | {"mri_cerebellitis": YES, "mri_brainstem": YES}, "1c_cerebellitis"),
    ("cerebellitis and multifocal white matter", OTHERS_NO | {"mri_cerebellitis": YES, "mri_wm_multifocal": YES},
     "1_undecided"),
    ("multifocal white matter, cerebellitis not asked", {"mri_wm_multifocal": YES}, "1_undecided"),
    ("… but no lesion of the cerebellum", {"mri_wm_multifocal": YES, "mri_cerebellum": NO}, "1a_multifocal_wm"),
    ("abnormal with none of the three", OTHERS_NO | {"mri_t2_flair_hyper": YES}, "2_attenuated"),
    ("abnormal, cerebellitis not asked", {"mri_wm_multifocal": NO, "mri_brainstem": NO, "mri_t2_flair_hyper": YES},
     "indeterminate"),
    ("normal", {"mri_abnormal": "not_met"}, "none"),
    ("every finding asked is absent", OTHERS_NO, "none"),
    ("abnormal, nothing more said", {"mri_abnormal": "met"}, "indeterminate"),
    ("not done", {"mri_done": NO, "mri_brainstem": YES}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("words", "case", "pattern"), PATTERNS, ids=[p[0] for p in PATTERNS])
def test_malik_pattern(words, case, pattern):
    assert with_pattern(patient(case))["mri_pattern"].iloc[0] == pattern


SEEN = [
    # finding, what is recorded, is it seen?
    ("mri_edema", {"mri_edema": YES}, "met"),
    ("mri_edema", {"mri_edema": EMPTY, "mri_done": YES}, "indeterminate"),
    ("mri_edema", {"mri_edema": NO, "mri_done": NO}, "not_applicable"),
    # seen, although it does not count as CNS involvement
    ("mri_microhemorrhage", {"mri_microhemorrhage": YES, "platelets": 20}, "met"),
    # enhancement needs contrast
    ("mri_leptomeningeal_enh", {"mri_leptomeningeal_enh": NO, "mri_contrast": NO}, "indeterminate"),
    ("mri_leptomeningeal_enh", {"mri_leptomeningeal_enh": NO, "mri_contrast": YES}, "not_met"),
    # the posterior fossa from its parts
    ("mri_posterior_fossa", {"mri_brainstem": NO, "mri_cerebellum": YES}, "met"),
    ("mri_posterior_fossa", {"mri_brainstem": NO, "mri_cerebellum": EMPTY}, "indeterminate"),
    ("mri_posterior_fossa", {"mri_brainstem": NO, "mri_cerebellum": NO}, "not_met"),
    ("mri_posterior_fossa", {"mri_brainstem": YES, "mri_cerebellum": NO, "mri_posterior_fossa": NO}, "not_met"),
]


@pytest.mark.parametrize(("finding", "case", "status"), SEEN)
def test_what_was_seen(finding, case, status):
    assert with_findings(patient(case))[seen_column(finding)].iloc[0] == status


def test_a_finding_without_a_column_is_not_asked():
    assert asked(["mri_edema", "mri_brainstem"]) == ("mri_brainstem", "mri_edema")


TESTED = {"neuro_assessed": YES, "lp_done": YES, "mri_done": YES}
POSITIVE_MRI = TESTED | {"mri_abnormal": "met", "date_imaging_first": "2020-01-05"}
ILL = {"neuro_symptoms_any": "met"}
WELL = {"neuro_symptoms_any": "not_met"}
FLUID, CLEAR = {"csf_abnormal": "met"}, {"csf_abnormal": "not_met"}
NO_LP = {"lp_done": NO, "csf_abnormal": EMPTY}
FIRST = [
    # what is recorded beside a positive MRI of 5 January, what stands beside it, days that the image came earlier
    ("image only, both others negative", WELL | CLEAR, ("alone", None)),
    ("image only, no lumbar puncture", WELL | NO_LP, ("csf_untested", None)),
    ("image only, CSF done but undecided", WELL | {"csf_abnormal": "indeterminate"}, ("csf_undecided", None)),
    ("symptoms unknown, CSF negative", {"neuro_symptoms_any": EMPTY} | CLEAR, ("symptoms_undecided", None)),
    ("image six days before the seizure", ILL | CLEAR | {"date_neuro_onset": "2020-01-11"}, ("symptoms", 6)),
    ("seizure four days before the image", ILL | CLEAR | {"date_neuro_onset": "2020-01-01"}, ("symptoms", -4)),
    ("the same day", ILL | CLEAR | {"date_neuro_onset": "2020-01-05"}, ("symptoms", 0)),
    ("symptom without a date", ILL | CLEAR | {"date_neuro_onset": EMPTY}, ("symptoms", None)),
    ("CSF two days later", WELL | FLUID | {"date_lp_first": "2020-01-07"}, ("csf", 2)),
    ("a negative CSF two days later says nothing", WELL | CLEAR | {"date_lp_first": "2020-01-07"}, ("alone", None)),
    ("the first of both counts", ILL | FLUID | {"date_neuro_onset": "2020-01-15", "date_lp_first": "2020-01-08"},
     ("both", 3)),
    ("one of both without a date: which was first is open",
     ILL | FLUID | {"date_neuro_onset": EMPTY, "date_lp_first": "2020-01-08"}, ("both", None)),
]  # fmt: skip


@pytest.mark.parametrize(("words", "case", "expected"), FIRST, ids=[f[0] for f in FIRST])
def test_the_image_beside_symptoms_and_csf(words, case, expected):
    frame = classify_cns(patient(POSITIVE_MRI | case)).assign(csf_tested=pd.array([case.get("lp_done", YES)]))
    found = with_mri_first(frame).iloc[0]
    days = found[DAYS["other"]]
    assert found[POSITIVE] == "met"
    assert (found[BESIDE], None if pd.isna(days) else days) == expected


def test_a_normal_image_is_not_first():
    case = TESTED | ILL | CLEAR | {"date_neuro_onset": "2020-01-11", "date_imaging_first": "2020-01-05"}
    frame = classify_cns(patient(case | {"mri_abnormal": "not_met"})).assign(csf_tested=pd.array([True]))
    found = with_mri_first(frame).iloc[0]
    assert found[POSITIVE] == "not_met"
    assert pd.isna(found[DAYS["other"]])


def test_without_a_column_on_mri_the_hospitals_imaging_is_read():
    case = WELL | CLEAR | {"neuro_assessed": YES, "lp_done": YES, "imaging_abnormal": "met"}
    frame = classify_cns(patient(case)).assign(csf_tested=pd.array([True]))
    assert with_mri_first(frame)[[POSITIVE, BESIDE]].iloc[0].tolist() == ["met", "alone"]


PRINTED = [
    # topic, number, what the abstract prints
    ("regions", "regions_or", {"estimate": 1.24, "conf_low": 1.03, "conf_high": 1.49, "n": 114, "events": 59}),
    ("regions", "regions_auc", {"estimate": 0.79, "conf_low": 0.70, "conf_high": 0.87}),
    ("regions", "regions_sens", {"estimate": 0.76, "n": 59}),
    ("regions", "regions_spec", {"estimate": 0.73, "n": 55}),
    ("diffusion", "restricted_or", {"estimate": 9.64, "conf_low": 3.39, "conf_high": 27.43, "n": 114, "events": 59}),
    ("diffusion", "raised_adc", {"events": 21, "n": 21}),
    ("pattern", "malik_1", {"events": 32, "n": 57}),
    ("pattern", "malik_1a", {"events": 21, "n": 32}),
    ("pattern", "malik_1b", {"events": 5, "n": 32}),
    ("pattern", "malik_1c", {"events": 6, "n": 32}),
    ("pattern", "malik_2", {"events": 25, "n": 57}),
    ("striatum", "striatum_ebv", {"events": 8, "n": 9}),
    ("striatum", "striatum_no_ebv", {"events": 1, "n": 12}),
    ("first", "horne_neither", {"events": 5, "n": 37}),
    ("first", "ebv75_symptoms", {"events": 0, "n": 21}),
]


@pytest.mark.parametrize(("topic", "key", "printed"), PRINTED)
def test_what_is_published(topic, key, printed):
    found = next(p for p in published(topic) if p.key == key)
    assert {name: getattr(found, name) for name in printed} == printed
    assert found.source
    assert found.status


def test_malik_patterns_add_up():
    counts = {p.key: p.events for p in published("pattern")}
    assert counts["malik_1"] + counts["malik_2"] == 57
    assert counts["malik_1a"] + counts["malik_1b"] + counts["malik_1c"] == counts["malik_1"]


def test_the_printed_p_of_the_striatum_is_fishers():
    # 108 tables as likely as the one seen, and one less likely, of all that share its margins
    assert next(p.p_value for p in published("striatum") if p.p_value) == pytest.approx(109 / 293930, abs=1e-5)


def test_every_source_of_a_finding_has_its_citation():
    assert {name for f in findings() for name in f.sources.split(";")} == set(sources())

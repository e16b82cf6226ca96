"""When CNS involvement was found, and what could be known of it by the end of the window."""

import pandas as pd
import pytest

from neurohlh.clinical.cns import classify_cns

DIAGNOSIS = pd.Timestamp("2020-03-01")
DATES = ("date_neuro_onset", "date_lp_first", "date_imaging_first", "date_cns_first", "date_reactivation")


def day(offset):
    return pd.NaT if offset is None else DIAGNOSIS + pd.Timedelta(days=offset)


def cohort(*cases):
    """Each case: days after the diagnosis by date, and domains other than 'not_met'."""
    short = {"onset": DATES[0], "lp": DATES[1], "image": DATES[2], "first": DATES[3], "relapse": DATES[4]}
    rows = []
    for case in cases:
        domains = {"sx": "neuro_symptoms_any", "csf": "csf_abnormal", "mri": "imaging_abnormal"}
        row = {name: case.get(key, "not_met") for key, name in domains.items()}
        row |= {name: day(case.get(key)) for key, name in short.items()}
        row["date_hlh_diagnosis"] = pd.NaT if case.get("undiagnosed") else DIAGNOSIS
        row["cns_timing"] = case.get("said")
        rows.append(row)
    frame = pd.DataFrame(rows)
    for name in (*DATES, "date_hlh_diagnosis"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
    return frame.assign(patient_id=[f"P{i}" for i in range(len(rows))])


CASES = [
    # case, date (days after diagnosis), timing, baseline status
    ({"sx": "met", "onset": 0}, 0, "at_diagnosis", "met"),
    ({"sx": "met", "onset": -14}, -14, "at_diagnosis", "met"),
    ({"sx": "met", "onset": 14}, 14, "at_diagnosis", "met"),
    ({"sx": "met", "onset": 15}, 15, "during_course", "not_met"),  # no symptoms yet at baseline
    ({"sx": "met", "onset": -40}, -40, "at_diagnosis", "met"),
    ({"sx": "met", "onset": -89}, -89, "at_diagnosis", "met"),
    ({"sx": "met", "onset": -90}, -90, "isolated_onset", "met"),
    ({"csf": "met", "lp": 30}, 30, "during_course", "indeterminate"),  # not punctured by day 14
    ({"csf": "not_met", "lp": 30}, None, "never", "indeterminate"),  # neither is a late normal result
    ({"csf": "not_met", "lp": 3}, None, "never", "not_met"),
    ({"csf": "met", "lp": 30, "sx": "met", "onset": 2}, 2, "at_diagnosis", "met"),
    ({"csf": "met", "lp": 5, "mri": "met", "image": 20}, 5, "at_diagnosis", "met"),
    # the recorded first date wins over the dates of the tests
    ({"csf": "met", "lp": 2, "first": 40}, 40, "during_course", "not_met"),
    ({"csf": "met", "lp": 30, "first": 40}, 40, "during_course", "indeterminate"),
    ({"sx": "met", "first": 3}, 3, "at_diagnosis", "met"),
    ({"mri": "met", "image": 60, "relapse": 50}, 60, "at_relapse", "indeterminate"),
    ({"sx": "met", "onset": 5, "relapse": 2}, 5, "at_diagnosis", "met"),
    # undated evidence is baseline evidence, unless the hospital says when
    ({"sx": "met"}, None, "unknown", "met"),
    ({"sx": "met", "said": "at_diagnosis"}, None, "at_diagnosis", "met"),
    ({"sx": "met", "said": "during_course"}, None, "during_course", "not_met"),
    # undated symptoms beside a late lumbar puncture: the earliest date is not known
    ({"sx": "met", "csf": "met", "lp": 30}, None, "unknown", "met"),
    ({"sx": "met", "onset": 3, "undiagnosed": True}, 3, "unknown", "met"),
    ({}, None, "never", "not_met"),
    ({"csf": None}, None, "unknown", "indeterminate"),
    ({"csf": None, "sx": "met", "onset": 20}, 20, "during_course", "indeterminate"),
]


@pytest.fixture(scope="module")
def answers():
    return classify_cns(cohort(*(case for case, *_ in CASES)))


@pytest.mark.parametrize("row", range(len(CASES)), ids=lambda i: str(CASES[i][0]))
def test_date_timing_and_baseline(answers, row):
    _, first, timing, baseline = CASES[row]
    found = answers.iloc[row]
    assert (found["cns_timing"], found["cns_baseline"]) == (timing, baseline)
    expected = day(first)
    assert pd.isna(found["date_cns_first"]) if first is None else found["date_cns_first"] == expected


def test_flags_say_what_is_assumed(answers):
    undated = [
        i for i, (case, first, *_) in enumerate(CASES) if "sx" in case and (first is None or "undiagnosed" in case)
    ]
    assert answers.index[answers["cns_undated"]].tolist() == undated
    recorded = answers["cns_date_derived"][[i for i, (case, *_) in enumerate(CASES) if "first" in case]]
    assert not recorded.any()


def test_the_window_is_the_studys():
    frame = cohort({"sx": "met", "onset": 20})
    assert classify_cns(frame, window_days=(-14, 30))["cns_baseline"].iloc[0] == "met"
    assert classify_cns(frame, window_days=(-14, 19))["cns_baseline"].iloc[0] == "not_met"


def test_baseline_never_depends_on_surviving_to_a_late_test():
    """Two patients alike at day 14; one lives to be punctured on day 40. Both are the same at baseline."""
    frame = cohort({"csf": None}, {"csf": "met", "lp": 40}, {"csf": "not_met", "lp": 40})
    assert classify_cns(frame)["cns_baseline"].tolist() == ["indeterminate"] * 3


def test_the_definition_decides_which_dates_count():
    frame = cohort({"sx": "met", "onset": 1, "csf": "met", "lp": 9})
    assert classify_cns(frame, "obj")["date_cns_first"].iloc[0] == day(9)
    assert classify_cns(frame, "seed_any3")["date_cns_first"].iloc[0] == day(1)


def test_untested_then_is_negative_then_where_the_definition_reads_it_so():
    frame = cohort({"csf": "met", "lp": 40})
    assert classify_cns(frame, "zhao2018")[["cns_status", "cns_baseline"]].iloc[0].tolist() == ["met", "not_met"]
    assert classify_cns(frame, "bch2014_61")["cns_baseline"].iloc[0] == "not_applicable"


@pytest.mark.parametrize(
    ("case", "symptoms", "csf", "imaging", "horne"),
    [
        ({}, "not_met", "not_met", "not_met", "1"),
        ({"sx": "met", "onset": 14}, "met", "not_met", "not_met", "2"),
        ({"sx": "met", "onset": 15}, "not_met", "not_met", "not_met", "1"),  # symptoms that came later were absent
        ({"csf": "met", "lp": 3}, "not_met", "met", "not_met", "3"),
        ({"csf": "met", "lp": 15}, "not_met", "indeterminate", "not_met", "unknown"),  # not punctured by then
        ({"csf": "not_met", "lp": 15}, "not_met", "indeterminate", "not_met", "unknown"),
        ({"mri": "not_met", "image": 15, "sx": "met", "csf": "met"}, "met", "met", "indeterminate", "4"),
        # the hospital found CNS involvement on day 40 only: no domain was abnormal at baseline
        ({"sx": "met", "csf": "met", "lp": 2, "first": 40}, "not_met", "not_met", "not_met", "1"),
    ],
    ids=str,
)
def test_each_domain_as_it_could_be_known_at_baseline(case, symptoms, csf, imaging, horne):
    found = classify_cns(cohort(case)).iloc[0]
    columns = ["cns_symptoms_baseline", "cns_csf_baseline", "cns_imaging_baseline", "cns_group_horne_baseline"]
    assert found[columns].tolist() == [symptoms, csf, imaging, horne]

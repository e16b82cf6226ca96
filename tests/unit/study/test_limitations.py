"""Each limitation is triggered by its count, names it, and is silent without it."""

from types import SimpleNamespace

import pandas as pd
import pytest

from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.config import check_config
from neurohlh.study.limitations import limitations

N = 40


def patients(**columns):
    """40 patients of two centres in whom everything is known, everybody was tested and everybody was followed."""
    frame = pd.DataFrame(
        {
            "center_id": ["a", "b"] * (N // 2),
            "date_hlh_diagnosis": pd.to_datetime("2020-01-01") + pd.to_timedelta(range(N), "D"),
            "os_event": pd.Series([0, 1] * (N // 2), dtype="Int64"),
            "os_days": [1000.0] * N,
            "cns_status": ["met", "not_met"] * (N // 2),
            **{
                name: pd.Series([True] * N, dtype="boolean")
                for name in ("symptoms_tested", "csf_tested", "imaging_tested")
            },
            **{name: range(N) for name in ("age_years", "platelets", "albumin", "bilirubin_total", "ferritin")},
            "trigger_category": ["ebv", "other"] * (N // 2),
        }
    )
    return frame.assign(**columns)


def said(frame, results=None, reports=None, **study):
    classified = SimpleNamespace(
        frame=frame, cohort=SimpleNamespace(reports=pd.DataFrame() if reports is None else reports)
    )
    population = SimpleNamespace(included=pd.Series(True, index=frame.index))
    config = check_config({"schema": 1, "source": [{"path": "a.csv"}], "study": study}, "test")
    return limitations(classified, population, results or {}, config)


def test_nothing_is_said_of_data_without_a_flaw():
    assert said(patients()) == ()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"center_id": "a"}, "All 40 patients are of one centre"),
        ({"center_id": None}, "For none of the 40 patients a centre is named"),
        ({"date_hlh_diagnosis": pd.to_datetime(["2005-01-01", "2018-06-01"] * 20)}, "diagnosed over 13 years"),
        ({"os_event": pd.Series([0, 1, pd.NA, 1] * 10, dtype="Int64")}, "Whether 10 of 40 patients died is unknown"),
        ({"os_days": [1000.0, None] * 20}, "For 20 of 40 patients the outcome is known, but not when"),
        ({"withdrawn": [True] * 3 + [False] * 37}, "Care was withdrawn for 3 of 40 patients"),
        ({"cns_status": ["met"] * 30 + ["indeterminate"] * 10}, "CNS status stays undecided in 10/40 (25.0"),
        ({"csf_tested": pd.Series([True] * 20 + [False] * 20, dtype="boolean")}, "A lumbar puncture is known of 20/40"),
        ({"imaging_tested": pd.Series([True] * 30 + [pd.NA] * 10, dtype="boolean")}, "Imaging of the brain is known"),
        ({"cns_undated": [True] * 7 + [False] * 33}, "For 7 of 40 patients CNS evidence is recorded without a date"),
    ],
)  # fmt: skip
def test_a_flaw_is_said_with_its_number(columns, words):
    found = said(patients(**columns))
    assert len(found) == 1
    assert words in found[0]


def test_a_share_just_above_the_bound_is_not_called_selective():
    tested = pd.Series([True] * 36 + [False] * 4, dtype="boolean")
    assert said(patients(csf_tested=tested)) == ()


def logrank(with_cns, without):
    rows = [
        {"term": "group", "group": "met", "n": 20, "events": with_cns},
        {"term": "group", "group": "not_met", "n": 20, "events": without},
    ]
    return Result("logrank", tidy_frame(rows))


def test_a_group_with_few_deaths_is_named():
    found = said(patients(), {"logrank": logrank(14, 3)})
    assert len(found) == 1
    assert found[0].startswith("Of the 20 patients without CNS involvement on the curves only 3 died")


def test_groups_with_enough_deaths_are_not():
    assert said(patients(), {"logrank": logrank(14, 10)}) == ()


def test_short_follow_up_counts_the_living_only():
    days = [100.0] * 10 + [1000.0] * 30
    found = said(patients(os_days=days), {"kaplan_meier": Result("kaplan_meier", tidy_frame([]))})
    assert found[1:] == ("Of the patients alive at last contact, 5 were followed for less than a year.",)


def test_covariates_that_the_tables_lack_are_named():
    cox = Result("cox", tidy_frame([]))
    found = said(patients(albumin=30.0).drop(columns="ferritin"), {"cox": cox})
    assert found[1] == "No model is adjusted for these, of which the tables hold no two values: Albumin, Ferritin."
    assert len(said(patients(), {"cox": cox})) == 1


@pytest.mark.parametrize(("n", "expected"), [(19, None), (20, "about 1 of them"), (200, "about 10 of them")])
def test_many_p_values_are_counted(n, expected):
    result = Result("any", tidy_frame([{"p_value": 0.5}] * n))
    found = said(patients(), {"any": result})
    assert (expected is None and found == ()) or expected in found[0]


def test_findings_read_from_texts_are_said_to_be():
    reports = pd.DataFrame({"patient_id": ["p1", "p1", "p2"]})
    assert said(patients(), reports=reports)[0].startswith("What images of 2 patients showed was read by rules")


def test_a_case_series_stands_for_itself():
    assert "stand for themselves alone" in said(patients(), design="case_series")[0]

"""Which results a study gives, and where its patients went, counted by hand on the hospital of conftest."""

import pandas as pd
import pytest

from neurohlh.study.config import check_config
from neurohlh.study.first_results import table1_variables
from neurohlh.study.follow import survival_set, year_ticks
from neurohlh.study.plan import analyse
from neurohlh.study.study import Study


def config_of(**sections):
    return check_config(
        {"schema": 1, "source": [{"path": "a.csv"}], "eligibility": {"criteria": "none"}, **sections}, "s"
    )


def analysed(cohort, **sections):
    return analyse(cohort.classified, cohort.population, config_of(**sections))


FRAME = pd.DataFrame(
    [
        # days, event, status at baseline
        (3, 1, "met"),
        (14, 1, "met"),
        (10, 1, "indeterminate"),
        (14, 0, "not_met"),
        (2, 0, "indeterminate"),
        (None, 1, "met"),
        (50, None, "met"),
        (15, 1, "met"),
        (40, 0, "not_met"),
        (90, 1, "indeterminate"),
        (90, 1, "not_applicable"),
    ],
    columns=["os_days", "os_event", "cns_baseline"],
).astype({"os_days": float, "os_event": float})


def test_everybody_is_at_risk_at_the_landmark_or_counted_by_reason():
    survival = survival_set(FRAME, 14)
    assert survival.supplied == 11
    assert survival.frame["os_days"].tolist() == [1, 26, 76, 76]
    assert survival.frame["cns"].tolist() == ["met", "not_met", "indeterminate", "not_applicable"]
    by_words = survival.dropped
    assert sum(by_words.values()) + len(survival.frame) == survival.supplied
    assert by_words["time or outcome unknown"] == 2
    assert by_words["died by day 14, CNS involved"] == 2
    assert by_words["last seen alive by day 14"] == 2
    early_undecided = [n for words, n in by_words.items() if words.startswith("died by day 14") and "decid" in words]
    assert early_undecided == [1]
    assert len(by_words) == 4  # a reason that took out nobody is not listed


def test_a_later_landmark_leaves_fewer():
    survival = survival_set(FRAME, 40)
    assert survival.frame["os_days"].tolist() == [50, 50]
    assert survival.dropped["died by day 40, CNS involved"] == 3
    assert survival.dropped["last seen alive by day 40"] == 3


def test_the_results_of_a_study_with_deaths(cohort):
    results = analysed(cohort, model={"covariates": []})
    described = {
        "completeness", "missing_patterns", "table1", "frequency", "testing", "kaplan_meier_overall", "followup"
    }  # fmt: skip
    first = {name for name, result in results.items() if "part" not in result.method}
    assert first == described | {"kaplan_meier", "logrank", "cox", "cox_bounds"}
    assert all(name.startswith(r.method["part"]) for name, r in results.items() if "part" in r.method)


def test_every_survival_result_counts_back_to_the_whole_study(cohort):
    """15 patients: I1, U1 and U2 died by day 14, N1 was last seen, U4's time is unknown; U3 is undecided."""
    results = analysed(cohort, model={"covariates": []})
    for name, used in (("kaplan_meier", 10), ("logrank", 9), ("cox", 9)):
        counts = results[name].counts
        assert counts["supplied"] == 15
        assert counts["used"] == used
        assert sum(counts["dropped"].values()) == 15 - used, name
    assert results["kaplan_meier"].counts["dropped"]["died by day 14, CNS involved"] == 1


def test_the_undecided_bound_the_hazard_ratio_from_both_sides(cohort):
    """U3 lives on: read as not involved it makes 4 + 1 of them, read as involved 5 + 1."""
    bounds = analysed(cohort, model={"covariates": []})["cox_bounds"]
    crude = bounds.tidy[bounds.tidy["analysis"] == "cox_crude"].set_index("population")
    assert crude["n"].to_dict() == {"undecided read as negative": 5, "undecided read as positive": 6}
    assert set(crude["level"]) == {"met"}
    assert bounds.counts["undecided"] == 1
    assert "not answers" in bounds.notes[0]


def test_without_survival_times_deaths_are_compared_in_a_table(cohort):
    results = analysed(cohort, endpoint={"os": {"analyse": False}})
    assert "two_by_two" in results
    assert not {"kaplan_meier", "kaplan_meier_overall", "logrank", "cox"} & set(results)
    cells = results["two_by_two"].tidy
    shown = cells[cells["term"] == "risk"].set_index("group")[["events", "n"]]
    assert shown.to_numpy().tolist() == [[4, 6], [2, 5]]  # I: 4 of 6 died, N: 2 of 5


def test_nobody_in_the_study_gives_no_result(study_of):
    cohort = study_of("patient_id,sex\nP1,F\n", eligibility={"criteria": "hlh2004"}).load()
    assert analyse(cohort.classified, cohort.population, cohort.study.config) == {}


def test_table_1_describes_the_baseline_that_the_data_hold(cohort):
    names = [v.name for v in table1_variables(cohort.patients)]
    assert names[:3] == ["sex", "age_years", "platelets"]
    assert not {"patient_id", "date_hlh_diagnosis", "csf_wbc", "death", "sx_seizure"} & set(names)
    assert "platelets" not in [v.name for v in table1_variables(cohort.patients.assign(platelets=float("nan")))]


@pytest.mark.parametrize("years", [2, 3.4, 8.5, 13, 31])
def test_the_time_axis_is_marked_in_whole_years_up_to_the_end(years):
    ticks = [t / 365.25 for t in year_ticks(pd.Series([1.0, years * 365.25]))]
    step = ticks[1] - ticks[0]
    assert ticks == pytest.approx([n * round(step) for n in range(len(ticks))])
    assert ticks[-1] <= years < ticks[-1] + step


def test_a_short_follow_up_is_marked_in_days():
    assert year_ticks(pd.Series([1.0, 700.0])) is None


def test_who_is_diagnosed_after_the_landmark_is_not_in_the_study_yet():
    frame = FRAME.assign(entry_days=[0.0] * 7 + [20.0, 14.0, 0.0, 0.0])
    survival = survival_set(frame, 14)
    assert survival.dropped["HLH diagnosed only after day 14"] == 1
    assert survival.frame["os_days"].tolist() == [26, 76, 76]
    assert sum(survival.dropped.values()) + len(survival.frame) == survival.supplied


def test_the_baseline_window_stands_around_the_time_zero_of_the_study(tmp_path):
    """Seizure on 21 January: 10 days after the diagnosis, but 20 after admission."""
    table = tmp_path / "late.csv"
    table.write_text(
        "patient_id,date_admission,date_hlh_diagnosis,neuro_assessed,sx_seizure,date_neuro_onset,lp_done,date_lp_first,"
        "csf_wbc,csf_protein (g/L),age_years,mri_done,date_imaging_first,mri_abnormal,date_last_followup,death\n"
        "P1,2020-01-01,2020-01-11,yes,yes,2020-01-21,yes,2020-01-02,2,0.2,5,yes,2020-01-03,no,2020-12-31,no\n",
        encoding="utf-8",
    )
    for origin, status, entry in (("date_hlh_diagnosis", "met", 0), ("date_admission", "not_met", 10)):
        study = Study.of(table, eligibility={"criteria": "none"}, endpoint={"os": {"origin": origin}})
        patient = study.load().patients.iloc[0]
        assert (patient["cns_baseline"], patient["entry_days"]) == (status, entry), origin
        assert patient["cns_status"] == "met"
        assert str(patient["date_hlh_diagnosis"])[:10] == "2020-01-11"

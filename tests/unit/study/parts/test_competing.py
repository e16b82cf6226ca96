"""Transplants, withdrawals of care and early deaths, worked out by hand on a few patients."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from neurohlh.stats.hazards.cox import cox
from neurohlh.study.parts.competing import PART
from neurohlh.study.parts.competing.early_death import KNOWN
from neurohlh.study.parts.material import Material
from neurohlh.study.study import Study

DAY = dt.date(2020, 1, 1)
INVOLVED = "CNS involved vs not involved"
HEADER = (
    "patient_id,age_years,date_hlh_diagnosis,date_last_followup,date_death,death,neuro_assessed,sx_seizure,"
    "date_neuro_onset,lp_done,date_lp_first,csf_wbc,csf_protein (g/L),mri_done,date_imaging_first,mri_abnormal"
)


def on(day):
    return "" if day is None else str(DAY + dt.timedelta(days=day))


def patient(name, end, *more, dead=False, involved=False):
    """A row: a seizure on day 0, or none, and everything else normal; `more` are further cells."""
    seizure = ["yes", on(0)] if involved else ["no", ""]
    outcome = [on(end), on(end) if dead else "", "yes" if dead else "no"]
    tests = ["yes", on(1), 2, 0.2, "yes", on(2), "no"]
    return ",".join(map(str, [name, 5, DAY, *outcome, "yes", *seizure, *tests, *more]))


def results_of(folder, header, rows):
    path = folder / "hospital.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    cohort = Study.of(path, eligibility={"criteria": "none"}, model={"covariates": []}).load()
    return PART.results(Material.of(cohort.classified, cohort.population, cohort.study.config), {})


def only(tidy, **wanted):
    """The one row whose columns hold these words (population: begins with them)."""
    rows = tidy
    for column, word in wanted.items():
        rows = rows[rows[column].str.startswith(word) if column == "population" else rows[column] == word]
    assert len(rows) == 1, wanted
    return rows.iloc[0]


TRANSPLANTS = [
    patient("T1", 60, "yes", on(40), dead=True, involved=True),  # dies after the transplant
    patient("T2", 200, "yes", on(10), involved=True),  # transplanted before the landmark
    patient("T3", 30, "no", "", dead=True, involved=True),
    patient("T4", 300, "yes", on(50)),
    patient("T5", 100, "no", "", dead=True),
    patient("T6", 300, "no", ""),
    patient("T7", 300, "yes", ""),  # nobody says when
    patient("T8", 250, "no", "", involved=True),
]


@pytest.fixture(scope="module")
def transplanted(tmp_path_factory):
    return results_of(tmp_path_factory.mktemp("transplants"), f"{HEADER},hsct,date_hsct", TRANSPLANTS)


@pytest.mark.parametrize(
    ("words", "n", "events"),
    [
        ("overall survival, transplant ignored", 8, 3),
        ("overall survival, transplant counted from its day", 7, 3),  # without T7
        ("death before transplant, censored", 6, 2),  # without T7 and T2; T1 left at the transplant
        ("transplant itself", 6, 2),
        ("death before transplant, Fine-Gray", 6, 2),
    ],
)
def test_who_is_at_risk_and_what_is_an_event_under_each_way_to_treat_the_transplant(transplanted, words, n, events):
    row = only(transplanted["competing_transplant"].tidy, population=words, contrast=INVOLVED)
    assert (row["n"], row["events"]) == (n, events)


def test_the_transplant_counts_from_its_day_on(transplanted):
    """The same as a Cox model on rows from start to stop (days after the landmark) written by hand."""
    rows = pd.DataFrame(
        [
            (0, 26, 0, "met", 0),
            (26, 46, 1, "met", 1),  # T1
            (0, 186, 0, "met", 1),  # T2
            (0, 16, 1, "met", 0),  # T3
            (0, 36, 0, "not_met", 0),
            (36, 286, 0, "not_met", 1),  # T4
            (0, 86, 1, "not_met", 0),  # T5
            (0, 286, 0, "not_met", 0),  # T6
            (0, 236, 0, "met", 0),  # T8
        ],
        columns=["start", "stop", "died", "cns", "after"],
    )
    found = cox(rows, "stop", "died", ["cns", "after"], entry="start", reference={"cns": "not_met"}).tidy
    table = transplanted["competing_transplant"].tidy
    own = table[table["population"] == "overall survival, transplant counted from its day"].set_index("contrast")
    assert own.loc[INVOLVED, "estimate"] == pytest.approx(found.loc[found["level"] == "met", "estimate"].iloc[0])
    after = found.loc[found["variable"] == "after", "estimate"].iloc[0]
    assert own.loc["after vs before the transplant", "estimate"] == pytest.approx(after)


@pytest.mark.parametrize(
    ("group", "cause", "day", "incidence"),
    [
        ("CNS involved", "death before transplant", 30, 1 / 3),  # T3 of T1, T3, T8
        ("CNS involved", "transplant", 30, 1 / 3),  # T1
        ("CNS not involved", "death before transplant", 30, 0),
        ("CNS not involved", "transplant", 180, 1 / 3),  # T4 of T4, T5, T6
        ("CNS not involved", "death before transplant", 180, 1 / 3),  # then T5 of T5, T6
    ],
)
def test_cumulative_incidence_by_hand(transplanted, group, cause, day, incidence):
    tidy = transplanted["competing_transplant_incidence"].tidy
    tidy = tidy[tidy["time"] == day]
    assert only(tidy, group=group, level=cause, term="incidence at time")["estimate"] == pytest.approx(incidence)


def test_whoever_cannot_be_placed_is_counted(transplanted):
    result = transplanted["competing_transplant_incidence"]
    assert result.counts["dropped"] == {
        "transplant not recorded, without a date, or before time zero": 1,
        "transplanted by day 14": 1,
    }
    assert result.counts["supplied"] == result.counts["used"] + 2
    notes = " ".join(transplanted["competing_transplant"].notes)
    assert "without a date: 1 patient," in notes
    assert "informative" in notes
    assert "for prediction" in notes


def test_gray_s_test_stands_for_both_events(transplanted):
    tidy = transplanted["competing_transplant_gray"].tidy
    assert tidy["outcome"].tolist() == ["death before transplant", "transplant"]
    assert tidy["p_value"].between(0, 1).all()


def test_the_incidences_are_those_of_the_involved_against_the_others(transplanted):
    contrasts = set(transplanted["competing_transplant_incidence"].tidy["contrast"]) - {""}
    assert contrasts == {INVOLVED}
    assert set(transplanted["competing_transplant_incidence"].curves["group"]) == {"met", "not_met"}


WITHDRAWALS = [
    patient("W1", 30, "withdrawn_care_alive", involved=True),
    patient("W2", 40, "dead", dead=True, involved=True),
    patient("W3", 200, "alive"),
    patient("W4", 60, "dead", dead=True),
    patient("W5", 5, "withdrawn_care_presumed_dead"),  # before the landmark
    patient("W6", 100, "alive", involved=True),
    patient("W7", 150, ""),  # alive, and nothing says whether care was withdrawn
]


@pytest.fixture(scope="module")
def withdrawn(tmp_path_factory):
    return results_of(tmp_path_factory.mktemp("withdrawals"), f"{HEADER},outcome_status", WITHDRAWALS)


def as_death(x):
    """Score of x / (3x + 3), x / (2x + 3), 1 / (x + 3): W1, W2 and W4 die."""
    return 2 / x - 1 / (x + 1) - 2 / (2 * x + 3) - 1 / (x + 3)


@pytest.mark.parametrize(
    ("words", "ratio", "events"),
    [
        ("withdrawal censored", np.sqrt(4.5), 2),  # x / (2x + 3), 1 / (x + 3)
        ("withdrawal as death", brentq(as_death, 0.1, 50), 3),
        ("withdrawal as competing event", np.sqrt(1.5), 2),  # W1 stays at risk: x / (3x + 3), 1 / (2x + 3)
    ],
)
def test_the_three_readings_of_a_withdrawal_by_hand(withdrawn, words, ratio, events):
    row = only(withdrawn["competing_withdrawal"].tidy, population=words, contrast=INVOLVED)
    assert row["estimate"] == pytest.approx(ratio, rel=1e-5)
    assert (row["n"], row["events"]) == (6, events)


def test_withdrawals_are_counted_by_cns_status_before_and_after_the_landmark(withdrawn):
    tidy = withdrawn["competing_withdrawal"].tidy
    counts = tidy[tidy["measure"] == "count"].set_index(["term", "group"])["events"]
    assert counts[counts > 0].to_dict() == {
        ("withdrawn by day 14", "CNS not involved"): 1,
        ("withdrawn after day 14", "CNS involved"): 1,
    }
    notes = " ".join(withdrawn["competing_withdrawal"].notes)
    assert "from 1 patient last seen alive" in notes
    assert "presumed dead: 1 patient" in notes


def test_the_main_line_is_the_one_that_the_study_follows(transplanted, withdrawn):
    for name, results in (("competing_transplant", transplanted), ("competing_withdrawal", withdrawn)):
        roles = results[name].curves["role"].tolist()
        assert roles[0] == "main"
        assert set(roles[1:]) == {"other"}


def test_the_forest_shows_deaths_only(transplanted, withdrawn):
    for result in (transplanted["competing_transplant"], withdrawn["competing_withdrawal"]):
        labels = result.curves["label"]
        assert not labels.duplicated().any()
        assert not labels.str.contains("itself").any()
        assert result.tidy["population"].str.contains("itself").any()
        assert labels.str.len().max() <= 52  # longer ones are cut off in the figure


@pytest.fixture(scope="module")
def plain(cohort):
    """The hospital of fifteen, which records neither transplants nor withdrawals."""
    return PART.results(Material.of(cohort.classified, cohort.population, cohort.study.config), {})


@pytest.mark.parametrize(
    ("population", "group", "events", "n"),
    [
        (KNOWN, "CNS involved", 2, 6),
        (KNOWN, "CNS not involved", 0, 4),  # N1 was last seen on day 14
        (KNOWN, "CNS not decidable", 2, 3),  # U4 has no time
        ("bound: unknown outcome read as alive", "CNS not involved", 0, 5),
        ("bound: unknown outcome read as dead", "CNS not involved", 1, 5),
        ("bound: unknown outcome read as dead", "CNS not decidable", 3, 4),
        ("bound: undecided CNS read as not involved", "CNS not involved", 2, 7),
        ("bound: undecided CNS read as involved", "CNS involved", 4, 9),
        ("CNS status as it was known on day 0", "CNS not decidable", 2, 7),  # everybody without a seizure
    ],
)
def test_death_within_30_days_and_what_is_unknown_of_it(plain, population, group, events, n):
    row = only(plain["competing_death_30d"].tidy, population=population, group=group, term="risk")
    assert (row["events"], row["n"]) == (events, n)
    assert row["estimate"] == pytest.approx(events / n)
    assert row["conf_low"] <= events / n <= row["conf_high"]


def test_the_difference_of_early_deaths_is_of_the_two_decided_groups(plain):
    row = only(plain["competing_death_30d"].tidy, population=KNOWN, term="risk difference")
    assert row["estimate"] == pytest.approx(2 / 6 - 0 / 4)
    assert (row["contrast"], row["n"], row["events"]) == ("CNS involved vs not involved", 10, 2)


def test_the_title_says_what_the_days_count_from_and_the_notes_what_is_unknown(plain):
    assert plain["competing_death_7d"].method["title"] == "Death within 7 days of diagnosis of HLH"
    notes = " ".join(plain["competing_death_30d"].notes)
    assert "matter of testing" in notes
    assert "2 of 15 patients" in notes


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("competing_death_before_transplant", "no column says whether, and when, patients were transplanted"),
        ("competing_transplant", "no column says whether, and when, patients were transplanted"),
        ("competing_transplant_incidence", "no column says whether, and when, patients were transplanted"),
        ("competing_transplant_gray", "no column says whether, and when, patients were transplanted"),
        ("competing_withdrawal", "no column says whether care was withdrawn"),
        ("competing_withdrawal_incidence", "no column says whether care was withdrawn"),
    ],
)
def test_what_the_hospital_does_not_record_is_refused_with_the_reason(plain, name, reason):
    assert plain[name].tidy.empty
    assert plain[name].notes == (f"Not estimated: {reason}.",)


def test_deaths_that_are_known_without_times_are_still_counted(load):
    text = "patient_id,age_years,death_7d,neuro_assessed,sx_seizure,lp_done,csf_wbc,csf_protein (g/L),"
    text += "mri_done,mri_abnormal\n"
    people = [("A", "met", "yes"), ("B", "not_met", "yes"), ("C", "not_met", "no"), ("D", "not_met", "no")]
    text += "\n".join(f"{name},5,{died},yes,{s},yes,2,0.2,yes,no" for name, died, s in people)
    cohort = load(text)
    results = PART.results(Material.of(cohort.classified, cohort.population, cohort.study.config), {})
    row = only(results["competing_death_7d"].tidy, population=KNOWN, group="CNS involved", term="risk")
    assert (row["events"], row["n"]) == (1, 2)
    assert results["competing_transplant"].tidy.empty


def test_published_cases_are_counted_and_not_compared(load):
    text = f"{HEADER}\n" + "\n".join(patient(f"P{i}", 3 + i, dead=i < 3, involved=i % 2 == 0) for i in range(6))
    cohort = load(text, study={"design": "case_series"}, model={"covariates": []})
    found = PART.results(Material.of(cohort.classified, cohort.population, cohort.study.config), {})
    tidy = found["competing_death_7d"].tidy
    assert tidy["events"].sum() > 0
    assert tidy[["estimate", "conf_low", "p_value"]].isna().all(axis=None)

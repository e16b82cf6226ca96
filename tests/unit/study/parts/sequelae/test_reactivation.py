"""Reactivation in the CNS with death and other reactivations competing: who enters, and the incidence by hand."""

import pandas as pd
import pytest

from neurohlh.study.parts.sequelae.reactivation import CNS, DEATH, ELSEWHERE, NONE, first_event, reactivation

DIAGNOSIS = pd.Timestamp("2020-01-01")


def patient(what, day=None, end=400, dead=0, cns="met"):
    when = pd.NaT if day is None else DIAGNOSIS + pd.Timedelta(days=day)
    own = {"os_days": float(end), "os_event": float(dead), "cns_baseline": cns}
    return {"reactivation": what, "date_reactivation": when, **own}


CASES = [
    # patient, first event after day 14, days from the landmark; or the reason why not
    (patient("isolated_cns", 114), CNS, 100),
    (patient("systemic_cns", 214, 300, 1), CNS, 200),  # died later: the reactivation came first
    (patient("systemic", 64), ELSEWHERE, 50),
    (patient("partial_flare", 74), ELSEWHERE, 60),
    (patient("none", None, 114, 1), DEATH, 100),
    (patient("none", None, 414, 0), NONE, 400),
    (patient("isolated_cns", 400), CNS, 386),  # on the last day
    (patient("isolated_cns"), "reactivation without a usable date", None),
    (patient("isolated_cns", 14), "reactivated by day 14", None),
    (patient("systemic", 3), "reactivated by day 14", None),
    (patient("isolated_cns", 500), "date of reactivation after the end of follow-up", None),
    (patient("none", 100), "date of a reactivation that is recorded as none", None),
    (patient("unknown"), "not recorded whether the disease was reactivated", None),
    (patient(None), "not recorded whether the disease was reactivated", None),
    (patient(None, 100), "not recorded whether the disease was reactivated", None),
]


@pytest.mark.parametrize(("case", "what", "days"), CASES)
def test_the_first_event_or_the_reason_why_a_patient_cannot_enter(material_of, case, what, days):
    material = material_of([case, patient("none", None, 50, 1)])
    kept, gone = first_event(material, material.followed())
    if days is None:
        assert gone == {what: 1}
        assert len(kept) == 1
    else:
        assert gone == {}
        assert (kept["what"][0], kept["days"][0]) == (what, days)


@pytest.fixture(scope="module")
def hospital(material_of):
    """Ten involved: two reactivated in the CNS, one elsewhere, two died. Ten not involved: one, one, one."""
    patients = [
        patient("isolated_cns", 44), patient("systemic_cns", 74), patient("systemic", 54),
        patient("none", None, 34, 1), patient("none", None, 94, 1), *[patient("none")] * 5,
        patient("isolated_cns", 104, cns="not_met"), patient("partial_flare", 64, cns="not_met"),
        patient("none", None, 84, 1, cns="not_met"), *[patient("none", cns="not_met")] * 7,
        patient("isolated_cns", None), patient("isolated_cns", 50, cns="indeterminate"),
    ]  # fmt: skip
    return material_of(patients)


def test_the_incidence_is_the_share_of_everybody_at_risk(hospital):
    """Nobody is censored within 180 days, so that each incidence is a share of the ten at the landmark."""
    tidy = reactivation(hospital)["sequelae_reactivation"].tidy
    at = tidy[(tidy["term"] == "incidence at time") & (tidy["time"] == 180)].set_index(["group", "level"])["estimate"]
    expected = {
        ("CNS involved", CNS): 0.2, ("CNS involved", ELSEWHERE): 0.1, ("CNS involved", DEATH): 0.2,
        ("CNS not involved", CNS): 0.1, ("CNS not involved", ELSEWHERE): 0.1, ("CNS not involved", DEATH): 0.1,
    }  # fmt: skip
    assert at.to_dict() == pytest.approx(expected)


def test_only_the_cause_of_interest_is_compared(hospital):
    tidy = reactivation(hospital)["sequelae_reactivation"].tidy
    compared = tidy[tidy["contrast"] != ""]
    assert set(compared["level"]) == {CNS}
    assert set(compared["contrast"]) == {"CNS involved vs CNS not involved"}
    row = compared[(compared["time"] == 180) & (compared["term"] == "difference")].iloc[0]
    assert row["estimate"] == pytest.approx(0.1)


def test_everybody_is_accounted_for(hospital):
    counts = reactivation(hospital)["sequelae_reactivation"].counts
    assert (counts["supplied"], counts["used"], counts["events"]) == (22, 20, 3)
    assert counts["dropped"]["reactivation without a usable date"] == 1
    assert counts["dropped"]["CNS status at baseline not decidable"] == 1


def test_gray_and_the_hazards_of_every_cause(hospital):
    tidy = reactivation(hospital)["sequelae_reactivation_tests"].tidy
    gray = tidy[tidy["term"] == "Gray's test"].iloc[0]
    assert (gray["df"], gray["outcome"], gray["events"]) == (1, CNS, 3)
    hazards = tidy[tidy["measure"] == "HR"].set_index("outcome")
    assert hazards["events"].to_dict() == {CNS: 3, ELSEWHERE: 2, DEATH: 3}
    assert set(hazards["contrast"]) == {"CNS involved vs CNS not involved"}
    assert (hazards["estimate"] > 1).all()


def test_the_hazard_ratio_of_the_cause_is_coxs_with_others_ended(hospital):
    """By hand (Breslow and Efron agree without ties): risk sets at days 30, 60 and 90 after the landmark."""
    tidy = reactivation(hospital)["sequelae_reactivation_tests"].tidy
    hr = tidy[(tidy["measure"] == "HR") & (tidy["outcome"] == CNS)]["estimate"].iloc[0]
    # at day 30: 9 and 10 at risk; at 60: 7 and 9; at 90: 5 and 8 (involved, not involved); events: yes, yes, no
    score = 2 - sum(a * hr / (a * hr + b) for a, b in ((9, 10), (7, 9), (5, 8)))
    assert score == pytest.approx(0, abs=1e-6)


def test_no_event_in_one_group_gets_a_finite_ratio_by_firth(material_of):
    patients = [patient("isolated_cns", 40 + n) for n in range(4)] + [patient("none")] * 6
    patients += [patient("none", None, 90 + n, 1, cns="not_met") for n in range(2)]
    patients += [patient("none", cns="not_met")] * 8
    tidy = reactivation(material_of(patients))["sequelae_reactivation_tests"].tidy
    firth = tidy[tidy["method"] == "Cox regression with Firth's penalty"]
    assert set(firth["outcome"]) == {CNS, DEATH}
    assert firth[["estimate", "conf_low", "conf_high"]].notna().any(axis=1).all()
    assert firth.set_index("outcome").loc[CNS, "estimate"] > 1


@pytest.mark.parametrize(
    ("patients", "reason"),
    [
        ([{"os_event": 1.0}] * 3, "no source says whether the disease was reactivated"),
        ([{"os_event": 1.0, "reactivation": "isolated_cns"}] * 3, "no source has a date of reactivation"),
        (
            [patient("none", None, 50, 1), patient("systemic", 60), patient("none", None, 60, 1)],
            "no dated reactivation",
        ),
    ],
)
def test_it_refuses_with_the_reason(material_of, patients, reason):
    (only,) = reactivation(material_of(patients)).values()
    assert only.tidy.empty
    assert reason in only.notes[0]


def test_published_cases_are_refused(hospital, material_of, case_series):
    series = type(hospital)(hospital.frame, material_of([{}], **case_series).config, None)
    (only,) = reactivation(series).values()
    assert "published cases" in only.notes[0]


def test_without_another_reactivation_death_alone_competes(material_of):
    patients = [patient("isolated_cns", 44), patient("none", None, 50, 1), patient("none", None, 60, 1)]
    patients += [patient("none", cns="not_met")] * 3
    result = reactivation(material_of(patients))["sequelae_reactivation"]
    assert result.method["competing"] == "death"
    assert set(result.tidy["level"]) - {""} == {CNS, DEATH}


@pytest.mark.parametrize("status", ["met", "not_met"])
def test_tests_need_two_groups(material_of, status):
    """The incidence of one group stands; what would compare it says that there is nobody to compare with."""
    patients = [patient("isolated_cns", 44, cns=status), *[patient("none", None, 34, 1, cns=status)] * 4]
    found = reactivation(material_of([*patients, *[patient("none", cns=status)] * 5]))
    tests = found["sequelae_reactivation_tests"]
    assert tests.tidy.empty
    assert tests.notes[0].startswith("Not estimated: nobody at risk at the landmark is")


def test_dates_count_for_nothing_without_a_time_zero(material_of):
    """Survival may be recorded in days while the day of admission, from which they count, is not."""
    material = material_of(
        [patient("isolated_cns", 44), patient("none", None, 34, 1)] * 3, endpoint={"os": {"origin": "date_admission"}}
    )
    kept, gone = first_event(material, material.followed())
    assert gone == {"reactivation without a usable date": 3}
    assert set(kept["what"]) == {DEATH}

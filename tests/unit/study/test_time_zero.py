"""One clock for survival, baseline window and entry, worked out by hand around another time zero."""

import datetime as dt

import pytest

from neurohlh.study.parts.material import Material
from neurohlh.study.time_zero import ENTRY, around, classified, time_zeros

DAY = dt.date(2020, 1, 1)
HEADER = (
    "patient_id,date_admission,date_hlh_diagnosis,date_treatment_start,date_last_followup,date_death,death,"
    "neuro_assessed,sx_seizure,date_neuro_onset,lp_done,date_lp_first,csf_wbc,csf_protein (g/L),mri_done,"
    "date_imaging_first,mri_abnormal"
)
PEOPLE = [
    # days from admission to diagnosis, to treatment, to the end; dead; day of the first lumbar puncture; its cells
    ("A", 2, 3, 100, True, 3, 50),
    ("B", 20, 21, 60, True, 21, 50),  # diagnosed after the landmark, cells found after it too
    ("C", 0, None, 40, False, 1, 2),
    ("D", None, 5, 50, False, 4, 2),
]


def table(rows=PEOPLE, header=HEADER):
    def date(days):
        return "" if days is None else str(DAY + dt.timedelta(days=days))

    lines = [header]
    for name, diagnosed, treated, end, dead, lp, cells in reversed(rows):
        ends = f"{date(end)},{date(end) if dead else ''},{'yes' if dead else 'no'}"
        tested = f"yes,no,,yes,{date(lp)},{cells},0.2,yes,{date(1)},no"
        lines.append(f"{name},{DAY},{date(diagnosed)},{date(treated)},{ends},{tested}")
    return "\n".join(lines)


def material_of(study):
    cohort = study.load()
    return Material.of(cohort.classified, cohort.population, cohort.study.config)


@pytest.fixture
def material(study_of):
    return material_of(study_of(table()))


def test_the_time_zeros_are_those_whose_dates_the_data_hold(material):
    assert [z.origin for z in time_zeros(material)] == [
        "date_hlh_diagnosis",
        "date_admission",
        "date_treatment_start",
    ]


def test_survival_counts_from_the_time_zero_asked(material):
    admission = around(material, "date_admission").frame
    assert admission["patient_id"].tolist() == ["A", "B", "C", "D"]
    assert admission["os_days"].tolist() == [100, 60, 40, 50]
    treatment = around(material, "date_treatment_start").frame.set_index("patient_id")["os_days"]
    assert treatment[["A", "B", "D"]].tolist() == [97, 39, 45]
    assert treatment[["C"]].isna().all()  # never treated: no time zero, and no time


def test_nobody_is_in_the_study_before_the_diagnosis(material):
    """A is diagnosed on day 2, B on day 20, C at once; of D it is unknown. On day 14 B is not in the study yet."""
    zero = around(material, "date_admission")
    entry = zero.frame.set_index("patient_id")[ENTRY]
    assert entry[["A", "B", "C"]].tolist() == [2, 20, 0]
    assert entry[["D"]].isna().all()
    at_risk = zero.at_risk(14).set_index("patient_id")
    assert at_risk.index.tolist() == ["A", "C"]
    assert at_risk["os_days"].tolist() == [86, 26]
    assert zero.at_risk(20)["patient_id"].tolist() == ["A", "B", "C"]
    own = around(material, "date_hlh_diagnosis")
    assert (own.frame[ENTRY] == 0).all()


def test_what_is_found_after_the_landmark_of_another_clock_is_not_known_at_its_baseline(material):
    """B's cells were found a day after the diagnosis, 21 days after admission."""
    diagnosis, admission = (around(material, o) for o in ("date_hlh_diagnosis", "date_admission"))
    first, second = classified([diagnosis, admission], ["seed_any3"], (-14, 14))
    place = diagnosis.frame["patient_id"].tolist().index("B")
    assert first["seed_any3"]["cns_baseline"][place] == "met"
    assert second["seed_any3"]["cns_baseline"][place] == "indeterminate"
    assert first["seed_any3"]["cns_baseline"].iloc[0] == second["seed_any3"]["cns_baseline"].iloc[0] == "met"


def test_a_follow_up_without_dates_is_converted_and_not_read_from_another_zero(study_of):
    text = (
        "patient_id,date_admission,date_hlh_diagnosis,followup_days,death\n"
        "A,2020-01-01,2020-01-11,100,yes\nB,2020-01-05,2020-01-05,50,no\n"
    )
    material = material_of(study_of(text))
    assert around(material, "date_hlh_diagnosis").frame["os_days"].tolist() == [100, 50]
    assert around(material, "date_admission").frame["os_days"].tolist() == [110, 50]


def test_a_hospital_without_other_dates_has_one_time_zero(cohort):
    material = Material.of(cohort.classified, cohort.population, cohort.study.config)
    assert [z.origin for z in time_zeros(material)] == ["date_hlh_diagnosis"]


def test_the_hospital_s_own_timing_is_evidence_again_under_another_definition(study_of):
    """Found during the course, says the hospital: not involved at baseline, whatever definition is asked."""
    text = (
        "patient_id,date_hlh_diagnosis,date_last_followup,death,neuro_assessed,sx_seizure,cns_timing\n"
        "A,2020-01-01,2020-06-01,no,yes,yes,during_course\nB,2020-01-01,2020-06-01,no,yes,yes,at_diagnosis\n"
    )
    material = material_of(study_of(text, cns={"definition": "obj"}))
    status = material.reclassified("sx_only").set_index("patient_id")["cns_baseline"]
    assert status.to_dict() == {"A": "not_met", "B": "met"}

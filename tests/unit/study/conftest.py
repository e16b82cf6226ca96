"""A hospital of fifteen patients whose survival after the landmark is worked out by hand."""

import datetime as dt

import pytest

from neurohlh.study.study import Study

DIAGNOSIS = dt.date(2020, 1, 1)
HEADER = (
    "patient_id,age_years,sex,date_hlh_diagnosis,date_last_followup,date_death,death,neuro_assessed,sx_seizure,"
    "date_neuro_onset,lp_done,date_lp_first,csf_wbc,csf_protein (g/L),mri_done,date_imaging_first,mri_abnormal,"
    "platelets (10^9/L)"
)
SEIZURE = "yes,yes,2020-01-01,yes,2020-01-02,2,0.2,yes,2020-01-03,no"
NORMAL = "yes,no,,yes,2020-01-02,2,0.2,yes,2020-01-03,no"
UNTESTED = "yes,no,,no,,,,no,,"
PEOPLE = [
    # CNS findings at baseline, days from diagnosis to the end, dead?
    ("I1", SEIZURE, 10, True),  # dies before the landmark
    ("I2", SEIZURE, 24, True),
    ("I3", SEIZURE, 34, True),
    ("I4", SEIZURE, 44, False),
    ("I5", SEIZURE, 54, True),
    ("I6", SEIZURE, 64, False),
    ("N1", NORMAL, 14, False),  # last seen at the landmark
    ("N2", NORMAL, 34, True),
    ("N3", NORMAL, 114, False),
    ("N4", NORMAL, 214, False),
    ("N5", NORMAL, 314, True),
    ("U1", UNTESTED, 3, True),
    ("U2", UNTESTED, 14, True),  # dies on the day of the landmark
    ("U3", UNTESTED, 100, False),
    ("U4", UNTESTED, None, False),  # time unknown
]


def _row(number, name, findings, days, dead):
    end = "" if days is None else str(DIAGNOSIS + dt.timedelta(days=days))
    ends = (end, end) if dead else (end, "")
    sex = "MF"[number % 2]
    outcome = f"{ends[0]},{ends[1]},{'yes' if dead else 'no'}"
    return f"{name},{2 + number},{sex},{DIAGNOSIS},{outcome},{findings},{20 + 7 * number % 40}"


@pytest.fixture(scope="session")
def hospital():
    """The table as csv text."""
    return "\n".join([HEADER, *(_row(n, *person) for n, person in enumerate(PEOPLE))])


@pytest.fixture(scope="session")
def cohort(tmp_path_factory, hospital):
    """The cohort of that table, which nobody changes; every patient is in the study."""
    path = tmp_path_factory.mktemp("hospital") / "hospital.csv"
    path.write_text(hospital, encoding="utf-8")
    return Study.of(path, eligibility={"criteria": "none"}).load()

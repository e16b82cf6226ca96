"""From which day a patient counts as having CNS involvement, in each of the analyses that follow CNS status in time.

Day 0 is the diagnosis of HLH. Everybody's nervous system was examined; what was found, and when, is what the row says.
A lumbar puncture or an MRI without a day was not done. `-` means: dead, or not yet counted.
"""

import datetime as dt
import tomllib

import pandas as pd
import pytest

from neurohlh.core.errors import InputError
from neurohlh.study.parts.exposure_in_time.course import BEGINS, as_known, course
from neurohlh.study.parts.known import Known
from neurohlh.study.parts.material import Material
from neurohlh.study.study import Study

DIAGNOSIS = dt.date(2020, 1, 1)
INVOLVED, NOT, OPEN = "involved", "not involved", "not decidable"
WORDS = {"met": INVOLVED, "not_met": NOT, "indeterminate": OPEN}

# The patient, what was found when, and the end of follow-up in days ("+": died);
# the CNS as known on days 0, 7, 14 and 28 (landmarks ask only who lives on); what the time-dependent model sees.
PATIENTS = """
[[p]]
story = "seizure on the day of diagnosis, all tests normal by day 2; dies on day 40"
seizure = 0
lp = [1, "normal"]
mri = [2, "normal"]
end = "40+"
known = ["involved", "involved", "involved", "involved"]
in_time = [[0, "involved"]]
ever_credits = 0

[[p]]
story = "everything normal by day 2, then a seizure on day 10"
seizure = 10
lp = [1, "normal"]
mri = [2, "normal"]
end = "200"
known = ["not decidable", "not involved", "involved", "involved"]
in_time = [[0, "not decidable"], [2, "not involved"], [10, "involved"]]
ever_credits = 10

[[p]]
story = "no symptoms, MRI normal; the first lumbar puncture, on day 20, is abnormal"
lp = [20, "abnormal"]
mri = [2, "normal"]
end = "200"
known = ["not decidable", "not decidable", "not decidable", "involved"]
in_time = [[0, "not decidable"], [20, "involved"]]
ever_credits = 20

[[p]]
story = "everything normal by day 2"
lp = [1, "normal"]
mri = [2, "normal"]
end = "300+"
known = ["not decidable", "not involved", "not involved", "not involved"]
in_time = [[0, "not decidable"], [2, "not involved"]]

[[p]]
story = "no symptoms, spinal fluid normal; a normal MRI, but only on day 20"
lp = [1, "normal"]
mri = [20, "normal"]
end = "300"
known = ["not decidable", "not decidable", "not decidable", "not involved"]
in_time = [[0, "not decidable"], [20, "not involved"]]

[[p]]
story = "no symptoms, never tested; dies on day 3"
end = "3+"
known = ["not decidable", "not decidable", "not decidable", "not decidable"]
in_time = [[0, "not decidable"]]

[[p]]
story = "a seizure that nobody dated"
seizure = "undated"
lp = [1, "normal"]
mri = [2, "normal"]
end = "100"
known = ["involved", "involved", "involved", "involved"]
in_time = [[0, "involved"]]
ever_credits = 0

[[p]]
story = "seizure and death on day 5: the evidence comes first"
seizure = 5
lp = [1, "normal"]
mri = [2, "normal"]
end = "5+"
known = ["not decidable", "involved", "involved", "involved"]
in_time = [[0, "not decidable"], [2, "not involved"], [4.5, "involved"]]
ever_credits = 5

[[p]]
story = "a seizure six days before the diagnosis"
seizure = -6
lp = [1, "normal"]
mri = [2, "normal"]
end = "100"
known = ["involved", "involved", "involved", "involved"]
in_time = [[0, "involved"]]
ever_credits = 0
"""
CASES = tomllib.loads(PATIENTS)["p"]
HEADER = (
    "patient_id,age_years,date_hlh_diagnosis,date_last_followup,date_death,death,neuro_assessed,sx_seizure,"
    "date_neuro_onset,lp_done,date_lp_first,csf_wbc,csf_protein (g/L),mri_done,date_imaging_first,mri_abnormal"
)


def on(day):
    return str(DIAGNOSIS + dt.timedelta(days=day))


def row(case):
    seizure, lp, mri = case.get("seizure"), case.get("lp"), case.get("mri")
    end = on(int(case["end"].rstrip("+")))
    died = case["end"].endswith("+")
    cells = [case["story"].replace(",", ";"), 5, DIAGNOSIS, end, end if died else "", "yes" if died else "no", "yes"]
    cells += ["no" if seizure is None else "yes", on(seizure) if isinstance(seizure, int) else ""]
    cells += ["yes", on(lp[0]), 50 if lp[1] == "abnormal" else 2, 0.2] if lp else ["no", "", "", ""]
    cells += ["yes", on(mri[0]), "yes" if mri[1] == "abnormal" else "no"] if mri else ["no", "", ""]
    return ",".join(map(str, cells))


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    path = tmp_path_factory.mktemp("spec") / "patients.csv"
    path.write_text("\n".join([HEADER, *map(row, CASES)]), encoding="utf-8")
    cohort = Study.of(path, eligibility={"criteria": "none"}).load()
    return Material.of(cohort.classified, cohort.population, cohort.study.config)


def test_landmarks_ask_what_was_known_by_their_day(material):
    known = Known.of(material, (7, 14, 28))
    found = [[WORDS[s] for s in known.by(day).frame["cns_baseline"]] for day in (0, 7, 14, 28)]
    assert {c["story"]: list(f) for c, f in zip(CASES, zip(*found, strict=True), strict=True)} == {
        c["story"]: c["known"] for c in CASES
    }


def test_the_time_dependent_model_sees_each_day_what_was_known_that_day(material):
    rows = as_known(Known.of(material), course(material))
    seen = {}
    for row in rows.itertuples():
        steps = seen.setdefault(row.patient_id, [])
        if not steps or steps[-1][1] != WORDS[row.cns]:
            steps.append([row.start, WORDS[row.cns]])
    assert seen == {c["story"].replace(",", ";"): c["in_time"] for c in CASES}


def test_everybody_is_followed_to_the_end_and_dies_once(material):
    rows = as_known(Known.of(material), course(material))
    ends = rows.groupby("patient_id").agg(days=("stop", "max"), deaths=("os_event", "sum"))
    for case in CASES:
        own = ends.loc[case["story"].replace(",", ";")]
        assert own["days"] == int(case["end"].rstrip("+"))
        assert own["deaths"] == case["end"].endswith("+")


def test_ever_cns_credits_the_days_before_the_evidence(material):
    """Days that somebody who must first live to be found involved can't die on."""
    frame = course(material).frame
    credited = frame[BEGINS].clip(lower=0).where(frame["cns_status"] == "met").clip(upper=frame["os_days"])
    found = dict(zip(frame["patient_id"], credited, strict=True))
    wanted = {c["story"].replace(",", ";"): c["ever_credits"] for c in CASES if "ever_credits" in c}
    assert {who: days for who, days in found.items() if pd.notna(days)} == wanted


@pytest.mark.parametrize(
    ("covariate", "right"),
    [
        ("hsct", "time-dependent"),
        ("intrathecal", "time-dependent"),
        ("regimen_initial", "landmark"),
        ("response_w8", "landmark"),
        ("icu", "landmark"),
    ],
)
def test_what_comes_later_is_never_a_baseline_covariate(tmp_path, covariate, right):
    """The study is refused before anything is computed; the refusal says which analysis would be right."""
    path = tmp_path / "patients.csv"
    path.write_text("\n".join([HEADER, *map(row, CASES)]), encoding="utf-8")
    with pytest.raises(InputError, match=covariate) as error:
        Study.of(path, eligibility={"criteria": "none"}, model={"covariates": ["age_years", covariate]}).load()
    assert right in error.value.do

"""Not tested is not negative: each rule as a table of small cohorts (dossier 6.2 to 6.4, 13.1, 13.2, 13.7, 13.12).

A patient is written as three letters for neurological symptoms, CSF and imaging: `a` abnormal, `n` tested and normal,
`-` not tested. `n--` had no symptoms, no lumbar puncture and no picture.
"""

import datetime as dt

import pandas as pd
import pytest

from neurohlh.clinical.cns import classify_cns
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.testing import bounds, imputed, rates, weighted
from neurohlh.study.parts.testing.readings import DECIDED, HARMFUL, HARMLESS, NEGATIVE, POSITIVE
from neurohlh.study.study import Study

DIAGNOSIS = dt.date(2020, 1, 1)
HEADER = (
    "patient_id,age_years,date_hlh_diagnosis,date_last_followup,date_death,death,neuro_assessed,neuro_symptoms_any,"
    "lp_done,date_lp_first,csf_abnormal,mri_done,date_imaging_first,imaging_abnormal"
)
ANSWER = {"a": ("yes", "yes"), "n": ("yes", "no"), "-": ("no", "")}


def row(number, found, days, dead, lp=2):
    """A line of the hospital's table; `lp` is the day of the lumbar puncture after the diagnosis."""
    end = DIAGNOSIS + dt.timedelta(days=days)
    (assessed, symptoms), (punctured, csf), (pictured, image) = (ANSWER[letter] for letter in found)
    lp_day = DIAGNOSIS + dt.timedelta(days=lp) if punctured == "yes" else ""
    image_day = DIAGNOSIS + dt.timedelta(days=2) if pictured == "yes" else ""
    outcome = f"{DIAGNOSIS},{end},{end if dead else ''},{'yes' if dead else 'no'}"
    return f"P{number},5,{outcome},{assessed},{symptoms},{punctured},{lp_day},{csf},{pictured},{image_day},{image}"


COURSES = [  # days from the diagnosis to the end, dead?, day of the lumbar puncture
    (100, False, 2), (100, False, 14), (100, False, 15), (200, False, 2), (90, False, 2), (3, True, 2), (20, True, 2),
    (50, True, 2), (60, True, 2), (80, True, 2),
]  # fmt: skip


@pytest.fixture(scope="module")
def everybody(tmp_path_factory):
    """Every finding with every course, classified once: what a patient is called depends on nobody else."""
    kinds = [(a + b + c, *course) for a in "an-" for b in "an-" for c in "an-" for course in COURSES]
    path = tmp_path_factory.mktemp("spec") / "hospital.csv"
    path.write_text("\n".join([HEADER, *(row(i, *kind) for i, kind in enumerate(kinds))]), encoding="utf-8")
    cohort = Study.of(path, eligibility={"criteria": "none"}, model={"covariates": []}).load()
    return Material.of(cohort.classified, cohort.population, cohort.study.config), kinds


@pytest.fixture
def hospital(everybody):
    """A hospital of patients (found, days from the diagnosis, dead?[, day of the lumbar puncture])."""
    material, kinds = everybody

    def make(*patients):
        places = [kinds.index((*p, 2)[:4]) for p in patients]
        return Material(material.frame.iloc[places].reset_index(drop=True), material.config, None)

    return make


def share(result, **where):
    rows = result.tidy
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return int(rows.iloc[0]["events"]), int(rows.iloc[0]["n"])


# Rule 1. A test that was not done says nothing. One abnormal result makes a patient CNS-positive; only normal results
# everywhere make one CNS-negative; everybody else stays undecided.
STATUS = [
    ("nnn", "not_met"),
    ("ann", "met"),
    ("a--", "met"),  # symptoms suffice
    ("-a-", "met"),
    ("n--", "indeterminate"),  # no symptoms, nothing else done: not negative
    ("nn-", "indeterminate"),
    ("n-n", "indeterminate"),  # no lumbar puncture
    ("-nn", "indeterminate"),  # sedated, not assessed
    ("---", "indeterminate"),
]


@pytest.mark.parametrize(("found", "status"), STATUS, ids=lambda x: x)
def test_only_normal_results_everywhere_are_negative(hospital, found, status):
    assert hospital((found, 100, False)).frame["cns_status"].tolist() == [status]


# Rule 2. What the literature does: a publication that counts the untested as negative is followed only where its
# definition is asked for by name.
@pytest.mark.parametrize(
    ("definition", "status"),
    [("seed_any3", "indeterminate"), ("zhao2018", "not_met"), ("bch2014_61", "not_applicable")],
)
def test_the_untested_are_negative_only_in_a_definition_that_says_so(hospital, definition, status):
    frame = hospital(("n-n", 100, False)).frame
    fresh = frame[["patient_id", "neuro_assessed", "neuro_symptoms_any", "lp_done", "csf_abnormal", "mri_done",
                   "imaging_abnormal", "age_years"]]  # fmt: skip
    assert classify_cns(fresh, definition)["cns_status"].tolist() == [status]


# Rule 3. At baseline counts what was tested by day 14. A lumbar puncture on day 15 is none at baseline, whatever it
# showed: nobody is called positive or negative for having lived long enough to be punctured.
@pytest.mark.parametrize(
    ("found", "day", "at_baseline"),
    [
        ("nan", 14, "met"),
        ("nan", 15, "indeterminate"),
        ("nnn", 14, "not_met"),
        ("nnn", 15, "indeterminate"),
        ("ann", 15, "met"),
    ],
    ids=str,
)
def test_a_late_lumbar_puncture_is_none_at_baseline(hospital, found, day, at_baseline):
    frame = hospital((found, 100, False, day)).frame
    assert frame["cns_baseline"].tolist() == [at_baseline]
    if day == 15:
        assert frame["cns_csf_baseline"].tolist() == ["indeterminate"]


# Rule 4. The frequency of CNS involvement is shown as tested, with the undecided as negative, as positive, and among
# those with every answer. (CNS-positive, of how many) for each.
FREQUENCY = [
    # cohort, undecided left out, as negative, as positive, every answer
    (["ann", "nnn", "n--", "n--"], (1, 2), (1, 4), (3, 4), (1, 2)),
    (["a--", "a--", "nnn", "nnn"], (2, 4), (2, 4), (2, 4), (0, 2)),  # the positive are decided by one test
    (["nan", "nn-", "-nn", "nnn"], (1, 2), (1, 4), (3, 4), (1, 2)),
]


@pytest.mark.parametrize(("found", "decided", "negative", "positive", "whole"), FREQUENCY, ids=str)
def test_the_frequency_is_shown_in_every_reading(hospital, found, decided, negative, positive, whole):
    result = bounds.frequency_and_risk(hospital(*((letters, 100, False) for letters in found)))
    asked = {"term": "frequency of CNS involvement at baseline"}
    assert share(result, **asked, population=DECIDED) == decided
    assert share(result, **asked, population=NEGATIVE) == negative
    assert share(result, **asked, population=POSITIVE) == positive
    assert share(result, **asked, population=bounds.COMPLETE) == whole


# Rule 5. Early deaths are often untested. Of a cohort in which four patients died on day 3 before any lumbar puncture
# and picture, deaths by day 30 are (in the CNS-positive), (in the CNS-negative): reading the untested as negative hides
# the harm, leaving them out leaves the survivors.
EARLY = [*[("ann", 20, True)] * 2, *[("ann", 200, False)] * 2, *[("n--", 3, True)] * 4, *[("nnn", 200, False)] * 4]
DEATHS = [
    (DECIDED, (2, 4), (0, 4)),
    (NEGATIVE, (2, 4), (4, 8)),  # 50 % and 50 %: no difference is left
    (POSITIVE, (6, 8), (0, 4)),
    (HARMFUL, (6, 8), (0, 4)),
    (HARMLESS, (2, 4), (4, 8)),
]


@pytest.mark.parametrize(("reading", "involved", "free"), DEATHS, ids=str)
def test_untested_early_deaths_move_the_risk(hospital, reading, involved, free):
    result = bounds.frequency_and_risk(hospital(*EARLY))
    asked = {"term": "risk of death by day 30", "population": reading}
    assert share(result, **asked, group="CNS involved") == involved
    assert share(result, **asked, group="CNS not involved") == free


def test_early_deaths_are_reported_on_their_own(hospital):
    """Four of six deaths came by day 7: all without lumbar puncture and picture, all neurologically assessed."""
    result = rates.early_deaths(hospital(*EARLY))
    week = {"group": "died by day 7"}
    assert share(result, **week, term="of all deaths") == (4, 6)
    assert share(result, **week, term="without lumbar puncture") == (4, 4)
    assert share(result, **week, term="without lumbar puncture and without MRI or CT") == (4, 4)
    assert share(result, **week, term="without any of the three") == (0, 4)


def test_testing_is_shown_by_what_became_of_the_patient(hospital):
    """No early death by day 14 was punctured, everybody else was: the difference is part of the result."""
    result = rates.by_outcome(hospital(*EARLY))
    asked = {"variable": "Lumbar puncture", "term": "share tested"}
    assert share(result, **asked, group="died by day 14") == (0, 4)
    assert share(result, **asked, group="died later") == (2, 2)
    assert share(result, **asked, group="alive when last seen") == (6, 6)


# Rule 6. Weights: the tested stand for the untested, who are never compared and never negative.
def test_the_untested_are_stood_for_and_not_compared(hospital):
    """Half of those with, and half of those without symptoms were tested everywhere: each tested stands for two."""
    people = [*[("ann", 60, True)] * 4, *[("a--", 90, False)] * 4, *[("nnn", 80, True)] * 3, *[("nan", 50, True)] * 3]
    result = weighted.weighted(hospital(*people, *[("n--", 100, False)] * 6))
    numbers = result.tidy[result.tidy["population"] == "the weights"].set_index("term")["estimate"]
    assert result.counts["used"] == 10
    assert numbers[["smallest weight", "largest weight", "sum of the weights"]].tolist() == pytest.approx([2, 2, 20])


# Rule 7. Imputation is a declared sensitivity. Only the undecided get a status, and each from patients alike: without a
# lumbar puncture and otherwise normal, from those with a lumbar puncture who are otherwise normal.
ALIKE = [
    # whose answer is lacking, how many such patients, from how many alike
    (("csf",), 2, 4),
    (("csf", "imaging"), 1, 5),
]
IMPUTED = ["nnn", "nnn", "nan", "nan", "nna", "ann", "aaa", "n-n", "n-n", "n--", "a--"]


@pytest.mark.parametrize(("missing", "undecided", "donors"), ALIKE, ids=str)
def test_the_undecided_are_imputed_from_those_alike(hospital, missing, undecided, donors):
    frame = hospital(*((found, 100, False) for found in IMPUTED)).frame
    groups = {
        g.missing: g for g in imputed.alike(frame.assign(cns=frame["cns_baseline"]), ("symptoms", "csf", "imaging"), 1)
    }
    assert (len(groups[missing].undecided), len(groups[missing].answered)) == (undecided, donors)
    assert set(groups) == {missing for missing, *_ in ALIKE}  # a-- is decided and is imputed nothing


# Rule 8. It is not known whether a test was done: that is not "not done", and the patient is in no share.
def test_unknown_whether_tested_is_in_no_share(hospital):
    material = hospital(("nnn", 100, False), ("n-n", 100, False), ("n-n", 100, False))
    unknown = material.frame.assign(csf_tested=pd.array([True, False, None], dtype="boolean"))
    result = rates.by_outcome(Material(unknown, material.config, None))
    assert share(result, variable="Lumbar puncture", term="share tested", group="all patients") == (1, 2)
    assert "Lumbar puncture: not known for 1 patients, who are in no share." in result.notes

"""Who is in the study: each step takes out whom it names, once, and the flow adds up."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.study.config import Eligibility
from neurohlh.study.population import select_population
from neurohlh.study.study import Study

TABLE = "patient_id,sex\n" + "".join(f"P{i},{'MF'[i % 2]}\n" for i in range(1, 9)) + "P8,F\nP1,F\n,F\n"
"""Eight patients; rows of P8 (M, F) and P1 (F, F) repeat: P8 contradicts itself, P1's second row is identical."""
STATUS = ["met", "met", "met", "not_met", "indeterminate", "indeterminate", "not_applicable", "met"]
AGE = [0.0, 18.0, 18.1, 5.0, 5.0, np.nan, 5.0, 5.0]


@pytest.fixture(scope="module")
def population_of(cohort_of_eight):
    def select(status=STATUS, **eligibility):
        criteria = None if status is None else pd.Series(status)
        return select_population(cohort_of_eight, Eligibility(**eligibility), criteria, pd.Series(AGE))

    return select


@pytest.fixture(scope="module")
def cohort_of_eight(tmp_path_factory):
    path = tmp_path_factory.mktemp("eight") / "eight.csv"
    path.write_text(TABLE, encoding="utf-8")
    return Study.of(path, eligibility={"criteria": "none"}).load()


def who(population):
    return [f"P{i}" for i in np.flatnonzero(population.included) + 1]


def excluded(population):
    flow = population.flow.set_index("step")["n_excluded"]
    return {step: n for step, n in flow.items() if n}


def test_without_criteria_only_contradictory_patients_stay_out(population_of):
    found = population_of(status=None, criteria="none")
    assert who(found) == ["P1", "P2", "P3", "P4", "P5", "P6", "P7"]
    assert excluded(found) == {"no_identifier": 1, "identical_rows": 1, "joined_rows": 1, "conflicting_rows": 1}
    assert found.flow["step"].tolist()[-1] == "conflicting_rows"


@pytest.mark.parametrize(
    ("keep", "patients", "out"),
    [
        (("met",), ["P1", "P2", "P3"], {"not_met": 1, "indeterminate": 2, "not_applicable": 1}),
        (("met", "indeterminate"), ["P1", "P2", "P3", "P5", "P6"], {"not_met": 1, "not_applicable": 1}),
        (("not_met",), ["P4"], {"met": 3, "indeterminate": 2, "not_applicable": 1}),
        (("met", "not_met", "indeterminate"), ["P1", "P2", "P3", "P4", "P5", "P6"], {"not_applicable": 1}),
    ],
)
def test_the_status_that_the_study_keeps(population_of, keep, patients, out):
    found = population_of(keep=keep)
    assert who(found) == patients
    steps = {f"criteria_{status}": n for status, n in out.items()}
    assert {s: n for s, n in excluded(found).items() if s.startswith("criteria")} == steps


def test_an_age_range_holds_both_its_ends_and_leaves_out_the_unknown(population_of):
    found = population_of(status=None, criteria="none", age_years=(0, 18))
    assert who(found) == ["P1", "P2", "P4", "P5", "P7"]
    assert excluded(found)["age_unknown"] == 1
    assert excluded(found)["age_outside"] == 1
    by = dict(zip([f"P{i}" for i in range(1, 9)], found.excluded_by, strict=True))
    assert (by["P6"], by["P3"], by["P8"], by["P1"]) == ("age_unknown", "age_outside", "conflicting_rows", "")


def test_who_fails_several_steps_leaves_at_the_first(population_of):
    """P6 is undecided and of unknown age, P8 contradicts itself and meets the criteria."""
    found = population_of(age_years=(0, 18))
    assert who(found) == ["P1", "P2"]
    assert found.excluded_by.tolist() == [
        "", "", "age_outside", "criteria_not_met", "criteria_indeterminate", "criteria_indeterminate",
        "criteria_not_applicable", "conflicting_rows",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "options", [{}, {"keep": ("met", "indeterminate")}, {"age_years": (1, 6)}, {"keep": ("not_met",)}]
)
def test_the_flow_adds_up_from_the_rows_read_to_the_patients_in_the_study(population_of, options):
    found = population_of(**options)
    flow = found.flow
    assert flow["n_in"].iloc[0] == 11
    assert (flow["n_in"] - flow["n_excluded"] == flow["n_out"]).all()
    assert (flow["n_in"].iloc[1:].to_numpy() == flow["n_out"].iloc[:-1].to_numpy()).all()
    assert flow["n_out"].iloc[-1] == found.included.sum() == len(who(found))
    per_step = pd.Series(found.excluded_by[~found.included]).value_counts()
    assert per_step.to_dict() == {s: n for s, n in excluded(found).items() if s.startswith(("crit", "age", "conf"))}
    assert ((found.excluded_by == "") == found.included).all()
    assert (flow.loc[flow["n_excluded"] > 0, "reason"] != "").all()


def test_the_criteria_of_the_study_file_decide_who_is_in(study_of):
    """P1 has five of eight items of HLH-2004, P2 none of eight, P3 four and the rest unknown."""
    header = (
        "patient_id,fever,splenomegaly,hemoglobin (g/L),platelets (10^9/L),anc,triglycerides (mmol/L),fibrinogen (g/L),"
        "hemophagocytosis,nk_activity,ferritin (ug/L),scd25 (U/mL),age_years,molecular_dx_hlh\n"
    )
    rows = (
        "P1,yes,yes,80,20,0.5,4,1,yes,normal,100,500,3,no\n"
        "P2,no,no,120,200,3,1,3,no,normal,100,500,3,no\n"
        "P3,yes,yes,80,20,0.5,4,1,,,,,3,no\n"
    )
    by_keep = {}
    for keep in (["met"], ["not_met"], ["indeterminate"]):
        cohort = study_of(header + rows, eligibility={"criteria": "hlh2004", "keep": keep}).load()
        by_keep[keep[0]] = cohort.patients["patient_id"].tolist()
    assert by_keep == {"met": ["P1"], "not_met": ["P2"], "indeterminate": ["P3"]}

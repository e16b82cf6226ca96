"""Who is in the study: from patients to the analysis population, every exclusion counted with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.etl.cohort import Cohort
from neurohlh.study.config import Eligibility

FLOW_COLUMNS = ("step", "label", "n_in", "n_excluded", "n_out", "reason")
_OUT_WORDS = {
    "not_met": ("not ruled out", "not fulfilled"),
    "indeterminate": ("decidable", "can't be decided from what was recorded"),
    "not_applicable": ("applicable", "not applicable"),
    "met": ("not fulfilled", "fulfilled, which the study does not keep"),
}
"""Status that leaves -> what is true of those who stay, why the others left."""


Step = tuple[str, str, np.ndarray, str]
"""Name of the step, what is true of those who stay, who leaves (boolean), why."""


@dataclass(frozen=True)
class Population:
    """Patients in the study (boolean), the flow step that took the others out ('' for those in), and the flow."""

    included: np.ndarray
    excluded_by: np.ndarray
    flow: pd.DataFrame


def select_population(
    cohort: Cohort, eligibility: Eligibility, criteria: pd.Series | None, age: pd.Series, name: str = ""
) -> Population:
    """Apply the eligibility of the study.

    `criteria` is the status of each patient under the declared criteria set (None: no set is asked for), `age` the age
    at diagnosis in years, `name` what the flow calls the criteria set (default: as the study file does).
    """
    steps: list[Step] = [
        (
            "conflicting_rows",
            "Patients without contradictory rows",
            cohort.in_conflict,
            "rows of the patient contradict each other; kept out until somebody finds out which is right",
        )
    ]
    if criteria is not None:
        steps += _criteria_steps(criteria, eligibility, name or eligibility.criteria)
    if eligibility.age_years is not None:
        low, high = eligibility.age_years
        outside = ((age < low) | (age > high)).to_numpy()
        steps.append(("age_unknown", "Age at diagnosis known", age.isna().to_numpy(), "age at diagnosis unknown"))
        steps.append(("age_outside", f"Age {low:g} to {high:g} years", outside, "outside the declared age range"))
    return _walk(cohort, steps)


def _criteria_steps(criteria: pd.Series, eligibility: Eligibility, name: str) -> list[Step]:
    return [
        (f"criteria_{status}", f"{name}: {stay}", (criteria == status).to_numpy(), f"{name}: {leave}")
        for status, (stay, leave) in _OUT_WORDS.items()
        if status not in eligibility.keep
    ]


def _walk(cohort: Cohort, steps: list[Step]) -> Population:
    included = np.ones(len(cohort.frame), dtype=bool)
    excluded_by = np.full(len(cohort.frame), "", dtype=object)
    rows = []
    for step, label, out, reason in steps:
        before = int(included.sum())
        leaving = included & out
        excluded_by[leaving] = step
        included &= ~out
        rows.append((step, label, before, int(leaving.sum()), int(included.sum()), reason))
    flow = pd.concat([cohort.rows, pd.DataFrame(rows, columns=list(FLOW_COLUMNS))], ignore_index=True)
    return Population(included, excluded_by, flow)

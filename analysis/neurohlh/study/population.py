"""Who is in the study: from patients to the analysis population, every exclusion counted with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.etl.cohort import Cohort
from neurohlh.study.config import Eligibility

FLOW_COLUMNS = ("step", "label", "n_in", "n_excluded", "n_out", "reason")
_IN_WORDS = {
    "met": "fulfilled",
    "indeterminate": "not decidable",
    "not_met": "not fulfilled",
    "not_applicable": "not applicable",
}


@dataclass(frozen=True)
class Population:
    """Patients in the study (boolean), the flow step that took the others out ('' for those in), and the flow."""

    included: np.ndarray
    excluded_by: np.ndarray
    flow: pd.DataFrame


def select_population(
    cohort: Cohort, eligibility: Eligibility, criteria: pd.Series | None, age: pd.Series
) -> Population:
    """Apply the eligibility of the study.

    `criteria` is the status of each patient under the declared criteria set (None: no set is asked for), `age` the age
    at diagnosis in years.
    """
    steps: list[tuple[str, str, np.ndarray, str]] = [
        (
            "conflicting_rows",
            "Patients whose rows contradict each other",
            cohort.in_conflict,
            "kept out until somebody finds out which row is right (see the issues)",
        )
    ]
    if criteria is not None:
        for status in ("not_met", "indeterminate", "not_applicable"):
            if status not in eligibility.keep:
                steps.append(
                    (
                        f"criteria_{status}",
                        f"{eligibility.criteria}: {_IN_WORDS[status]}",
                        (criteria == status).to_numpy(),
                        f"the study keeps: {', '.join(eligibility.keep)}",
                    )
                )
        if "met" not in eligibility.keep:
            steps.append(
                ("criteria_met", f"{eligibility.criteria}: fulfilled", (criteria == "met").to_numpy(), "not kept")
            )
    if eligibility.age_years is not None:
        low, high = eligibility.age_years
        steps.append(
            ("age_unknown", "Age at diagnosis unknown", age.isna().to_numpy(), "the study asks for an age range")
        )
        outside = ((age < low) | (age > high)).to_numpy()
        steps.append(("age_outside", f"Age outside {low:g} to {high:g} years", outside, "the age range of the study"))
    return _walk(cohort, steps)


def _walk(cohort: Cohort, steps: list[tuple[str, str, np.ndarray, str]]) -> Population:
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

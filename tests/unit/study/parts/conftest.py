"""Patients as the parts receive them: classified rows with a default for whatever a test does not speak of."""

import pandas as pd
import pytest

from neurohlh.clinical.triggers import PRIORITY
from neurohlh.study.config import check_config
from neurohlh.study.parts.material import Material

DEFAULT = {
    "os_days": 400.0,
    "os_event": 0.0,
    "cns_status": "not_met",
    "cns_baseline": "not_met",
    "trigger_category": "unknown",
    "hlh_class": "unknown",
    "date_hlh_diagnosis": pd.Timestamp("2020-01-01"),
    **{f"triggers__{kind}": "indeterminate" for kind in PRIORITY},
}


def _frame(patients):
    frame = pd.DataFrame([{**DEFAULT, **patient} for patient in patients])
    frame["patient_id"] = [f"P{n}" for n in range(len(frame))]
    if "hlh_class_derived" not in frame:
        frame["hlh_class_derived"] = frame["hlh_class"]
    frame["died"] = frame["os_event"].map({1.0: True, 0.0: False}).astype("boolean")
    return frame


@pytest.fixture(scope="session")
def material_of():
    """The material of patients given as records; further words are sections of the study file."""

    def make(patients, **sections):
        config = check_config(
            {"schema": 1, "source": [{"path": "a.csv"}], "eligibility": {"criteria": "none"}, **sections}, "s"
        )
        return Material(_frame(patients), config, None)

    return make


@pytest.fixture(scope="session")
def case_series():
    """The section of a study file that declares published cases."""
    return {"study": {"design": "case_series"}}

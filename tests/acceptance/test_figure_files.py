"""Which pictures a run leaves: those of the plan, the flow with numbers that add up, and courses that stay at home."""

import re

import pandas as pd
import pytest


def words(path):
    """The texts of an SVG file, as a reader sees them."""
    return re.findall(r"<text[^>]*>(.*?)</text>", path.read_text(encoding="utf-8"), flags=re.S)


@pytest.mark.slow
def test_the_flow_is_a_figure_that_ends_with_those_followed_by_cns_status(example_run):
    said = words(example_run / "figures" / "flow.svg")
    flow = pd.read_csv(example_run / "cohort" / "flow.csv")
    assert str(flow["n_in"].iloc[0]) in said
    assert str(flow["n_out"].iloc[-1]) in said
    followed = int(said[said.index("patients on the survival curves") - 1])
    parts = [
        int(said[said.index(group) - 1]) for group in ("CNS involvement", "No CNS involvement", "CNS status undecided")
    ]
    assert sum(parts) == followed
    assert (example_run / "figures" / "flow.zh.svg").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "completeness",
        "confounding_age",
        "confounding_balance",
        "missing_patterns",
        "prediction_calibration",
        "prediction_decision_curve",
        "prediction_nomogram",
    ],
)
def test_a_question_of_the_plan_that_has_a_picture_leaves_it(example_run, name):
    assert (example_run / "figures" / f"{name}.svg").exists()
    assert (example_run / "figures" / f"{name}.png").exists()


@pytest.mark.slow
def test_courses_of_patients_stay_in_the_cohort_folder_and_name_nobody(example_run):
    drawn = example_run / "cohort" / "swimmer.svg"
    patients = pd.read_csv(example_run / "cohort" / "patients.csv", dtype=str, usecols=["patient_id", "included"])
    said = words(drawn)
    assert f"All {(patients['included'] == 'true').sum()} patients" in " ".join(said)
    assert not set(said) & set(patients["patient_id"])
    assert not [path for path in example_run.rglob("*swimmer*") if path.parent.name != "cohort"]
    assert "swimmer" not in (example_run / "report.html").read_text(encoding="utf-8")

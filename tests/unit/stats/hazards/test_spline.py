import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.hazards.contrast import cox_contrast
from neurohlh.stats.hazards.spline import cox_spline


@pytest.fixture
def cohort():
    rng = np.random.default_rng(13)
    n = 200
    frame = pd.DataFrame({"age": rng.uniform(0, 80, n), "sex": rng.choice(["f", "m"], n)})
    frame["time"] = rng.exponential(30, n).round() + 1
    return frame.assign(event=rng.random(n) < 0.7)


def test_the_curve_is_the_contrast_with_the_reference_value(cohort):
    found = cox_spline(cohort, "time", "event", ["rcs(age, 4)", "sex"], "age", reference_value=40, values=[10, 40, 70])
    pair = {"a": ({"age": 70}, {"age": 40})}
    other = cox_contrast(cohort, "time", "event", ["rcs(age, 4)", "sex"], contrasts=pair).tidy.iloc[0]
    for column in ("estimate", "conf_low", "conf_high", "std_error"):
        assert found.tidy.loc[2, column] == pytest.approx(other[column], rel=1e-12)
    assert found.tidy.loc[1, "estimate"] == 1
    assert found.method["reference_value"] == 40


def test_curves_hold_the_distribution_and_the_knots(cohort):
    found = cox_spline(cohort, "time", "event", ["rcs(age, 4)"], "age")
    parts = found.curves.groupby("part")
    assert parts.size()["curve"] == 101
    assert parts.size()["knot"] == 4
    bars = parts.get_group("histogram")
    assert bars["n"].sum() == 200
    assert bars["events"].sum() == found.counts["events"]
    assert found.method["reference_value"] == pytest.approx(cohort["age"].median())
    assert found.checks["check"].str.contains("straight line").sum() == 3


def test_a_straight_line_is_straight_on_the_log_scale(cohort):
    curve = cox_spline(cohort, "time", "event", ["age"], "age").curves.query("part == 'curve'")
    np.testing.assert_allclose(np.diff(np.log(curve["estimate"]), 2), 0, atol=1e-12)


def test_failures(cohort):
    with pytest.raises(ValueError, match="'sex' is no number among the covariates"):
        cox_spline(cohort, "time", "event", ["age", "sex"], "sex")
    with pytest.raises(ValueError, match="depends on 'sex'"):
        cox_spline(cohort, "time", "event", ["rcs(age, 4)*sex"], "age")
    found = cox_spline(cohort, "time", "event", ["rcs(age, 4)*sex"], "age", at={"sex": "m"}, values=[100])
    assert any("outside the patients used" in note for note in found.notes)

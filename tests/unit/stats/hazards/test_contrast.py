import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.hazards.contrast import cox_contrast
from neurohlh.stats.hazards.cox import cox


@pytest.fixture
def cohort():
    rng = np.random.default_rng(12)
    n = 150
    frame = pd.DataFrame({"x": rng.normal(size=n), "group": rng.choice(["a", "b", "c"], n)})
    frame["time"] = rng.exponential(30 / np.exp(0.6 * frame["x"])).round() + 1
    return frame.assign(event=rng.random(n) < 0.7)


BASE = {"reference": {"group": "a"}}


def test_a_level_against_the_reference_is_the_coefficient_itself(cohort):
    asked = {"b": ({"group": "b"}, {"group": "a"}), "x": ({"x": 2}, {"x": 0})}
    result = cox_contrast(cohort, "time", "event", ["group", "x"], contrasts=asked, **BASE)
    model = cox(cohort, "time", "event", ["group", "x"], **BASE).tidy
    b, x = model[model["level"] == "b"].iloc[0], model[model["term"] == "x"].iloc[0]
    columns = ["estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "p_value"]
    np.testing.assert_allclose(result.tidy.loc[0, columns].astype(float), b[columns].astype(float), rtol=1e-10)
    assert result.tidy.loc[1, "coef"] == pytest.approx(2 * x["coef"])
    assert result.tidy.loc[0, "contrast"] == "group = b vs group = a"


def test_the_joint_test_counts_independent_contrasts(cohort):
    pairs = [("b", "a"), ("c", "a"), ("c", "b")]
    asked = {f"{p}{q}": ({"group": p}, {"group": q}) for p, q in pairs}
    checks = cox_contrast(cohort, "time", "event", ["group", "x"], contrasts=asked, **BASE).checks
    assert checks.loc[0, "df"] == 2
    assert checks.loc[0, "note"] == "3 contrasts, 2 independent"


def test_what_diverges_is_not_estimated_and_the_rest_is(cohort):
    cohort.loc[cohort["group"] == "c", "event"] = False
    asked = {"c": ({"group": "c"}, {"group": "a"}), "b": ({"group": "b"}, {"group": "a"})}
    found = cox_contrast(cohort, "time", "event", ["group", "x"], contrasts=asked, **BASE)
    assert "monotone likelihood" in found.tidy.loc[0, "note"]
    assert np.isnan(found.tidy.loc[0, "estimate"])
    assert found.tidy.loc[1, "estimate"] > 0
    assert not found.checks["check"].str.startswith("joint").any()


def test_extrapolation_and_equal_patterns_are_said(cohort):
    asked = {"far": ({"x": 40}, {"x": 0}), "same": ({"x": 1}, {"x": 1})}
    found = cox_contrast(cohort, "time", "event", ["x"], contrasts=asked)
    assert any(note.startswith("x = 40 lies outside the patients used") for note in found.notes)
    assert found.tidy.loc[1, "note"] == "both patterns have the same covariates in this model"
    assert found.tidy.loc[1, "estimate"] == 1
    assert np.isnan(found.tidy.loc[1, "p_value"])


def test_failures(cohort):
    with pytest.raises(ValueError, match="at least one pair"):
        cox_contrast(cohort, "time", "event", ["x"], contrasts={})
    with pytest.raises(ValueError, match="no covariate of the model"):
        cox_contrast(cohort, "time", "event", ["x"], contrasts={"g": ({"group": "b"}, {"group": "a"})})

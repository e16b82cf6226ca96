import numpy as np
import pandas as pd
import pytest
from firthmodels import FirthCoxPH

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.firth import cox_firth


@pytest.fixture
def cohort():
    rng = np.random.default_rng(7)
    n = 60
    frame = pd.DataFrame({"x": rng.normal(size=n), "group": rng.choice(["a", "b", "c"], n), "one": 1})
    frame["time"] = rng.exponential(30 / np.exp(0.6 * frame["x"])).round() + 1
    return frame.assign(event=rng.random(n) < 0.6)


def test_a_level_without_events_has_a_finite_estimate_and_is_named(cohort):
    cohort.loc[cohort["group"] == "c", "event"] = False
    result = cox_firth(cohort, "time", "event", ["group", "x"], reference={"group": "a"})
    empty = result.tidy[result.tidy["level"] == "c"].iloc[0]
    assert empty["events"] == 0
    assert empty["estimate"] < 1
    assert empty["conf_low"] < empty["estimate"] < empty["conf_high"]
    named = result.checks[result.checks["check"] == "monotone likelihood"]
    assert named["term"].tolist() == ["group c"]
    assert any("Monotone likelihood in group c" in note for note in result.notes)
    assert result.kind == "cox_firth"


def test_equal_to_firthmodels_with_breslow_ties(cohort):
    found = cox_firth(cohort, "time", "event", ["x"], ties="breslow").tidy.iloc[0]
    other = FirthCoxPH(gtol=1e-10, xtol=1e-10).fit(
        cohort[["x"]].to_numpy(), (cohort["event"].to_numpy(), cohort["time"].to_numpy())
    )
    assert found["coef"] == pytest.approx(other.coef_[0], rel=1e-6)


def test_constant_and_collinear_terms_stay_in_the_table(cohort):
    cohort["twice"] = 2 * cohort["x"]
    result = cox_firth(cohort, "time", "event", ["x", "one", "twice"])
    assert result.tidy["note"].tolist() == [
        "",
        "not estimable: the same value in all patients used",
        "not estimable: collinear with x",
    ]
    assert result.tidy.loc[1:, "estimate"].isna().all()


def test_dropped_patients_are_counted(cohort):
    cohort.loc[:3, "x"] = np.nan
    result = cox_firth(cohort, "time", "event", ["x"])
    assert result.counts["dropped"] == {"missing x": 4}
    assert any("56 of 60 patients used" in note for note in result.notes)


def test_failures(cohort):
    with pytest.raises(ValueError, match="ties must be 'efron' or 'breslow', not 'exact'"):
        cox_firth(cohort, "time", "event", ["x"], ties="exact")
    with pytest.raises(NotEstimable, match="no events"):
        cox_firth(cohort.assign(event=False), "time", "event", ["x"])

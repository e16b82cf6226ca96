import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.hazards.baseline import predicted_survival
from neurohlh.stats.hazards.fit import SortedDesign, fit
from neurohlh.stats.hazards.survival import cox_survival

THREE = pd.DataFrame({"t": [1, 2, 3], "e": [1, 1, 1], "x": [1, 0, 1]})


@pytest.fixture
def frame():
    rng = np.random.default_rng(15)
    n = 90
    x = rng.normal(size=n)
    time = np.ceil(rng.exponential(20 * np.exp(-0.5 * x)))
    return pd.DataFrame({"t": time, "e": rng.random(n) < 0.7, "x": x, "g": rng.choice(["a", "b"], n)})


def test_three_patients_by_hand():
    # The hazard ratio is r = 1/sqrt(2) (see test_cox); a patient with x = 0 has the hazards 1/(2r+1) and 1/(r+1).
    r = 1 / np.sqrt(2)
    found = cox_survival(THREE, "t", "e", ["x"], newdata=pd.DataFrame({"x": [0, 1]}), times=[0.5, 2, 9])
    tidy = found.tidy[found.tidy["measure"] == "survival"].set_index(["group", "time"])
    hazard = 1 / (2 * r + 1) + 1 / (r + 1)
    assert tidy.loc[("0", 2.0), "estimate"] == pytest.approx(np.exp(-hazard), rel=1e-10)
    assert tidy.loc[("1", 2.0), "estimate"] == pytest.approx(np.exp(-hazard * r), rel=1e-10)
    assert tidy.loc[("0", 0.5), "estimate"] == 1
    assert np.isnan(tidy.loc[("0", 9.0), "estimate"])
    assert tidy.loc[("0", 9.0), "note"] == "not estimable: beyond the last follow-up (3)"


def test_the_thin_path_is_the_same(frame):
    times = np.array([5.0, 20, 30])
    design = SortedDesign.of(frame[["x"]].to_numpy(), frame["t"].to_numpy(), frame["e"].to_numpy())
    thin = predicted_survival(design, fit(design), np.array([[0.0], [1.0]]), times)
    whole = cox_survival(frame, "t", "e", ["x"], newdata=pd.DataFrame({"x": [0, 1]}), times=times).tidy
    np.testing.assert_allclose(thin.ravel(), whole[whole["measure"] == "survival"]["estimate"], rtol=1e-12)


def test_every_stratum_has_its_own_baseline(frame):
    new = pd.DataFrame({"x": [0.3, 0.3], "g": ["a", "b"]})
    found = cox_survival(frame, "t", "e", ["x"], newdata=new, times=[10], strata="g").tidy
    survival = found[found["measure"] == "survival"]["estimate"]
    assert survival.iloc[0] != survival.iloc[1]
    code = (frame["g"] == "b").to_numpy().astype(int)
    design = SortedDesign.of(frame[["x"]].to_numpy(), frame["t"].to_numpy(), frame["e"].to_numpy(), strata=code)
    thin = predicted_survival(design, fit(design), new[["x"]].to_numpy(), np.array([10.0]), stratum=np.array([0, 1]))
    np.testing.assert_allclose(thin[:, 0], survival, rtol=1e-12)
    with pytest.raises(ValueError, match="say of which stratum"):
        predicted_survival(design, fit(design), np.zeros((1, 1)), np.array([10.0]))
    with pytest.raises(ValueError, match="no baseline, in stratum 7"):
        predicted_survival(design, fit(design), np.zeros((1, 1)), np.array([10.0]), stratum=7)


def test_the_result_travels_and_names_its_choices(frame):
    found = cox_survival(frame, "t", "e", ["x"], newdata=pd.DataFrame({"x": [0.0]}), times=[10], ties="breslow")
    again = Result.from_json(found.to_json())
    pd.testing.assert_frame_equal(again.tidy, found.tidy)
    assert found.method["estimator"] == "Breslow's baseline hazard"
    assert set(found.curves["group"]) == {"baseline", "0"}


def test_refusals(frame):
    ask = {"newdata": pd.DataFrame({"x": [0.0], "g": ["a"]}), "times": [10]}
    with pytest.raises(ValueError, match="1 rows lack a covariate"):
        cox_survival(frame, "t", "e", ["x"], **{**ask, "newdata": pd.DataFrame({"x": [np.nan]})})
    with pytest.raises(ValueError, match="g c has no event in the model"):
        cox_survival(frame, "t", "e", ["x"], strata="g", **{**ask, "newdata": pd.DataFrame({"x": [0.0], "g": ["c"]})})
    with pytest.raises(ValueError, match="times must be finite"):
        cox_survival(frame, "t", "e", ["x"], **{**ask, "times": [-1]})
    with pytest.raises(ValueError, match="conf_type must be one of"):
        cox_survival(frame, "t", "e", ["x"], conf_type="loglog", **ask)
    monotone = pd.DataFrame({"t": np.arange(1, 13), "e": [1] * 6 + [0] * 6, "x": np.linspace(9, 2, 12)})
    with pytest.raises(NotEstimable, match="cannot be estimated"):
        cox_survival(monotone, "t", "e", ["x"], **ask)

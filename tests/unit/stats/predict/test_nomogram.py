import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.survival import cox_survival
from neurohlh.stats.predict.nomogram import nomogram, round_steps


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(8)
    n = 300
    age, cns = rng.integers(0, 18, n).astype(float), rng.choice(["met", "not_met"], n)
    time = np.ceil(rng.exponential(300 * np.exp(-0.05 * age - 0.8 * (cns == "met"))))
    return pd.DataFrame({"days": time, "died": rng.random(n) < 0.7, "age": age, "cns": cns})


def test_points_are_the_coefficients_on_one_scale(frame):
    curves = nomogram(frame, "days", "died", ["age", "cns"], times=[100]).curves
    coef = cox(frame, "days", "died", ["age", "cns"]).tidy.set_index(["term", "level"])["coef"]
    widest = max(abs(coef["age", ""]) * np.ptp(frame["age"]), abs(coef["cns", "met"]))
    age = curves[curves["axis"] == "age"].set_index("position")["points"]
    assert abs(age[10] - age[0]) == pytest.approx(100 * abs(coef["age", ""]) * 10 / widest)
    cns = curves[curves["axis"] == "cns"].set_index("value")["points"]
    assert cns["met"] - cns["not_met"] == pytest.approx(100 * coef["cns", "met"] / widest)
    assert curves[~curves["axis"].str.startswith("risk_")].groupby("axis")["points"].min().eq(0).all()


def test_the_total_gives_the_survival_of_the_model(frame):
    # Every axis at its most favourable end is 0 points; a patient there must have the model's survival.
    result = nomogram(frame, "days", "died", ["age", "cns"], times=[100, 200])
    totals = result.curves[result.curves["axis"] == "total"]
    assert (np.diff(totals["survival_100"]) < 0).all()
    assert (totals["survival_200"] < totals["survival_100"]).all()
    # Proportional hazards: log(-log S) is a straight line in the points, with the printed slope.
    lines = np.log(-np.log(totals[["survival_100", "survival_200"]].to_numpy()))
    np.testing.assert_allclose(
        np.diff(lines, axis=0) / np.diff(totals["points"])[:, None], result.method["log_hazard_per_point"], rtol=1e-9
    )


def test_a_patient_whose_total_stands_at_a_round_risk_has_that_risk_by_the_model(frame):
    result = nomogram(frame, "days", "died", ["age", "cns"], times=[100])
    axes = {name: own.set_index("value")["points"] for name, own in result.curves.groupby("axis")}
    patients = pd.DataFrame({"age": [0.0, 5.0, 10.0, 10.0], "cns": ["met", "not_met", "not_met", "met"]})
    totals = [axes["age"][f"{a:g}"] + axes["cns"][c] for a, c in patients.itertuples(index=False)]
    modelled = cox_survival(frame, "days", "died", ["age", "cns"], newdata=patients, times=[100]).tidy
    risks = 1 - modelled.loc[modelled["measure"] == "survival", "estimate"].to_numpy()
    # Between two round risks log(-log(1 - risk)) is a straight line in the points.
    marks = result.curves[result.curves["axis"] == "risk_100"]
    read = np.interp(totals, marks["points"], np.log(-np.log1p(-marks["position"])))
    np.testing.assert_allclose(1 - np.exp(-np.exp(read)), risks, rtol=1e-9)


def test_a_time_before_the_first_death_has_no_axis_of_risk(frame):
    late = frame.assign(days=frame["days"] + 10)
    assert "risk_5" not in set(nomogram(late, "days", "died", ["age", "cns"], times=[5]).curves["axis"])


def test_a_spline_has_an_axis_that_may_turn(frame):
    curves = nomogram(frame, "days", "died", ["rcs(age, 3)", "cns"], times=[100]).curves
    assert set(curves["axis"]) == {"age", "cns", "total", "risk_100"}


def test_round_steps():
    assert round_steps(0, 17, 7).tolist() == [0, 5, 10, 15]
    assert round_steps(0.2, 1.1, 7).tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def test_what_has_no_nomogram_says_why(frame):
    with pytest.raises(ValueError, match="a model with interactions has none"):
        nomogram(frame, "days", "died", ["age*cns"], times=[100])
    with pytest.raises(ValueError, match="at least one time above 0"):
        nomogram(frame, "days", "died", ["age"], times=[])
    parted = frame.assign(spared=np.where(frame["died"], "a", "b"))
    with pytest.raises(NotEstimable, match="cannot be estimated"):
        nomogram(parted, "days", "died", ["spared"], times=[100])


def test_a_constant_has_no_axis(frame):
    constant = frame.assign(same=30.0)
    with pytest.raises(NotEstimable, match="same"):
        nomogram(constant, "days", "died", ["age", "same"], times=[100])

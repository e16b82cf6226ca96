import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.cox import cox
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
    assert curves.groupby("axis")["points"].min().eq(0).all()


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


def test_a_spline_has_an_axis_that_may_turn(frame):
    curves = nomogram(frame, "days", "died", ["rcs(age, 3)", "cns"], times=[100]).curves
    assert set(curves["axis"]) == {"age", "cns", "total"}


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

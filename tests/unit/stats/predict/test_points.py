import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.predict.points import points_score


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(9)
    n = 400
    age, cns = rng.integers(0, 18, n).astype(float), rng.choice(["met", "not_met"], n)
    time = np.ceil(rng.exponential(300 * np.exp(-0.1 * age - 0.8 * (cns == "met"))))
    return pd.DataFrame({"days": time, "died": rng.random(n) < 0.7, "age": age, "cns": cns})


def score(frame, **options):
    return points_score(frame, "days", "died", ["age", "cns"], cuts={"age": [5, 10]}, horizon=100, **options)


def test_points_are_rounded_multiples_of_one_point(frame):
    result = score(frame, log_hazard_per_point=0.2)
    coef = cox(frame, "days", "died", ["age", "cns"]).tidy.set_index(["term", "level"])["coef"]
    points = result.tidy[result.tidy["measure"] == "points"].set_index(["variable", "level"])["estimate"]
    groups = [frame["age"] < 5, (frame["age"] >= 5) & (frame["age"] < 10), frame["age"] >= 10]
    middles = [frame.loc[own, "age"].median() for own in groups]
    expected = [round(coef["age", ""] * (m - middles[0]) / 0.2) for m in middles]
    assert points["age"].tolist() == expected
    assert points["cns", "met"] == round(coef["cns", "met"] / 0.2)
    assert points["cns", "not_met"] == 0


def test_every_patient_has_one_total_and_more_points_mean_more_risk(frame):
    curves = score(frame).curves
    assert curves["n"].sum() == len(frame)
    assert (np.diff(curves["predicted"]) > 0).all()
    inside = (curves["conf_low"] <= curves["observed"]) & (curves["observed"] <= curves["conf_high"])
    assert inside[curves["observed"].between(0.01, 0.99)].all()


def test_the_cost_of_rounding_is_a_check(frame):
    fine = score(frame, log_hazard_per_point=0.001).checks.iloc[0]
    coarse = score(frame, log_hazard_per_point=2.0).checks.iloc[0]
    assert fine["value"] > coarse["value"]
    assert coarse["verdict"] == "attention"


@pytest.mark.parametrize(
    ("cuts", "message"),
    [
        ({}, "needs rising cuts"),
        ({"age": [10, 5]}, "needs rising cuts"),
        ({"age": [5, 90]}, "no patient has a value 90 or more"),
        ({"age": [5], "cns": [1]}, "needs no cuts"),
        ({"age": [5], "agee": [1]}, "Did you mean 'age'"),
    ],
)
def test_faults_of_the_cuts(frame, cuts, message):
    with pytest.raises(ValueError, match=message):
        points_score(frame, "days", "died", ["age", "cns"], cuts=cuts, horizon=100)

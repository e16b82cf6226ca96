import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.weights.match import match, matching_weights


def cohort(n=150, seed=5):
    rng = np.random.default_rng(seed)
    age = rng.normal(size=n)
    return pd.DataFrame({"age": age, "x": rng.random(n) < 1 / (1 + np.exp(1 - age)), "id": np.arange(n)})


def test_weights_of_sets_by_hand():
    # rows 0 and 1 exposed; set 0: rows 2 and 3, set 1: row 3. Shares 1/2, 1/2 + 1, scaled by 2 partners / 2
    partners = np.array([[2, 3], [3, -1]])
    assert matching_weights(partners, np.array([0, 1]), 5).tolist() == [1, 1, 0.5, 1.5, 0]


def test_pairs_lie_within_the_caliper_and_are_in_the_frame():
    data = cohort()
    found = match(data, "x", ["age"])
    pairs = found.frame(data)
    assert (pairs.groupby("pair")["x"].sum() == 1).all()
    assert (pairs.groupby("pair").size() == 2).all()
    logit = np.log(found.propensity.score / (1 - found.propensity.score))
    spread = logit.std(ddof=1)
    assert found.caliper == pytest.approx(0.2 * spread)
    gaps = pairs.assign(logit=logit[found.kept]).groupby("pair")["logit"].agg(np.ptp)
    assert gaps.max() <= found.caliper
    largest = found.result.tidy.query("measure == 'distance within sets (logit)' and term == 'largest'")
    assert largest["estimate"].iloc[0] == pytest.approx(gaps.max())


def test_the_unmatched_are_counted_and_told():
    data = cohort()
    found = match(data, "x", ["age"], caliper=0.01)
    tidy = found.result.tidy[found.result.tidy["measure"] == "patients"].set_index(["term", "group"])["estimate"]
    assert tidy["matched", "x"] + tidy["unmatched", "x"] == data["x"].sum()
    assert tidy["unmatched", "x"] > 0
    assert found.result.notes[0].startswith(f"{tidy['unmatched', 'x']:g} of {data['x'].sum()} exposed")
    assert found.result.kind == "matching"


def test_optimal_pairs_are_never_farther_than_greedy_ones():
    data = cohort()

    def mean(found):
        rows = found.result.tidy.query("measure == 'distance within sets (logit)' and term == 'mean'")
        return rows["estimate"].iloc[0]

    assert mean(match(data, "x", ["age"], caliper=None, optimal_pairs=True)) <= mean(
        match(data, "x", ["age"], caliper=None)
    )


def test_what_is_refused():
    data = cohort()
    with pytest.raises(ValueError, match="caliper must be above 0"):
        match(data, "x", ["age"], caliper=0)
    with pytest.raises(ValueError, match="optimal pairs are one to one"):
        match(data, "x", ["age"], optimal_pairs=True, ratio=2)
    with pytest.raises(ValueError, match="already has a column 'pair'"):
        match(data, "x", ["age"]).frame(data.assign(pair=1))
    with pytest.raises(ValueError, match="'x' in another order of rows"):
        match(data, "x", ["age"]).frame(data.sort_values("x"))
    apart = pd.DataFrame({"age": [0.0, 5, 1, 6], "x": [0, 0, 1, 1]})
    with pytest.raises(NotEstimable, match="no exposed patient has an unexposed one within"):
        match(apart, "x", ["age"], caliper=1e-6)

import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.weights.positivity import crump_limit, positivity
from neurohlh.stats.weights.propensity import propensity


def test_the_optimal_range_by_hand():
    # 1/(e(1-e)) is 4 for 0.5: never more than twice its mean, nothing is trimmed.
    assert crump_limit(np.full(5, 0.5)) == 0
    # nine times 4, once 1/(0.01*0.99) = 101.01 > 2 * 13.7: gamma = 2 * 4 = 8, alpha = 1/2 - sqrt(1/4 - 1/8)
    assert crump_limit(np.array([0.5] * 9 + [0.01])) == pytest.approx(0.5 - np.sqrt(0.125))


def test_overlap_is_described_and_an_empty_level_named():
    frame = pd.DataFrame({"s": list("aaaabbbbcccc"), "x": [1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]})
    rng = np.random.default_rng(1)
    frame = pd.concat([frame] * 10, ignore_index=True).assign(age=lambda d: rng.normal(size=len(d)))
    found = positivity(propensity(frame, "x", ["s", "age"], method="boosted", seed=2))
    tidy = found.tidy
    empty = tidy[tidy["measure"] == "patients"].iloc[0]
    assert (empty["term"], empty["level"], empty["n"], empty["group"]) == ("s", "c", 40, "x")
    assert "the groups cannot be compared in it" in empty["note"]
    assert (
        (found.checks["verdict"] == "attention") & found.checks["note"].str.contains("no patient of the group")
    ).sum() == 1
    medians = tidy[tidy["term"] == "median"].set_index("group")["estimate"]
    assert medians["no x"] < medians["x"]
    assert found.curves.groupby("group")["n"].sum().to_dict() == {"no x": 90, "x": 30}


def test_shares_beyond_the_conventional_limits():
    frame = pd.DataFrame({"s": ["a"] * 40 + ["b"] * 40, "x": [1] + [0] * 39 + [1] * 20 + [0] * 20})
    tidy = positivity(propensity(frame, "x", ["s"])).tidy
    low = tidy[tidy["term"] == "below 0.05"].set_index("group")
    # the score is 1/40 in a: 39 of 59 unexposed and 1 of 21 exposed
    assert low["events"].to_dict() == {"no x": 39, "x": 1}
    assert low.loc["x", "estimate"] == pytest.approx(1 / 21)

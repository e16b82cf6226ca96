import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.curves.logrank import logrank


def test_four_patients_by_hand():
    frame = pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 1, 1, 1], "g": ["a", "b", "a", "b"]})
    tidy = logrank(frame, "t", "e", "g").tidy
    # Expected deaths in a: 2/4 + 1/3 + 1/2 + 0; variance 1/4 + 2/9 + 1/4.
    expected, variance = 2 / 4 + 1 / 3 + 1 / 2, 1 / 4 + 2 / 9 + 1 / 4
    assert tidy.loc[0, "estimate"] == pytest.approx(expected)
    assert tidy.loc[0, "events"] == 2
    assert tidy.loc[2, "statistic"] == pytest.approx((2 - expected) ** 2 / variance)
    assert tidy.loc[2, "contrast"] == "a vs b"


def test_tied_deaths_use_the_hypergeometric_variance():
    frame = pd.DataFrame({"t": [1, 1, 2, 2], "e": [1, 1, 0, 0], "g": ["a", "a", "b", "b"]})
    # One table: 2 of 4 die, a has 2: variance 2 * 2/4 * 2/4 * 2/3.
    assert logrank(frame, "t", "e", "g").tidy.loc[2, "statistic"] == pytest.approx(1 / (2 * 0.25 * 2 / 3))


def test_strata_keep_comparisons_inside():
    # Across strata everything differs, inside there is nothing to compare but the first pair of each.
    one = pd.DataFrame({"t": [1, 2], "e": [1, 1], "g": ["a", "b"], "s": "x"})
    two = pd.DataFrame({"t": [11, 12], "e": [1, 1], "g": ["a", "b"], "s": "y"})
    found = logrank(pd.concat([one, two], ignore_index=True), "t", "e", "g", strata="s")
    assert found.tidy.loc[0, "estimate"] == pytest.approx(1)
    assert found.tidy.loc[2, "statistic"] == pytest.approx((2 - 1) ** 2 / 0.5)
    assert found.method["test"] == "stratified log-rank"


def test_missing_groups_are_counted():
    frame = pd.DataFrame({"t": [1, 2, 3, 4, 5], "e": [1, 1, 1, 1, 1], "g": ["a", "b", "a", "b", None]})
    counts = logrank(frame, "t", "e", "g").counts
    assert (counts["supplied"], counts["used"], counts["dropped"]) == (5, 4, {"missing g": 1})


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"t": [1, 2], "e": [1, 1], "g": ["a", "a"]}, "fewer than two groups"),
        ({"t": [1, 2], "e": [0, 0], "g": ["a", "b"]}, "no events among 2"),
        ({"t": [1, 2], "e": [0, 1], "g": ["a", "b"]}, "fewer than two groups"),
    ],
)
def test_nothing_to_compare(frame, message):
    with pytest.raises(NotEstimable, match=message):
        logrank(pd.DataFrame(frame), "t", "e", "g")


def test_groups_that_are_never_at_risk_together():
    frame = pd.DataFrame({"t": [1, 2, 5, 6], "e": [1, 1, 1, 1], "g": list("aabb"), "s": list("xxyy")})
    with pytest.raises(NotEstimable, match="never at risk together"):
        logrank(frame, "t", "e", "g", strata="s")


def test_large_differences_have_small_p():
    frame = pd.DataFrame({"t": np.arange(1, 41), "e": 1, "g": ["a"] * 20 + ["b"] * 20})
    assert logrank(frame, "t", "e", "g").tidy.iloc[-1]["p_value"] < 1e-6

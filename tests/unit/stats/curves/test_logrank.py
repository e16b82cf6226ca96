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


@pytest.fixture
def three():
    return pd.DataFrame({"t": [1, 4, 6, 2, 5, 7, 3, 8, 9], "e": [1, 1, 1, 1, 1, 0, 1, 0, 1], "g": list("aaabbbccc")})


def test_the_trend_is_the_weighted_sum_of_differences(three):
    tidy = logrank(three, "t", "e", "g", trend={"a": 1, "b": 2, "c": 5}).tidy
    groups, row = tidy[tidy["term"] == "group"], tidy[tidy["term"] == "trend"].iloc[0]
    assert row["coef"] == pytest.approx(groups["coef"] @ [1, 2, 5])
    assert row["statistic"] == pytest.approx((row["coef"] / row["std_error"]) ** 2)
    shifted = logrank(three, "t", "e", "g", trend=[11, 12, 15]).tidy
    assert shifted[shifted["term"] == "trend"]["statistic"].iloc[0] == pytest.approx(row["statistic"])


def test_the_trend_of_two_groups_is_the_test_itself(three):
    tidy = logrank(three[three["g"] != "c"], "t", "e", "g", trend=True).tidy.set_index("term")
    assert tidy.loc["trend", "statistic"] == pytest.approx(tidy.loc["test", "statistic"])


def test_pairs_are_compared_on_their_own_rows(three):
    result = logrank(three, "t", "e", "g", pairwise=True, correction="bonferroni")
    pairs = result.tidy[result.tidy["term"] == "pairwise"].set_index("contrast")
    alone = logrank(three[three["g"] != "a"], "t", "e", "g").tidy.iloc[-1]
    assert pairs.loc["c vs b", "statistic"] == pytest.approx(alone["statistic"])
    fair = result.tidy[result.tidy["term"] == "pairwise adjusted"].set_index("contrast")
    assert fair["p_value"].tolist() == pytest.approx(np.minimum(3 * pairs["p_value"], 1).tolist())
    assert fair["method"].iloc[0] == "log-rank, p adjusted (bonferroni)"
    assert result.method["correction"] == "bonferroni"


def test_a_pair_that_cannot_be_compared_is_named(three):
    frame = pd.concat([three, pd.DataFrame({"t": [1, 1], "e": [0, 0], "g": ["d", "d"]})])
    tidy = logrank(frame.assign(t=frame["t"] + (frame["e"] == 1)), "t", "e", "g", pairwise=True).tidy
    row = tidy[(tidy["term"] == "pairwise") & (tidy["contrast"] == "d vs a")].iloc[0]
    assert np.isnan(row["p_value"])
    assert row["note"].startswith("not estimable: fewer than two groups")


def test_a_small_sample_gets_an_exact_p(three):
    two = three[three["g"] != "c"]
    row = logrank(two, "t", "e", "g", permutations=100, rng=1).tidy.iloc[-1]
    assert row["method"] == "exact permutation of the groups"
    assert row["p_value"] * 20 == pytest.approx(round(row["p_value"] * 20))
    drawn = logrank(three, "t", "e", "g", permutations=100, rng=1)
    assert drawn.tidy.iloc[-1]["method"] == "Monte Carlo permutation of the groups (100 permutations)"
    assert drawn.tidy.equals(logrank(three, "t", "e", "g", permutations=100, rng=1).tidy)


def test_weights_make_the_variance_robust(three):
    result = logrank(three.assign(w=[0.5, 1, 2] * 3), "t", "e", "g", weights="w")
    assert result.method["variance"] == "robust (infinitesimal jackknife)"
    assert result.tidy.loc[0, "events"] == 3
    assert "effective sample size" in result.notes[0]


def test_the_weighting_is_named(three):
    result = logrank(three, "t", "e", "g", test="fleming-harrington", rho=0.5, gamma=1)
    assert result.tidy.iloc[-1]["method"] == "Fleming-Harrington (rho 0.5, gamma 1)"
    assert result.method["reference"] == ["Harrington & Fleming 1982, Biometrika 69:553"]


def test_strata_and_groups_agree_with_statsmodels():
    from statsmodels.duration.survfunc import survdiff

    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"t": rng.integers(1, 30, 90), "e": rng.random(90) < 0.7, "s": rng.integers(0, 3, 90)})
    frame["g"] = rng.choice(list("abc"), 90)
    theirs = survdiff(frame["t"], frame["e"], frame["g"], strata=frame["s"])
    ours = logrank(frame, "t", "e", "g", strata="s").tidy.iloc[-1]
    assert (ours["statistic"], ours["p_value"]) == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"correction": "tukey"}, "correction must be one of holm"),
        ({"test": "wilcoxon"}, "test must be one of logrank"),
        ({"trend": [1, 2]}, r"trend needs one number per group \(a, b, c\)"),
        ({"trend": {"a": 1, "b": 2}}, "trend gives no score for c"),
        ({"trend": [1, 1, 1]}, "trend needs scores that differ"),
        ({"permutations": 100}, "with rng a generator or a seed"),
        ({"permutations": 100, "rng": 1, "weights": "e"}, "one unweighted, unclustered row per patient only"),
    ],
)
def test_wrong_options(three, options, message):
    with pytest.raises(ValueError, match=message):
        logrank(three, "t", "e", "g", **options)

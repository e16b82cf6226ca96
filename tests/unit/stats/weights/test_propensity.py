import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.weights.propensity import boosted_score, c_statistic, propensity


def strata():
    # 2 of 4 exposed in stratum a, 1 of 4 in b: with one binary covariate the fitted score is the share.
    return pd.DataFrame({"s": list("aaaabbbb"), "x": [1, 1, 0, 0, 1, 0, 0, 0]})


def test_the_score_of_a_saturated_model_is_the_share_exposed():
    found = propensity(strata(), "x", ["s"])
    assert found.score == pytest.approx([0.5] * 4 + [0.25] * 4)
    # log(0.5 / 0.5) = 0 in the reference a, log(1/3) in b
    assert found.coef == pytest.approx({"(Intercept)": 0.0, "s b": np.log(1 / 3)}, abs=1e-9)
    # exposed 2 at 0.5, 1 at 0.25; unexposed 2 at 0.5, 3 at 0.25: (2*(3 + 2/2) + 3/2) / 15
    assert found.c_statistic == pytest.approx(9.5 / 15)


def test_the_unknown_are_counted_and_have_no_score():
    frame = pd.concat([strata(), pd.DataFrame({"s": ["a", None], "x": [np.nan, 1]})], ignore_index=True)
    found = propensity(frame, "x", ["s"])
    assert np.isnan(found.score[8:]).all()
    assert found.score[:8] == pytest.approx(propensity(strata(), "x", ["s"]).score)
    assert found.counts()["dropped"] == {"missing x": 1, "missing s": 1}


def test_indeterminate_is_not_unexposed():
    words = {1: "met", 0: "not_met"}
    frame = strata().assign(x=lambda d: d["x"].map(words))
    frame = pd.concat([frame, pd.DataFrame({"s": ["a"], "x": ["indeterminate"]})], ignore_index=True)
    found = propensity(frame, "x", ["s"])
    assert found.data.names == ("not_met", "met")
    assert found.counts()["dropped"] == {"x is indeterminate": 1}
    assert found.score[0] == pytest.approx(0.5)


def test_separation_is_refused_and_the_level_named():
    frame = strata().assign(x=[1, 1, 0, 0, 0, 0, 0, 0])
    with pytest.raises(NotEstimable, match=r"of 4 patients without error \(no positivity\): s b \(nobody in 'x'\)"):
        propensity(frame, "x", ["s"])


def test_a_column_that_others_determine_is_left_out():
    frame = strata().assign(z=np.arange(8.0) % 3, twice=lambda d: 2 * d["z"])
    found = propensity(frame, "x", ["z", "twice"])
    assert np.isnan(found.coef["twice"])
    assert found.score == pytest.approx(propensity(frame, "x", ["z"]).score)


def test_boosted_scores_are_out_of_fold_and_their_seed_is_their_own():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(120, 2))
    noise = rng.random(120) < 0.5
    one = boosted_score(x, noise, seed=1)
    assert np.array_equal(one, boosted_score(x, noise, seed=1))
    assert not np.array_equal(one, boosted_score(x, noise, seed=2))
    assert ((one > 0) & (one < 1)).all()
    # Trees that had seen their own patients would tell noise apart far better than chance.
    assert c_statistic(one, noise) < 0.65
    assert c_statistic(boosted_score(x, x[:, 0] > 0, seed=1), x[:, 0] > 0) > 0.95


def test_what_is_refused():
    with pytest.raises(ValueError, match="say which level of 's' is the exposure"):
        propensity(strata(), "s", ["x"])
    with pytest.raises(ValueError, match="cannot be one of its own covariates"):
        propensity(strata(), "x", ["x"])
    with pytest.raises(ValueError, match="method must be one of logistic, boosted"):
        propensity(strata(), "x", ["s"], method="forest")
    with pytest.raises(NotEstimable, match="boosted trees with 5 folds"):
        propensity(strata(), "x", ["s"], method="boosted")
    with pytest.raises(NotEstimable, match="is in the group 'x'"):
        propensity(strata().assign(x=0), "x", ["s"])


def test_a_category_of_two_levels_needs_to_be_told():
    frame = strata().assign(arm=lambda d: d["x"].map({1: "new", 0: "old"}))
    found = propensity(frame, "arm", ["s"], exposed="new")
    assert found.data.names == ("old", "new")
    assert found.score == pytest.approx(propensity(strata(), "x", ["s"]).score)

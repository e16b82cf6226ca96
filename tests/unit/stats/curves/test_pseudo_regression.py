import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.curves.pseudo_regression import pseudo_regression


@pytest.fixture
def uncensored():
    return pd.DataFrame({"t": [1.0, 2, 3, 4, 2, 4, 6, 8], "e": 1, "g": list("aaaabbbb")})


def row(result, level="b"):
    return result.tidy[result.tidy["level"] == level].iloc[0]


def test_without_censoring_it_compares_the_means(uncensored):
    found = pseudo_regression(uncensored, "t", "e", ["g"], times=[5], kind="rmst", reference={"g": "a"})
    a, b = np.array([1.0, 2, 3, 4]), np.array([2.0, 4, 5, 5])
    effect = row(found)
    assert (effect["measure"], effect["estimate"]) == ("RMST difference", pytest.approx(b.mean() - a.mean()))
    assert effect["std_error"] == pytest.approx(np.sqrt((a.var() + b.var()) / 4))
    assert found.tidy.loc[0, ["term", "estimate"]].tolist() == ["intercept", pytest.approx(a.mean())]
    assert found.tidy.loc[found.tidy["is_reference"], "level"].tolist() == ["a"]


def test_ratios_and_hazard_ratios(uncensored):
    options = {"times": [3], "reference": {"g": "a"}}
    ratio = row(pseudo_regression(uncensored, "t", "e", ["g"], link="log", **options))
    assert (ratio["measure"], ratio["estimate"]) == ("survival ratio", pytest.approx(0.75 / 0.25))
    hazard = row(pseudo_regression(uncensored, "t", "e", ["g"], link="cloglog", **options))
    assert (hazard["measure"], hazard["estimate"]) == ("HR", pytest.approx(np.log(0.75) / np.log(0.25)))


def test_several_times_have_an_intercept_each(uncensored):
    found = pseudo_regression(uncensored, "t", "e", ["g"], times=[3, 5], reference={"g": "a"})
    assert found.tidy.loc[found.tidy["term"] == "intercept", "time"].tolist() == [3, 5]
    # The mean of the differences 3/4 - 1/4 and 2/4 - 0.
    assert row(found)["estimate"] == pytest.approx(0.5)


def test_pseudo_observations_come_from_everybody_with_follow_up(uncensored):
    frame = pd.concat([uncensored, pd.DataFrame({"t": [7.0, np.nan], "e": [0, 1], "g": [None, "a"]})])
    found = pseudo_regression(frame, "t", "e", ["g"], times=[5], kind="rmst")
    assert found.counts["pseudo_observations_from"] == 9
    assert (found.counts["used"], found.counts["dropped"]) == (8, {"missing t": 1, "missing g": 1})


def test_what_cannot_be_estimated_stays_with_its_reason(uncensored):
    frame = uncensored.assign(x=np.arange(8), y=2 * np.arange(8), z=1)
    tidy = pseudo_regression(frame, "t", "e", ["x", "y", "z"], times=[5], kind="rmst").tidy.set_index("term")
    assert tidy.loc["y", "note"] == "not estimable: collinear with the terms before it"
    assert tidy.loc["z", "note"] == "not estimable: the same value in all patients used"
    assert np.isnan(tidy.loc[["y", "z"], "estimate"]).all()
    assert tidy.loc["x", "estimate"] > 0


def test_the_recipe_and_json(uncensored):
    found = pseudo_regression(uncensored.assign(c=[1, 2] * 4), "t", "e", ["g"], times=[5], kind="rmst", cluster="c")
    assert found.method["variance"] == "robust sandwich, clusters: c"
    assert found.checks.loc[0, ["check", "value", "verdict"]].tolist() == ["clusters per parameter", 1, "attention"]
    assert any("robust variance is unreliable" in note for note in found.notes)
    pd.testing.assert_frame_equal(Result.from_json(found.to_json()).tidy, found.tidy)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kind": "rmst", "link": "cloglog"}, ValueError, "kind and link must be one of survival identity"),
        ({"times": [9], "kind": "survival"}, NotEstimable, "follow-up ends at 8, before 9"),
        ({"covariates": ["h"]}, ValueError, "no column 'h'"),
        ({"covariates": ["m"]}, NotEstimable, "no patient has all covariates known"),
    ],
)
def test_what_is_refused(uncensored, options, error, message):
    frame = uncensored.assign(m=np.nan, e=[1] * 7 + [0])
    with pytest.raises(error, match=message):
        pseudo_regression(frame, "t", "e", **{"covariates": ["g"], "times": [5], "link": "identity", **options})

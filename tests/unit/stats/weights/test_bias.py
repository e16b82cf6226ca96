"""Simulated cohorts in which the crude answer is visibly wrong and the truth is known: the weights must find it."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.weights.balance import balance
from neurohlh.stats.weights.censoring_weights import WEIGHT, censoring_weights
from neurohlh.stats.weights.match import match
from neurohlh.stats.weights.outcomes import weighted_survival
from neurohlh.stats.weights.standardised_survival import standardised_survival
from neurohlh.stats.weights.tested import weight_tested
from neurohlh.stats.weights.weight import weight

N = 4000


def confounded(seed=11):
    """Severe disease raises both exposure and mortality; the exposure itself does nothing."""
    rng = np.random.default_rng(seed)
    severe, age = rng.random(N) < 0.5, rng.normal(size=N)
    x = rng.random(N) < np.where(severe, 0.7, 0.2)
    time = rng.exponential(1 / np.where(severe, 3.0, 1.0))
    return pd.DataFrame({"severe": severe, "age": age, "x": x, "time": time, "death": True})


def difference(tidy):
    return tidy.loc[tidy["measure"] == "survival difference", "estimate"].iloc[0]


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATC", "overlap", "matching"])
def test_no_effect_is_found_where_severity_makes_one_appear(estimand):
    data = confounded()
    alive = data["time"] > 0.5
    crude = alive[data["x"]].mean() - alive[~data["x"]].mean()
    assert crude < -0.12  # in truth 0
    found = weighted_survival(data, "time", "death", weight(data, "x", ["severe"], estimand=estimand), times=[0.5])
    # a standard error is about 0.016
    assert difference(found.tidy) == pytest.approx(0, abs=0.05)


def test_standardised_survival_finds_no_effect_either():
    found = standardised_survival(confounded(), "time", "death", "x", ["severe"], times=[0.5], replicates=0)
    assert difference(found.tidy) == pytest.approx(0, abs=0.05)


def test_overlap_weights_balance_the_covariates_of_the_model_exactly():
    data = confounded()
    own = weight(data, "x", ["severe", "age"], estimand="overlap")
    smd = balance(data, own).tidy.query("measure == 'SMD'").set_index(["term", "population"])["estimate"]
    assert abs(smd.xs("before", level="population")).max() > 0.5
    assert smd.xs("after", level="population").to_numpy() == pytest.approx(0, abs=1e-8)


def test_the_weighted_tested_show_how_frequent_the_finding_is_in_all():
    rng = np.random.default_rng(5)
    severe = rng.random(N) < 0.3
    positive = rng.random(N) < np.where(severe, 0.6, 0.1)
    data = pd.DataFrame({"severe": severe, "csf": rng.random(N) < np.where(severe, 0.8, 0.2)})
    tested = data["csf"].to_numpy()
    truth = 0.3 * 0.6 + 0.7 * 0.1  # 0.25
    assert positive[tested].mean() > truth + 0.12
    found = weight_tested(data, "csf", ["severe"])
    share = np.average(positive[found.kept], weights=found.weights[found.kept])
    assert share == pytest.approx(truth, abs=0.03)


def test_weights_for_censoring_bring_back_those_who_were_lost():
    rng = np.random.default_rng(8)
    severe = rng.random(N) < 0.5
    death = rng.exponential(1 / np.where(severe, 2.0, 0.4))
    lost = rng.exponential(1 / np.where(severe, 2.0, 0.05))  # the severe are lost, and they die
    data = pd.DataFrame({"severe": severe, "time": np.minimum(death, lost), "death": death <= lost})
    truth = (np.exp(-2.0) + np.exp(-0.4)) / 2
    crude = kaplan_meier(data, "time", "death", times=[1.0]).tidy
    assert crude.loc[crude["term"] == "survival at time", "estimate"].iloc[0] > truth + 0.05
    rows = censoring_weights(data, "time", "death", ["severe"], times=np.arange(0.05, 1.01, 0.05)).frame
    found = kaplan_meier(rows, "stop", "death", entry="start", weights=WEIGHT, id="id", times=[1.0]).tidy
    assert found.loc[found["term"] == "survival at time", "estimate"].iloc[0] == pytest.approx(truth, abs=0.025)


def test_matched_pairs_show_no_effect_either():
    data = confounded()[:1500]
    pairs = match(data, "x", ["severe", "age"])
    matched = pairs.frame(data)
    alive = np.average(matched["time"] > 0.5, weights=matched["match_weight"] * matched["x"])
    control = np.average(matched["time"] > 0.5, weights=matched["match_weight"] * ~matched["x"])
    assert alive - control == pytest.approx(0, abs=0.08)

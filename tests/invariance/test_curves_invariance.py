"""What must not change a curve or a comparison of curves."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.stats.curves.kaplan_meier import kaplan_meier, reverse_kaplan_meier
from neurohlh.stats.curves.logrank import logrank
from neurohlh.stats.curves.logrank_sums import TESTS
from neurohlh.stats.curves.nelson_aalen import nelson_aalen
from neurohlh.stats.curves.pseudo import pseudo_observations
from neurohlh.stats.curves.pseudo_regression import pseudo_regression
from neurohlh.stats.curves.rmst import rmst
from neurohlh.stats.curves.survival_difference import survival_difference

NUMBERS = ["n", "events", "estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "p_value"]
UNWEIGHTED = ["estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "p_value"]


def cohort(seed, n=60):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "time": rng.integers(2, 30, n),
            "death": rng.random(n) < 0.6,
            "arm": rng.choice(["a", "b", "c"], n),
            "centre": rng.integers(0, 12, n),
            "block": rng.integers(0, 3, n),
            "w": rng.integers(1, 4, n),
            "v": rng.random(n) + 0.5,
            "age": rng.normal(5, 2, n),
        }
    )
    frame.loc[:2, ["time", "death", "arm"]] = pd.DataFrame({"time": 40, "death": False, "arm": ["a", "b", "c"]})
    return frame.assign(entry=np.maximum(frame["time"] - rng.integers(1, 25, n), 0), id=range(n))


ANALYSES = {
    "kaplan_meier": lambda d, **o: kaplan_meier(d, "time", "death", by="arm", times=[10, 20], quantiles=[0.2], **o),
    "follow_up": lambda d, **o: reverse_kaplan_meier(d, "time", "death", by="arm", **o),
    "nelson_aalen": lambda d, **o: nelson_aalen(d, "time", "death", by="arm", times=[10, 20], **o),
    "fleming_harrington": lambda d, **o: nelson_aalen(d, "time", "death", times=[9], ties="fleming-harrington", **o),
    "logrank": lambda d, **o: logrank(d, "time", "death", "arm", strata="block", trend=True, pairwise=True, **o),
    "rmst": lambda d, **o: rmst(d, "time", "death", by="arm", tau=25, **o),
    "difference": lambda d, **o: survival_difference(
        d, "time", "death", "arm", times=[10, 20], pairs="all", correction="holm", **o
    ),
}  # fmt: skip
WEIGHTED = {"weights": "v"}
ROBUST = {"weights": "v", "entry": "entry"}


def regression(d):
    options = {"times": [10, 20], "cluster": "centre", "reference": {"arm": "a"}}
    return pseudo_regression(d, "time", "death", ["arm", "age"], **options)


def same(one, two, columns=NUMBERS, **tolerance):
    options = {"rtol": 1e-8, "atol": 1e-10, **tolerance}
    np.testing.assert_allclose(one.tidy[columns].to_numpy(), two.tidy[columns].to_numpy(), **options)


@pytest.mark.parametrize("options", [{}, WEIGHTED, ROBUST], ids=["plain", "weighted", "weights and entry"])
@pytest.mark.parametrize("name", ANALYSES)
def test_the_order_of_the_rows(name, options):
    frame = cohort(1)
    shuffled = frame.sample(frac=1, random_state=np.random.default_rng(2))
    same(ANALYSES[name](frame, **options), ANALYSES[name](shuffled, **options))


def test_the_order_of_the_rows_for_pseudo_observations():
    frame = cohort(1)
    shuffled = frame.sample(frac=1, random_state=np.random.default_rng(2))
    one, two = (pseudo_observations(d, "time", "death", times=[10, 20]) for d in (frame, shuffled))
    np.testing.assert_allclose(one, two.loc[one.index])
    same(regression(frame), regression(shuffled))


# Fleming and Harrington take tied rows one after the other: a row of weight 2 is one step, two rows are two.
@pytest.mark.parametrize("name", sorted(set(ANALYSES) - {"fleming_harrington"}))
def test_a_whole_weight_is_a_repeated_row(name):
    frame = cohort(3)
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    one, two = ANALYSES[name](frame, weights="w"), ANALYSES[name](repeated)
    kept = ~one.tidy["term"].isin(["sum of weights", "effective sample size", "size"])
    own = one.with_(tidy=one.tidy[kept])
    same(own, two.with_(tidy=two.tidy[two.tidy["term"] != "size"]), UNWEIGHTED)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), test=st.sampled_from(TESTS))
def test_a_whole_weight_is_a_repeated_row_under_every_weighting(seed, test):
    frame = cohort(seed)
    powers = {"rho": 0.5, "gamma": 1} if test == "fleming-harrington" else {}
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    one = logrank(frame, "time", "death", "arm", weights="w", entry="entry", test=test, **powers)
    same(one, logrank(repeated, "time", "death", "arm", entry="entry", test=test, **powers), UNWEIGHTED)


@pytest.mark.parametrize("name", ANALYSES)
def test_weights_times_a_constant_leave_the_robust_answer(name):
    # The count of those expected is in weights; a test's difference scales with them.
    frame = cohort(4)
    one, two = (ANALYSES[name](frame.assign(v=frame["v"] * k), weights="v") for k in (1, 7.5))
    kept = ~one.tidy["term"].isin(["sum of weights", "group", "trend"])
    columns = ["estimate", "conf_low", "conf_high", "statistic", "p_value"]
    same(one.with_(tidy=one.tidy[kept]), two.with_(tidy=two.tidy[kept]), columns)


@pytest.mark.parametrize("name", ANALYSES)
def test_entry_at_0_is_no_delayed_entry(name):
    frame = cohort(5)
    same(ANALYSES[name](frame.assign(zero=0), entry="zero"), ANALYSES[name](frame))


@pytest.mark.parametrize("options", [{}, {"weights": "v"}], ids=["plain", "robust"])
@pytest.mark.parametrize("name", ANALYSES)
def test_a_history_cut_into_rows_is_the_same_history(name, options):
    frame = cohort(6)
    cut = frame["time"] // 2
    first = frame.assign(start=0, time=cut, death=False)
    rows = pd.concat([first[cut > 0], frame.assign(start=cut)])
    one = ANALYSES[name](frame, **options)
    two = ANALYSES[name](rows, entry="start", id="id", **options)
    kept = ~one.tidy["term"].isin(["sum of weights", "effective sample size"])
    columns = [c for c in NUMBERS if c != "n"]
    same(one.with_(tidy=one.tidy[kept]), two.with_(tidy=two.tidy[kept]), columns)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6), unit=st.sampled_from([1 / 365.25, 1 / 30.4375, 24.0]))
def test_the_unit_of_time(seed, unit):
    frame = cohort(seed)
    other = frame.assign(time=frame["time"] * unit, entry=frame["entry"] * unit)
    for test in ("gehan", "peto-peto"):
        options = {"test": test, "entry": "entry", "weights": "v"}
        same(logrank(frame, "time", "death", "arm", **options), logrank(other, "time", "death", "arm", **options))
    one = survival_difference(frame, "time", "death", "arm", times=[10])
    same(one, survival_difference(other, "time", "death", "arm", times=[10 * unit]))
    days, scaled = (rmst(d, "time", "death", by="arm", tau=25 * u).tidy for d, u in ((frame, 1), (other, unit)))
    times = days["scale"] == "identity"
    columns = ["estimate", "conf_low", "conf_high", "std_error"]
    np.testing.assert_allclose(days.loc[times, columns] * unit, scaled.loc[times, columns], rtol=1e-9)
    np.testing.assert_allclose(days.loc[~times, columns], scaled.loc[~times, columns], rtol=1e-9)
    np.testing.assert_allclose(days["p_value"], scaled["p_value"], rtol=1e-7)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_exchanging_two_groups_turns_the_comparison_round(seed):
    frame = cohort(seed)
    frame = frame[frame["arm"] != "c"]
    turned = frame.assign(arm=frame["arm"].map({"a": "z", "b": "b"}))  # the second group comes first
    for term, sign in (("difference", -1), ("ratio", -1), ("ratio of time lost", -1)):
        one, two = (
            rmst(d, "time", "death", by="arm", tau=25).tidy.set_index("term").loc[term] for d in (frame, turned)
        )
        assert one["coef"] == pytest.approx(sign * two["coef"])
        assert one["p_value"] == pytest.approx(two["p_value"])
    one, two = (survival_difference(d, "time", "death", "arm", times=[9]).tidy for d in (frame, turned))
    np.testing.assert_allclose(one["coef"], -two["coef"])
    one, two = (logrank(d, "time", "death", "arm", trend=True).tidy for d in (frame, turned))
    np.testing.assert_allclose(one["statistic"], two["statistic"])
    np.testing.assert_allclose(one["estimate"][:2], two["estimate"][1::-1])


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_survival_and_its_reverse_use_the_same_risk_sets(seed):
    frame = cohort(seed)
    one, two = kaplan_meier(frame, "time", "death").curves, reverse_kaplan_meier(frame, "time", "death").curves
    pd.testing.assert_series_equal(one["n_risk"], two["n_risk"])
    pd.testing.assert_series_equal(one["n_event"], two["n_censor"], check_names=False)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(["survival", "rmst"]))
def test_the_two_jackknives_agree_in_large_samples(seed, kind):
    frame = cohort(seed, 600)
    options = {"times": [12], "kind": kind}
    exact = pseudo_observations(frame, "time", "death", **options)
    linear = pseudo_observations(frame, "time", "death", jackknife="infinitesimal", **options)
    spread = float(exact.std().iloc[0])
    assert (exact - linear).abs().max().iloc[0] < 0.05 * spread


def test_relabelled_clusters_and_shifted_covariates_leave_the_regression():
    frame = cohort(8)
    other = frame.assign(centre=[f"hospital {99 - c}" for c in frame["centre"]], age=frame["age"] * 12 + 100)
    one, two = regression(frame).tidy.set_index("term"), regression(other).tidy.set_index("term")
    assert one.loc["age", "coef"] == pytest.approx(12 * two.loc["age", "coef"])
    np.testing.assert_allclose(one.loc[["arm", "age"], "p_value"], two.loc[["arm", "age"], "p_value"], rtol=1e-6)

"""What must not change a weighted answer: row order, index, names of groups, units, covariates coded otherwise."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.stats.weights.balance import balance
from neurohlh.stats.weights.censoring_weights import WEIGHT, censoring_weights
from neurohlh.stats.weights.estimands import ESTIMANDS
from neurohlh.stats.weights.match import match
from neurohlh.stats.weights.outcomes import weighted_cox, weighted_survival
from neurohlh.stats.weights.standardised_survival import standardised_survival
from neurohlh.stats.weights.tested import weight_tested
from neurohlh.stats.weights.weight import weight

COVARIATES = ["age", "cause"]
NUMBERS = ["n", "events", "estimate", "conf_low", "conf_high", "std_error"]


def cohort(seed=1, n=120):
    rng = np.random.default_rng(seed)
    age = rng.normal(size=n)
    return pd.DataFrame(
        {
            "age": age,
            "cause": rng.choice(["ebv", "gene", "none"], n),
            "cns": rng.random(n) < 1 / (1 + np.exp(0.5 - age)),
            "time": rng.integers(1, 60, n).astype(float),
            "death": rng.random(n) < 0.6,
        }
    )


ANALYSES = {
    "balance": lambda d: balance(d, weight(d, "cns", COVARIATES)),
    "survival": lambda d: weighted_survival(d, "time", "death", weight(d, "cns", COVARIATES), times=[20], tau=30.0),
    "cox": lambda d: weighted_cox(d, "time", "death", weight(d, "cns", COVARIATES, estimand="overlap")),
    "standardised": lambda d: standardised_survival(
        d, "time", "death", "cns", COVARIATES, times=[20, 40], replicates=0
    ),
    "match": lambda d: match(d, "cns", COVARIATES).result,
    "censoring": lambda d: censoring_weights(d, "time", "death", COVARIATES, times=[10.0, 30.0]).result,
    "tested": lambda d: weight_tested(d, "cns", COVARIATES).result,
}


def same(one, two, rtol=1e-7):
    np.testing.assert_allclose(
        one.tidy[NUMBERS].to_numpy(dtype=float), two.tidy[NUMBERS].to_numpy(dtype=float), rtol=rtol, atol=1e-9
    )


@pytest.mark.parametrize("name", ANALYSES)
def test_the_order_of_the_rows(name):
    frame = cohort()
    shuffled = frame.sample(frac=1, random_state=np.random.default_rng(3))
    same(ANALYSES[name](frame), ANALYSES[name](shuffled))


@pytest.mark.parametrize("name", ANALYSES)
def test_the_index_of_the_frame(name):
    frame = cohort()
    same(ANALYSES[name](frame), ANALYSES[name](frame.set_index(pd.Index([f"p{i % 4}" for i in range(len(frame))]))))


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_the_unit_and_the_coding_of_covariates(estimand):
    frame = cohort()
    other = frame.assign(
        age=frame["age"] * 365.25 + 100, cause=frame["cause"].map({"ebv": "z", "gene": "b", "none": "a"})
    )
    one, two = (weight(d, "cns", COVARIATES, estimand=estimand).weights for d in (frame, other))
    np.testing.assert_allclose(one, two, rtol=1e-8)


def test_exchanging_the_groups_exchanges_att_and_atc():
    frame = cohort()
    att = weight(frame, "cns", COVARIATES, estimand="ATT").weights
    atc = weight(frame.assign(cns=~frame["cns"]), "cns", COVARIATES, estimand="ATC").weights
    np.testing.assert_allclose(att, atc, rtol=1e-8)


def test_exchanging_the_groups_inverts_the_hazard_ratio():
    frame = cohort()
    turned = frame.assign(cns=~frame["cns"])
    one, two = (weighted_cox(d, "time", "death", weight(d, "cns", COVARIATES)).tidy.iloc[1] for d in (frame, turned))
    assert one["coef"] == pytest.approx(-two["coef"], rel=1e-6)
    assert one["std_error"] == pytest.approx(two["std_error"], rel=1e-6)


@settings(max_examples=5, deadline=None)
@given(st.sampled_from([1 / 30.4375, 1 / 365.25, 24.0]))
def test_the_unit_of_time(factor):
    frame = cohort()
    other = frame.assign(time=frame["time"] * factor)
    own = weight(frame, "cns", COVARIATES)
    one, two = (weighted_cox(d, "time", "death", own) for d in (frame, other))
    same(one, two)
    a = standardised_survival(frame, "time", "death", "cns", ["age"], times=[20.0], replicates=0).tidy
    b = standardised_survival(other, "time", "death", "cns", ["age"], times=[20.0 * factor], replicates=0).tidy
    areas = a["measure"].str.startswith("RMST")
    np.testing.assert_allclose(a["estimate"].where(~areas, a["estimate"] * factor), b["estimate"], rtol=1e-9)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 100))
def test_a_cohort_twice_over_has_the_same_weights_and_hazard_ratio(seed):
    frame = cohort(seed)
    double = pd.concat([frame, frame], ignore_index=True)
    one, two = weight(frame, "cns", COVARIATES), weight(double, "cns", COVARIATES)
    np.testing.assert_allclose(np.tile(one.weights, 2), two.weights, rtol=1e-7)
    a = weighted_cox(frame, "time", "death", one, ties="breslow").tidy.iloc[1]
    b = weighted_cox(double, "time", "death", two, ties="breslow").tidy.iloc[1]
    assert a["coef"] == pytest.approx(b["coef"], rel=1e-7, abs=1e-9)
    assert b["std_error"] == pytest.approx(a["std_error"] / np.sqrt(2), rel=1e-6)


def test_a_factor_on_stabilised_weights_is_no_matter_to_curves():
    frame = cohort()
    plain, stable = (weight(frame, "cns", COVARIATES, stabilised=s) for s in (False, True))
    one, two = (weighted_survival(frame, "time", "death", w, times=[20], tau=30.0) for w in (plain, stable))
    keep = ["estimate", "conf_low", "conf_high", "std_error"]
    a, b = (r.tidy.loc[r.tidy["time"].notna(), keep].to_numpy(dtype=float) for r in (one, two))
    np.testing.assert_allclose(a, b, rtol=1e-9)


def test_rows_of_censoring_weights_are_those_of_the_patients():
    frame = cohort()
    one = censoring_weights(frame, "time", "death", COVARIATES, times=[10.0, 30.0]).frame
    two = censoring_weights(frame.iloc[::-1], "time", "death", COVARIATES, times=[10.0, 30.0]).frame
    key = ["age", "start"]
    np.testing.assert_allclose(one.sort_values(key)[WEIGHT], two.sort_values(key)[WEIGHT], rtol=1e-9)

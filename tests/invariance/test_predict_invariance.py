"""Predictions are scored alike however rows are ordered, times are measured, models are named, or workers are many."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from neurohlh.stats.predict.calibration import calibration
from neurohlh.stats.predict.discrimination import concordance_index
from neurohlh.stats.predict.scores import prediction_scores
from neurohlh.stats.predict.validation import validate_cox

NUMBERS = ["estimate", "conf_low", "conf_high", "std_error", "p_value"]


@pytest.fixture
def frame():
    rng = np.random.default_rng(5)
    n = 150
    x = rng.normal(0, 1, n)
    own, limit = np.ceil(rng.exponential(12 * np.exp(-x))), np.ceil(rng.uniform(3, 40, n))
    p = 1 / (1 + np.exp(-x))
    risks = {"p": p.round(2), "q": (0.5 * p + 0.5 * rng.uniform(0.05, 0.95, n)).round(2)}
    return pd.DataFrame({"t": np.minimum(own, limit), "e": (own <= limit).astype(int), "x": x, **risks})


VERBS = {
    "harrell": lambda d, u: concordance_index(d, "t", "e", ["p", "q"], tau=15 * u),
    "uno": lambda d, u: concordance_index(d, "t", "e", ["p", "q"], estimator="uno", tau=15 * u),
    "scores": lambda d, u: prediction_scores(
        d, "t", "e", {"p": ["p"] * 3, "q": ["q"] * 3}, times=[4 * u, 8 * u, 16 * u]
    ),
    "calibration": lambda d, u: calibration(d, "t", "e", "p", horizon=10 * u),
}


@pytest.mark.parametrize("verb", VERBS)
def test_row_order_and_index_do_not_matter(frame, verb):
    turned = frame.sample(frac=1, random_state=1).set_axis([0] * len(frame))
    one, other = (VERBS[verb](d, 1).tidy[NUMBERS] for d in (frame, turned))
    assert_frame_equal(one, other, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("verb", VERBS)
def test_the_unit_of_time_does_not_matter(frame, verb):
    one, other = VERBS[verb](frame, 1).tidy[NUMBERS], VERBS[verb](frame.assign(t=frame["t"] / 8), 1 / 8).tidy[NUMBERS]
    assert_frame_equal(one, other, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("estimator", ["harrell", "uno"])
def test_naming_the_scores_the_other_way_round_turns_the_difference(frame, estimator):
    one = concordance_index(frame, "t", "e", ["p", "q"], estimator=estimator).tidy.iloc[2]
    other = concordance_index(frame, "t", "e", ["q", "p"], estimator=estimator).tidy.iloc[2]
    assert one["estimate"] == -other["estimate"] != 0
    assert one["p_value"] == pytest.approx(other["p_value"])


def test_every_patient_twice_gives_the_same_scores(frame):
    one, two = (VERBS["scores"](d, 1).tidy for d in (frame, pd.concat([frame, frame], ignore_index=True)))
    assert_frame_equal(one[["estimate"]], two[["estimate"]], rtol=1e-9, atol=1e-12)


def test_validation_does_not_depend_on_the_number_of_workers(frame):
    one, two = (validate_cox(frame, "t", "e", ["x"], seed=3, replicates=6, n_jobs=k).tidy for k in (1, 2))
    assert_frame_equal(one, two)
    another = validate_cox(frame, "t", "e", ["x"], seed=4, replicates=6).tidy
    assert not one["estimate"].equals(another["estimate"])

"""What must not change the answer of a competing-risks analysis, and by how much it may."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.stats.competing.cumulative_incidence import cumulative_incidence
from neurohlh.stats.competing.fine_gray import fine_gray
from neurohlh.stats.competing.gray_test import gray_test

CODES = {"cause": 1, "censored": 0}


FEW = settings(max_examples=12, deadline=None)
SEEDS = st.integers(0, 10_000)


@pytest.fixture
def frame():
    return cohort(5)


def cohort(seed):
    rng = np.random.default_rng(seed)
    n = 90
    time = np.ceil(rng.exponential(size=n) * 8)
    event = rng.choice([0, 1, 2, 3], n, p=[0.3, 0.4, 0.2, 0.1])
    return pd.DataFrame({"t": time, "e": event, "x": rng.normal(size=n), "w": rng.choice([1, 2, 3], n), "g": time % 2})


def _answers(frame, unit=1, **options):
    yield cumulative_incidence(frame, "t", "e", **CODES, times=[3 * unit, 9 * unit], **options).tidy
    yield fine_gray(frame, "t", "e", ["x"], **CODES, censoring_ties="events first", **options).tidy


def _same(one, two, columns=("estimate", "std_error", "conf_low", "conf_high")):
    for a, b in zip(one, two, strict=True):
        kept = [frame[frame["term"] != "size"][list(columns)].to_numpy() for frame in (a, b)]
        np.testing.assert_allclose(*kept, rtol=1e-7, atol=1e-12)


def test_row_order(frame):
    _same(_answers(frame), _answers(frame.sample(frac=1, random_state=1)))


def test_time_unit(frame):
    _same(_answers(frame), _answers(frame.assign(t=frame["t"] * 7), unit=7))


def test_relabelled_codes(frame):
    words = frame.assign(e=frame["e"].map({0: "none", 1: "a", 2: "b", 3: "c"}))
    theirs = fine_gray(words, "t", "e", ["x"], cause="a", censored="none").tidy
    _same([fine_gray(frame, "t", "e", ["x"], **CODES).tidy], [theirs])


def test_entry_at_zero_is_no_entry(frame):
    both = frame.assign(start=0.0)
    _same(_answers(both, entry="start"), _answers(frame), ["estimate"])


def test_a_whole_weight_is_a_repeated_row(frame):
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    _same(_answers(frame, weights="w"), _answers(repeated), ["estimate"])
    weighted, rows = (
        cumulative_incidence(f, "t", "e", **CODES, times=[3, 9], variance="Aalen", weights=w).tidy
        for f, w in ((frame, "w"), (repeated, None))
    )
    _same([weighted], [rows])


def test_gray_does_not_depend_on_the_order_or_names_of_the_groups(frame):
    found = [
        gray_test(frame.assign(g=frame["g"].map(names)), "t", "e", "g", **CODES).tidy.loc[0, "statistic"]
        for names in ({0: "a", 1: "b"}, {0: "z", 1: "b"})
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-9)


@FEW
@given(SEEDS, st.randoms(use_true_random=False), st.sampled_from([1 / 365.25, 7.0, 24.0]))
def test_neither_order_nor_unit_matters(seed, shuffle, unit):
    frame = cohort(seed)
    rows = list(range(len(frame)))
    shuffle.shuffle(rows)
    _same(_answers(frame), _answers(frame.iloc[rows].assign(t=frame["t"] * unit), unit=unit))


@FEW
@given(SEEDS, st.sampled_from(["together", "events first"]))
def test_fine_gray_with_whole_weights_is_that_of_repeated_rows(seed, ties):
    frame = cohort(seed).assign(id=np.arange(90))
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    one = fine_gray(frame, "t", "e", ["x"], **CODES, censoring_ties=ties, weights="w").tidy
    other = fine_gray(repeated, "t", "e", ["x"], **CODES, censoring_ties=ties, cluster="id").tidy
    _same([one], [other])


@FEW
@given(SEEDS)
def test_entry_at_zero_leaves_incidences_and_coefficients(seed):
    frame = cohort(seed).assign(start=0.0)
    _same(_answers(frame, entry="start"), _answers(frame), ["estimate"])


@FEW
@given(SEEDS, st.permutations(["a", "b", "c", "d"]))
def test_names_of_causes_and_groups_do_not_matter(seed, names):
    frame = cohort(seed)
    words = frame.assign(e=frame["e"].map(dict(enumerate(names))))
    codes = {"cause": names[1], "censored": names[0]}
    theirs = fine_gray(words, "t", "e", ["x"], **codes).tidy
    _same([fine_gray(frame, "t", "e", ["x"], **CODES).tidy], [theirs])
    found = [
        gray_test(words.assign(g=frame["g"].map({0: names[2], 1: names[3]})), "t", "e", "g", **codes).tidy,
        gray_test(frame, "t", "e", "g", **CODES).tidy,
    ]
    assert found[0].loc[0, "statistic"] == pytest.approx(found[1].loc[0, "statistic"], rel=1e-9)

"""What a Cox model, its residuals, its predictions and concordance must not care about."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.stats.concordance import TIME_WEIGHTS, concordance
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.residuals import cox_residuals
from neurohlh.stats.hazards.survival import cox_survival

FEW = settings(max_examples=12, deadline=None)


def cohort(seed, n=60):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    time = np.ceil(rng.exponential(15 * np.exp(-0.4 * x))) + 1
    return pd.DataFrame(
        {
            "t": time, "e": rng.random(n) < 0.7, "x": x, "g": rng.choice(["a", "b"], n), "s": rng.integers(0, 3, n),
            "start": np.floor(time * rng.random(n) * 0.8), "w": rng.integers(1, 4, n), "zero": 0.0, "id": np.arange(n),
        }
    )  # fmt: skip


def numbers(result, rtol=1e-7):
    return result.tidy[["estimate", "conf_low", "conf_high", "std_error", "p_value"]].to_numpy(dtype=float)


@FEW
@given(st.integers(0, 10_000), st.sampled_from(["efron", "breslow", "exact"]))
def test_row_order_and_time_unit(seed, ties):
    frame = cohort(seed)
    options = {"ties": ties, "entry": "start", "strata": "s"}
    plain = cox(frame, "t", "e", ["x", "g"], **options)
    order = np.random.default_rng(seed).permutation(len(frame))
    np.testing.assert_allclose(
        numbers(cox(frame.iloc[order], "t", "e", ["x", "g"], reference=plain.method["reference_levels"], **options)),
        numbers(plain),
        rtol=1e-7,
    )
    other = frame.assign(t=frame["t"] / 7, start=frame["start"] / 7)
    np.testing.assert_allclose(numbers(cox(other, "t", "e", ["x", "g"], **options)), numbers(plain), rtol=1e-7)


@FEW
@given(st.integers(0, 10_000))
def test_a_weight_is_as_many_rows_with_breslow_ties(seed):
    frame = cohort(seed)
    many = frame.loc[frame.index.repeat(frame["w"])]
    weighted = cox(frame, "t", "e", ["x"], weights="w", ties="breslow")
    np.testing.assert_allclose(numbers(weighted), numbers(cox(many, "t", "e", ["x"], ties="breslow")), rtol=1e-7)
    clusters = cox(many, "t", "e", ["x"], cluster="id", ties="breslow")
    robust = cox(frame, "t", "e", ["x"], weights="w", robust=True, ties="breslow")
    np.testing.assert_allclose(numbers(robust), numbers(clusters), rtol=1e-7)


@FEW
@given(st.integers(0, 10_000), st.sampled_from(["efron", "breslow", "exact"]))
def test_entry_at_zero_and_split_follow_up_change_nothing(seed, ties):
    frame = cohort(seed)
    plain = numbers(cox(frame, "t", "e", ["x"], ties=ties))
    np.testing.assert_allclose(numbers(cox(frame, "t", "e", ["x"], entry="zero", ties=ties)), plain, rtol=1e-7)
    cut = np.floor(frame["t"] / 2)
    early = frame.assign(t=cut, e=False, start=0.0)[cut > 0]
    late = frame.assign(start=cut)
    split = pd.concat([early, late], ignore_index=True)
    np.testing.assert_allclose(numbers(cox(split, "t", "e", ["x"], entry="start", ties=ties)), plain, rtol=1e-7)


@FEW
@given(st.integers(0, 10_000))
def test_relabelled_levels_strata_and_a_moved_covariate(seed):
    frame = cohort(seed)
    plain = numbers(cox(frame, "t", "e", ["x", "g"], strata="s", reference={"g": "a"}))
    other = frame.assign(
        x=frame["x"] + 1e4, g=frame["g"].map({"a": "y", "b": "z"}), s=frame["s"].map({0: "q", 1: "c", 2: "k"})
    )
    found = numbers(cox(other, "t", "e", ["x", "g"], strata="s", reference={"g": "y"}))
    np.testing.assert_allclose(found, plain, rtol=1e-6)


@FEW
@given(st.integers(0, 10_000))
def test_predictions_and_residuals_follow_the_rows(seed):
    frame = cohort(seed)
    order = np.random.default_rng(seed).permutation(len(frame))
    for kind in ("martingale", "dfbeta"):
        one = cox_residuals(frame, "t", "e", ["x"], kind=kind, strata="s")
        other = cox_residuals(frame.iloc[order], "t", "e", ["x"], kind=kind, strata="s")
        pd.testing.assert_frame_equal(other.sort_index(), one, rtol=1e-7, atol=1e-10)
    new = pd.DataFrame({"x": [-1.0, 0.5]})
    one = cox_survival(frame, "t", "e", ["x"], newdata=new, times=[3, 8]).tidy["estimate"]
    other = cox_survival(frame.assign(t=frame["t"] * 30), "t", "e", ["x"], newdata=new, times=[90, 240]).tidy[
        "estimate"
    ]
    np.testing.assert_allclose(other, one, rtol=1e-9)


@FEW
@given(st.integers(0, 10_000), st.sampled_from(TIME_WEIGHTS))
def test_concordance(seed, kind):
    frame = cohort(seed)
    score, time, event, w = (frame[c].to_numpy() for c in ("x", "t", "e", "w"))
    one = concordance(score, time, event, weights=w.astype(float), time_weight=kind)
    rows = np.repeat(np.arange(len(w)), w)
    many = concordance(score[rows], time[rows], event[rows], cluster=rows, time_weight=kind)
    order = np.random.default_rng(seed).permutation(len(w))
    moved = concordance(
        np.exp(score[order]), 7 * time[order], event[order], weights=w[order].astype(float), time_weight=kind
    )
    assert (moved.estimate, moved.std_error) == pytest.approx((one.estimate, one.std_error), rel=1e-9)
    # Copies of a patient with the event are tied with each other in time, and so are not compared: nothing is added.
    assert (many.estimate, many.std_error) == pytest.approx((one.estimate, one.std_error), rel=1e-9)
    assert concordance(-score, time, event, time_weight=kind).estimate == pytest.approx(
        1 - concordance(score, time, event, time_weight=kind).estimate
    )

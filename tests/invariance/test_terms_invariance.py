"""What must not change tests of terms, contrasts, Firth's estimates and start-stop rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.stats.design.splines import rcs_knots
from neurohlh.stats.hazards.contrast import cox_contrast
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.firth import cox_firth
from neurohlh.stats.hazards.firth_fit import firth_fit
from neurohlh.stats.hazards.interaction import cox_interaction
from neurohlh.stats.hazards.sorted_design import SortedDesign
from neurohlh.stats.hazards.spline import cox_spline
from neurohlh.stats.hazards.subgroups import cox_subgroups
from neurohlh.stats.hazards.term_tests import cox_terms
from neurohlh.stats.start_stop import episodes, split_at

NUMBERS = ["n", "events", "estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "df", "p_value"]


def cohort(seed, n=80):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "time": rng.integers(2, 30, n),
            "death": rng.random(n) < 0.7,
            "cns": rng.random(n) < 0.5,
            "sex": rng.choice(["f", "m"], n),
            "age": rng.normal(5, 2, n),
            "site": rng.integers(0, 3, n),
        }
    )
    late = np.where(rng.random(n) < 0.5, rng.integers(0, 30, n), np.nan)
    return frame.assign(entry=np.maximum(frame["time"] - rng.integers(1, 40, n), 0), when=late)


AGES = {
    "age": ({"age": 7, "cns": True}, {"age": 4, "cns": True}),
    "cns": ({"cns": True, "age": 5}, {"cns": False, "age": 5}),
}
BASE = {"reference": {"sex": "f"}}
ANALYSES = {
    "terms": lambda d, **o: cox_terms(d, "time", "death", ["rcs(age, 3)*cns", "sex"], **BASE, **o),
    "contrast": lambda d, **o: cox_contrast(d, "time", "death", ["rcs(age, 3)*cns"], contrasts=AGES, **o),
    "spline": lambda d, **o: cox_spline(d, "time", "death", ["rcs(age, 4)", "sex"], "age", **BASE, **o),
    "interaction": lambda d, **o: cox_interaction(d, "time", "death", "cns", "sex", ["age"], **BASE, **o),
    "subgroups": lambda d, **o: cox_subgroups(d, "time", "death", "cns", ["sex"], ["age"], **BASE, **o),
    "firth": lambda d, **o: cox_firth(d, "time", "death", ["cns", "age", "sex"], **BASE, **o),
}


def equal(one, other):
    np.testing.assert_allclose(one.tidy[NUMBERS], other.tidy[NUMBERS], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("analysis", ANALYSES)
def test_row_order_time_unit_and_entry_at_zero_change_nothing(analysis):
    frame, run = cohort(1), ANALYSES[analysis]
    found = run(frame)
    equal(found, run(frame.sample(frac=1, random_state=3)))
    equal(found, run(frame.assign(time=frame["time"] / 30.4375)))
    equal(found, run(frame.assign(zero=0.0), entry="zero"))


@pytest.mark.parametrize("analysis", ANALYSES)
def test_a_single_stratum_changes_nothing_and_entry_does(analysis):
    frame, run = cohort(2), ANALYSES[analysis]
    found = run(frame)
    equal(found, run(frame.assign(all="x"), strata="all"))
    assert not np.allclose(found.tidy["statistic"], run(frame, entry="entry").tidy["statistic"], equal_nan=True)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_relabelling_the_exposure_inverts_firths_ratio_and_its_limits(ties):
    frame = cohort(3)
    one = cox_firth(frame, "time", "death", ["cns", "age"], reference={"cns": "false"}, ties=ties).tidy.iloc[1]
    other = cox_firth(frame, "time", "death", ["cns", "age"], reference={"cns": "true"}, ties=ties).tidy.iloc[1]
    assert one["estimate"] * other["estimate"] == pytest.approx(1, rel=1e-7)
    assert one["conf_low"] * other["conf_high"] == pytest.approx(1, rel=1e-7)
    assert one["p_value"] == pytest.approx(other["p_value"], rel=1e-6)


@given(st.integers(0, 10**6))
@settings(max_examples=8, deadline=None)
def test_a_whole_weight_is_a_repeated_row_for_firths_fit(seed):
    frame, rng = cohort(seed, 40), np.random.default_rng(seed)
    weight = rng.integers(1, 4, 40)
    x, end, event = (
        frame[["age", "site"]].to_numpy(dtype=float),
        frame["time"].to_numpy(float),
        frame["death"].to_numpy(),
    )
    rows = np.repeat(np.arange(40), weight)
    weighted = firth_fit(SortedDesign.of(x, end, event, weights=weight.astype(float), ties="breslow"))
    repeated = firth_fit(SortedDesign.of(x[rows], end[rows], event[rows], ties="breslow"))
    for name in ("coef", "low", "high", "chi_square"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-6, atol=1e-8)


@given(st.integers(0, 10**6), st.integers(3, 7), st.floats(0.1, 50), st.floats(-100, 100))
@settings(max_examples=20, deadline=None)
def test_knots_follow_a_change_of_unit(seed, knots, scale, shift):
    x = np.random.default_rng(seed).normal(size=90)
    np.testing.assert_allclose(rcs_knots(x * scale + shift, knots), rcs_knots(x, knots) * scale + shift, atol=1e-9)


@given(st.integers(0, 10**6))
@settings(max_examples=8, deadline=None)
def test_cutting_follow_up_changes_no_cox_model(seed):
    frame = cohort(seed)
    whole = cox(frame, "time", "death", ["age", "cns"], entry="entry")
    cut = split_at(frame, "time", "death", [5, 11.5, 20], entry="entry").frame
    pieces = cox(cut, "stop", "death", ["age", "cns"], entry="start")
    columns = ["estimate", "conf_low", "conf_high", "p_value"]
    np.testing.assert_allclose(whole.tidy[columns], pieces.tidy[columns], rtol=1e-7)


@given(st.integers(0, 10**6))
@settings(max_examples=8, deadline=None)
def test_start_stop_rows_keep_time_at_risk_and_events(seed):
    frame = cohort(seed)
    found = episodes(frame, "time", "death", {"exposed": "when"}, entry="entry")
    rows, kept = found.frame, frame["entry"] < frame["time"]
    assert (rows["stop"] > rows["start"]).all()
    assert (rows["stop"] - rows["start"]).sum() == (frame["time"] - frame["entry"])[kept].sum()
    assert rows["death"].sum() == frame.loc[kept, "death"].sum()
    shuffled = episodes(frame.sample(frac=1, random_state=1), "time", "death", {"exposed": "when"}, entry="entry").frame
    by = ["age", "start"]
    columns = ["start", "stop", "death", "exposed", "age"]
    pd.testing.assert_frame_equal(
        rows.sort_values(by)[columns].reset_index(drop=True), shuffled.sort_values(by)[columns].reset_index(drop=True)
    )

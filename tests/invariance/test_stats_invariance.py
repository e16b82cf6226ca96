"""What must not change an answer: the order of rows, the unit of time, the names of groups, how a number is coded."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.stats.curves.kaplan_meier import kaplan_meier, reverse_kaplan_meier
from neurohlh.stats.curves.logrank import logrank
from neurohlh.stats.curves.rmst import rmst
from neurohlh.stats.describe import proportions
from neurohlh.stats.describe.completeness import completeness
from neurohlh.stats.describe.table1 import table1
from neurohlh.stats.describe.two_by_two import two_by_two
from neurohlh.stats.hazards.cox import cox, cox_table
from neurohlh.stats.landmarks import landmark

NUMBERS = ["n", "events", "estimate", "conf_low", "conf_high", "statistic", "p_value"]


def cohort(seed, n=80):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "time": rng.integers(1, 60, n),
            "death": rng.random(n) < 0.6,
            "cns": rng.choice(["met", "not_met", "indeterminate"], n, p=[0.4, 0.4, 0.2]),
            "age": rng.normal(5, 2, n).round(1),
            "cause": rng.choice(["ebv", "gene", "none"], n),
            "centre": rng.integers(0, 4, n),
        }
    )
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    frame["entry"] = np.minimum(rng.integers(0, 5, n), frame["time"] - 1)
    return frame


ANALYSES = {
    "kaplan_meier": lambda d: kaplan_meier(d, "time", "death", by="cns", times=[10, 30]),
    "delayed entry": lambda d: kaplan_meier(d, "time", "death", entry="entry", times=[10, 30]),
    "follow-up": lambda d: reverse_kaplan_meier(d, "time", "death"),
    "logrank": lambda d: logrank(d, "time", "death", "cns", strata="centre"),
    "rmst": lambda d: rmst(d, "time", "death", tau=30, by="cns"),
    "cox": lambda d: cox(d, "time", "death", ["cns", "age"], strata="centre"),
    "cox cluster": lambda d: cox(d, "time", "death", ["cns", "age"], cluster="centre", entry="entry"),
    "cox_table": lambda d: cox_table(d, "time", "death", "cns", ["age"]),
    "table1": lambda d: table1(d, "cns", ["age", "cause", "death"], tests=True),
    "two_by_two": lambda d: two_by_two(d["cns"].where(d["cns"] != "indeterminate"), d["death"]),
    "frequency": lambda d: proportions.frequency(d["cns"], by=d["cause"]),
    "testing": lambda d: proportions.testing_rates(d["cns"] != "indeterminate", d["death"]),
    "completeness": lambda d: completeness(d[["age"]].notna().replace({True: "value", False: "blank"})),
}


def assert_same_numbers(one, two, columns=NUMBERS):
    np.testing.assert_allclose(one.tidy[columns].to_numpy(), two.tidy[columns].to_numpy(), rtol=1e-7, atol=1e-10)
    numbers = ["statistic", "df", "p_value", "value"]
    # The number of Newton steps is how, not what.
    a, b = (np.array(r.checks.loc[r.checks["check"] != "convergence", numbers], dtype=float) for r in (one, two))
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ANALYSES)
def test_the_order_of_the_rows(name):
    frame = cohort(1)
    shuffled = frame.sample(frac=1, random_state=np.random.default_rng(2))
    one, two = ANALYSES[name](frame), ANALYSES[name](shuffled)
    assert_same_numbers(one, two)
    assert one.notes == two.notes


@pytest.mark.parametrize("name", ANALYSES)
def test_the_index_of_the_frame(name):
    frame = cohort(1)
    other = frame.set_index(pd.Index([f"p{i % 3}" for i in range(len(frame))]))
    assert_same_numbers(ANALYSES[name](frame), ANALYSES[name](other))


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), unit=st.sampled_from([1 / 30.4375, 1 / 365.25, 24.0]))
def test_the_unit_of_time(seed, unit):
    frame = cohort(seed)
    scaled = frame.assign(time=frame["time"] * unit, entry=frame["entry"] * unit)
    for strata, cluster in ((None, None), ("centre", None), (None, "centre")):
        one, two = (cox(d, "time", "death", ["cns", "age"], strata=strata, cluster=cluster) for d in (frame, scaled))
        assert_same_numbers(one, two)
    assert_same_numbers(logrank(frame, "time", "death", "cns"), logrank(scaled, "time", "death", "cns"))
    days = kaplan_meier(frame, "time", "death", by="cns", times=[10]).tidy
    other = kaplan_meier(scaled, "time", "death", by="cns", times=[10 * unit]).tidy
    median = days["measure"] == "median survival"
    columns = ["estimate", "conf_low", "conf_high"]
    np.testing.assert_allclose(days.loc[~median, columns], other.loc[~median, columns], rtol=1e-9)
    np.testing.assert_allclose(days.loc[median, columns] * unit, other.loc[median, columns], rtol=1e-9)
    areas = [rmst(d, "time", "death", tau=30 * u).tidy.loc[0, "estimate"] for d, u in ((frame, 1), (scaled, unit))]
    assert areas[0] * unit == pytest.approx(areas[1])


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_new_time_scale_that_keeps_the_order(seed):
    frame = cohort(seed)
    bent = frame.assign(time=frame["time"] ** 3)
    columns = ["estimate", "conf_low", "conf_high", "p_value"]
    one, two = (cox(d, "time", "death", ["cns", "age"]).tidy[columns] for d in (frame, bent))
    np.testing.assert_allclose(one, two, rtol=1e-7)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_names_of_the_groups(seed):
    frame = cohort(seed)
    renamed = frame.assign(cns=frame["cns"].map({"met": "z", "not_met": "b", "indeterminate": "m"}))
    one = cox(frame, "time", "death", ["cns"], reference={"cns": "met"}).tidy.set_index("level")
    two = cox(renamed, "time", "death", ["cns"], reference={"cns": "z"}).tidy.set_index("level")
    np.testing.assert_allclose(one.loc[["not_met", "indeterminate"], NUMBERS], two.loc[["b", "m"], NUMBERS], rtol=1e-7)
    a, b = logrank(frame, "time", "death", "cns").tidy, logrank(renamed, "time", "death", "cns").tidy
    assert a.iloc[-1]["statistic"] == pytest.approx(b.iloc[-1]["statistic"])


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_exchanging_the_reference_inverts_the_ratio(seed):
    frame = cohort(seed)
    frame = frame[frame["cns"] != "indeterminate"]
    one = cox(frame, "time", "death", ["cns"], reference={"cns": "not_met"}).tidy.set_index("level").loc["met"]
    two = cox(frame, "time", "death", ["cns"], reference={"cns": "met"}).tidy.set_index("level").loc["not_met"]
    assert one["estimate"] == pytest.approx(1 / two["estimate"])
    assert one["conf_low"] == pytest.approx(1 / two["conf_high"])
    assert one["p_value"] == pytest.approx(two["p_value"])
    a = two_by_two(frame["cns"], frame["death"], reference="met").tidy.set_index("measure")
    b = two_by_two(frame["cns"], frame["death"], reference="not_met").tidy.set_index("measure")
    assert a.loc["OR", "estimate"] == pytest.approx(1 / b.loc["OR", "estimate"])
    assert a.loc["OR", "conf_low"] == pytest.approx(1 / b.loc["OR", "conf_high"])
    assert a.loc["RD", "estimate"] == pytest.approx(-b.loc["RD", "estimate"])


def test_the_coding_of_an_event_and_of_a_truth_value():
    frame = cohort(5)
    for coded in (frame["death"].astype(int), frame["death"].astype(float), frame["death"].astype("boolean")):
        assert_same_numbers(
            cox(frame, "time", "death", ["age"]), cox(frame.assign(death=coded), "time", "death", ["age"])
        )


def test_shifting_and_scaling_a_covariate():
    frame = cohort(6)
    one = cox(frame, "time", "death", ["age", "cns"]).tidy.iloc[0]
    two = cox(frame.assign(age=frame["age"] * 12 + 100), "time", "death", ["age", "cns"]).tidy.iloc[0]
    assert one["coef"] == pytest.approx(two["coef"] * 12)
    assert one["p_value"] == pytest.approx(two["p_value"])


def test_twice_the_same_patients_keep_the_estimates_and_halve_the_variance():
    frame = cohort(7)
    # Breslow's ties are exactly additive over repeated patients.
    one = cox(frame, "time", "death", ["age"], ties="breslow").tidy.iloc[0]
    two = cox(pd.concat([frame, frame]), "time", "death", ["age"], ties="breslow").tidy.iloc[0]
    assert one["coef"] == pytest.approx(two["coef"])
    assert one["std_error"] == pytest.approx(two["std_error"] * np.sqrt(2))
    a, b = (kaplan_meier(d, "time", "death", times=[20]).tidy.iloc[1] for d in (frame, pd.concat([frame, frame])))
    assert a["estimate"] == pytest.approx(b["estimate"])
    assert a["std_error"] == pytest.approx(b["std_error"] * np.sqrt(2))


def test_patients_clustered_with_themselves_do_not_count_twice():
    frame = cohort(8).assign(id=range(80))
    doubled = pd.concat([frame, frame])
    one = cox(frame, "time", "death", ["age"], cluster="id", ties="breslow").tidy.iloc[0]
    two = cox(doubled, "time", "death", ["age"], cluster="id", ties="breslow").tidy.iloc[0]
    assert one["std_error"] == pytest.approx(two["std_error"])


def test_a_landmark_at_zero_changes_nothing_for_the_living():
    frame = cohort(9)
    kept = landmark(frame, "time", "death", 0).frame
    assert_same_numbers(cox(frame, "time", "death", ["age"]), cox(kept, "time", "death", ["age"]))

"""What missing-data methods must not care about: row order, units, names of levels, workers, equal imputations."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.missing.impute import impute
from neurohlh.stats.missing.model import nelson_aalen_at
from neurohlh.stats.missing.patterns import missing_patterns
from neurohlh.stats.missing.pool import pool
from neurohlh.stats.missing.rubin import pool_scalar

NUMBERS = ["estimate", "conf_low", "conf_high", "coef", "std_error", "df", "p_value"]


def cohort(n=80):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"age": rng.normal(50, 10, n), "lab": rng.lognormal(2, 1, n), "cns": rng.random(n) < 0.5})
    frame["grade"] = rng.choice(["i", "ii", "iii"], n)
    frame["days"], frame["died"] = rng.integers(1, 200, n).astype(float), rng.random(n) < 0.6
    frame.loc[::4, "lab"], frame.loc[::7, "grade"] = np.nan, None
    return frame


ROLES = {"variables": ["lab", "grade"], "predictors": ["age"], "event": "died", "time": "days", "exposure": "cns"}


def imputed(frame, **options):
    return impute(frame, **{**ROLES, "m": 3, "iterations": 3, "seed": 9, **options})


def fits(frames):
    return [cox(f, "days", "died", ["cns", "lab"]) for f in frames]


def test_any_number_of_workers_gives_the_same_numbers():
    one, two = imputed(cohort()), imputed(cohort(), n_jobs=2)
    for i in range(one.m):
        pd.testing.assert_frame_equal(one.frame(i), two.frame(i))
    more = imputed(cohort(), m=5)
    pd.testing.assert_frame_equal(one.frame(2), more.frame(2))


def test_the_unit_of_time_does_not_matter():
    frame = cohort()
    one, other = imputed(frame), imputed(frame.assign(days=frame["days"] / 365.25))
    assert one.frame(0)[["lab", "grade"]].equals(other.frame(0)[["lab", "grade"]])


def test_the_index_of_the_frame_does_not_matter():
    frame = cohort()
    other = imputed(frame.set_index(frame.index[::-1] * 3))
    assert imputed(frame).frame(0)["lab"].tolist() == other.frame(0)["lab"].tolist()


def test_relabelled_levels_are_relabelled_imputations():
    frame = cohort()
    names = {"i": "one", "ii": "three", "iii": "two"}
    ordered = frame.assign(grade=pd.Categorical(frame["grade"], ["i", "ii", "iii"]))
    other = frame.assign(grade=pd.Categorical(frame["grade"].map(names), ["one", "three", "two"]))
    assert imputed(ordered).frame(0)["grade"].map(names).tolist() == imputed(other).frame(0)["grade"].tolist()


def test_the_unit_of_a_variable_scales_its_imputations():
    frame = cohort()
    one, other = imputed(frame), imputed(frame.assign(lab=frame["lab"] * 1024))
    assert (one.frame(1)["lab"] * 1024).to_numpy() == pytest.approx(other.frame(1)["lab"].to_numpy(), rel=1e-12)


def test_columns_without_a_role_do_not_matter():
    frame = cohort()
    assert imputed(frame).frame(0)["lab"].equals(imputed(frame.assign(other=np.nan)).frame(0)["lab"])


def test_without_gaps_pooling_changes_nothing_but_the_quantile():
    frame = cohort().dropna().reset_index(drop=True)
    one, found = fits([frame])[0].tidy, pool(fits([frame] * 4), dfcom=1e9).tidy
    for name in ("estimate", "coef", "std_error", "p_value"):
        assert found[name].to_numpy() == pytest.approx(one[name].to_numpy(), rel=1e-6, nan_ok=True)
    times = {"times": [50.0, 100.0]}
    curve = kaplan_meier(frame, "days", "died", **times)
    rows = pool([curve] * 3).tidy
    assert rows["estimate"].to_numpy() == pytest.approx(curve.tidy["estimate"].to_numpy(), nan_ok=True)
    at = rows["measure"] == "survival"
    # the limits of the log-log scale are those of the curve itself
    assert rows.loc[at, "conf_low"].to_numpy() == pytest.approx(curve.tidy.loc[at, "conf_low"].to_numpy(), rel=1e-6)


def test_the_order_of_the_imputations_does_not_matter():
    found = fits(imputed(cohort()).frames())
    once, other = pool(found).tidy, pool(found[::-1]).tidy
    pd.testing.assert_frame_equal(once[NUMBERS], other[NUMBERS])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 4)), min_size=2, max_size=8), st.floats(0.01, 100))
def test_pooling_scales_with_the_unit(pairs, unit):
    q, u = zip(*pairs, strict=True)
    one, other = pool_scalar(q, u, n=60, k=3), pool_scalar([v * unit for v in q], [v * unit**2 for v in u], n=60, k=3)
    assert other.qbar == pytest.approx(one.qbar * unit, abs=1e-9)
    assert other.t == pytest.approx(one.t * unit**2)
    assert (other.df, other.fmi) == pytest.approx((one.df, one.fmi))
    assert one.t >= one.ubar


def test_patterns_do_not_depend_on_the_order_of_rows():
    frame = cohort()
    one = missing_patterns(frame, ["lab", "grade"]).tidy
    other = missing_patterns(frame.sample(frac=1, random_state=1), ["lab", "grade"]).tidy
    pd.testing.assert_frame_equal(one, other)


def test_the_hazard_knows_neither_the_order_nor_an_entry_of_zero():
    frame = cohort()
    time, event = frame["days"].to_numpy(), frame["died"].to_numpy()
    hazard = nelson_aalen_at(time, event)
    order = np.random.default_rng(1).permutation(len(time))
    assert nelson_aalen_at(time[order], event[order]) == pytest.approx(hazard[order])
    assert nelson_aalen_at(time, event, np.zeros(len(time))) == pytest.approx(hazard)

"""What must not change a pooled effect: the order of the studies, which group is called first, and the unit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.stats.meta.meta_analysis import meta_analysis
from neurohlh.stats.meta.pooled_tables import mantel_haenszel, peto
from neurohlh.stats.meta.small_study_effects import small_study_effects

COUNTS = {"events": "a", "n": "n", "events_reference": "c", "n_reference": "m", "study": "s"}
TURNED = {"events": "c", "n": "m", "events_reference": "a", "n_reference": "n", "study": "s"}
NUMBERS = ["estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "p_value"]


def studies(seed, k=7):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(20, 80, k), rng.integers(20, 80, k)
    frame = pd.DataFrame({"s": [f"s{i}" for i in range(k)], "n": n, "m": m, "year": rng.integers(0, 4, k)})
    return frame.assign(a=rng.binomial(n, 0.2), c=rng.binomial(m, 0.3), g=rng.choice(["u", "v"], k))


ANALYSES = {
    "REML": lambda d: meta_analysis(d, measure="OR", by="g", order="year", **COUNTS),
    "PM, Knapp-Hartung": lambda d: meta_analysis(d, measure="RR", method="PM", knapp_hartung=True, **COUNTS),
    "GLMM": lambda d: meta_analysis(d, measure="proportion", method="GLMM", events="a", n="n", study="s"),
    "Mantel-Haenszel": lambda d: mantel_haenszel(d, measure="RD", **COUNTS),
    "Peto": lambda d: peto(d, **COUNTS),
    "funnel": lambda d: small_study_effects(d, measure="OR", method="DL", **COUNTS),
}


@pytest.mark.parametrize("name", ANALYSES)
def test_the_order_and_the_index_of_the_studies(name):
    frame = studies(1)
    mixed = frame.sample(frac=1, random_state=np.random.default_rng(2)).set_index(pd.Index(["x"] * len(frame)))
    keys = ["term", "level", "group", "measure", "method"]
    tidy = [ANALYSES[name](d).tidy.sort_values(keys)[[*keys, *NUMBERS]] for d in (frame, mixed)]
    one, two = (t.reset_index(drop=True) for t in tidy)
    pd.testing.assert_frame_equal(one, two, rtol=1e-6, atol=1e-9)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), measure=st.sampled_from(["OR", "RD"]))
def test_exchanging_the_groups_turns_the_effect_round(seed, measure):
    frame = studies(seed)
    for pool in (lambda **k: meta_analysis(frame, **k), lambda **k: mantel_haenszel(frame, **k)):
        one, two = (pool(measure=measure, **c).tidy.query("term == 'pooled'").iloc[0] for c in (COUNTS, TURNED))
        assert one["coef"] == pytest.approx(-two["coef"], rel=1e-7, abs=1e-9)
        assert one["std_error"] == pytest.approx(two["std_error"])


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), unit=st.sampled_from([1 / 7, 12.0, 365.25]))
def test_the_unit_of_a_difference(seed, unit):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"y": rng.normal(0, 2, 6), "e": rng.uniform(0.2, 1, 6)})
    columns = {"measure": "MD", "estimate": "y", "std_error": "e"}
    one, two = (meta_analysis(d, **columns).tidy for d in (frame, frame * unit))
    pooled = [t[t["term"] == "pooled"].iloc[0] for t in (one, two)]
    assert pooled[1]["estimate"] == pytest.approx(pooled[0]["estimate"] * unit, rel=1e-6, abs=1e-9)
    shares = [t.loc[t["measure"] == "I2 (%)", "estimate"].to_numpy() for t in (one, two)]
    np.testing.assert_allclose(*shares, rtol=1e-5, atol=1e-6)


def test_a_study_told_as_limits_is_the_study_told_as_a_standard_error():
    frame = pd.DataFrame({"hr": [0.5, 0.9, 1.4, 0.7], "e": [0.2, 0.3, 0.25, 0.4]})
    frame["lo"], frame["hi"] = (frame["hr"] * np.exp(sign * 1.959963984540054 * frame["e"]) for sign in (-1, 1))
    one = meta_analysis(frame, estimate="hr", std_error="e").tidy
    two = meta_analysis(frame, estimate="hr", low="lo", high="hi").tidy
    np.testing.assert_allclose(one[NUMBERS], two[NUMBERS], rtol=1e-9, atol=1e-12)

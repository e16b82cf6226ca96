"""What must not change a regression of a yes/no outcome or a count: row order, whole weights, units."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.stats.describe.rates import rates
from neurohlh.stats.glm.counts import negative_binomial, poisson_rates
from neurohlh.stats.glm.gee import gee
from neurohlh.stats.glm.logistic import logistic
from neurohlh.stats.glm.risk_ratio import risk_ratio
from neurohlh.stats.glm.standardised_risk import standardised_risk


def frame():
    rng = np.random.default_rng(4)
    x, z = rng.normal(size=80), rng.integers(0, 2, 80)
    y = (rng.random(80) < 1 / (1 + np.exp(-0.5 * x - 0.4 * z + 0.6))).astype(int)
    count = rng.negative_binomial(2, 0.4, 80)
    return pd.DataFrame({"x": x, "z": z, "y": y, "d": count, "t": rng.uniform(1, 3, 80), "g": np.arange(80) // 4,
                         "w": rng.integers(1, 4, 80)})  # fmt: skip


MODELS = {
    "logistic": lambda d, **k: logistic(d, "y", ["x", "z"], **k),
    "firth": lambda d, **k: logistic(d, "y", ["x", "z"], penalty="firth", **k),
    "poisson": lambda d, **k: risk_ratio(d, "y", ["x", "z"], variance="model", **k),
    "rates": lambda d, **k: poisson_rates(d, "d", ["x", "z"], person_time="t", **k),
    "negative binomial": lambda d, **k: negative_binomial(d, "d", ["x", "z"], **k),
    "standardised": lambda d, **k: standardised_risk(d, "y", "z", ["x"], **k),
}
_NUMBERS = ["estimate", "conf_low", "conf_high", "std_error"]


@pytest.mark.parametrize("name", MODELS)
def test_row_order_and_whole_weights(name):
    data = frame()
    mixed = data.sample(frac=1, random_state=3)
    expected = MODELS[name](data).tidy[_NUMBERS].to_numpy()
    assert MODELS[name](mixed).tidy[_NUMBERS].to_numpy() == pytest.approx(expected, rel=1e-7, nan_ok=True)
    weighted = MODELS[name](data, weights="w").tidy[_NUMBERS].to_numpy()
    repeated = MODELS[name](data.loc[data.index.repeat(data["w"])].reset_index(drop=True)).tidy[_NUMBERS].to_numpy()
    assert weighted == pytest.approx(repeated, rel=1e-7, nan_ok=True)


def test_names_of_clusters_do_not_matter():
    data = frame()
    again = data.assign(g=data["g"].map(lambda g: f"c{97 - g}")).sample(frac=1, random_state=1)
    one, two = (gee(d, "y", ["x", "z"], cluster="g").tidy[_NUMBERS].to_numpy() for d in (data, again))
    assert two == pytest.approx(one, rel=1e-8)


def test_the_unit_of_person_time_moves_only_the_intercept():
    data = frame()
    days = poisson_rates(data.assign(t=data["t"] * 365.25), "d", ["x"], person_time="t").tidy["coef"]
    years = poisson_rates(data, "d", ["x"], person_time="t").tidy["coef"]
    assert days[1] == pytest.approx(years[1])
    assert days[0] == pytest.approx(years[0] - np.log(365.25))


@st.composite
def studies(draw):
    """Patients with both outcomes at both levels of z, so that nothing separates; x is arbitrary, weights are whole."""
    n = draw(st.integers(0, 16))
    x = np.array([0.0, 1, 2, 0, 3, 1, 2, 0, *draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))])
    bits = st.lists(st.integers(0, 1), min_size=n, max_size=n)
    w = draw(st.lists(st.integers(1, 3), min_size=n + 8, max_size=n + 8))
    order = draw(st.permutations(range(n + 8)))
    data = pd.DataFrame({"x": x, "z": np.array([0, 0, 0, 0, 1, 1, 1, 1, *draw(bits)]),
                         "y": [0, 1, 0, 1, 0, 1, 0, 1, *draw(bits)], "w": w})  # fmt: skip
    return data, list(order)


YES_NO = {
    "logistic": lambda d, **k: logistic(d, "y", ["x", "z"], limits="wald", **k).tidy,
    "risk ratio": lambda d, **k: risk_ratio(d, "y", ["x", "z"], **k).tidy,
}


@pytest.mark.parametrize("name", YES_NO)
@settings(max_examples=12, deadline=None)
@given(study=studies())
def test_any_study_turned_every_way(name, study):
    data, order = study
    fit = YES_NO[name]
    columns = ["coef", "std_error"]
    plain = fit(data)[columns].to_numpy()
    assert fit(data.iloc[order])[columns].to_numpy() == pytest.approx(plain, rel=1e-6, abs=1e-8)
    repeated = data.loc[data.index.repeat(data["w"])].reset_index(drop=True)
    own = ["coef"] if name == "risk ratio" else columns  # the sandwich takes a weight for one patient
    weighted = fit(data, weights="w")[own].to_numpy()
    assert weighted == pytest.approx(fit(repeated)[own].to_numpy(), rel=1e-6, abs=1e-8)
    scaled = fit(data.assign(x=data["x"] * 1000))[columns].to_numpy()
    assert scaled[1] * 1000 == pytest.approx(plain[1], rel=1e-6, abs=1e-8)
    assert scaled[[0, 2]] == pytest.approx(plain[[0, 2]], rel=1e-6, abs=1e-8)
    turned = fit(data.assign(z=1 - data["z"]))[columns].to_numpy()
    assert turned[2] == pytest.approx(plain[2] * [-1, 1], rel=1e-6, abs=1e-8)


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40), st.booleans()), min_size=2, max_size=12),
    seed=st.integers(0, 99),
)
def test_rates_in_any_order_and_unit(rows, seed):
    data = pd.DataFrame([(1, 3, True), (2, 5, False), *rows], columns=["d", "t", "x"])
    one = rates(data, "d", "t", by="x", reference="false").tidy[["estimate", "conf_low", "conf_high", "p_value"]]
    mixed = data.sample(frac=1, random_state=seed).assign(x=lambda d: d["x"].map({True: "b", False: "a"}))
    two = rates(mixed.assign(t=mixed["t"] * 365.25), "d", "t", by="x", per=365.25, reference="a").tidy[one.columns]
    assert two.to_numpy() == pytest.approx(one.to_numpy(), rel=1e-8, nan_ok=True)

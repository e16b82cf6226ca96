"""What must not change a regression of a yes/no outcome or a count: row order, whole weights, units."""

import numpy as np
import pandas as pd
import pytest

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

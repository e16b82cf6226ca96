"""The share of the spread that categories explain, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.explained import eta_squared
from neurohlh.stats.glm.linear import linear

FRAME = pd.DataFrame({"y": [1.0, 2.0, 4.0, 5.0], "a": list("ppqq"), "b": list("uvuv"), "c": list("wxyz")})


def test_by_hand():
    """Mean 3, total 4 + 1 + 1 + 4 = 10; groups of a have means 1.5 and 4.5: 4 x 1.5^2 = 9; of b 2.5 and 3.5: 1."""
    assert eta_squared(FRAME, "y", ["a"]) == pytest.approx(0.9)
    assert eta_squared(FRAME, "y", ["b"]) == pytest.approx(0.1)
    assert eta_squared(FRAME, "y", ["a", "b"]) == pytest.approx(1.0)


def test_a_category_of_its_own_for_every_value_explains_everything():
    assert eta_squared(FRAME, "y", ["c"]) == pytest.approx(1.0)


def test_a_factor_that_another_determines_adds_nothing():
    frame = FRAME.assign(twin=FRAME["a"].map({"p": "one", "q": "two"}))
    assert eta_squared(frame, "y", ["a", "twin"]) == pytest.approx(0.9)


def test_rows_without_the_number_or_a_factor_are_left_out():
    more = pd.DataFrame({"y": [np.nan, 99.0], "a": ["p", None], "b": ["u", "u"], "c": ["w", "w"]})
    assert eta_squared(pd.concat([FRAME, more], ignore_index=True), "y", ["a"]) == pytest.approx(0.9)


def test_it_is_the_r2_of_least_squares():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"y": rng.normal(size=60), "a": rng.choice(list("pqr"), 60), "b": rng.choice(list("uv"), 60)})
    checks = linear(frame, "y", ["a", "b"]).checks.set_index("check")["value"]
    assert eta_squared(frame, "y", ["a", "b"]) == pytest.approx(checks["R2"], rel=1e-10)


def test_a_number_that_does_not_vary_has_no_share():
    with pytest.raises(NotEstimable, match="does not vary"):
        eta_squared(FRAME.assign(y=2.0), "y", ["a"])

import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.hazards.cox import cox


def ph_rows(result):
    rows = result.checks[result.checks["check"] == "proportional hazards"]
    return rows.set_index("term")


def test_crossing_hazards_are_found_and_proportional_ones_are_not():
    rng = np.random.default_rng(7)
    n = 3000
    x = np.arange(n) % 2
    proportional = rng.exponential(1 / np.exp(0.7 * x))
    crossing = rng.weibull(np.where(x == 1, 2.5, 0.8))
    for time, verdict in ((proportional, "ok"), (crossing, "attention")):
        frame = pd.DataFrame({"t": time, "e": 1, "x": x})
        assert ph_rows(cox(frame, "t", "e", ["x"])).loc["x", "verdict"] == verdict


def test_one_test_per_variable_with_the_degrees_of_freedom_of_its_levels():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"t": rng.exponential(size=90), "e": 1, "g": list("abc") * 30, "x": rng.normal(size=90)})
    found = ph_rows(cox(frame, "t", "e", ["g", "x"]))
    assert found["df"].to_dict() == {"g": 2, "x": 1, "GLOBAL": 3}


def test_one_event_time_cannot_show_a_change():
    frame = pd.DataFrame({"t": [1, 1, 1, 2, 2, 2], "e": [1, 1, 1, 0, 0, 0], "x": [1, 0, 1, 0, 1, 0]})
    found = ph_rows(cox(frame, "t", "e", ["x"]))
    assert (found["verdict"] == "not estimable").all()


def test_the_logarithm_of_time_zero():
    frame = pd.DataFrame({"t": [0, 1, 2, 3], "e": [1, 1, 1, 1], "x": [1, 0, 1, 0]})
    with pytest.raises(ValueError, match="needs events after time 0"):
        cox(frame, "t", "e", ["x"], ph_transform="log")

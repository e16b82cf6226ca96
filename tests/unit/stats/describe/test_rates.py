import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.describe.rates import poisson_limits, rates


def test_rates_by_hand():
    frame = pd.DataFrame({"d": [1, 2, 0, 1], "t": [10.0, 20, 30, 10], "g": list("aabb")})
    tidy = rates(frame, "d", "t", by="g", per=100, reference="b").tidy.set_index("term")
    assert tidy.loc["rate", "estimate"].tolist() == pytest.approx([10, 2.5])
    assert tidy.loc["rate ratio", "estimate"] == pytest.approx(4)
    assert tidy.loc["rate difference", "std_error"] == pytest.approx(100 * np.sqrt(3 / 30**2 + 1 / 40**2))


def test_no_event_has_an_upper_limit_only():
    # The upper limit solves exp(-mean) = 0.025.
    assert poisson_limits(0) == (0.0, pytest.approx(-np.log(0.025)))
    frame = pd.DataFrame({"d": [0, 3], "t": [10.0, 20], "g": list("ab")})
    row = rates(frame, "d", "t", by="g", reference="b").tidy.set_index("term").loc["rate ratio"]
    assert row["note"] == "not estimable: no events in the group; only an upper limit exists"
    assert np.isnan(row["estimate"])
    assert row["conf_high"] > 0


def test_broken_counts_and_time():
    with pytest.raises(ValueError, match="must hold counts"):
        rates(pd.DataFrame({"d": [0.5], "t": [1]}), "d", "t")
    with pytest.raises(ValueError, match="negative person-time"):
        rates(pd.DataFrame({"d": [1], "t": [-1]}), "d", "t")

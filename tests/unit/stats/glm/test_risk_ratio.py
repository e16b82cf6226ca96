import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.risk_ratio import risk_ratio


def table(a, b, c, d):
    return pd.DataFrame({"x": [True] * (a + b) + [False] * (c + d), "y": [1] * a + [0] * b + [1] * c + [0] * d})


@pytest.mark.parametrize("model", ["poisson", "log_binomial"])
def test_two_groups_by_hand(model):
    row = risk_ratio(table(8, 12, 3, 27), "y", ["x"], model=model).tidy.iloc[2]
    assert row["estimate"] == pytest.approx(4)
    # The robust variance of modified Poisson is the log-binomial one in two groups.
    assert row["std_error"] == pytest.approx(np.sqrt(1 / 8 - 1 / 20 + 1 / 3 - 1 / 30))


def test_a_level_without_events():
    row = risk_ratio(table(0, 9, 3, 27), "y", ["x"]).tidy.iloc[2]
    assert row["note"] == "not estimable: no events in this level, or in what it is compared with"
    with pytest.raises(NotEstimable, match="no patient has the outcome"):
        risk_ratio(table(0, 9, 0, 27), "y", ["x"])


def test_a_log_binomial_maximum_at_the_edge_has_poisson_beside_it():
    result = risk_ratio(table(10, 0, 3, 27), "y", ["x"], model="log_binomial")
    assert set(result.tidy["method"]) == {"log-binomial regression", "modified Poisson regression"}
    assert result.checks.iloc[0]["verdict"] == "attention"

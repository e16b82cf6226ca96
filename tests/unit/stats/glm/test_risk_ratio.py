import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.risk_ratio import risk_ratio
from neurohlh.stats.glm.standardised_risk import standardised_risk


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


def test_standardised_over_one_covariate_by_hand():
    # Saturated in x and z: risks 0.5 and 0.25 at z = 0 (12 patients), 0.75 and 0.5 at z = 1 (8 patients).
    cells = [(1, 0, 4, 2), (0, 0, 8, 2), (1, 1, 4, 3), (0, 1, 4, 2)]
    frame = pd.DataFrame([(x, z, int(i < k)) for x, z, n, k in cells for i in range(n)], columns=["x", "z", "y"])
    found = standardised_risk(frame, "y", "x", ["z", "x:z"]).tidy
    assert found["estimate"][:2].tolist() == pytest.approx([0.6 * 0.5 + 0.4 * 0.75, 0.6 * 0.25 + 0.4 * 0.5])
    exposed = standardised_risk(frame, "y", "x", ["z", "x:z"], population="exposed").tidy
    assert exposed["estimate"][:2].tolist() == pytest.approx([0.625, 0.375])
    assert found["note"].iloc[-1] == "not estimable: the limits of the risk difference include 0"


def test_bootstrap_is_the_same_for_the_same_seed():
    one, two, other = (
        standardised_risk(table(8, 12, 9, 21), "y", "x", [], bootstrap=40, seed=s).tidy for s in (1, 1, 2)
    )
    assert one["conf_low"].equals(two["conf_low"])
    assert not one["conf_low"].equals(other["conf_low"])


def test_separation_is_refused():
    with pytest.raises(NotEstimable, match="perfectly predicts"):
        standardised_risk(table(9, 0, 3, 27), "y", "x", [])

import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.standardised_risk import standardised_risk


def table(a, b, c, d):
    return pd.DataFrame({"x": [True] * (a + b) + [False] * (c + d), "y": [1] * a + [0] * b + [1] * c + [0] * d})


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


def test_bootstrap_is_the_same_for_any_number_of_workers():
    one, two = (standardised_risk(table(8, 12, 9, 21), "y", "x", [], bootstrap=12, seed=3, n_jobs=j) for j in (1, 2))
    assert one.tidy.equals(two.tidy)


def test_replicates_without_an_answer_are_counted():
    # One event among 20 exposed: about a third of the samples have none of it, and separate.
    check = standardised_risk(table(1, 19, 9, 21), "y", "x", [], bootstrap=60, seed=1).checks.iloc[0]
    assert check["verdict"] == "attention"
    assert 10 <= check["value"] <= 35

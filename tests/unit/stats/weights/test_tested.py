import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.weights.tested import weight_tested


def frame():
    """2 of 4 tested in a, 1 of 4 in b."""
    return pd.DataFrame({"s": list("aaaabbbb"), "csf": [1, 1, 0, 0, 1, 0, 0, 0]})


def test_the_tested_stand_for_all_and_the_untested_for_nobody():
    found = weight_tested(frame(), "csf", ["s"])
    assert found.weights[[0, 1, 4]] == pytest.approx([2, 2, 4])
    assert np.isnan(found.weights[[2, 3, 5, 6, 7]]).all()
    tidy = found.result.tidy.set_index("term")["estimate"]
    assert tidy["untested, represented by the tested"] == 5
    assert tidy["sum of the weights"] == pytest.approx(8)
    assert tidy["effective sample size"] == pytest.approx(64 / 24)
    assert found.result.kind == "tested_weights"


def test_unknown_testing_is_counted_apart():
    more = pd.concat([frame(), pd.DataFrame({"s": ["a"], "csf": [np.nan]})], ignore_index=True)
    found = weight_tested(more, "csf", ["s"])
    assert found.result.counts["dropped"] == {"missing csf": 1}
    assert np.nansum(found.weights) == pytest.approx(8)


def test_a_kind_of_patient_never_tested_is_refused():
    with pytest.raises(NotEstimable, match=r"s b \(nobody in 'csf'\)"):
        weight_tested(frame().assign(csf=[1, 1, 0, 0, 0, 0, 0, 0]), "csf", ["s"])


def test_truncation_is_said_in_numbers_and_a_heavy_weight_draws_attention():
    found = weight_tested(frame(), "csf", ["s"], truncate=(0, 0.5)).result
    # weights 2, 2 and 4: their median is 2
    assert found.method["truncation_limits"] == pytest.approx([2, 2])
    assert found.counts["truncated"] >= 1
    # tested are 399 of 400 in a and 4 of 1600 in b, who weigh 400 each: far above the mean of 2000/403
    rare = pd.DataFrame({"s": ["a"] * 400 + ["b"] * 1600, "csf": [1] * 399 + [0] + [1] * 4 + [0] * 1596})
    heavy = weight_tested(rare, "csf", ["s"]).result.checks.query("check == 'heaviest weight'").iloc[0]
    assert (heavy["value"], heavy["verdict"]) == (pytest.approx(400), "attention")


@pytest.mark.parametrize(("csf", "empty"), [(0, "csf"), (1, "no csf")])
def test_nobody_or_everybody_tested_is_refused(csf, empty):
    with pytest.raises(NotEstimable, match=f"no patient with known covariates is in the group '{empty}'"):
        weight_tested(frame().assign(csf=csf), "csf", ["s"])

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.adjust import adjusted_p_values
from neurohlh.stats.multiplicity import METHODS, p_adjust


def test_three_p_values_by_hand():
    p = np.array([0.03, 0.01, 0.02])
    assert p_adjust(p, "bonferroni") == pytest.approx([0.09, 0.03, 0.06])
    assert p_adjust(p, "holm") == pytest.approx([0.04, 0.03, 0.04])
    assert p_adjust(p, "hochberg") == pytest.approx([0.03, 0.03, 0.03])
    assert p_adjust(p, "BH") == pytest.approx([0.03, 0.03, 0.03])
    assert p_adjust(p, "BY") == pytest.approx([0.03 * 11 / 6] * 3)


@pytest.mark.parametrize("method", METHODS)
def test_unknown_p_values_do_not_count(method):
    p = np.array([0.03, np.nan, 0.01])
    found = p_adjust(p, method)
    assert np.isnan(found[1])
    assert found[[0, 2]] == pytest.approx(p_adjust(p[[0, 2]], method))
    assert np.isnan(p_adjust(np.array([np.nan]), method)).all()
    assert p_adjust(np.array([0.04]), method) == pytest.approx([0.04])


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_the_tests(method):
    p = np.random.default_rng(1).uniform(size=9) ** 2
    order = np.random.default_rng(2).permutation(9)
    assert p_adjust(p[order], method) == pytest.approx(p_adjust(p, method)[order])
    assert (p_adjust(p, method) >= p - 1e-15).all()


def test_families_are_adjusted_each_for_itself():
    frame = pd.DataFrame({"p": [0.01, 0.02, 0.5, None], "what": list("abcd"), "family": ["x", "x", "y", "y"]})
    result = adjusted_p_values(frame, "p", test="what", by="family", methods=["holm", "BH"])
    rows = result.tidy[result.tidy["method"] == "holm"].set_index("level")
    assert rows["p_value"].to_dict() == pytest.approx({"a": 0.02, "b": 0.02, "c": 0.5})
    assert rows["n"].to_dict() == {"a": 2, "b": 2, "c": 1}
    assert result.counts["dropped"] == {"missing p": 1}
    assert result.method["correction"] == {"holm": "family-wise error rate", "BH": "false discovery rate"}


def test_what_cannot_be_adjusted():
    with pytest.raises(ValueError, match="method must be one of holm"):
        p_adjust(np.array([0.1]), "sidak")
    with pytest.raises(ValueError, match="p values must lie between 0 and 1"):
        p_adjust(np.array([1.2]), "holm")
    with pytest.raises(NotEstimable, match="there is no p value"):
        adjusted_p_values(pd.DataFrame({"p": [np.nan]}), "p")

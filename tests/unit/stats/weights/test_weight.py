import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.weights.estimands import effective_size, truncated, weights_of
from neurohlh.stats.weights.weight import weight

SCORE, EXPOSED = np.array([0.5, 0.25, 0.5, 0.25]), np.array([True, True, False, False])


@pytest.mark.parametrize(
    ("estimand", "expected"),
    [
        ("ATE", [2, 4, 2, 4 / 3]),
        ("ATT", [1, 1, 1, 1 / 3]),
        ("ATC", [1, 3, 1, 1]),
        ("overlap", [0.5, 0.75, 0.5, 0.25]),
        ("matching", [1, 1, 1, 1 / 3]),
    ],
)
def test_weights_by_hand(estimand, expected):
    assert weights_of(SCORE, EXPOSED, estimand) == pytest.approx(expected)


def test_stabilised_weights_carry_the_share_of_their_group():
    assert weights_of(SCORE, EXPOSED, "ATE", stabilised=True) == pytest.approx([1, 2, 1, 2 / 3])
    with pytest.raises(ValueError, match="only ATE weights can be stabilised"):
        weights_of(SCORE, EXPOSED, "ATT", stabilised=True)
    with pytest.raises(ValueError, match="estimand must be one of ATE"):
        weights_of(SCORE, EXPOSED, "everybody")


def test_truncation_moves_to_the_quantiles():
    # type 7 quantiles of 1..5 at 0.25 and 0.75 are 2 and 4
    found, limits, moved = truncated(np.array([1.0, 2, 3, 4, 5]), (0.25, 0.75))
    assert found.tolist() == [2, 2, 3, 4, 4]
    assert (limits, moved) == ((2, 4), 2)
    with pytest.raises(ValueError, match="truncate must be two quantiles"):
        truncated(found, (0.9, 0.1))


def test_effective_size():
    assert effective_size(np.array([1.0, 1, 1])) == 3
    assert effective_size(np.array([3.0, 1])) == pytest.approx(16 / 10)


def frame():
    return pd.DataFrame({"s": list("aaaabbbbcccc"), "x": [1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0]})


def test_ate_weights_of_strata_stand_for_everybody():
    found = weight(frame(), "x", ["s"])
    assert found.weights == pytest.approx([2] * 4 + [4] + [4 / 3] * 3 + [4 / 3] * 3 + [4])
    for side in (found.exposed, ~found.exposed):
        assert found.used_weights[side].sum() == pytest.approx(12)
    assert found.recipe()["estimand"].startswith("ATE: average effect in all patients")
    # exposed: 2, 2, 4, three times 4/3; 12 squared over 4 + 4 + 16 + 16/3
    assert found.effective_sizes()["x"] == pytest.approx(144 / (24 + 16 / 3))


def test_trimming_leaves_out_by_the_score_and_counts():
    found = weight(frame(), "x", ["s"], trim=(0.3, 0.8))
    assert np.isnan(found.weights[4:8]).all()
    assert found.counts()["dropped"] == {"propensity not within 0.3 to 0.8": 4}
    assert "only patients with a propensity of 0.3 to 0.8" in found.words
    with pytest.raises(ValueError, match="trim must be a range, crump or common_support"):
        weight(frame(), "x", ["s"], trim="half")
    with pytest.raises(NotEstimable, match="no patient of one group is left"):
        weight(frame(), "x", ["s"], trim=(0.9, 0.95))

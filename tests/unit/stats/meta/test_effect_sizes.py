import numpy as np
import pytest

from neurohlh.stats.meta.effect_sizes import back, inverse_freeman_tukey, proportion_effects, two_group_effects


def arrays(*values):
    return [np.array(v, dtype=float) for v in values]


def test_two_groups_by_hand():
    tables = arrays([10], [100], [20], [100])
    odds = two_group_effects(*tables, "OR")
    assert odds.effect[0] == pytest.approx(np.log(10 * 80 / (90 * 20)))
    assert odds.variance[0] == pytest.approx(1 / 10 + 1 / 90 + 1 / 20 + 1 / 80)
    risk = two_group_effects(*tables, "RR")
    assert (np.exp(risk.effect[0]), risk.variance[0]) == pytest.approx((0.5, 0.1 - 0.01 + 0.05 - 0.01))
    gap = two_group_effects(*tables, "RD")
    assert (gap.effect[0], gap.variance[0]) == pytest.approx((-0.1, 0.1 * 0.9 / 100 + 0.2 * 0.8 / 100))


def test_half_an_event_goes_to_the_study_with_an_empty_cell_only():
    found = two_group_effects(*arrays([0, 10], [9, 100], [4, 20], [10, 100]), "OR")
    assert found.added.tolist() == [True, False]
    assert found.effect[0] == pytest.approx(np.log(0.5 * 6.5 / (9.5 * 4.5)))
    assert found.effect[1] == pytest.approx(np.log(10 * 80 / (90 * 20)))


def test_proportions_by_hand():
    x, n = arrays([0, 5], [9, 20])
    logit = proportion_effects(x, n, "logit")
    assert logit.effect == pytest.approx([np.log(0.5 / 9.5), np.log(5 / 15)])
    assert logit.variance == pytest.approx([1 / 0.5 + 1 / 9.5, 1 / 5 + 1 / 15])
    assert logit.added.tolist() == [True, False]
    raw = proportion_effects(x, n, "raw")
    assert (raw.effect[1], raw.variance[1]) == pytest.approx((0.25, 0.25 * 0.75 / 20))
    arcsine = proportion_effects(x, n, "arcsine")
    assert (arcsine.effect[0], arcsine.variance[1]) == pytest.approx((0, 1 / 80))
    assert not arcsine.added.any()


@pytest.mark.parametrize("n", [1, 5, 40])
def test_freeman_tukey_and_back(n):
    x = np.arange(n + 1, dtype=float)
    values = proportion_effects(x, np.full(n + 1, float(n)), "freeman-tukey").effect
    assert [float(inverse_freeman_tukey(v, n)) for v in values] == pytest.approx(list(x / n), abs=1e-7)


def test_limits_beyond_nobody_and_everybody_stay_proportions():
    assert inverse_freeman_tukey(np.array([-1.0, 0.0, 3.0]), 10).tolist() == [0, 0, 1]
    assert back("proportion", "arcsine")(np.array([-0.2, 2.0])).tolist() == [0, 1]
    assert back("proportion", "logit")(np.array([0.0])).tolist() == [0.5]
    assert back("RD")(np.array([-0.1])).tolist() == [-0.1]
    assert back("HR")(np.array([0.0])).tolist() == [1]


@pytest.mark.parametrize(("x", "n"), [([3], [2]), ([-1], [2]), ([0], [0]), ([0.5], [2])])
def test_impossible_counts(x, n):
    with pytest.raises(ValueError, match="1 studies have counts that are no whole numbers"):
        proportion_effects(*arrays(x, n), "raw")


def test_unknown_words():
    with pytest.raises(ValueError, match="transform must be one of logit"):
        proportion_effects(*arrays([1], [2]), "probit")
    with pytest.raises(ValueError, match="counts of two groups give OR, RR or RD, not 'HR'"):
        two_group_effects(*arrays([1], [2], [1], [2]), "HR")

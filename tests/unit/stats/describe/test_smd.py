import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurohlh.stats.describe.smd import (
    between_groups,
    largest,
    smd_levels,
    smd_numbers,
    smd_std_error,
    weighted_smd_numbers,
)


def test_numbers_by_hand():
    a, b = np.array([1.0, 2, 3]), np.array([2.0, 4, 6])
    assert smd_numbers(a, b).value == pytest.approx(-2 / np.sqrt((1 + 4) / 2))
    assert smd_numbers(b, a).value == pytest.approx(2 / np.sqrt(2.5))


def test_two_levels_are_the_binary_formula():
    p, q = 0.3, 0.2
    expected = (p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2)
    assert smd_levels(np.array([30.0, 70]), np.array([20.0, 80])).value == pytest.approx(expected)
    # The ordinary case of the kaz-yos/tableone 114 discussion: 0.2325.
    assert expected == pytest.approx(0.2325, abs=5e-4)


@pytest.mark.parametrize(
    ("a", "b"),
    [([10, 0], [0, 10]), ([5, 5, 0, 0], [0, 0, 5, 5]), ([4, 0, 6], [0, 10, 0]), ([1, 2, 3, 0], [0, 0, 0, 6])],
)
def test_groups_that_share_no_level_have_no_number(a, b):
    # Other software reports 0.03 to 0.8 here (kaz-yos/tableone 114), that is, "balanced".
    found = smd_levels(np.array(a, float), np.array(b, float))
    assert np.isnan(found.value)
    assert found.note == "not estimable: no overlap between the groups"


def test_constant_groups():
    assert smd_numbers(np.ones(3), np.ones(4)).value == 0
    assert smd_numbers(np.ones(3), np.zeros(4)).note == "not estimable: no overlap between the groups"
    assert smd_levels(np.array([5.0, 0]), np.array([7.0, 0])).value == 0


def test_too_few_values():
    assert "fewer than two" in smd_numbers(np.ones(1), np.ones(3)).note
    assert "no known value" in smd_levels(np.zeros(2), np.ones(2)).note


@given(st.integers(2, 400), st.integers(2, 400), st.data())
def test_two_levels_are_the_binary_formula_for_any_counts(n, m, data):
    a, b = data.draw(st.integers(1, n - 1)), data.draw(st.integers(1, m - 1))
    p, q = a / n, b / m
    expected = abs(p - q) / ((p * (1 - p) + q * (1 - q)) / 2) ** 0.5
    found = smd_levels(np.array([a, n - a], dtype=float), np.array([b, m - b], dtype=float))
    assert found.value == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert found.note == ""


def test_the_spread_is_named():
    a, b = np.array([1.0, 2, 3]), np.array([2.0, 4, 6, 8])
    v, w = 1.0, 20 / 3  # variances
    gap = 2 - 5
    assert smd_numbers(a, b, spread="first").value == pytest.approx(gap)
    assert smd_numbers(a, b, spread="second").value == pytest.approx(gap / np.sqrt(w))
    assert smd_numbers(a, b, spread="pooled").value == pytest.approx(gap / np.sqrt((2 * v + 3 * w) / 5))
    with pytest.raises(ValueError, match="spread must be one of mean variance, pooled, first, second"):
        smd_numbers(a, b, spread="sd")


def test_a_constant_that_rounding_spreads_is_a_constant():
    tenth = np.full(7, 0.1)
    assert smd_numbers(tenth, tenth).value == 0
    assert smd_numbers(tenth, np.full(5, 0.3)).note == "not estimable: no overlap between the groups"


def test_weights_move_the_means_and_not_the_unit():
    a, b = np.array([1.0, 2, 3]), np.array([2.0, 4, 6])
    found = weighted_smd_numbers(a, b, np.array([0.0, 0, 1]), np.array([1.0, 1, 0]))
    assert found.value == pytest.approx((3 - 3) / np.sqrt(2.5))
    assert weighted_smd_numbers(a, b, np.ones(3), np.full(3, 7.0)).value == pytest.approx(smd_numbers(a, b).value)
    repeated = smd_levels(np.array([2.0, 3]), np.array([4.0, 1]))
    assert smd_levels(np.array([0.2, 0.3]), np.array([0.8, 0.2])).value == pytest.approx(repeated.value)


@pytest.mark.parametrize("weights", [np.array([-1.0, 1, 1]), np.zeros(3)])
def test_weights_that_cannot_be(weights):
    with pytest.raises(ValueError, match="weights must not be negative, and some of each group above 0"):
        weighted_smd_numbers(np.ones(3), np.ones(3), weights, np.ones(3))


def test_the_standard_error_by_hand():
    assert smd_std_error(0.5, 40, 60) == pytest.approx(np.sqrt(100 / 2400 + 0.25 / 200))


def test_more_groups():
    parts = [np.array([1.0, 2, 3]), np.array([2.0, 3, 4]), np.array([9.0, 10, 11])]
    pairs = between_groups(parts, smd_numbers)
    assert {pair: d.value for pair, d in pairs.items()} == pytest.approx({(0, 1): -1, (0, 2): -8, (1, 2): -7})
    most, pair = largest(pairs)
    assert (most.value, pair) == (pytest.approx(8), (0, 2))
    against = between_groups(parts, smd_numbers, reference=1)
    assert {pair: d.value for pair, d in against.items()} == pytest.approx({(0, 1): -1, (2, 1): 7})


def test_no_overlap_is_larger_than_any_number():
    parts = [np.array([4.0, 4, 0]), np.array([5.0, 3, 0]), np.array([0.0, 0, 9])]
    most, pair = largest(between_groups(parts, smd_levels))
    assert most.note == "not estimable: no overlap between the groups"
    assert 2 in pair


@given(st.lists(st.integers(0, 30), min_size=6, max_size=6))
def test_levels_that_two_groups_do_not_share_at_all_never_give_a_number(counts):
    a, b = np.array([*counts[:3], 0, 0, 0], dtype=float), np.array([0, 0, 0, *counts[3:]], dtype=float)
    found = smd_levels(a, b)
    assert np.isnan(found.value)
    assert found.note.startswith("not estimable")

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurohlh.stats.describe.smd import smd_levels, smd_numbers


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

import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.design.splines import checked_knots, rcs_basis, rcs_knots


def test_the_basis_by_hand():
    # Knots 0, 1, 2: (x)+^3 - 2 (x-1)+^3 + (x-2)+^3, divided by 4.
    found = rcs_basis(np.array([-1.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0]))
    np.testing.assert_allclose(found, [[-1, 0], [1, 0.25], [2, 1.5], [3, 3.0]], atol=1e-15)


def test_straight_beyond_the_outer_knots():
    for x in (np.array([-3.0, -2.0, -1.0]), np.array([8.0, 9.0, 10.0])):
        bent = rcs_basis(x, np.array([0.0, 1.0, 3.0, 7.0]))
        np.testing.assert_allclose(bent[0] - 2 * bent[1] + bent[2], 0, atol=1e-12)


def test_quantiles_by_hand():
    # 0, 1, ..., 200: the quantile p of type 7 is 200 p.
    x = np.arange(201.0)
    np.testing.assert_allclose(rcs_knots(x, 3), [20, 100, 180])
    np.testing.assert_allclose(rcs_knots(x), [10, 55, 100, 145, 190])
    np.testing.assert_allclose(rcs_knots(x, 7)[[0, 3, 6]], [5, 100, 195])


def test_few_values_use_the_fifth_from_each_end():
    found = rcs_knots(np.arange(50.0), 3)
    np.testing.assert_allclose(found, [4, 24.5, 45])


def test_a_pile_at_the_lowest_value_puts_the_first_knot_beside_it():
    # Half are 0; the next value, 1, is the first knot; the others halve and end (0.9) what is larger: 2 to 101.
    x = np.concatenate([np.zeros(101), np.arange(1.0, 102.0)])
    np.testing.assert_allclose(rcs_knots(x, 3), [1, np.quantile(np.arange(2.0, 102), 0.5), 2 + 99 * 0.9])


@pytest.mark.parametrize(
    ("values", "knots", "message"),
    [
        (np.arange(5.0), 3, "3 knots need at least 6 distinct values; these 5 patients have 5"),
        (np.tile(np.arange(6.0), 20), 4, "at least 7 distinct values"),
        (np.concatenate([np.arange(9.0), np.full(200, 4.0)]), 3, "the quantiles for the knots coincide"),
    ],
)
def test_too_few_values(values, knots, message):
    with pytest.raises(NotEstimable, match=message):
        rcs_knots(values, knots)


@pytest.mark.parametrize("knots", [2, 8])
def test_other_numbers_of_knots(knots):
    with pytest.raises(ValueError, match="3 to 7 knots"):
        rcs_knots(np.arange(100.0), knots)


@pytest.mark.parametrize("knots", [[1, 2], [1, 2, 2]])
def test_named_knots_must_be_three_and_distinct(knots):
    with pytest.raises(ValueError, match=r"rcs\(x\): .* at least 3 knots, each named once"):
        checked_knots(np.array(knots), np.arange(9.0), "rcs(x)")


def test_named_knots_outside_the_values():
    with pytest.raises(ValueError, match="outside the values"):
        checked_knots(np.array([20, 30, 40]), np.arange(9.0), "rcs(x)")

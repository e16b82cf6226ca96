import numpy as np
import pytest

from neurohlh.stats.describe.quantiles import quantile, quantile_of_type


def censored(*marks):
    return np.array(marks, dtype=object)


def test_a_censored_value_that_cannot_move_the_median():
    # ">40" lies above the median wherever it really is.
    found = quantile(np.array([1.0, 2, 40]), censored(None, None, "right"), 0.5)
    assert (found.value, found.note) == (2, "")


def test_a_median_that_is_a_limit():
    found = quantile(np.array([1.0, 40, 40]), censored(None, "right", "right"), 0.5)
    assert found.value == 40
    assert found.note.startswith("limit: ")
    assert found.note.endswith("may be higher")


def test_a_limit_below_the_median_matters():
    # ">1" may be anything above 1.
    assert quantile(np.array([1.0, 2, 3]), censored("right", None, None), 0.5).note.endswith("may be higher")
    assert quantile(np.array([1.0, 2, 3]), censored("left", None, None), 0.5).note == ""
    assert quantile(np.array([1.0, 2, 3]), censored(None, "left", None), 0.5).note.endswith("may be lower")
    both = quantile(np.array([2.0, 2.0, 2.0]), censored("left", "left", "right"), 0.5)
    assert both.note.endswith("may be lower")


def test_interpolated_quantiles_look_at_both_neighbours():
    found = quantile(np.array([1.0, 2, 3, 4]), censored(None, None, "right", None), 0.5)
    assert found.value == 2.5
    assert found.note.endswith("may be higher")


def test_no_values():
    found = quantile(np.array([]), None, 0.5)
    assert np.isnan(found.value)
    assert found.note == "not estimable: no known value"


def test_one_value():
    assert quantile(np.array([7.0]), None, 0.25).value == pytest.approx(7)


def test_two_definitions_by_hand():
    x = np.array([4.0, 1, 2, 3])
    # Type 2 averages at the jump, type 6 takes the place p (n + 1), type 7 the place 1 + p (n - 1).
    assert quantile_of_type(x, [0.5, 0.25], 2) == pytest.approx([2.5, 1.5])
    assert quantile_of_type(x, [0.3], 6) == pytest.approx([1.5])
    assert quantile_of_type(x, [0.3], 7) == pytest.approx([1.9])


def test_a_place_that_rounding_misses_is_the_whole_number():
    # 100 * 0.29 is 28.999999999999996 in a double.
    assert quantile_of_type(np.arange(1, 101.0), [0.29], 1)[0] == 29


@pytest.mark.parametrize(("x", "p", "kind"), [([], 0.5, 7), ([1.0], 1.1, 7), ([1.0], 0.5, 10)])
def test_quantiles_that_cannot_be(x, p, kind):
    with pytest.raises(ValueError, match="a quantile needs values, a kind from 1 to 9 and probabilities"):
        quantile_of_type(np.array(x), [p], kind)


@pytest.mark.parametrize("kind", range(1, 10))
def test_one_value_is_every_quantile(kind):
    assert quantile_of_type(np.array([3.0]), [0, 0.4, 1], kind).tolist() == [3, 3, 3]

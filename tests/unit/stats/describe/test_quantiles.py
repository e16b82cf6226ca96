import numpy as np
import pytest

from neurohlh.stats.describe.quantiles import quantile


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

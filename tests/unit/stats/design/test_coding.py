import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.design.coding import learn, read_values
from neurohlh.stats.design.formula import Factor

ALL = np.ones(4, dtype=bool)


def test_a_category_learns_levels_and_applies_them_to_other_rows():
    frame = pd.DataFrame({"g": ["a", "b", "a", "c"]})
    coding = learn(Factor("g"), read_values(Factor("g"), frame), ALL, None)
    assert (coding.reference, coding.levels) == ("a", ("b", "c"))
    other = read_values(Factor("g"), pd.DataFrame({"g": ["c", "a"]}), coding.kind)
    np.testing.assert_array_equal(coding.columns(other, np.ones(2, dtype=bool)), [[0, 1], [0, 0]])


def test_an_unknown_level_is_named():
    coding = learn(Factor("g"), read_values(Factor("g"), pd.DataFrame({"g": ["a", "b", "a", "c"]})), ALL, None)
    other = read_values(Factor("g"), pd.DataFrame({"g": ["bb"]}), coding.kind)
    with pytest.raises(ValueError, match="level 'bb' of 'g' did not occur where the model was fitted"):
        coding.columns(other, np.ones(1, dtype=bool))


def test_a_spline_of_a_category_is_refused():
    with pytest.raises(ValueError, match=r"rcs\(g, 5\): a spline needs numbers, and 'g' holds categories"):
        read_values(Factor("g", "rcs", 5), pd.DataFrame({"g": ["a", "b"]}))


def test_too_few_values_name_the_spline():
    factor = Factor("x", "rcs", 4)
    with pytest.raises(NotEstimable, match=r"rcs\(x, 4\): 4 knots need at least 7 distinct values"):
        learn(factor, read_values(factor, pd.DataFrame({"x": [1, 2, 3, 4]})), ALL, None)


def test_names_of_a_spline_are_those_of_hmisc():
    factor = Factor("x", "rcs", (1.0, 2.0, 3.0, 4.0))
    coding = learn(factor, read_values(factor, pd.DataFrame({"x": [0.0, 2, 3, 5]})), ALL, None)
    assert coding.names() == [("x", ""), ("x'", ""), ("x''", "")]

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import groups, labels, numbers, reference_level, truth


def test_truth_values_keep_unknown_apart():
    known = pd.Series([True, False, None], dtype="boolean")
    np.testing.assert_array_equal(truth(known), [1, 0, np.nan])
    np.testing.assert_array_equal(truth(pd.Series([True, None, False], dtype=object)), [1, np.nan, 0])
    np.testing.assert_array_equal(truth(pd.Series([1, 0, np.nan])), [1, 0, np.nan])


def test_other_event_codes_are_not_guessed():
    with pytest.raises(ValueError, match="must hold true/false or 1/0; 2 cells hold another number"):
        truth(pd.Series([1, 2, 2], name="status"))
    with pytest.raises(ValueError, match="'status' must hold true/false or 1/0"):
        truth(pd.Series(["dead", "alive"], name="status"))


def test_numbers_refuse_text_and_infinity():
    with pytest.raises(ValueError, match="'x' does not hold numbers"):
        numbers(pd.Series(["1", "2"], name="x"))
    with pytest.raises(ValueError, match="1 infinite"):
        numbers(pd.Series([1.0, np.inf], name="x"))


def test_levels_come_in_the_order_of_their_kind():
    assert labels(pd.Series(["indeterminate", "met", "not_met"]))[1] == ["met", "not_met", "indeterminate"]
    assert labels(pd.Series([True, False]))[1] == ["false", "true"]
    assert labels(pd.Series(pd.Categorical(["b", "a"], categories=["b", "a", "c"])))[1] == ["b", "a"]
    texts, levels = labels(pd.Series([2.0, 1.0, np.nan]))
    assert (texts.tolist(), levels) == (["2", "1", None], ["1", "2"])


def test_a_missing_group_is_a_group():
    found, names = groups(pd.DataFrame({"g": ["a", None, "b"]}), "g")
    assert (found.tolist(), names) == (["a", "missing", "b"], ["a", "b", "missing"])
    assert groups(pd.DataFrame({"g": ["a"]}), None)[1] == ["overall"]


def test_the_reference_level():
    assert reference_level(["met", "not_met"], {"met": 9, "not_met": 1}, None, "cns") == "not_met"
    assert reference_level(["a", "b"], {"a": 1, "b": 9}, None, "x") == "b"
    assert reference_level(["a", "b"], {"a": 1, "b": 9}, "a", "x") == "a"
    with pytest.raises(ValueError, match=r"reference 'B' does not occur in 'x'\. Did you mean 'b'"):
        reference_level(["a", "b"], {"a": 1, "b": 9}, "B", "x")


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(ValueError, match=r"no column 'cn'\. Did you mean 'cns'"):
        groups(pd.DataFrame({"cns": ["a"]}), "cn")
    with pytest.raises(ValueError, match="more than one column named 'x'"):
        groups(pd.DataFrame([[1, 2]], columns=["x", "x"]), "x")


def test_a_reference_that_nobody_has_is_a_reason_and_not_a_crash():
    """Data may leave nobody to compare with: the caller's NotEstimable takes it as any other reason."""
    with pytest.raises(NotEstimable, match="reference 'not_met' does not occur"):
        reference_level(["met"], {"met": 3}, "not_met", "cns")

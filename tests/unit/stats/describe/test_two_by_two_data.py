import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.two_by_two_data import two_groups


def test_cells_and_reasons():
    x = pd.Series(["b", "a", "a", None, "b", "a", "a"], name="x")
    y = pd.Series([1, 1, 0, 1, None, 0, 0], name="y")
    found = two_groups(x, y, missing={"missing s": np.arange(7) == 6})
    assert found.names == ("b", "a")
    assert found.cells() == (1, 0, 1, 2)
    assert found.cells(np.array([True, True, False, False])) == (1, 0, 1, 0)
    assert found.dropped == {"missing x": 1, "missing y": 1, "missing s": 1}
    assert two_groups(x, y, reference="b").names == ("a", "b")


def test_what_is_no_table():
    with pytest.raises(ValueError, match="same rows"):
        two_groups(pd.Series([1, 0]), pd.Series([1]))
    with pytest.raises(ValueError, match="two levels, not 3"):
        two_groups(pd.Series(list("abc")), pd.Series([1, 0, 1]))
    with pytest.raises(NotEstimable, match="only one level"):
        two_groups(pd.Series(list("aaa")), pd.Series([1, 0, 1]))

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.linear import fit_linear, linear


def test_a_line_by_hand():
    fit = fit_linear(np.column_stack([np.ones(3), [0.0, 1, 2]]), np.array([0.0, 2, 1]))
    assert fit.coef == pytest.approx([0.5, 0.5])
    assert fit.sigma**2 == pytest.approx(1.5)


def test_two_groups_are_a_t_test():
    # Means 2 and 5; the pooled variance of (1, 2, 3) and (4, 5, 6) is 1, so that the standard error is sqrt(2/3).
    frame = pd.DataFrame({"x": [0, 0, 0, 1, 1, 1], "y": [1.0, 2, 3, 4, 5, 6]})
    row = linear(frame, "y", ["x"], variance="model").tidy.iloc[1]
    assert (row["estimate"], row["df"]) == (pytest.approx(3), 4)
    assert row["std_error"] == pytest.approx(np.sqrt(2 / 3))


def test_too_few_patients():
    with pytest.raises(NotEstimable):
        linear(pd.DataFrame({"x": [0, 1], "y": [1.0, 2]}), "y", ["x"])

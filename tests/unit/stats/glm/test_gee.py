import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.gee import gee
from neurohlh.stats.glm.gee_fit import Clusters
from neurohlh.stats.glm.linear import fit_linear, linear


@pytest.mark.parametrize("structure", ["exchangeable", "ar1"])
def test_the_inverse_correlation_is_the_inverse(structure):
    code = np.array([0, 0, 0, 1, 2, 2])
    gap = np.abs(np.arange(6)[:, None] - np.arange(6))
    own = np.where(gap == 0, 1, 0.3) if structure == "exchangeable" else 0.3**gap
    full = np.where(code[:, None] == code, own, 0.0)
    assert Clusters(code, structure).solve(full, 0.3) == pytest.approx(np.eye(6))


def test_clusters_of_one_are_a_plain_regression_with_hc0():
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5], "y": [1.0, 3, 2, 5, 4], "g": list("abcde")})
    found = gee(frame, "y", ["x"], cluster="g", family="gaussian").tidy
    robust = linear(frame, "y", ["x"], variance="HC0").tidy
    assert found["coef"].tolist() == pytest.approx(robust["coef"].tolist())
    assert found["std_error"].tolist() == pytest.approx(robust["std_error"].tolist())
    # Mancl and DeRouen's correction of clusters of one is HC3.
    corrected = gee(frame, "y", ["x"], cluster="g", family="gaussian", variance="mancl_derouen").tidy
    assert corrected["std_error"].tolist() == pytest.approx(linear(frame, "y", ["x"]).tidy["std_error"].tolist())


def test_a_line_by_hand():
    fit = fit_linear(np.column_stack([np.ones(3), [0.0, 1, 2]]), np.array([0.0, 2, 1]))
    assert fit.coef == pytest.approx([0.5, 0.5])
    assert fit.sigma**2 == pytest.approx(1.5)


def test_what_cannot_be_fitted():
    frame = pd.DataFrame({"x": [0, 0, 0, 1, 1, 1], "y": [0, 1, 0, 1, 1, 1], "g": [1, 1, 2, 2, 3, 3]})
    with pytest.raises(NotEstimable, match="separate the outcomes"):
        gee(frame, "y", ["x"], cluster="g")
    with pytest.raises(ValueError, match="correlation must be one of"):
        gee(frame, "y", ["x"], cluster="g", correlation="toeplitz")
    with pytest.raises(NotEstimable, match="at least two clusters"):
        gee(frame.assign(g=1), "y", ["x"], cluster="g")

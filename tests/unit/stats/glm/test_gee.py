import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.gee import gee
from neurohlh.stats.glm.linear import linear


def test_clusters_of_one_are_a_plain_regression_with_hc0():
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5], "y": [1.0, 3, 2, 5, 4], "g": list("abcde")})
    found = gee(frame, "y", ["x"], cluster="g", family="gaussian").tidy
    robust = linear(frame, "y", ["x"], variance="HC0").tidy
    assert found["coef"].tolist() == pytest.approx(robust["coef"].tolist())
    assert found["std_error"].tolist() == pytest.approx(robust["std_error"].tolist())
    # Mancl and DeRouen's correction of clusters of one is HC3.
    corrected = gee(frame, "y", ["x"], cluster="g", family="gaussian", variance="mancl_derouen").tidy
    assert corrected["std_error"].tolist() == pytest.approx(linear(frame, "y", ["x"]).tidy["std_error"].tolist())


def test_what_cannot_be_fitted():
    frame = pd.DataFrame({"x": [0, 0, 0, 1, 1, 1], "y": [0, 1, 0, 1, 1, 1], "g": [1, 1, 2, 2, 3, 3]})
    with pytest.raises(NotEstimable, match="separate the outcomes"):
        gee(frame, "y", ["x"], cluster="g")
    with pytest.raises(ValueError, match="correlation must be one of"):
        gee(frame, "y", ["x"], cluster="g", correlation="toeplitz")
    with pytest.raises(NotEstimable, match="at least two clusters"):
        gee(frame.assign(g=1), "y", ["x"], cluster="g")


def test_counts_of_a_level_without_events():
    frame = pd.DataFrame({"x": [0, 0, 0, 1, 1, 1], "d": [1, 2, 1, 0, 0, 0], "g": [1, 1, 2, 2, 3, 3]})
    with pytest.raises(NotEstimable, match="a level has no events"):
        gee(frame, "d", ["x"], cluster="g", family="poisson")

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.counts import negative_binomial, poisson_rates


def test_rate_ratio_of_two_groups_by_hand():
    frame = pd.DataFrame({"d": [6, 2, 3, 1], "t": [10.0, 10, 20, 20], "x": [1, 1, 0, 0]})
    row = poisson_rates(frame, "d", ["x"], person_time="t").tidy.iloc[1]
    assert row["estimate"] == pytest.approx(8 / 20 / (4 / 40))
    assert row["std_error"] == pytest.approx(np.sqrt(1 / 8 + 1 / 4))


def test_negative_binomial_of_two_groups_has_the_ratio_of_means():
    frame = pd.DataFrame({"d": [0, 9, 1, 14, 0, 2, 7, 0], "x": [1] * 4 + [0] * 4})
    assert negative_binomial(frame, "d", ["x"]).tidy.iloc[1]["estimate"] == pytest.approx(24 / 9)


def test_no_dispersion_and_broken_counts():
    frame = pd.DataFrame({"d": [2, 2, 2, 3, 3, 3], "x": [0, 0, 0, 1, 1, 1]})
    with pytest.raises(NotEstimable, match="no more than Poisson counts"):
        negative_binomial(frame, "d", ["x"])
    with pytest.raises(ValueError, match="must hold counts"):
        poisson_rates(frame.assign(d=0.5), "d", ["x"])

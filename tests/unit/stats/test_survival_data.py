import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.survival_data import survival_data


def test_everybody_who_cannot_be_used_is_counted_once():
    frame = pd.DataFrame(
        {"t": [5, np.nan, 3, np.nan, 4, 2], "e": [1, 1, np.nan, np.nan, 0, 1], "start": [0, 0, 0, 0, 4, np.nan]}
    )
    data = survival_data(frame, "t", "e", entry="start")
    assert data.dropped == {"missing t": 2, "missing e": 1, "missing start": 1, "start not before t": 1}
    assert (data.n, data.events) == (1, 1)
    assert sum(data.dropped.values()) + data.n == len(frame)


def test_negative_times_are_an_error():
    with pytest.raises(ValueError, match="'t': 2 follow-up times are negative"):
        survival_data(pd.DataFrame({"t": [-1.0, -2.0, 3.0], "e": [1, 0, 1]}), "t", "e")


def test_no_row_left():
    with pytest.raises(NotEstimable, match="no row has both"):
        survival_data(pd.DataFrame({"t": [np.nan], "e": [1]}), "t", "e")


def test_times_that_differ_by_rounding_are_one_time():
    frame = pd.DataFrame({"t": [0.1 + 0.2, 0.3, 0.3 + 1e-6, 2.0, np.nan], "e": 1, "s": [0, 0.1, 0.2, 0.1 + 0.2, 0]})
    assert len({0.1 + 0.2, 0.3}) == 2
    data = survival_data(frame, "t", "e", entry="s")
    assert data.time.tolist() == [0.3, 0.3, 0.3 + 1e-6, 2.0]
    assert data.entry.tolist() == [0, 0.1, 0.2, 0.3]


def test_a_row_that_begins_and_ends_at_one_time_but_for_rounding_is_dropped():
    frame = pd.DataFrame({"t": [0.1 + 0.2, 2.0], "e": 1, "s": [0.3, 1.0]})
    assert survival_data(frame, "t", "e", entry="s").dropped == {"s not before t": 1}

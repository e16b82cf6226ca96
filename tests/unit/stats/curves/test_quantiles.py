import numpy as np
import pytest

from neurohlh.stats.curves.quantiles import checked_quantiles, quantile_time

TIME = np.array([0.0, 1, 2, 5, 9])


@pytest.mark.parametrize(
    ("curve", "below", "to_end", "expected"),
    [
        ([1, 0.8, 0.4, 0.2, 0.2], 0.5, False, 2),  # steps over it
        ([1, 0.8, 0.5, 0.2, 0.2], 0.5, False, 3.5),  # rests on it from 2 to 5
        ([1, 0.8, 0.5, 0.5, 0.5], 0.5, False, 2),  # rests on it to the end: the median that R prints
        ([1, 0.8, 0.5, 0.5, 0.5], 0.5, True, 5.5),  # ... and R's quantile
        ([1, 0.8, 0.7, 0.6, 0.6], 0.5, True, np.nan),  # never reaches it
        ([np.nan, np.nan, 0.3, 0.2, np.nan], 0.5, True, 2),  # limits that are not there
        ([1, 0.75, 0.75, 0.75 - 1e-12, 0.4], 0.75, False, 3),  # equal but for rounding is equal; falls at 5, not 9
    ],
)
def test_when_a_curve_has_fallen_to_a_height(curve, below, to_end, expected):
    found = quantile_time(TIME, np.array(curve, dtype=float), below, to_end=to_end)
    assert found == pytest.approx(expected, nan_ok=True)


def test_shares_are_sorted_and_told_once():
    assert checked_quantiles([0.75, 0.25, 0.75]).tolist() == [0.25, 0.75]


@pytest.mark.parametrize("share", [0, 1, 25, float("nan")])
def test_shares_lie_between_0_and_1(share):
    with pytest.raises(ValueError, match="quantiles must lie between 0 and 1"):
        checked_quantiles([share])

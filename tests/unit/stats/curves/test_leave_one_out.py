import numpy as np
import pytest

from neurohlh.stats.curves.leave_one_out import area_without_each, survival_without_each
from neurohlh.stats.curves.product_limit import product_limit


def test_by_hand():
    time, event = np.array([1.0, 2, 3]), np.array([True, False, True])
    # Without the first nobody dies by 2; without either other one of two dies at 1.
    assert survival_without_each(time, event, None, 2.0).tolist() == pytest.approx([1, 0.5, 0.5])
    assert area_without_each(time, event, None, 3.0).tolist() == pytest.approx([3, 1 + 0.5 * 2, 1 + 0.5 * 2])


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_it_is_the_curve_of_the_others(delayed, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 20))
    time = rng.integers(1, 10, n).astype(float)
    event, entry = rng.random(n) < 0.8, np.maximum(time - rng.integers(1, 9, n), 0) if delayed else None
    at = float(rng.integers(1, time.max() + 1))
    survival, area = survival_without_each(time, event, entry, at), area_without_each(time, event, entry, at)
    for i in range(n):
        others = np.arange(n) != i
        curve = product_limit(time[others], event[others], None if entry is None else entry[others], z=0.0)
        assert survival[i] == pytest.approx(curve.survival[curve.row_at(np.array([at]))[0]], abs=1e-12)
        widths = np.diff(np.minimum(np.append(curve.time, np.inf), at))
        assert area[i] == pytest.approx((widths * curve.survival).sum(), abs=1e-10)

import numpy as np
import pytest

from neurohlh.stats.curves.areas import area_under, influence_on_area, influence_on_survival
from neurohlh.stats.curves.influence import Weights
from neurohlh.stats.curves.product_limit import product_limit

TIME = np.array([1.0, 2, 2, 4])
EVENT = np.array([True, True, False, False])


def test_by_hand():
    # S is 1, 3/4 from 1, 1/2 from 2; the area up to 3 is 1 + 3/4 + 1/2.
    area = area_under(TIME, EVENT, None, 3.0)
    assert area.mean == pytest.approx(2.25)
    assert area.std_error == pytest.approx(np.sqrt(1.25**2 / (4 * 3) + 0.5**2 / (3 * 2)))
    assert (area.n, area.events) == (4, 2)


def test_too_little_follow_up_has_a_reason_and_no_event_no_error():
    assert area_under(TIME, EVENT, None, 5.0).reason == "follow-up ends at 4, before 5"
    assert np.isnan(area_under(TIME, EVENT, None, 0.5).std_error)


@pytest.mark.parametrize("delayed", [False, True])
def test_influences_are_derivatives_by_the_weights(delayed):
    rng = np.random.default_rng(4)
    time = rng.integers(3, 12, 15).astype(float)
    event, entry = rng.random(15) < 0.6, (time - rng.integers(1, 8, 15)) if delayed else None

    def both(weight):
        weights = Weights(weight, np.arange(15), robust=False)
        curve = product_limit(time, event, entry, z=0.0, weights=weights)
        at = np.minimum(np.append(curve.time, np.inf), 9)
        return np.array([curve.survival[curve.row_at(np.array([7.0]))[0]], (np.diff(at) * curve.survival).sum()])

    slope = np.array([(both(1 + h) - both(1 - h)) / 2e-6 for h in 1e-6 * np.eye(15)])
    curve = product_limit(time, event, entry, z=0.0)
    np.testing.assert_allclose(influence_on_survival(curve, 7.0, time, event, entry), slope[:, 0], atol=1e-8)
    np.testing.assert_allclose(influence_on_area(curve, 9.0, time, event, entry), slope[:, 1], atol=1e-8)

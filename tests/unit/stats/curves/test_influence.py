import numpy as np
import pytest

from neurohlh.stats.curves.influence import Weights, cluster_variance, jackknife_variance
from neurohlh.stats.curves.product_limit import count, places, product_limit


@pytest.mark.parametrize("delayed", [False, True])
def test_the_jackknife_is_the_sum_of_squared_derivatives_by_the_weights(delayed):
    rng = np.random.default_rng(3)
    time = rng.integers(2, 9, 14).astype(float)
    event, entry = rng.random(14) < 0.7, (time - rng.integers(1, 6, 14)) if delayed else None
    w, cluster = rng.random(14) + 0.5, rng.integers(0, 5, 14)

    def survival(weight):
        plain = Weights(weight, cluster, robust=False)
        return product_limit(time, event, entry, z=1.96, weights=plain).survival

    step = 1e-6 * np.eye(14)
    slope = np.array([(survival(w + h) - survival(w - h)) / 2e-6 for h in step])
    by_cluster = np.array([(w[cluster == c, None] * slope[cluster == c]).sum(axis=0) for c in range(5)])
    robust = product_limit(time, event, entry, z=1.96, weights=Weights(w, cluster, robust=True))
    known = robust.survival > 0
    np.testing.assert_allclose(robust.std_error[known], np.sqrt((by_cluster**2).sum(axis=0))[known], atol=1e-8)


def test_without_drift_only_events_count():
    time, event = np.array([1.0, 2, 3]), np.array([True, False, True])
    counts = count(time, event, None)
    weights = Weights(np.array([1.0, 5, 2]), np.arange(3), robust=True)
    jump, drift = np.ones(4), np.zeros(4)
    variance = jackknife_variance(jump, drift, *places(counts, time, event, None), weights)
    assert variance.tolist() == [0, 1, 1, 5]


def test_influences_are_summed_in_clusters_before_they_are_squared():
    weights = Weights(np.array([1.0, 2, 1]), np.array([0, 0, 1]), robust=True)
    assert cluster_variance(np.array([3.0, -1, 2]), weights) == (3 - 2) ** 2 + 2**2
    assert cluster_variance(np.array([[3.0, 0], [-1, 1], [2, 2]]), weights).tolist() == [[5, 6], [6, 8]]
    assert cluster_variance(np.array([3.0, 4]), None) == 25


def test_the_effective_size():
    assert Weights(np.array([1.0, 1, 2]), np.arange(3), robust=True).effective_size == pytest.approx(16 / 6)

import numpy as np
import pytest

from neurohlh.stats.curves.influence import Weights
from neurohlh.stats.curves.product_limit import count, product_limit

TIME = np.array([2.0, 4, 4, 4, 6, 8])
EVENT = np.array([True, True, True, False, False, True])


def test_counts_by_hand():
    counts = count(TIME, EVENT, None)
    assert counts.time.tolist() == [0, 2, 4, 6, 8]
    assert counts.n_risk.tolist() == [6, 6, 5, 2, 1]
    assert counts.n_event.tolist() == [0, 1, 2, 0, 1]
    assert counts.n_censor.tolist() == [0, 0, 1, 1, 0]


def test_counts_with_entry_by_hand():
    counts = count(TIME, EVENT, np.array([0.0, 2, 3, 0, 5, 6]))
    # Who enters at 2 is not at risk at 2; who enters at 6 is at risk at 8 only.
    assert counts.n_risk.tolist() == [2, 2, 3, 1, 1]
    assert counts.at_risk(np.array([0.0, 2, 4, 5.5, 7])).tolist() == [2, 2, 3, 1, 1]


def test_a_patient_who_enters_at_time_0_is_not_at_risk_for_a_death_at_time_0():
    curve = product_limit(np.array([0.0, 3.0]), np.array([True, False]), np.array([-1.0, 0.0]), z=1.96)
    assert curve.survival[0] == 0


def test_by_weight_by_hand():
    weights = Weights(np.array([1.0, 2, 1, 1, 3, 1]), np.arange(6), robust=False)
    curve = product_limit(TIME, EVENT, None, z=1.96, weights=weights)
    assert curve.risk.tolist() == [9, 9, 8, 4, 1]
    assert curve.died.tolist() == [0, 1, 3, 0, 1]
    assert curve.survival.tolist() == pytest.approx([1, 8 / 9, 8 / 9 * 5 / 8, 5 / 9, 0])
    assert curve.std_error[2] == pytest.approx(5 / 9 * np.sqrt(1 / (9 * 8) + 3 / (8 * 5)))
    assert curve.n_risk.tolist() == [6, 6, 5, 2, 1]


def test_the_robust_variance_by_hand():
    # Three of weights 1, 2, 1; the first dies at 1. dS/dw is -3/16 for it and 1/16 for the others.
    weights = Weights(np.array([1.0, 2, 1]), np.arange(3), robust=True)
    curve = product_limit(np.array([1.0, 2, 3]), np.array([True, False, False]), None, z=1.96, weights=weights)
    assert curve.survival[1] == pytest.approx(3 / 4)
    assert curve.std_error[1] == pytest.approx(np.sqrt((3 / 16) ** 2 + (2 / 16) ** 2 + (1 / 16) ** 2))


def test_without_weights_robust_and_greenwood_differ_by_ties_only_in_the_formula():
    # Uncensored and unweighted, both are the binomial sqrt(S (1 - S) / n).
    time, event = np.arange(1.0, 11), np.ones(10, dtype=bool)
    robust = product_limit(time, event, None, z=1.96, weights=Weights(np.ones(10), np.arange(10), robust=True))
    plain = product_limit(time, event, None, z=1.96)
    binomial = np.sqrt(plain.survival * (1 - plain.survival) / 10)
    np.testing.assert_allclose(robust.std_error[1:-1], binomial[1:-1])
    np.testing.assert_allclose(plain.std_error[1:-1], binomial[1:-1])


def test_one_cluster_alone_has_no_variance():
    weights = Weights(np.array([0.3, 0.7, 1.1, 0.9]), np.zeros(4, dtype=int), robust=True)
    curve = product_limit(np.array([1.0, 2, 3, 4]), np.array([True, True, False, False]), None, z=1.96, weights=weights)
    assert curve.std_error[1:].tolist() == [0, 0, 0, 0]
    assert np.isnan(curve.conf_low).all()

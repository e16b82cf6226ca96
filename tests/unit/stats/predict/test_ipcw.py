import numpy as np
import pytest

from neurohlh.stats.predict.ipcw import Censoring

TIME = np.array([1.0, 2.0, 3.0, 4.0])
OBSERVED = np.array([True, False, True, False])


def test_weights_by_hand():
    # One of three is censored at 2: G is 2/3 from then on. The event at 3 and the patient beyond stand for 1.5 each.
    censoring = Censoring.of(TIME, OBSERVED)
    assert censoring.survival(np.array([1.9, 2.0, 3.0])).tolist() == pytest.approx([1, 2 / 3, 2 / 3])
    assert censoring.survival(np.array([2.0]), before=True).tolist() == [1]
    assert censoring.weights(3.0).tolist() == pytest.approx([1, 0, 1.5, 1.5])
    assert censoring.weights(1.5).tolist() == pytest.approx([1, 1, 1, 1])


def test_an_event_comes_before_a_censoring_of_the_same_day():
    # Three are under observation at 2; the event leaves first, so one of two is censored.
    censoring = Censoring.of(np.array([2.0, 2.0, 3.0]), np.array([True, False, True]))
    assert censoring.survival(np.array([2.0])).tolist() == pytest.approx([0.5])
    assert censoring.weights(3.0).tolist() == pytest.approx([1, 0, 2])


def test_nobody_stands_for_those_lost_when_all_are_censored():
    censoring = Censoring.of(np.array([1.0, 2.0]), np.array([True, False]))
    assert censoring.weights(2.0).tolist() == pytest.approx([1, 0])


def test_weights_add_up_to_the_patients_while_somebody_is_followed_on():
    rng = np.random.default_rng(1)
    time, observed = rng.integers(1, 30, 200).astype(float), rng.random(200) < 0.6
    assert Censoring.of(time, observed).weights(15.0).sum() == pytest.approx(200)


def test_influence_by_hand():
    # Contributions (1, 0, 1.5, 1.5)/1: one censoring moment, 2, with 3 under observation; later contributions: 3.
    # Per censoring 3/3 = 1; the compensator is 1/3 for all three; the first patient left before.
    found = Censoring.of(TIME, OBSERVED).influence(np.array([1.0, 0.0, 1.5, 1.5]), 3.0)
    assert found.tolist() == pytest.approx([0, 1 - 1 / 3, -1 / 3, -1 / 3])


def test_without_censoring_there_is_nothing_to_estimate():
    censoring = Censoring.of(TIME, np.ones(4, dtype=bool))
    assert censoring.weights(3.0).tolist() == [1, 1, 1, 1]
    assert censoring.influence(np.ones(4), 3.0).tolist() == [0, 0, 0, 0]

import numpy as np
import pytest

from neurohlh.stats.concordance import concordance


def brute(score, time, event, entry=None):
    """Every pair, one after the other, as the definition says."""
    good = pairs = 0.0
    for i in range(len(time)):
        for j in range(len(time)):
            later = time[j] > time[i] or (time[j] == time[i] and not event[j])
            present = entry is None or entry[j] < time[i]
            if event[i] and i != j and later and present:
                pairs += 1
                good += (score[i] > score[j]) + 0.5 * (score[i] == score[j])
    return good / pairs, pairs


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("delayed", [False, True])
def test_equal_to_counting_every_pair(seed, delayed):
    rng = np.random.default_rng(seed)
    n = 60
    time, score = rng.integers(2, 15, n).astype(float), rng.integers(0, 6, n).astype(float)
    event, entry = rng.random(n) < 0.6, np.minimum(rng.integers(0, 6, n), time - 1) if delayed else None
    found = concordance(score, time, event, entry=entry)
    estimate, pairs = brute(score, time, event, entry)
    assert found.estimate == pytest.approx(estimate)
    assert found.pairs == pairs


def test_perfect_and_useless_scores():
    time, event = np.arange(1.0, 6), np.ones(5, dtype=bool)
    assert concordance(-time, time, event).estimate == 1
    assert concordance(time, time, event).estimate == 0
    assert concordance(np.zeros(5), time, event).estimate == 0.5


def test_patients_of_different_strata_are_not_compared():
    time, event = np.array([1.0, 2, 10, 20]), np.ones(4, dtype=bool)
    found = concordance(np.array([2.0, 1, 9, 8]), time, event, strata=np.array([0, 0, 1, 1]))
    assert (found.estimate, found.pairs) == (1, 2)


def test_no_pairs():
    assert concordance(np.zeros(2), np.ones(2), np.zeros(2, dtype=bool)).pairs == 0

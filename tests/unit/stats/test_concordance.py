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


@pytest.fixture(params=[False, True])
def by_merging(request, monkeypatch):
    """Both ways of counting: every pair looked at, and blocks merged by score."""
    if request.param:
        monkeypatch.setattr("neurohlh.stats.concordance._FEW", 0)


@pytest.mark.usefixtures("by_merging")
def test_time_weights_by_hand():
    # Events at 1, 2, 3, the last patient censored at 4; scores 3, 1, 2, 0. At 1 all three later ones are lower; at 2
    # of the two later ones (2 and 0) one is lower; at 3 the only later one is. S just before is 1, 3/4, 1/2.
    time, event = np.array([1.0, 2, 3, 4]), np.array([True, True, True, False])
    score = np.array([3.0, 1, 2, 0])
    assert concordance(score, time, event).estimate == pytest.approx(5 / 6)
    # n S(t) / n(t) is 4 * 1 / 4, 4 * 0.75 / 3 and 4 * 0.5 / 2: all 1. Only 1 / n(t) differs: 1/4, 1/3, 1/2.
    assert concordance(score, time, event, time_weight="S").estimate == pytest.approx(5 / 6)
    found = concordance(score, time, event, time_weight="I").estimate
    assert found == pytest.approx((3 / 4 + 1 / 3 + 1 / 2) / (3 / 4 + 2 / 3 + 1 / 2))
    early = concordance(score, time, event, tau=2)
    assert (early.estimate, early.pairs) == (pytest.approx(4 / 5), 5)


@pytest.mark.usefixtures("by_merging")
def test_uno_by_hand():
    # The one censored at 2 halves G from there on (2 of 3 at risk stay: G = 2/3): the event at 3 counts 9/4 times.
    time, event = np.array([1.0, 2, 3, 4]), np.array([True, False, True, True])
    found = concordance(np.array([0.0, 5, 2, 1]), time, event, time_weight="n/G2")
    assert found.estimate == pytest.approx((0 + 9 / 4) / (3 + 9 / 4))


@pytest.mark.usefixtures("by_merging")
@pytest.mark.parametrize("delayed", [False, True])
def test_weights_strata_and_entry_counted_pair_by_pair(delayed):
    rng = np.random.default_rng(3)
    n = 50
    time, score = rng.integers(2, 15, n).astype(float), rng.integers(0, 6, n).astype(float)
    event, w, strata = rng.random(n) < 0.6, rng.random(n) + 0.5, rng.integers(0, 3, n)
    entry = np.minimum(rng.integers(0, 6, n), time - 1) if delayed else None
    found = concordance(score, time, event, entry=entry, strata=strata, weights=w)
    good = pairs = 0.0
    for i in range(n):
        for j in range(n):
            later = time[j] > time[i] or (time[j] == time[i] and not event[j])
            present = entry is None or entry[j] < time[i]
            if event[i] and i != j and later and present and strata[i] == strata[j]:
                pairs += w[i] * w[j]
                good += w[i] * w[j] * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
    assert (found.estimate, found.pairs) == pytest.approx((good / pairs, pairs))
    assert found.concordant + found.tied / 2 == pytest.approx(good)


def test_wrong_time_weights():
    time, event = np.arange(1.0, 6), np.ones(5, dtype=bool)
    with pytest.raises(ValueError, match="time_weight must be one of n, S"):
        concordance(time, time, event, time_weight="uno")
    with pytest.raises(ValueError, match="delayed entry hides"):
        concordance(time, time, event, entry=time - 1, time_weight="n/G2")

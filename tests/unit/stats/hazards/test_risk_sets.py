import numpy as np
import pytest

from neurohlh.stats.hazards.risk_sets import counting_order, risk_sets
from neurohlh.stats.hazards.risk_sums import NestedSums, RunningSums
from neurohlh.stats.hazards.running_sums import Segments


def test_three_patients_by_hand():
    # Events at 4 and 2; the one censored at 3 is at risk at 2 only, the one that enters at 2 only at 4.
    sets = risk_sets(np.array([2.0, 3, 4]), np.array([True, False, True]), np.array([0.0, 0, 2]), None)
    assert sets.times.tolist() == [4, 2]
    at_risk = {int(row): (int(a), int(b)) for row, a, b in zip(sets.rows, sets.first, sets.stop, strict=True)}
    assert at_risk == {2: (0, 1), 1: (1, 2), 0: (1, 2)}
    assert sets.late.size == 1


def test_who_is_at_risk_at_no_event_is_left_out():
    sets = risk_sets(np.array([1.0, 2, 3]), np.array([False, True, False]), np.array([0.0, 0, 2]), None)
    assert sorted(sets.rows.tolist()) == [1]


@pytest.fixture(params=[None, 3, 150])
def crossing(request):
    rng = np.random.default_rng(5)
    n = 300
    time = np.ceil(rng.exponential(30, n))
    entry, event = np.floor(time * rng.random(n)), rng.random(n) < 0.6
    strata = None if request.param is None else rng.integers(0, request.param, n)
    return time, event, entry, strata


def test_moments_are_those_of_the_definition(crossing):
    time, event, entry, strata = crossing
    sets = risk_sets(time, event, entry, strata)
    group = np.zeros(len(time), dtype=int) if strata is None else strata
    for m in range(sets.size):
        inside = (group == sets.strata[m]) & (entry < sets.times[m]) & (sets.times[m] <= time)
        found = sets.rows[(sets.first <= m) & (m < sets.stop)]
        assert sorted(found) == np.flatnonzero(inside).tolist()


@pytest.mark.parametrize("sums", [RunningSums, NestedSums])
def test_sums_over_risk_sets_and_over_time_at_risk(crossing, sums):
    sets = risk_sets(*crossing)
    rng = np.random.default_rng(6)
    values, x, hazard = rng.random(len(sets.rows)), rng.normal(size=(len(sets.rows), 2)), rng.random(sets.size)
    member = (sets.first <= np.arange(sets.size)[:, None]) & (np.arange(sets.size)[:, None] < sets.stop)
    found = sums(sets)
    np.testing.assert_allclose(found.at_risk(values), member @ values, rtol=1e-12)
    np.testing.assert_allclose(found.covariates_at_risk(values, x), member @ (values[:, None] * x), atol=1e-12)
    np.testing.assert_allclose(found.over_time(hazard.copy()), hazard @ member, rtol=1e-9, atol=1e-12)


def test_a_tiny_risk_set_beside_a_huge_one_keeps_its_digits(crossing):
    sets = risk_sets(*crossing)
    values = 10.0 ** np.random.default_rng(7).integers(-15, 15, len(sets.rows))
    member = (sets.first <= np.arange(sets.size)[:, None]) & (np.arange(sets.size)[:, None] < sets.stop)
    np.testing.assert_allclose(NestedSums(sets).at_risk(values), member @ values, rtol=1e-13)


def test_segments_of_all_lengths():
    rng = np.random.default_rng(8)
    lengths = [1, 2, 3, 1, 64, 65, 200, 7]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    values = rng.random((starts[-1], 2))
    parts = np.split(values, starts[1:-1])
    forward = np.vstack([np.cumsum(part, axis=0) for part in parts])
    backward = np.vstack([np.cumsum(part[::-1], axis=0)[::-1] for part in parts])
    np.testing.assert_array_equal(Segments.of(starts).forward(values.copy()), forward)
    np.testing.assert_array_equal(Segments.of(starts).backward(values.copy()), backward)


@pytest.mark.parametrize("size", [10, 70_000])
def test_counting_is_a_stable_sort(size):
    codes = np.random.default_rng(9).integers(0, size, 500)
    np.testing.assert_array_equal(counting_order(codes, size), np.argsort(codes, kind="stable"))

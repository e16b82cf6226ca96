import numpy as np
import pytest

from neurohlh.stats.curves.product_limit import product_limit
from neurohlh.stats.curves.risk_table import checked_times, risk_rows, risk_ticks, sparse_notes, weight_at_risk


@pytest.mark.parametrize(
    ("longest", "last", "step"), [(1022.0, 1000, 200), (8.0, 8, 2), (0.6, 0.6, 0.1), (13.0, 10, 5), (60.0, 60, 10)]
)
def test_about_six_round_steps(longest, last, step):
    ticks = risk_ticks(np.array([1e-3, longest]), None)
    assert (ticks[0], ticks[-1], ticks[1]) == (0, pytest.approx(last), pytest.approx(step))


def test_follow_up_that_ends_at_once_has_one_tick():
    assert risk_ticks(np.zeros(3), None).tolist() == [0]
    assert risk_ticks(np.array([5.0]), [3, 1, 3]).tolist() == [1, 3]


@pytest.mark.parametrize("times", [[-1], [np.nan], [np.inf]])
def test_times_are_numbers_of_at_least_0(times):
    with pytest.raises(ValueError, match="times must be numbers of at least 0"):
        checked_times(times)


def test_rows_count_until_and_with_their_time():
    curve = product_limit(np.array([1.0, 2, 2, 3]), np.array([True, True, False, False]), None, z=1.96)
    rows = risk_rows("g", curve, np.array([0.0, 2, 9]))
    assert [(r["n_risk"], r["n_event"], r["n_censor"]) for r in rows] == [(4, 0, 0), (3, 2, 1), (0, 2, 2)]


def test_weights_at_risk_are_summed_over_those_still_and_already_observed():
    # Rows 1-4 end at 1, 2, 2, 3 with weights 1, 2, 4, 8; the last two enter at 0.5 and at 2.
    end, weight, ticks = np.array([1.0, 2, 2, 3]), np.array([1.0, 2, 4, 8]), np.array([0.0, 1, 2, 2.5, 9])
    assert weight_at_risk(ticks, end, None, weight).tolist() == [15, 15, 14, 8, 0]
    assert weight_at_risk(ticks, end, np.array([0, 0, 0.5, 2]), weight).tolist() == [3, 7, 6, 8, 0]


def notes(time, event, entry=None):
    begin = None if entry is None else np.array(entry, dtype=float)
    curve = product_limit(np.array(time, dtype=float), np.array(event, dtype=bool), begin, z=1.96)
    return sparse_notes({"g": curve})


def test_where_few_are_at_risk():
    assert notes(range(1, 13), [1] * 12) == (
        "g: fewer than 10 at risk from time 4 on; read the curve there with care.",
    )
    assert notes([1, 2], [1, 1]) == ("g: never 10 patients at risk; read the curve with care.",)
    # One of two dies at 2, before the ten others enter at 3.
    late = notes([2, *range(4, 15)], [1] * 12, [0, 0, *[3] * 10])
    assert late[0] == "g: events with fewer than 10 at risk before time 4; the whole curve rests on them."


def test_where_nobody_is_at_risk():
    nobody = "g: with delayed entry nobody was at risk for a while; the curve there means nothing."
    assert nobody in notes([2, 3, 9], [1, 1, 0], [0, 0, 5])
    assert nobody in notes([2, 3], [1, 1], [1, 1])
    assert nobody not in notes([2, 3, 9], [1, 1, 0], [0, 0, 3])
    assert nobody not in notes([2, 3, 9], [1, 1, 0])

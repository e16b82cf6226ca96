"""Curves of single days become coarse steps, and end where few are at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd

from neurohlh.core.suppression import is_suppressed
from neurohlh.report.disclose.curves import STEP, coarse, risk_table, steps
from neurohlh.report.disclose.rule import Rule

RULE = Rule(5)


def curve(days, n=40):
    """One death on each of `days`, nobody lost."""
    died = np.arange(1, len(days) + 1)
    return pd.DataFrame(
        {
            "group": "met",
            "time": [0.0, *days],
            "n_risk": [n, *(n - died + 1)],
            "n_event": [0, *np.ones(len(days), int)],
            "n_censor": 0,
            "survival": [1.0, *(1 - died / n)],
        }
    )


def test_every_step_holds_five_deaths_and_no_day_of_a_death_is_left():
    days = [3.0, 8.0, 17.0, 41.0, 55.0, 71.0, 100.0, 160.0, 170.0, 175.0, 700.0, 710.0, 720.0, 730.0, 740.0]
    shown = coarse(curve(days), RULE)
    assert set(shown["time"] % STEP) == {0.0}
    assert [round(40 * (1 - s)) for s in shown["survival"]][:2] == [0, 5]
    assert shown["time"].tolist()[:2] == [0.0, 60.0]
    assert {round(40 * (1 - s)) for s in shown["survival"]} == {0, 5, 10}
    assert all(is_suppressed(v) for c in ("n_risk", "n_event", "n_censor") for v in shown[c])


def test_a_curve_tells_the_truth_at_the_days_at_which_it_is_read_off():
    full = curve([3.0, 8.0, 17.0, 41.0, 55.0, 71.0, 100.0, 160.0, 170.0, 175.0])
    for row in coarse(full, RULE).to_dict("records"):
        assert row["survival"] == full.loc[full["time"] <= row["time"], "survival"].iloc[-1]


def test_it_ends_where_fewer_than_five_are_at_risk():
    full = curve([float(d) for d in range(10, 110, 10)], n=10)
    shown = coarse(full, RULE)
    assert full.loc[full["time"] >= shown["time"].max(), "n_risk"].iloc[0] >= 5


def test_a_group_in_which_three_died_shows_no_step():
    assert coarse(curve([10.0, 20.0, 30.0]), RULE)["survival"].tolist() in ([], [1.0])


def test_totals_are_shown_only_where_none_is_a_few_from_the_next_or_from_the_end():
    assert steps([0, 2, 6, 8, 14], 14, 5).tolist() == [0, 2, 4]
    assert steps([0, 6, 12], 14, 5).tolist() == [0, 1]
    assert steps([0, 5, 6, 6], 6, 5).tolist() == [0, 2, 3]
    assert steps([0, 3, 3], 3, 5).tolist() == []
    assert steps([0, 0, 0], 0, 5).tolist() == [0, 1, 2]


def test_a_risk_table_hides_the_ticks_between_which_few_die_or_are_lost():
    rows = [
        {"group": "met", "time": t, "n_risk": n, "n_event": e, "n_censor": c}
        for t, n, e, c in ((0, 40, 0, 0), (365, 32, 8, 0), (730, 29, 10, 1), (1095, 20, 15, 5))
    ]
    shown = risk_table(rows, RULE)
    assert [is_suppressed(row["n_risk"]) for row in shown] == [False, False, True, False]

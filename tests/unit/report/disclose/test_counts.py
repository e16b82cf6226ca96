"""Counts by reason, the flow, and patients by status."""

from __future__ import annotations

import pandas as pd
import pytest

from neurohlh.core.suppression import is_suppressed
from neurohlh.report.disclose.counts import safe_counts, safe_evidence, safe_flow, safe_states
from neurohlh.report.disclose.rule import Rule

RULE = Rule(5)


def states(values):
    return {k: is_suppressed(v) for k, v in values.items()}


def test_a_lone_small_reason_takes_the_next_smallest_along():
    found = safe_counts({"supplied": 120, "used": 100, "dropped": {"a": 2, "b": 8, "c": 10}}, RULE)
    assert states(found["dropped"]) == {"a": True, "b": True, "c": False}
    assert (found["supplied"], found["used"]) == (120, 100)


def test_two_reasons_of_one_each_are_told_by_their_sum_so_a_third_goes():
    found = safe_counts({"supplied": 110, "used": 100, "dropped": {"a": 1, "b": 1, "c": 8}}, RULE)
    assert states(found["dropped"]) == {"a": True, "b": True, "c": True}


def test_where_few_were_left_out_altogether_who_was_used_is_not_said():
    found = safe_counts({"supplied": 102, "used": 100, "events": 30, "dropped": {"a": 2}}, RULE)
    assert is_suppressed(found["used"])
    assert is_suppressed(found["events"])
    assert found["supplied"] == 102


def test_a_group_with_few_deaths_hides_the_counts_of_every_group():
    found = safe_counts({"groups": {"met": {"n": 40, "events": 20}, "not_met": {"n": 30, "events": 2}}}, RULE)
    assert all(is_suppressed(v) for group in found["groups"].values() for v in group.values())


def test_numbers_of_parameters_count_no_patient():
    assert safe_counts({"parameters": 3, "variables": 2}, RULE) == {"parameters": 3, "variables": 2}


def flow(*left, start=100):
    rows = []
    for i, n in enumerate(left):
        rows.append({"step": f"s{i}", "label": "", "n_in": start, "n_excluded": n, "n_out": start - n, "reason": ""})
        start -= n
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("left", "hidden"),
    [
        ((0, 20, 0), {}),
        ((3, 15, 22), {"n_excluded": [0, 1], "n_out": [0], "n_in": [1]}),
        ((20, 0, 3), {"n_excluded": [0, 2], "n_out": [0, 1], "n_in": [1, 2]}),
        ((0, 3, 0), {"n_excluded": [1], "n_in": [0, 1, 2], "n_out": [0, 1]}),
    ],
)
def test_who_left_a_step_cannot_be_told_from_the_numbers_beside_it(left, hidden):
    found = safe_flow(flow(*left), RULE)
    told = {c: [i for i, v in enumerate(found[c]) if is_suppressed(v)] for c in ("n_in", "n_excluded", "n_out")}
    assert {c: places for c, places in told.items() if places} == hidden


def test_the_last_number_of_the_flow_stays_since_every_table_shows_it():
    assert safe_flow(flow(0, 3, 0), RULE)["n_out"].iloc[-1] == 97


def test_a_small_status_takes_the_next_smaller_along():
    frame = pd.DataFrame([{"met": 80, "not_met": 3, "indeterminate": 17, "not_applicable": 0}])
    found = safe_states(frame, RULE).iloc[0]
    assert states(found) == {"met": False, "not_met": True, "indeterminate": True, "not_applicable": False}


def test_all_but_two_of_those_asked_is_as_telling_as_two():
    frame = pd.DataFrame(
        [
            {"domain": "CSF", "evidence": "abnormal", "n": 38, "n_asked": 40},
            {"domain": "CSF", "evidence": "cells", "n": 12, "n_asked": 40},
            {"domain": "Imaging", "evidence": "abnormal", "n": 20, "n_asked": 40},
        ]
    )
    assert [is_suppressed(v) for v in safe_evidence(frame, RULE)["n"]] == [True, True, False]

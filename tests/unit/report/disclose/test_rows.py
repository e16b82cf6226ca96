"""Which rows of a table are withheld: cases that can be solved by hand."""

from __future__ import annotations

import pandas as pd

from neurohlh.core.result import tidy_frame
from neurohlh.core.suppression import is_suppressed
from neurohlh.report.disclose.rows import mask, withheld
from neurohlh.report.disclose.rule import Rule, near

RULE = Rule(5)


def hidden(rows, rule=RULE, column="events"):
    """Whether each row's number is withheld."""
    frame, _ = mask(tidy_frame(rows), withheld(tidy_frame(rows), rule))
    return [is_suppressed(v) for v in frame[column]]


def share(level, events, n, group="", variable="trigger", **more):
    return {
        "variable": variable, "term": "level", "level": level, "group": group, "measure": "proportion",
        "n": n, "events": events, "estimate": events / n, **more,
    }  # fmt: skip


def test_nothing_is_withheld_where_every_count_and_every_rest_is_large_or_zero():
    assert hidden([share("ebv", 20, 40), share("other", 20, 40), share("none", 0, 40)]) == [False] * 3


def test_one_small_level_alone_takes_the_others_along():
    assert hidden([share("ebv", 30, 40), share("virus", 8, 40), share("fungus", 2, 40)]) == [True] * 3


def test_two_small_levels_hide_each_other():
    rows = [share("ebv", 30, 40), share("virus", 5, 40), share("fungus", 2, 40), share("fever", 3, 40)]
    assert hidden(rows) == [False, False, True, True]


def test_two_ones_do_not_hide_each_other():
    rows = [share("ebv", 30, 40), share("virus", 8, 40), share("fungus", 1, 40), share("fever", 1, 40)]
    assert hidden(rows) == [True] * 4


def test_all_but_three_is_as_telling_as_three():
    assert hidden([share("tested", 37, 40, variable="csf")]) == [True]


def test_levels_that_leave_three_patients_over_say_how_many_these_are():
    assert hidden([share("yes", 20, 40), share("no", 17, 40)]) == [True, True]


def test_a_small_cell_takes_all_groups_along_and_leaves_the_column_of_all_patients():
    rows = [
        share("yes", 30, 60, "overall"), share("no", 30, 60, "overall"),
        share("yes", 28, 40, "met"), share("no", 12, 40, "met"),
        share("yes", 2, 20, "not_met"), share("no", 18, 20, "not_met"),
    ]  # fmt: skip
    assert hidden(rows) == [False, False, True, True, True, True]
    assert hidden(rows, column="estimate") == [False, False, True, True, True, True]


def test_groups_that_leave_three_of_all_patients_over_are_withheld():
    rows = [share("yes", 30, 60, "overall"), share("yes", 17, 30, "met"), share("yes", 10, 20, "not_met")]
    assert hidden(rows) == [False, True, True]


def test_what_compares_withheld_groups_goes_too():
    rows = [
        share("yes", 28, 40, "met"),
        share("yes", 2, 20, "not_met"),
        {"variable": "trigger", "term": "difference", "contrast": "met vs not_met", "measure": "RD", "n": 60,
         "events": 30, "estimate": 0.6, "p_value": 0.001},
    ]  # fmt: skip
    assert hidden(rows, column="estimate") == [True, True, True]
    assert hidden(rows, column="p_value")[2]


def test_terms_that_are_the_parts_of_one_whole_are_one_table():
    count = {"measure": "count", "group": "not involved", "n": 74}
    rows = [
        {**count, "term": "died by the landmark", "estimate": 1},
        {**count, "term": "followed", "estimate": 73},
    ]
    assert hidden(rows, column="estimate") == [True, True]


def test_quantiles_of_many_stay_and_those_of_few_go():
    rows = [
        {"variable": "age", "term": "summary", "group": g, "measure": "median", "n": n, "estimate": 3.0}
        for g, n in (("met", 40), ("not_met", 3))
    ]
    assert hidden(rows, column="estimate") == [False, True]
    assert hidden(rows, column="n") == [True, True]


def test_the_largest_value_of_a_patient_is_no_summary():
    rows = [{"term": "largest weight", "measure": "weight", "estimate": 2.3}]
    assert hidden(rows, column="estimate") == [True]


def test_a_ratio_of_many_stays_when_only_the_number_of_patients_is_too_near_another():
    rows = [{"variable": "cns", "term": "crude", "measure": "HR", "n": 358, "events": 86, "estimate": 2.0}]
    rule = Rule(5, frozenset({358}))
    assert hidden(rows, rule, "n") == hidden(rows, rule, "events") == [True]
    assert hidden(rows, rule, "estimate") == [False]


def test_a_ratio_behind_which_few_die_goes():
    rows = [
        {"variable": "cns", "term": "cns", "level": level, "measure": "HR", "n": 40, "events": e, "estimate": 2.0}
        for level, e in (("met", 20), ("not_met", 3))
    ]
    assert hidden(rows, column="estimate") == [True, True]


def test_totals_near_one_that_is_used_more_often_are_not_shown():
    nan = float("nan")
    totals = [(359, nan), (359, nan), (358, 86), (347, 75), (340, 72)]
    assert near(totals, 5) == {(358, 86), (340, 72)}
    assert near(totals, 2) == {(358, 86)}


def test_a_zero_is_shown_and_the_frame_keeps_its_other_columns():
    frame = tidy_frame([share("yes", 0, 40), share("no", 40, 40)])
    kept, taken = mask(frame, withheld(frame, RULE))
    assert taken == 0
    pd.testing.assert_frame_equal(kept, frame)

"""The engine against brute force: every completion of what is unknown, tried one by one."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.clinical.criteria import criteria_sets, load, parse
from neurohlh.clinical.rules import evaluate
from neurohlh.core.errors import InputError

TWO_OF_THREE = """
[items.a]
variable = "splenomegaly"
comparator = "=="
threshold = true
points = 3
[items.b]
variable = "hepatomegaly"
comparator = "=="
threshold = true
points = -2
[items.c]
variable = "ferritin"
comparator = ">="
threshold = 500
unit = "ug/L"
points = 5
[items.two]
at_least = 2
of = ["a", "b", "c"]
[items.one]
any_of = ["a", "b", "c"]
[items.all]
all_of = ["a", "b", "c"]
[items.none]
none_of = ["a", "b", "c"]
[rule]
score = ["a", "b", "c"]
cut = 3
"""
DEFINITION = parse(TWO_OF_THREE, "test.toml", "test")
RULES = {
    "two": lambda *t: sum(t) >= 2,
    "one": lambda *t: any(t),
    "all": lambda *t: all(t),
    "none": lambda *t: not any(t),
}


def by_completion(rule, known: tuple) -> str:
    """The answer that every completion of the unknown parts agrees on."""
    found = {rule(*c) for c in itertools.product(*[(v,) if v is not None else (False, True) for v in known])}
    return "indeterminate" if len(found) == 2 else "met" if found.pop() else "not_met"


def test_combinations_and_scores_equal_every_completion_of_the_unknown():
    table = list(itertools.product([True, False, None], repeat=3))
    frame = pd.DataFrame(table, columns=["splenomegaly", "hepatomegaly", "ferritin"])
    frame["ferritin"] = frame["ferritin"].map({True: 500.0, False: 499.0})
    answers = evaluate(frame, DEFINITION)
    for name, rule in RULES.items():
        assert answers[f"test__{name}"].tolist() == [by_completion(rule, row) for row in table], name
    for known, low, high, status in zip(
        table, answers["test__low"], answers["test__high"], answers["test"], strict=True
    ):
        scores = [
            3 * a - 2 * b + 5 * c
            for a, b, c in itertools.product(*[(v,) if v is not None else (False, True) for v in known])
        ]
        assert (low, high) == (min(scores), max(scores))
        assert status == ("met" if min(scores) >= 3 else "not_met" if max(scores) < 3 else "indeterminate")


COMPARATORS = {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less}


@settings(max_examples=40, deadline=None)
@given(
    limits=st.lists(st.integers(0, 12), min_size=1, max_size=12),
    direction=st.sampled_from(["left", "right", None]),
    comparator=st.sampled_from(list(COMPARATORS)),
    threshold=st.integers(0, 12),
)
def test_a_censored_value_decides_what_every_value_beyond_it_decides(limits, direction, comparator, threshold):
    definition = parse(
        f'[items.x]\nvariable = "ferritin"\ncomparator = "{comparator}"\nthreshold = {threshold}', "test.toml", "test"
    )
    frame = pd.DataFrame({"ferritin": np.array(limits, dtype=float), "ferritin_censored": [direction] * len(limits)})
    frame["ferritin_censored"] = frame["ferritin_censored"].astype(object)
    grid = np.arange(-2, 15, 0.25)
    for limit, status in zip(limits, evaluate(frame, definition)["test__x"], strict=True):
        possible = {"left": grid[grid < limit], "right": grid[grid > limit], None: np.array([limit])}[direction]
        outcomes = set(COMPARATORS[comparator](possible, threshold).tolist())
        assert status == ("indeterminate" if len(outcomes) == 2 else "met" if True in outcomes else "not_met")


@pytest.mark.parametrize("key", criteria_sets())
def test_a_frame_without_any_column_of_the_rule_is_unknown_or_not_applicable(key):
    answers = evaluate(pd.DataFrame({"patient_id": ["a", "b"]}), load(key))
    assert set(answers[key]) <= {"indeterminate", "not_applicable"}
    assert (answers[f"{key}__low"] < answers[f"{key}__high"]).all()


def test_columns_index_and_order_of_the_input_stay():
    frame = pd.DataFrame({"other": [1, 2], "ferritin": [900.0, np.nan]}, index=[7, 3])
    before = frame.copy()
    answers = evaluate(frame, load("ohi"))
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(answers[["other", "ferritin"]], before)
    assert list(answers.columns[:2]) == ["other", "ferritin"]


def test_evaluating_twice_replaces_the_answers():
    frame = pd.DataFrame({"ferritin": [900.0]})
    once = evaluate(frame, load("hlh2004"))
    twice = evaluate(once.assign(ferritin=100.0), load("hlh2004"))
    assert list(twice.columns) == list(once.columns)
    assert (once["hlh2004__7_ferritin"].item(), twice["hlh2004__7_ferritin"].item()) == ("met", "not_met")


@pytest.mark.parametrize("dtype", ["float32", "Float64", "int64", "object"])
def test_number_types(dtype):
    frame = pd.DataFrame({"ferritin": pd.Series([500, 499], dtype=dtype)})
    assert evaluate(frame, load("hlh2004"))["hlh2004__7_ferritin"].tolist() == ["met", "not_met"]


def test_single_precision_does_not_move_a_value_over_its_limit():
    frame = pd.DataFrame({"temp_max_c": np.array([38.4, 39.4], dtype="float32")})
    points = evaluate(frame, load("hscore"))["hscore__temperature__points_low"]
    assert points.tolist() == [33, 33]


@pytest.mark.parametrize("values", [[1, 0, None], [True, False, None], [1.0, 0.0, np.nan]])
def test_yes_and_no_as_boolean_or_number(values):
    answers = evaluate(pd.DataFrame({"splenomegaly": values}), load("hlh2004"))
    assert answers["hlh2004__2_splenomegaly"].tolist() == ["met", "not_met", "indeterminate"]


def test_columns_that_hold_nothing_are_unknown_whatever_their_type():
    frame = pd.DataFrame({"nk_activity": [np.nan], "splenomegaly": [None], "ferritin": [None]})
    frame["ferritin_censored"] = np.nan
    answers = evaluate(frame, load("hlh2004"))
    assert (answers["hlh2004__low"].item(), answers["hlh2004__high"].item()) == (0, 8)


@pytest.mark.parametrize(
    ("column", "values"), [("ferritin", ["900"]), ("splenomegaly", ["yes"]), ("nk_activity", [1.0])]
)
def test_a_column_of_a_wrong_type_is_the_inputs_fault(column, values):
    with pytest.raises(InputError, match=column):
        evaluate(pd.DataFrame({column: values}), load("hlh2004"))


def test_a_changed_threshold_reaches_the_sets_that_refer_to_it():
    strict = load("hlh2004").with_threshold("7_ferritin", 3000)
    frame = pd.DataFrame(
        {"temp_max_c": [39.0], "splenomegaly": [True], "platelets": [50.0], "anc": [0.5], "ferritin": [900.0]}
    )
    assert evaluate(frame, load("icu_adult"))["icu_adult__hlh2004_4of8"].item() == "met"
    assert evaluate(frame, [strict, load("icu_adult")])["icu_adult__hlh2004_4of8"].item() == "indeterminate"


def test_a_set_that_refers_to_itself_is_refused():
    own = parse('[items.x]\nset = "own"\n[rule]\nany_of = ["x"]', "own.toml", "own")
    with pytest.raises(InputError, match="refers to itself"):
        evaluate(pd.DataFrame({"ferritin": [1.0]}), own)

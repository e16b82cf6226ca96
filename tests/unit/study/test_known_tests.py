import importlib

import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.describe.group_tests import LEVEL_TESTS, NUMBER_TESTS, compare_levels, compare_numbers, shapiro_wilk
from neurohlh.stats.meta.meta_analysis import meta_analysis
from neurohlh.stats.meta.pooled_tables import mantel_haenszel
from neurohlh.stats.meta.small_study_effects import small_study_effects
from neurohlh.stats.multiplicity import METHODS
from neurohlh.study.known_tests import known_tests, known_tests_table

COUNTS = {"events": "a", "n": "n", "events_reference": "c", "n_reference": "m"}


@pytest.mark.parametrize("entry", known_tests(), ids=lambda entry: entry.key)
def test_what_computes_an_entry_exists(entry):
    module, name = entry.function.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), name))
    assert all([entry.prints, entry.question, entry.when, entry.statistic, entry.correction, entry.assumptions])
    assert any(character.isdigit() for character in entry.reference)


def test_every_choice_of_test_is_in_the_catalogue():
    options = {entry.option for entry in known_tests()}
    assert {*NUMBER_TESTS, *LEVEL_TESTS, *METHODS} - {"by expected counts"} <= options


def printed():
    rng = np.random.default_rng(1)
    small, large = [rng.normal(size=(k, 8)) for k in (2, 3)]
    for how in NUMBER_TESTS:
        yield from (compare_numbers(list(groups), how).name for groups in (small, large))
    yield compare_numbers([np.array([1.0, 1, 2]), np.array([1.0, 3, 4])]).name
    yield shapiro_wilk(small[0]).name
    for how in LEVEL_TESTS:
        yield compare_levels(np.array([[8, 9], [7, 12]]), how, rng=1).name
    frame = pd.DataFrame({"a": [3, 5, 9, 4], "n": [20, 30, 60, 90], "c": [5, 6, 8, 9], "m": [20, 30, 60, 90]})
    yield from mantel_haenszel(frame, **COUNTS).checks["check"]
    yield from small_study_effects(frame, measure="OR", **COUNTS).tidy.query("term == 'test'")["method"]
    yield from meta_analysis(frame, measure="OR", **COUNTS).tidy.query("measure == 'Q'")["method"]


def test_what_the_functions_print_is_what_the_catalogue_says():
    names = {
        entry.prints for entry in known_tests() if "adjust" not in entry.function and "agree" not in entry.function
    }
    assert names - set(printed()) == set()
    tested = {name for name in printed() if "Egger, mixed" not in name and "continuity correction" not in name}
    assert tested - {"number of studies"} <= names


def test_the_table():
    table = known_tests_table()
    assert table["key"].is_unique
    assert len(table) == len(known_tests())

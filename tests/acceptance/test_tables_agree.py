"""Every table of a whole run says the same in every rendering, and each number of it is one of the files' numbers."""

import json

import pandas as pd
import pytest
from lxml import html as lxml_html
from table_numbers import rows_without_a_place, unexplained
from table_readers import READERS, page_numbers, shown, shown_numbers

from neurohlh.core.result import TIDY_COLUMNS, Result
from neurohlh.report.tables import tables_of

pytestmark = pytest.mark.slow

LAID_OUT_IN_PART = {
    "completeness", "table1", "frequency", "logrank", "cox", "two_by_two", "specification_curve",
    "published_frequency", "published_frequency_choices", "published_mortality", "published_effect",
    "published_claims", "published_faults", "published_with_study", "published_selection",
}  # fmt: skip
"""Kinds whose own layout leaves rows to the file: states that never occur, sizes in heads, tests in notes."""


@pytest.fixture(scope="module", params=["example_run", "published_run"])
def run(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def results(run):
    paths = sorted((run / "tables").glob("*.json"))
    assert len(paths) > 40
    return {path.stem: Result.from_json(path.read_text(encoding="utf-8")) for path in paths}


@pytest.fixture(scope="module")
def tables(results):
    return [(name, result, table) for name, result in results.items() for table in tables_of(result)]


def test_the_two_files_of_a_result_hold_the_same_numbers(run, results):
    for name, result in results.items():
        frame = pd.read_csv(run / "tables" / f"{name}.csv", float_precision="round_trip")
        assert tuple(frame.columns) == TIDY_COLUMNS, name
        for column in ("time", "n", "events", "estimate", "conf_low", "conf_high", "p_value"):
            pd.testing.assert_series_equal(
                frame[column].astype(float), result.tidy[column].astype(float), check_exact=True, obj=f"{name} {column}"
            )


@pytest.mark.parametrize("rendering", list(READERS))
def test_each_rendering_shows_the_cells_of_the_table(tables, rendering):
    read = READERS[rendering]
    wrong = [(name, table.caption) for name, _, table in tables if read(table) != shown(table)]
    assert wrong == []


def test_each_number_shown_is_the_rounding_of_a_number_in_the_row_that_it_names(run, results, tables):
    wrong = []
    for name, result, table in tables:
        frame = pd.read_csv(run / "tables" / f"{name}.csv", float_precision="round_trip", keep_default_na=True)
        from_file = result.with_(tidy=frame.fillna({c: "" for c in frame if frame[c].dtype == object}))
        wrong += [(name, *found) for found in unexplained(table, from_file)]
    assert wrong == []


def test_no_row_of_a_result_is_left_out_of_its_table(tables):
    lost = {
        name: rows
        for name, result, table in tables
        if result.kind not in LAID_OUT_IN_PART and (rows := rows_without_a_place(table, result))
    }
    assert lost == {}


def test_the_page_shows_these_very_numbers(run, tables):
    """Column by column of numbers: for everything else the page has the study's own words."""
    page = lxml_html.parse(str(run / "report.html"))
    on_page = {json.dumps(page_numbers(element)) for element in page.iter("table")}
    numbers = [(name, shown_numbers(table)) for name, _, table in tables]
    missing = {name for name, own in numbers if any(own) and json.dumps(own) not in on_page}
    # published cases are chosen for being remarkable: their page shows no frequency
    assert missing == ({"frequency"} if "published" in str(run) else set())

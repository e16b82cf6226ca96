"""Each number that a table shows is the rounding of one in the rows that its cell names; the check itself can fail."""

from dataclasses import replace
from decimal import Decimal

import pytest
from table_numbers import rows_without_a_place, says, unexplained

from neurohlh.core.result import Result, tidy_frame
from neurohlh.core.suppression import SUPPRESSED
from neurohlh.report.tables import tables_of

NUMBERS = ("n", "events", "estimate", "conf_low", "conf_high", "statistic", "df", "p_value")
RESULTS = ("completeness", "table1", "frequency", "testing", "kaplan_meier", "cox", "two_by_two", "logrank")


@pytest.mark.parametrize("name", RESULTS)
def test_every_number_shown_is_a_number_of_its_rows(name, request):
    result = request.getfixturevalue(name)
    for table in tables_of(result):
        assert unexplained(table, result) == []


@pytest.mark.parametrize("name", RESULTS)
def test_a_changed_digit_is_found_in_every_cell(name, request):
    result = request.getfixturevalue(name)
    seen = 0
    for table in tables_of(result):
        for i, row in enumerate(table.rows):
            for j, cell in enumerate(row.cells):
                if not cell.rows or not any(sign.isdigit() for sign in cell.text) or cell.text.startswith(("<", ">")):
                    continue
                seen += 1
                place = next(k for k, sign in enumerate(cell.text) if sign.isdigit())
                digit = str((int(cell.text[place]) + 5) % 10)
                wrong = replace(cell, text=cell.text[:place] + digit + cell.text[place + 1 :])
                rows = list(table.rows)
                rows[i] = replace(row, cells=(*row.cells[:j], wrong, *row.cells[j + 1 :]))
                assert unexplained(replace(table, rows=tuple(rows)), result), (cell.text, wrong.text)
    assert seen > 3


def test_a_changed_number_of_the_frame_is_found(cox):
    tables = tables_of(cox)
    row = int(cox.tidy.index[(cox.tidy["estimate"] - 2.2861).abs() < 1e-9][0])
    changed = cox.with_(tidy=cox.tidy.assign(estimate=cox.tidy["estimate"].where(cox.tidy.index != row, 2.2961)))
    assert {found.token for found in unexplained(tables[0], changed)} == {"2.29"}


@pytest.mark.parametrize(
    ("text", "number", "in_hundred", "true"),
    [
        ("2.29", "2.2861", False, True),
        ("2.28", "2.2861", False, False),
        ("−0.5", "-0.45", False, True),
        ("12\u202f346", "12345.6", False, True),
        ("0", "0.0125", False, False),
        ("61.0\u202f%", "0.61", True, True),
        ("0.6\u202f%", "0.61", True, False),
        ("<0.001", "0.0004", False, True),
        ("<0.001", "0.004", False, False),
        (">1000", "4321", False, True),
    ],
)
def test_what_may_be_said_of_a_number(text, number, in_hundred, true):
    assert says(text, Decimal(number), in_hundred=in_hundred) is true


@pytest.mark.parametrize("name", RESULTS)
def test_a_cell_sorts_by_a_number_of_its_rows(name, request):
    result = request.getfixturevalue(name)
    for table in tables_of(result):
        frame = result.tidy if table.frame == "tidy" else result.checks
        for row in table.rows:
            for cell in row.cells:
                if cell.value is not None and cell.rows:
                    numbers = frame.loc[list(cell.rows)].select_dtypes("number").to_numpy().ravel()
                    assert cell.value in numbers.tolist()


@pytest.mark.parametrize("name", RESULTS)
def test_what_was_suppressed_shows_no_digit_of_it(name, request):
    result = request.getfixturevalue(name)
    hidden = tidy_frame([{**row, **_hidden(row)} for row in result.tidy.to_dict("records")])
    for table in tables_of(result.with_(tidy=hidden, checks=result.checks.iloc[:0])):
        for row in table.rows:
            for cell, column in zip(row.cells, table.columns, strict=False):
                if column.number and cell.rows:
                    assert not any(sign.isdigit() for sign in cell.text.removeprefix("1 (reference)") + cell.sub)
                    assert cell.value is None


def test_half_of_a_count_is_not_shown_beside_what_was_suppressed(cox):
    hidden = tidy_frame([{**row, "n": SUPPRESSED} for row in cox.tidy.to_dict("records")])
    shown = {row.cells[1].text for row in tables_of(cox.with_(tidy=hidden))[0].rows if len(row.cells) > 1}
    assert shown == {"suppressed"}


def _hidden(row):
    return {c: SUPPRESSED for c in NUMBERS if c != "time" and row[c] == row[c]}


def test_a_generic_table_places_every_row():
    places = [(t, v, g) for t in "abc" for v in ("x", "", "z") for g in ("met", "not_met")]
    rows = [
        {"term": t, "level": v, "group": g, "measure": "proportion", "n": 10 + i, "events": i, "estimate": i / (10 + i)}
        for i, (t, v, g) in enumerate(places)
    ]
    result = Result("made_up", tidy_frame(rows))
    (table,) = tables_of(result)
    assert rows_without_a_place(table, result) == []
    assert unexplained(table, result) == []

"""From a raw table to typed columns: each distinct text read once, file labels heard, broken formulas refused."""

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from neurohlh.core.errors import InputError
from neurohlh.etl.columns import SourceHints
from neurohlh.etl.values import State


def column(table, name):
    return table.columns[name]


def test_a_text_that_stands_a_thousand_times_is_read_once(clean):
    rows = "".join(f"P{i},{'8.4' if i % 2 else '>100'}\n" for i in range(1000))
    hb = column(clean("patient_id,hemoglobin (g/dL)\n" + rows), "hemoglobin")
    assert len(hb.parsed) == 3  # two texts and the empty cell
    values = hb.per_row(hb.values)
    assert len(values) == 1000
    assert set(values[1::2]) == {84.0}


def test_an_empty_cell_looks_up_the_last_entry_of_every_array(clean):
    table = clean("patient_id,sex,hemoglobin (g/L),fever,date_birth\nP1,F,84,yes,2018-05-05\nP2,,,,\n")
    for name, nothing in (("sex", None), ("hemoglobin", np.nan), ("fever", -1), ("date_birth", np.datetime64("NaT"))):
        cell = column(table, name)
        np.testing.assert_equal(cell.per_row(cell.values)[1], nothing)
        assert cell.per_row(cell.state).tolist() == [State.VALUE, State.BLANK]
        assert cell.per_row(cell.raw).tolist()[1] == ""
        assert not cell.per_row(cell.changed)[1]


def test_what_is_written_otherwise_is_changed_and_what_is_refused_is_not(clean):
    hb = column(clean("patient_id,hemoglobin (g/L)\nP1,84\nP2,８４\nP3,84 g/L\nP4,8x4\nP5,8.4 g/dL\n"), "hemoglobin")
    assert hb.per_row(hb.changed).tolist() == [False, True, True, False, True]
    assert hb.per_row(hb.shown).tolist() == ["84", "84", "84", "", "84"]
    assert hb.per_row(hb.recorded)[4] == 8.4
    assert hb.per_row(hb.unit)[4] == "g/dL"


def test_identifiers_are_taken_as_they_stand_but_for_full_width_signs(clean):
    ids = column(clean("patient_id,sex\n007,F\nＰ８,M\n1e5,F\nnab,M\n"), "patient_id")
    assert ids.per_row(ids.values).tolist() == ["007", "P8", "1e5", "nab"]
    assert ids.per_row(ids.changed).tolist() == [False, True, False, False]


@pytest.mark.parametrize("word", ["NA", "不详", "-", "未知", "n/a"])
def test_a_word_for_not_knowing_is_no_identifier(clean, word):
    ids = column(clean(f"patient_id,sex\nP1,F\n{word},M\n"), "patient_id")
    assert ids.per_row(ids.values).tolist() == ["P1", None]


def test_what_the_study_calls_missing_is_no_rule_for_identifiers(clean):
    ids = column(clean("patient_id,sex\n9999,F\n12 a,M\n", missing=frozenset({"9999"})), "patient_id")
    assert ids.per_row(ids.values).tolist() == ["9999", "12 a"]


def test_identifiers_that_went_through_floats_are_whole_again(clean):
    ids = column(clean("patient_id,sex\n101.0,F\n102.0,M\n,M\n"), "patient_id")
    assert ids.per_row(ids.values).tolist() == ["101", "102", None]
    mixed = column(clean("patient_id,sex\n101.0,F\nP2,M\n"), "patient_id")
    assert mixed.per_row(mixed.values).tolist() == ["101.0", "P2"]


def test_a_column_that_is_not_recognised_is_kept_out_and_listed(clean):
    table = clean("patient_id,sex,qwertzuiop\nP1,F,3\n")
    assert set(table.columns) == {"patient_id", "sex"}
    assert [u.column.header for u in table.understood if u.variable is None] == ["qwertzuiop"]


def test_the_studys_own_words_for_missing_are_missing(clean):
    hb = column(clean("patient_id,hemoglobin (g/L)\nP1,84\nP2,9999\n", missing=frozenset({"9999"})), "hemoglobin")
    assert hb.per_row(hb.state).tolist() == [State.VALUE, State.BLANK]
    without = column(clean("patient_id,hemoglobin (g/L)\nP1,84\nP2,9999\n"), "hemoglobin")
    assert without.per_row(without.state).tolist() == [State.VALUE, State.REFUSED]


def test_the_declared_order_of_dates_and_decimal_mark_hold_for_the_table(clean):
    text = 'patient_id,date_birth,hemoglobin (g/dL)\nP1,05/06/2019,"8,4"\n'
    table = clean(text, dates="dmy", decimal=",")
    assert column(table, "date_birth").values[0] == np.datetime64("2019-06-05")
    assert column(table, "hemoglobin").values[0] == 84.0
    other = clean(text)
    assert column(other, "date_birth").state[0] == State.REFUSED


def test_codes_and_units_of_the_study_file_are_heard(clean):
    hints = SourceHints(rename={"x1": "sex"}, units={"hemoglobin": "g/dL"}, codes={"sex": {"7": "F"}})
    table = clean("patient_id,x1,Hb\nP1,7,8.4\n", hints=hints)
    assert column(table, "sex").values[0] == "F"
    assert column(table, "hemoglobin").values[0] == 84.0


def test_labels_of_an_spss_file_say_what_its_codes_mean(clean, tmp_path):
    frame = pd.DataFrame({"patient_id": ["P1", "P2", "P3"], "sex": [1.0, 2.0, np.nan]})
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), variable_value_labels={"sex": {1.0: "female", 2.0: "male"}})
    sex = column(clean(None, name="a.sav"), "sex")
    assert sex.per_row(sex.values).tolist() == ["F", "M", None]  # against the codebook's habit of 1 = male


@pytest.mark.parametrize("error", ["#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"])
def test_a_broken_formula_names_every_row_and_stops(clean, error):
    with pytest.raises(InputError, match="formula error") as stop:
        clean(f"patient_id,hemoglobin (g/L)\nP1,84\nP2,{error}\nP3,91\nP4,{error}\n")
    assert "rows 3, 5" in str(stop.value)
    assert "hemoglobin (g/L)" in str(stop.value)


def test_many_broken_formulas_are_counted_not_all_listed(clean):
    rows = "".join(f"P{i},#REF!\n" for i in range(20))
    with pytest.raises(InputError, match="and 8 more"):
        clean("patient_id,hemoglobin (g/L)\nP99,84\n" + rows)


def test_a_broken_formula_in_a_column_that_is_not_used_stops_nothing(clean):
    table = clean("patient_id,sex,qwertzuiop\nP1,F,#REF!\nP2,M,3\n")
    assert set(table.columns) == {"patient_id", "sex"}


def test_not_available_is_missing_not_broken(clean):
    hb = column(clean("patient_id,hemoglobin (g/L)\nP1,84\nP2,#N/A\n"), "hemoglobin")
    assert np.isnan(hb.per_row(hb.values)[1])
    assert hb.per_row(hb.state)[1] != State.VALUE


def test_cells_that_a_workbook_typed_are_read_by_type(clean, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["patient_id", "date_birth", "hemoglobin (g/L)", "fever"])
    book.active.append(["P1", pd.Timestamp("2019-03-05").to_pydatetime(), 84.5, True])
    book.active.append(["P2", "2019-03-06", "91", "no"])
    book.save(tmp_path / "a.xlsx")
    table = clean(None, name="a.xlsx")
    births = column(table, "date_birth")
    assert births.per_row(births.values).tolist() == [pd.Timestamp("2019-03-05"), pd.Timestamp("2019-03-06")]
    assert column(table, "hemoglobin").per_row(column(table, "hemoglobin").values).tolist() == [84.5, 91.0]
    assert column(table, "fever").per_row(column(table, "fever").values).tolist() == [1, 0]

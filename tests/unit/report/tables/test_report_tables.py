"""Display tables: what stands in a cell is the Result's number at the precision shown."""

import re

import pandas as pd
import pytest

from neurohlh.core import format as fmt
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.report.names import Names, pretty_unit
from neurohlh.report.sections.data import item_words
from neurohlh.report.tables import tables_of, to_html
from neurohlh.report.tables.checks import capital

T = fmt.THIN


def texts(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def cell(table, row_head, column_head, nth=0):
    column = [i for i, c in enumerate(table.columns) if c.head == column_head][nth]
    return next(row.cells[column] for row in table.rows if row.cells[0].text == row_head)


def test_table1_shows_denominators_and_the_missing(table1):
    (table,) = tables_of(table1, Names({"age_years": "Age"}, {"age_years": "years"}))
    assert [c.sub for c in table.columns[1:5]] == ["n = 362", "n = 132", "n = 141", "n = 89"]
    assert cell(table, "Age, years", "CNS involvement").text == "4.25 (1.80–9.13)"
    assert cell(table, "Sex: Male", "All patients").text == f"190/360 (52.8{T}%)"
    assert cell(table, "Missing", "CNS involvement").text == f"3/132 (2.3{T}%)"
    assert cell(table, "Age, years", "SMD").text == "0.00"  # never -0.00


def test_what_cannot_be_estimated_is_a_dash_with_its_reason(table1):
    (table,) = tables_of(table1)
    smd = cell(table, "Trigger category", "SMD")
    assert smd.text == fmt.MISSING
    assert smd.note == "not estimable: no overlap between the groups"
    assert table.letters()[smd.note] == "a"


def test_frequency_names_the_three_readings(frequency):
    (table,) = tables_of(frequency)
    assert [row[1:] for row in texts(table)] == [
        [f"132/273 (48.4{T}%)", f"42.5–54.3{T}%"],
        [f"132/362 (36.5{T}%)", f"31.7–41.5{T}%"],
        [f"221/362 (61.0{T}%)", f"55.9–65.9{T}%"],
    ]


def test_testing_difference_is_in_percentage_points(testing):
    (table,) = tables_of(testing)
    assert texts(table)[0] == [
        "Lp done", f"60/92 (65.2{T}%)", f"190/260 (73.1{T}%)", "−7.9 (−19.0 to −0.3)",
    ]  # fmt: skip


def test_completeness_leaves_out_states_that_never_occur(completeness):
    (table,) = tables_of(completeness)
    assert [c.head for c in table.columns] == [
        "Variable", "Known", "Blank", "Not done", "Unknown", "Equivocal", "Refused", "No column",
    ]  # fmt: skip
    assert texts(table)[0][:4] == ["Ferritin", f"352/400 (88.0{T}%)", "20", "8"]


def test_survival_carries_limits_and_the_number_at_risk(kaplan_meier):
    (table,) = tables_of(kaplan_meier)
    row = kaplan_meier.tidy[(kaplan_meier.tidy["group"] == "met") & (kaplan_meier.tidy["time"] == 180)].iloc[0]
    shown = cell(table, "CNS involvement", "180 days")
    assert shown.text == fmt.percent(row["estimate"])
    assert shown.sub.splitlines() == [
        fmt.interval(row["conf_low"], row["conf_high"], fmt.percent),
        f"at risk: {int(row['n'])}", f"deaths by then: {int(row['events'])}",
    ]  # fmt: skip
    assert cell(table, "CNS involvement", "Median survival").text == "not reached"


def test_logrank_names_its_test(logrank):
    (table,) = tables_of(logrank)
    assert texts(table) == [["CNS involvement", "118", "41", "29.3"], ["No CNS involvement", "133", "22", "33.7"]]
    assert table.footnotes[0] == "Log-rank: chi-square 9.04 on 1 df, p = 0.003."


def test_cox_crude_and_adjusted_stand_side_by_side(cox):
    table, checks = tables_of(cox)
    assert texts(table)[2] == [
        "CNS involvement",
        "41/118",
        "2.29 (1.15–4.55)",
        "0.018",
        "41/104",
        "1.73 (0.84–3.57)",
        "0.14",
    ]
    assert texts(table)[1] == ["No CNS involvement", "22/133", "1 (reference)", "", "22/117", "1 (reference)", ""]
    metabolic = cell(table, "Metabolic", "HR")
    assert (metabolic.text, metabolic.note) == (fmt.MISSING, "not estimable: no events in this level")
    assert next(row[0] for row in texts(checks)) == "Events per parameter"
    assert texts(checks)[0][-1] == "attention"


def test_exposure_on_the_patients_of_the_adjusted_model_has_its_own_row(cox):
    table, _ = tables_of(cox)
    row = next(r for r in texts(table) if "on the patients of the adjusted model" in r[0])
    assert row[1:4] == ["41/104", "2.11 (1.02–4.37)", "0.044"]


def test_two_by_two_keeps_an_open_limit_open(two_by_two):
    risks, effects = tables_of(two_by_two)
    assert texts(risks)[1] == ["No CNS involvement", f"0/9 (0.0{T}%)", f"0.0–33.6{T}%"]
    assert [row[1] for row in texts(effects)] == ["45.2 (12.2–62.2)", "–", "– (1.32 to no limit)"]
    assert [row[2] for row in texts(effects)] == ["", "", "0.015"]


@pytest.mark.parametrize("name", ["table1", "frequency", "testing", "kaplan_meier", "cox", "two_by_two", "logrank"])
def test_every_number_shown_is_a_number_of_the_result(name, request):
    result = request.getfixturevalue(name)
    tidy = result.tidy
    known = set()
    for column in ("estimate", "conf_low", "conf_high", "n", "events", "p_value", "statistic", "df", "time"):
        known |= set(tidy[column].dropna())
    known |= set(result.checks["value"].dropna()) | set(result.checks["statistic"].dropna())
    known |= set(result.checks["df"].dropna()) | set(result.checks["p_value"].dropna())
    known |= {v * 100 for v in known} | {n / d * 100 for n, d in zip(tidy["events"], tidy["n"], strict=True) if d > 0}
    for table in tables_of(result):
        for row in table.rows:
            for shown in (part for c in row.cells[1:] for part in (c.text, c.sub)):
                plain = shown.replace(T, "").replace("1 (reference)", "").replace(fmt.MINUS, "-").replace("–", " ")
                for number in re.findall(r"(?<![\d.])-?\d+(?:\.\d+)?", re.sub(r"[<>]\d[\d.]*", "", plain)):
                    places = len(number.partition(".")[2])
                    half = 0.5 * 10.0**-places + 1e-9
                    assert any(abs(float(number) - k) <= half for k in known), (number, shown)


def test_an_unknown_kind_shows_what_varies_the_estimate_with_its_limits_and_the_checks():
    rows = [
        {"outcome": "died", "term": "x", "measure": "HR", "estimate": 1.23456, "conf_low": 1.05, "conf_high": 12.345},
        {"outcome": "died", "term": "y", "measure": "HR", "note": "not estimable: no events"},
    ]
    checks = check_frame([{"check": "size", "term": "GLOBAL", "value": 2.5, "verdict": "ok"}])
    table, checked = tables_of(Result("something_new", tidy_frame(rows), checks=checks))
    assert [(c.head, c.sub) for c in table.columns] == [("Item", ""), ("HR", f"95{T}% interval")]
    assert texts(table) == [["X", "1.23 (1.05–12.3)"], ["Y", fmt.MISSING]]
    assert table.rows[1].cells[1].note == "not estimable: no events"
    assert table.footnotes == ("Outcome: Died.",)
    assert next((c.text, c.sub) for c in checked.rows[0].cells) == ("Size", "")
    assert texts(checked)[0][1:] == ["2.50", "No concern"]


def test_a_variable_whose_words_are_the_term_needs_no_column_of_its_own():
    rows = [
        {"variable": "mri_edema", "term": "Cerebral oedema", "measure": "proportion", "estimate": 0.2},
        {"variable": "mri_cortex", "term": "Cortical lesion", "measure": "proportion", "estimate": 0.3},
    ]
    result = Result(kind="something", tidy=tidy_frame(rows))
    words = Names({"mri_edema": "Cerebral oedema", "mri_cortex": "Cortical lesion"})
    assert [c.head for c in tables_of(result, words)[0].columns] == ["Item", "Proportion"]
    assert [c.head for c in tables_of(result)[0].columns] == ["Variable", "Item", "Proportion"]


def test_a_notebook_shows_the_same_table(frequency):
    shown = frequency._repr_html_()
    assert shown == to_html(frequency)
    assert f"132/273 (48.4{T}%)" in shown
    assert ".neurohlh table {" in shown
    assert "body {" not in shown  # the notebook's own page keeps its look


def test_no_report_says_which_patient_moves_a_coefficient(cox):
    rows = [
        {"check": "largest influence", "term": "cns met", "value": -0.7, "note": "value: dfbetas of row 12"},
        {"check": "largest influence", "term": "age_years", "value": 0.2, "note": "value: dfbetas of row 3"},
    ]
    checks = pd.DataFrame([*cox.checks.to_dict("records"), *check_frame(rows).to_dict("records")])
    checked = tables_of(cox.with_(checks=checks))[-1]
    (shown,) = [row for row in checked.rows if row.cells[0].text == "Largest influence"]
    assert shown.cells[1].text.endswith("0.700")
    assert "row" not in shown.cells[0].note


def test_a_weighted_model_stands_under_words(cox):
    renamed = cox.with_(tidy=cox.tidy.assign(analysis="cox_weighted"))
    assert {column.spanner for column in tables_of(renamed)[0].columns} == {"", "Weighted"}


def test_a_very_long_result_shows_a_part_of_its_rows_and_says_so():
    rows = [{"term": f"t{i}", "measure": "HR", "estimate": 1.0 + i} for i in range(900)]
    (table,) = tables_of(Result("specifications_curve", tidy_frame(rows)))
    assert len(table.rows) == 200
    assert table.rows[0].cells[0].text == "T0"
    assert table.rows[-1].cells[0].text == "T899"
    assert "200 of 900 rows" in table.footnotes[0]


def test_a_reason_that_stands_at_its_number_is_no_note_and_others_name_their_term_in_words(cox):
    reason = "not estimable: no events in this level"
    noted = cox.with_(
        notes=(
            "Fewer than 10 events per parameter (2 events, 6 parameters).",
            f"trigger_category metabolic: {reason}.",
            "trigger_category merged: not estimable: the same level in all patients used.",
        )
    )
    names = Names({"trigger_category": "Trigger"}, levels={"trigger_category": {"merged": "Rare ones"}})
    said = tables_of(noted, names)[0].footnotes
    assert "Fewer than 10 events per parameter (2 events, 6 parameters)." in said
    assert "Trigger, Rare ones: not estimable: the same level in all patients used." in said
    assert not [note for note in said if note.endswith(f"{reason}.")]


def test_a_note_names_the_group_that_it_speaks_of():
    assert Names().note("not_met: fewer than 10 at risk.") == "No CNS involvement: fewer than 10 at risk."
    assert Names().note("The os_days are given: in days.") == "The os days are given: in days."


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("8 scd25", "8. sCD25"),
        ("6 nk activity", "6. NK activity"),
        ("hlh2004 4of8", "HLH-2004: 4 of 8"),
        ("positive dna", "Positive DNA"),
        ("3 cytopenia", "3. Cytopenia"),
        ("A molecular", "A molecular"),
    ],
)
def test_abbreviations_in_the_keys_of_items_are_printed_as_such(key, label):
    assert item_words(key) == label


def test_a_name_of_the_program_s_keeps_its_small_letter_and_degrees_their_sign():
    assert capital("seed_any3: any of symptoms, CSF, imaging") == "seed_any3: any of symptoms, CSF, imaging"
    assert capital("crude") == "Crude"
    assert pretty_unit("degC") == "°C"

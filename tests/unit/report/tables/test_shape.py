"""What stands side by side in a table, what heads its rows, and that no row of a frame is lost by it."""

from hypothesis import given, settings
from hypothesis import strategies as st
from table_numbers import rows_without_a_place

from neurohlh.core import format as fmt
from neurohlh.core.result import Result, tidy_frame
from neurohlh.report.names import Names
from neurohlh.report.tables import tables_of

T = fmt.THIN


def table_of(rows, names=None, **more):
    return tables_of(Result("made_up", tidy_frame(rows), **more), names)[0]


def heads(table):
    return [(c.above, c.spanner, c.head, c.sub) for c in table.columns]


def texts(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def hazard(population, term, estimate, events, n):
    return {
        "outcome": "death", "population": population, "term": term, "measure": "HR", "n": n, "events": events,
        "estimate": estimate, "conf_low": estimate / 2, "conf_high": estimate * 2, "p_value": 0.04,
        "contrast": "met vs not_met",
    }  # fmt: skip


def share(group, n, events, **more):
    return {"measure": "proportion", "group": group, "n": n, "events": events, "estimate": events / n, **more}


def test_crude_and_adjusted_stand_side_by_side_and_what_is_the_same_below():
    rows = [hazard(p, t, 2.0, 10 + len(t), 50) for p in ("day 7", "day 14") for t in ("crude", "adjusted")]
    table = table_of(rows)
    assert heads(table)[0] == ("", "", "Patients", "")
    assert [c.spanner for c in table.columns[1:]] == ["Crude"] * 3 + ["Adjusted"] * 3
    assert texts(table) == [
        ["Day 7", "15/50", "2.00 (1.00–4.00)", "0.040", "18/50", "2.00 (1.00–4.00)", "0.040"],
        ["Day 14", "15/50", "2.00 (1.00–4.00)", "0.040", "18/50", "2.00 (1.00–4.00)", "0.040"],
    ]
    assert table.footnotes == ("Outcome: Death.", "Comparison: CNS involvement vs No CNS involvement.")


def test_groups_stand_side_by_side_with_the_test_that_compares_them():
    rows = []
    for finding in ("white matter", "thalamus", "brainstem"):
        rows += [share("met", 20, 5, term=finding, method="Wilson"), share("not_met", 40, 4, term=finding)]
        rows.append({
            "term": finding, "contrast": "met vs not_met", "measure": "OR", "n": 60, "events": 9, "estimate": 3.0,
            "conf_low": 0.7, "conf_high": 12.9, "p_value": 0.13, "method": "Fisher exact",
        })  # fmt: skip
    table = table_of(rows)
    assert heads(table) == [
        ("", "", "Item", ""),
        ("", "", "CNS involvement", "n/N (%)"),
        ("", "", "No CNS involvement", "n/N (%)"),
        ("", "OR", "Events/N", ""),
        ("", "OR", "OR", f"95{T}% interval"),
        ("", "OR", "p value", ""),
    ]
    expected = ["White matter", f"5/20 (25.0{T}%)", f"4/40 (10.0{T}%)", "9/60", "3.00 (0.70–12.9)", "0.13"]
    assert texts(table)[0] == expected
    assert table.method == "Methods. Proportion: Wilson; OR: Fisher exact."


def test_times_stand_side_by_side_and_at_risk_is_told_from_dead_by_then():
    rows = [
        {
            "term": drug,
            "time": time,
            "measure": "survival",
            "n": 0 if time == 365 else 30,
            "events": 9,
            "estimate": 0.7,
            "method": "Kaplan-Meier",
        }
        for drug in ("etoposide", "ruxolitinib")
        for time in (365, 30)
    ]
    table = table_of(rows)
    assert [(c.head, c.sub) for c in table.columns] == [("Item", ""), ("30 days", "Survival"), ("1 year", "Survival")]
    assert table.rows[0].cells[2].sub.splitlines() == ["at risk: 0", "deaths by then: 9"]


def test_the_patients_of_a_model_are_not_called_at_risk():
    rows = [
        {
            "group": g,
            "time": time,
            "measure": "survival",
            "n": 244,
            "events": 57,
            "estimate": 0.7,
            "method": "standardised (Cox model, g-computation)",
        }
        for g in ("all involved", "none involved")
        for time in (30, 365)
    ]
    table = table_of(rows)
    assert not any("at risk" in cell.sub for row in table.rows for cell in row.cells)
    assert "57/244" in {cell.text for row in table.rows for cell in row.cells}


def test_a_curve_that_happens_to_be_the_share_of_those_at_risk_is_not_shown_as_one():
    rows = [
        {"term": t, "time": time, "measure": "cumulative incidence", "n": 50, "events": 5, "estimate": 0.1}
        for t in ("a", "b")
        for time in (30, 180)
    ]
    cell = table_of(rows).rows[0].cells[1]
    assert cell.text == f"10.0{T}%"
    assert cell.sub.splitlines() == ["at risk: 50", "events by then: 5"]


def test_rows_that_belong_to_no_group_never_stand_under_one():
    rows = [
        share("", 10, 3, population="children", term="a"),
        share("", 10, 4, population="children", term="b"),
        share("", 10, 4, population="children", term="c"),
        share("", 10, 5, term="a"),
        share("", 10, 6, term="b"),
    ]
    table = table_of(rows)
    kinds = [(row.kind, row.cells[0].text) for row in table.rows]
    if ("group", "Children") in kinds:
        assert kinds.index(("group", "Children")) > kinds.index(("body", "A"))
        assert [k for k, _ in kinds] == ["body", "body", "group", "sub", "sub", "sub"]
    else:
        assert "Children" in {cell.text for row in table.rows for cell in row.cells}


def test_a_variable_without_a_term_keeps_its_place():
    rows = [
        {"variable": v, "level": level, "measure": "points", "estimate": i}
        for i, (v, level) in enumerate((v, level) for v in ("CNS involvement", "Platelets") for level in ("no", "yes"))
    ]
    shown = {cell.text for row in table_of(rows).rows for cell in row.cells}
    assert {"CNS involvement", "Platelets"} <= shown


def test_an_unusual_method_is_a_note_of_its_row_and_the_usual_one_stands_below():
    rows = [
        {"term": t, "measure": "HR", "estimate": 2.0, "method": m}
        for t, m in (("a", "Cox regression"), ("b", "Cox regression"), ("c", "Firth's penalty"))
    ]
    table = table_of(rows)
    assert table.method == "Method: Cox regression."
    assert [row.cells[-1].note for row in table.rows] == ["", "", "Firth's penalty"]


def test_percentages_have_their_denominator():
    table = table_of([share("met", 40, 8), share("not_met", 20, 1)])
    assert texts(table) == [["CNS involvement", f"8/40 (20.0{T}%)"], ["No CNS involvement", f"1/20 (5.0{T}%)"]]


def test_names_that_are_codes_are_said_in_words():
    names = Names({"trigger_category": "Trigger"}, levels={"trigger_category": {"ebv": "EBV"}})
    rows = [
        {"variable": "trigger_category", "level": level, "measure": "HR", "estimate": e, "n": 9}
        for level, e in (("ebv", 1.5), ("not_tested", 2.5))
    ]
    assert texts(table_of(rows, names)) == [["EBV", "9", "1.50"], ["Not tested", "9", "2.50"]]


DIMENSIONS = ("outcome", "population", "variable", "term", "level", "group", "contrast", "measure")
WORDS = st.sampled_from(["", "a", "b", "c vs d"])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(*(WORDS for _ in DIMENSIONS), st.sampled_from([None, 30.0, 365.0])),
        min_size=1,
        max_size=14,
        unique=True,
    )
)
def test_no_row_is_lost_in_any_shape(places):
    rows = [
        {
            **dict(zip(DIMENSIONS, place, strict=False)),
            "time": place[-1],
            "estimate": 1.5 + i,
            "n": 10 + i,
            "p_value": 0.2,
        }
        for i, place in enumerate(places)
    ]
    rows = [{**row, "measure": row["measure"] or "HR"} for row in rows]
    result = Result("made_up", tidy_frame(rows + rows[: len(rows) // 3]))  # some twice over
    (table,) = tables_of(result)
    assert rows_without_a_place(table, result) == []
    assert all(len(cells) == len(table.columns) for cells in table.grid())

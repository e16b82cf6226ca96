"""The long table: a row per patient, set and item, in words."""

import numpy as np
import pandas as pd
import polars as pl

from neurohlh.clinical.criteria import load
from neurohlh.clinical.criteria_table import COLUMNS, criteria_long

FRAME = pd.DataFrame(
    {
        "patient_id": ["b", "a"],
        "ferritin": [2000.0, np.nan],
        "ferritin_censored": ["right", None],
        "platelets": [80.0, 99.5],
        "nk_activity": ["not_tested", "low"],
        "splenomegaly": pd.array([True, None], dtype="boolean"),
        "scd25": [9000.0, np.nan],
        "scd25_unit": ["pg/mL", None],
    }
)
TABLE = criteria_long(FRAME, [load("hlh2004"), load("hscore"), load("mas2016")])


def cell(patient: str, set_name: str, item: str) -> tuple[str, str, str]:
    row = TABLE.query("patient_id == @patient and criteria_set == @set_name and item == @item")
    assert len(row) == 1
    return tuple(row[["status", "value", "detail"]].iloc[0])


def test_columns_patients_and_one_overall_per_set():
    assert tuple(TABLE.columns) == COLUMNS
    assert TABLE["patient_id"].drop_duplicates().tolist() == ["b", "a"]
    assert TABLE.groupby(["patient_id", "criteria_set"])["item"].apply(lambda i: (i == "overall").sum()).eq(1).all()
    assert not TABLE.duplicated(["patient_id", "criteria_set", "item"]).any()
    assert TABLE.notna().all().all()


def test_recorded_values_with_unit_and_limit():
    assert cell("b", "HLH-2004", "7_ferritin")[:2] == ("met", ">2000 ug/L")
    assert cell("b", "HLH-2004", "3_cytopenia_plt")[1] == "80 10^9/L"
    assert cell("a", "HLH-2004", "3_cytopenia_plt")[1] == "99.5 10^9/L"
    assert cell("b", "HLH-2004", "2_splenomegaly")[:2] == ("met", "true")
    assert cell("a", "HLH-2004", "2_splenomegaly")[:2] == ("indeterminate", "")


def test_the_reason_why_an_item_is_undecided():
    assert cell("a", "HLH-2004", "7_ferritin")[2].endswith("not recorded")
    assert "recorded as not tested" in cell("b", "HLH-2004", "6_nk_activity")[2]
    assert "not recorded in U/mL" in cell("b", "HLH-2004", "8_scd25_units")[2]
    assert "scd25_uln not recorded" in cell("b", "HLH-2004", "8_scd25_twice_uln")[2]
    assert (
        "age_days not recorded"
        in criteria_long(pd.DataFrame({"patient_id": ["a"], "hemoglobin": [95.0]}), load("hlh2004"))
        .query("item == '3_cytopenia_hb_neonate'")["detail"]
        .item()
    )
    assert (
        "censored"
        in criteria_long(FRAME.assign(ferritin=400.0), load("hlh2004"))
        .query("item == '7_ferritin' and patient_id == 'b'")["detail"]
        .item()
    )


def test_the_rule_and_its_threshold_are_named():
    assert ">= 500 ug/L" in cell("b", "HLH-2004", "7_ferritin")[2]
    assert "[DOSSIER RULE]" in cell("b", "HLH-2004", "1_fever_flag")[2]


def test_bounds_and_unknown_items_of_the_whole():
    status, value, detail = cell("b", "HLH-2004", "overall")
    assert (status, value) == ("indeterminate", "2..8")
    assert "unknown: 1_fever, 3_cytopenia, 4_tg_fibrinogen, 5_hemophagocytosis, 6_nk_activity, 8_scd25" in detail
    assert cell("b", "HScore", "ferritin")[1:] == (
        ">2000 ug/L",
        "Ferritin (points: >= 2000 ug/L: 35, > 6000 ug/L: 50); points 35..50",
    )
    assert "not applicable unless met: gate_sjia" in cell("b", "MAS-2016", "overall")[2]


def test_a_marrow_that_was_not_done_is_named_as_the_reason():
    bools = {"hemophagocytosis_bm": [True, None], "bm_done": [False, False]}
    frame = pd.DataFrame({"patient_id": ["a", "b"], **{k: pd.array(v, dtype="boolean") for k, v in bools.items()}})
    table = criteria_long(frame, load("hscore")).set_index(["patient_id", "item"])
    assert "not used, for bm_done says not done" in table.loc[("a", "hemophagocytosis"), "detail"]
    assert "; not recorded" in table.loc[("b", "hemophagocytosis"), "detail"]
    assert table["status"].eq("indeterminate").all()


def test_other_backends_give_the_same_table():
    lazy = pl.from_pandas(FRAME).lazy()
    pd.testing.assert_frame_equal(criteria_long(lazy, [load("hlh2004"), load("hscore"), load("mas2016")]), TABLE)

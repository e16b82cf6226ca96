"""`neurohlh run` on the bundled example, marked cell by cell against the truth that lies beside it.

At least 99.5 % of the decidable cells equal the truth, no answer is wrong, and what nobody can decide is refused.
"""

import json
from pathlib import Path

import pandas as pd
import pytest

from neurohlh.study.config import PLAN_PARTS

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
RELATIVE = 1e-4
"""Ages: a month is 1/12 year here and 0.0833333 in the codebook. A wrong unit or a lost digit is never this near."""


@pytest.fixture(scope="module")
def out(example_run):
    return example_run


def table(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def patients(out):
    return table(out / "cohort" / "patients.csv").set_index("patient_id", drop=False)


def equal(answer, truth):
    """Element by element: the same text, or the same number within the tolerance."""
    numbers = [pd.to_numeric(side, errors="coerce") for side in (answer, truth)]
    near = (numbers[0] - numbers[1]).abs() <= RELATIVE * numbers[1].abs()
    return (answer == truth) | near.fillna(False)


@pytest.fixture(scope="module")
def marked(patients):
    """The cells of both hospitals with what patients.csv says of them."""
    cells = table(EXAMPLE / "truth_cells.csv")
    held = patients[[v for v in cells["variable"].unique() if v in patients]].drop(columns="patient_id")
    answers = held.melt(ignore_index=False).set_index("variable", append=True)["value"]
    cells = cells[cells["variable"] != "patient_id"].reset_index(drop=True)
    keys = pd.MultiIndex.from_frame(cells[["patient_id", "variable"]])
    cells["answer"] = answers.reindex(keys).to_numpy()
    cells["equal"] = equal(cells["answer"], cells["truth"])
    return cells


def test_every_patient_is_there_once_and_every_column_was_understood(patients, marked):
    assert set(patients.index) == set(table(EXAMPLE / "truth.csv")["patient_id"])
    assert patients.index.is_unique
    assert not marked["answer"].isna().any(), sorted(marked.loc[marked["answer"].isna(), "variable"].unique())


def test_of_the_decidable_cells_all_but_one_in_two_hundred_equal_the_truth(marked):
    decidable = marked[marked["expectation"] == "value"]
    assert decidable["equal"].mean() >= 0.995


def test_no_cell_has_a_wrong_answer(marked):
    wrong = marked[~marked["equal"] & (marked["answer"] != "")]
    assert wrong[["source", "row", "column", "raw", "truth", "answer"]].to_dict("records") == []


def test_what_is_not_in_the_record_is_in_no_answer(patients):
    """Patient by patient, not cell by cell: nothing appears where the record is empty."""
    truth = table(EXAMPLE / "truth.csv").set_index("patient_id")
    compared = [c for c in truth.columns if c in patients and not c.endswith("_censored")]
    # computed from other columns where the record has none
    computed = {"death", "followup_days", "age_years", "age_days", "outcome_status"}
    for variable in set(compared) - computed:
        answer = patients[variable].reindex(truth.index)
        invented = (truth[variable] == "") & ~answer.isin(["", "not_tested"]) & (answer != "indeterminate")
        derived = variable in ("bm_done", "fever", "lost_to_followup", "genetic_test_done", "hemophagocytosis")
        assert derived or not invented.any(), variable


def test_values_beyond_a_limit_keep_their_side(patients):
    truth = table(EXAMPLE / "truth.csv").set_index("patient_id")
    for column in [c for c in truth.columns if c.endswith("_censored")]:
        assert (patients[column].reindex(truth.index) == truth[column]).all(), column


def test_every_refused_or_unequal_cell_is_in_the_issues(out, marked):
    issues = table(out / "cohort" / "issues.csv")
    told = set(zip(issues["source"], issues["row"].str.removesuffix(".0"), issues["column"], strict=True))
    lost = marked[(marked["answer"] == "") & (marked["expectation"] != "missing")]
    silent = [k for k in zip(lost["source"], lost["row"], lost["column"], strict=True) if k not in told]
    assert silent == []


def test_patients_whose_rows_disagree_are_kept_out_with_the_reason(patients):
    cells = table(EXAMPLE / "truth_cells.csv")
    disagree = cells.loc[cells["pattern"] == "two rows of one patient disagree", "patient_id"].unique()
    assert len(disagree) == 3
    assert (patients.loc[disagree, "included"] == "false").all()
    assert (patients.loc[disagree, "excluded_by"] != "").all()


def test_planted_contradictions_and_transfers_are_reported(out):
    issues = table(out / "cohort" / "issues.csv")
    cells = table(EXAMPLE / "truth_cells.csv")
    for pattern in ("C57 death before admission", "C57 graft first", "CSF value, puncture 'not done'"):
        where = cells[cells["pattern"] == pattern]
        reported = issues[
            issues["patient_id"].isin(where["patient_id"]) & issues["severity"].isin(["error", "warning"])
        ]
        assert set(where["patient_id"]) <= set(reported["patient_id"]), pattern
    moved = pd.read_csv(EXAMPLE / "truth_model.csv").dropna(subset=["transferred_from"])
    near = set(issues.loc[issues["code"] == "near_duplicate", "patient_id"])
    assert {*moved["patient_id"], *moved["transferred_from"]} <= near


def test_the_cns_status_is_that_of_the_model_wherever_it_is_decided(patients):
    """Values lie clear of every limit, so a decided status must be the true one."""
    model = pd.read_csv(EXAMPLE / "truth_model.csv").set_index("patient_id")["true_cns"]
    status = patients["cns_involved"].reindex(model.index)
    decided = status.isin(["met", "not_met"])
    assert ((status == "met") == model)[decided].all()
    assert decided.mean() > 0.65
    assert status[model & (status != "not_applicable")].eq("met").mean() > 0.97


@pytest.fixture(scope="module")
def truth():
    return pd.read_csv(EXAMPLE / "truth_effects.csv").set_index(["quantity", "days"])["value"]


def result(out, name):
    return pd.read_csv(out / "tables" / f"{name}.csv")


def row(frame, **wanted):
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1, (wanted, len(frame))
    return frame.iloc[0]


def covers(found, value):
    return found["conf_low"] <= value <= found["conf_high"]


def test_one_run_carries_out_every_part_of_the_standard_plan(out):
    names = {path.stem for path in (out / "tables").glob("*.csv")}
    assert names == {path.stem for path in (out / "tables").glob("*.json")}
    for part in (p for p in PLAN_PARTS if p != "declared"):  # this study declares no model of its own
        own = [n for n in names if n == part or n.startswith(f"{part}_")]
        assert own, part
        assert any(len(table(out / "tables" / f"{n}.csv")) for n in own), part


def test_survival_by_cns_status_covers_the_true_one(out, truth):
    """The curves begin on day 14, when few have died; by three years that moves survival by less than 0.03."""
    curves = result(out, "kaplan_meier")
    for group, quantity in (("met", "survival_cns"), ("not_met", "survival_no_cns")):
        found = row(curves, group=group, measure="survival", time=1095)
        assert found["conf_low"] - 0.03 <= truth[quantity, 1095] <= found["conf_high"]


def test_the_adjusted_effect_covers_the_true_one(out, truth):
    ratio = truth["cumulative_hazard_ratio", 1095]
    adjusted = result(out, "cox")
    found = row(adjusted, analysis="cox_adjusted", variable="cns", level="met")
    assert covers(found, ratio)
    assert covers(row(result(out, "time_landmarks"), analysis="landmark_14", term="adjusted"), ratio)
    differences = result(out, "confounding_standardised")
    for days in (180, 365, 1095):
        mine = differences[differences["measure"].eq("survival difference") & differences["time"].eq(days)]
        found = row(mine[mine["method"].str.startswith("standardised")], time=days)
        assert covers(found, truth["difference_standardised_after_day_14", days]), days


def test_the_frequency_bounds_hold_the_true_share(out, patients):
    model = pd.read_csv(EXAMPLE / "truth_model.csv").set_index("patient_id")["true_cns"]
    share = model.reindex(patients.index[patients["included"] == "true"]).mean()
    found = result(out, "frequency").set_index("term")["estimate"]
    assert found["unknown as negative"] <= share <= found["worst case: unknown as positive"]


def test_the_specification_curve_holds_hundreds_of_specifications_and_marks_the_declared_one(out):
    record = json.loads((out / "tables" / "specifications_curve.json").read_text(encoding="utf-8"))
    rows = table(out / "tables" / "specifications_curve.csv")
    assert len(rows) >= 300
    columns = record["curves"]["data"]["columns"]
    declared = [r[columns.index("declared")] for r in record["curves"]["data"]["data"]]
    assert sum(map(bool, declared)) == 1


def test_ever_cns_is_shown_as_a_warning_only(out):
    text = (out / "tables" / "time_ever_cns_warning.json").read_text(encoding="utf-8")
    record = json.loads(text)
    assert record["method"]["title"].startswith("Not an answer")
    assert any("mmortal" in note for note in record["notes"])


def test_the_run_record_names_both_files(out):
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    text = json.dumps(record, ensure_ascii=False)
    for name in ("hospital_A_SYNTHETIC.xlsx", "hospital_B_SYNTHETIC.csv"):
        assert name in text

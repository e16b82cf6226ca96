"""The synthetic hospitals: same seed same bytes, published margins, a truth that fits the files cell by cell."""

import csv
import hashlib
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import codebook
from neurohlh.study.synth import synthesise
from neurohlh.study.synth_truth import PATTERNS, effects, patients

EXAMPLE = Path(__file__).parents[3] / "data" / "example"
SEED, N = 20261122, 400


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("synth")
    synthesise(SEED, N, out)
    return out


@pytest.fixture(scope="module")
def cells(made):
    return pd.read_csv(made / "truth_cells.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def model(made):
    return pd.read_csv(made / "truth_model.csv")


def contents(folder):
    """Hash of every file; of a workbook, of its parts (compression may differ between machines)."""
    seen = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                seen |= {f"{path.name}/{i.filename}/{i.date_time}": book.read(i) for i in book.infolist()}
        else:
            seen[path.name] = path.read_bytes()
    return {name: hashlib.sha256(data).hexdigest() for name, data in seen.items()}


def test_the_same_seed_gives_the_same_files_and_another_seed_others(made, tmp_path):
    synthesise(SEED, 120, tmp_path / "a")
    synthesise(SEED, 120, tmp_path / "b")
    synthesise(SEED + 1, 120, tmp_path / "c")
    first = contents(tmp_path / "a")
    assert first == contents(tmp_path / "b")
    assert (tmp_path / "a" / "hospital_A_SYNTHETIC.xlsx").read_bytes() == (
        tmp_path / "b" / "hospital_A_SYNTHETIC.xlsx"
    ).read_bytes()
    assert first["truth.csv"] != contents(tmp_path / "c")["truth.csv"]


def test_the_committed_example_is_what_the_seed_gives(made):
    assert contents(made) == contents(EXAMPLE)


@pytest.mark.parametrize(("seed", "n"), [(1, 99), (-1, 400)])
def test_too_few_patients_or_a_negative_seed_are_refused(seed, n, tmp_path):
    with pytest.raises(InputError):
        synthesise(seed, n, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_overlap_of_the_domains_adds_up_to_the_printed_margins():
    # Zhao 2018: 179 children, CNS 60.3 % (108), symptoms 38, imaging abnormal 80, CSF abnormal 17.
    assert sum(PATTERNS.values()) == 179
    assert 179 - PATTERNS[""] == 108
    assert {d: sum(n for p, n in PATTERNS.items() if d in p) for d in "SIC"} == {"S": 38, "I": 80, "C": 17}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_sample_holds_the_published_margins(seed):
    d = patients(np.random.default_rng(seed), 358)
    assert d["true_cns"].sum() == 216
    assert [d[f"true_{x}"].sum() for x in "SIC"] == [76, 160, 34]
    assert (d["mri_done"].sum(), d["lp_done"].sum()) == (320, 232)
    assert d["lost"].sum() == 34
    assert not (d["true_C"] & ~d["lp_done"]).any()
    for cns, survival in ((True, 0.689), (False, 0.860)):
        group = d[d["true_cns"] == cns]
        assert 1 - group["dies_within_3y"].mean() == pytest.approx(survival, abs=0.5 / len(group) + 1e-9)
    assert d.loc[d["died"], "days"].max() <= 1095
    assert not (d["died"] & d["lost"]).any()
    assert d.loc[~d["died"] & ~d["lost"], "days"].min() > 1095


def test_the_true_effect_is_harm_and_smaller_at_equal_severity_than_between_the_groups_as_they_are():
    d = patients(np.random.default_rng(SEED), 4000)
    told = effects(d).set_index(["quantity", "days"])["value"]
    assert told["survival_cns", 1095] == 0.689
    assert told["survival_no_cns", 1095] == 0.860
    assert told["difference_crude", 1095] < told["difference_standardised", 1095] < -0.05
    assert told["cumulative_hazard_ratio", 1095] == pytest.approx(2.0, abs=0.25)
    # Of those alive on day 14 a part of the deaths has happened already: a smaller difference, of the same sign.
    assert told["difference_standardised", 365] < told["difference_standardised_after_day_14", 365] < 0
    # By counting: of those with CNS involvement this share has died by a year.
    dead = (d["dies_within_3y"] & (d["days"] <= 365))[d["true_cns"] & ~d["lost"]]
    assert 1 - dead.mean() == pytest.approx(told["survival_cns", 365], abs=0.04)


def test_who_dies_early_is_tested_less():
    d = pd.concat([patients(np.random.default_rng(seed), 400) for seed in range(4)])
    early = d["died"] & (d["days"] <= 30)
    for test in ("lp_done", "nk_tested", "scd25_tested"):
        assert d.loc[early, test].mean() < d.loc[~early, test].mean() - 0.05


def test_hlh_2004_is_met_by_most_open_in_some_and_failed_by_a_few():
    d = patients(np.random.default_rng(SEED), 400)
    lineages = (d["hemoglobin"] < 90).astype(int) + (d["platelets"] < 100) + (d["anc"] < 1)
    met = (
        d["fever"].astype(int)
        + d["splenomegaly"]
        + (lineages >= 2)
        + ((d["triglycerides"] >= 3) | (d["fibrinogen"] <= 1.5))
        + d["hemophagocytosis_bm"].eq(True)
        + (d["ferritin"] >= 500)
        + d["nk_activity"].isin(["low", "absent"])
        + (d["scd25"] >= 2400)
    )
    unknown = d["hemophagocytosis_bm"].isna().astype(int) + (d["nk_activity"] == "not_tested") + d["scd25"].isna()
    assert (met >= 5).mean() > 0.7
    assert ((met < 5) & (met + unknown >= 5)).sum() >= 5
    assert (met + unknown < 5).sum() >= 5


def test_dates_follow_the_course():
    d = patients(np.random.default_rng(SEED), 400)
    assert (d["date_birth"] <= d["date_onset"]).all()
    assert (d["date_onset"] <= d["date_admission"]).all()
    for event in ("date_lp_first", "date_imaging_first", "date_neuro_onset", "date_it_first", "date_hsct"):
        assert not (d[event] > d["date_last_followup"]).any()
    assert not (d["date_it_first"] <= d["date_hlh_diagnosis"]).any()


def test_every_file_says_that_it_is_synthetic(made):
    for path in made.iterdir():
        if path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            assert "SYNTHETIC" in book.sheetnames[0]
            assert "SYNTHETIC" in book.active["A1"].value
        elif path.name.startswith("truth") and path.name != "truth_effects.csv":
            assert "SYN-" in path.read_text(encoding="utf-8")
        elif path.name != "truth_effects.csv":
            assert "SYNTHETIC" in path.read_text(encoding="cp1252" if path.suffix == ".csv" else "utf-8")


def workbook_cells(path):
    sheet = openpyxl.load_workbook(path).active
    groups, names = (list(r) for r in sheet.iter_rows(min_row=2, max_row=3, values_only=True))
    for k in range(1, len(groups)):
        groups[k] = groups[k] or groups[k - 1]
    for row, values in enumerate(sheet.iter_rows(min_row=4, values_only=True), start=4):
        if str(values[0]).startswith("SYN-"):
            for group, name, value in zip(groups, names, values, strict=True):
                if value is not None and name and name != "备注":
                    yield (
                        (str(row), f"{group} / {name}"),
                        value.isoformat(sep=" ") if hasattr(value, "year") else str(value),
                    )


def csv_cells(path):
    with path.open(encoding="cp1252", newline="") as file:
        rows = list(csv.reader(file))
    for row, values in enumerate(rows[2:], start=3):
        if values[0].startswith("SYN-"):
            for name, value in zip(rows[1], values, strict=True):
                if value and name != "comments":
                    yield (str(row), name), value


@pytest.mark.parametrize("hospital", ["A", "B"])
def test_the_cell_list_is_the_file_cell_by_cell(made, cells, hospital):
    name = {"A": "hospital_A_SYNTHETIC.xlsx", "B": "hospital_B_SYNTHETIC.csv"}[hospital]
    written = dict((workbook_cells if hospital == "A" else csv_cells)(made / name))
    listed = cells[cells["source"] == name]
    assert written == dict(zip(zip(listed["row"], listed["column"], strict=True), listed["raw"], strict=True))


def test_most_cells_are_plain_and_every_kind_of_mess_is_there(cells):
    assert (cells["expectation"] == "value").mean() > 0.9
    assert (cells["expectation"] == "refused_ok").mean() < 0.005
    numbers = {pattern.split()[0] for pattern in cells["pattern"] if pattern}
    assert numbers >= {
        *("A1", "A2", "A3", "A4", "A5", "A6", "A8", "A9", "A11"),
        *("B26", "B30", "B31", "B32", "B34", "B35", "B36"),
        *("C41", "C44", "C45", "C46", "C49", "C51", "C52", "C54", "C55", "C56", "C57"),
        *("D63", "D68", "D69", "D70"),
        *("E73", "E75", "E76", "E77", "E78", "E80", "E81"),
    }


def test_true_numbers_lie_in_the_hard_range_of_the_codebook(cells):
    for variable in codebook():
        true = cells[(cells["variable"] == variable.name) & (cells["truth"] != "")]["truth"]
        if variable.numeric and len(true) and variable.name != "scd25":
            assert true.astype(float).between(variable.hard_min, variable.hard_max).all(), variable.name


def test_codes_of_the_truth_are_codes_of_the_codebook(cells):
    for variable in codebook():
        if variable.type in ("category", "tri") and variable.name not in ("center_id", "gene_causal"):
            true = set(cells[cells["variable"] == variable.name]["truth"]) - {""}
            assert true <= set(variable.codes), variable.name


def test_the_patient_table_is_the_sum_of_the_cells(made, cells):
    truth = pd.read_csv(made / "truth.csv", dtype=str, keep_default_na=False).set_index("patient_id")
    assert len(truth) == N
    assert truth.index.is_unique
    assert truth.columns.is_unique
    said = cells[(cells["truth"] != "") & (cells["variable"] != "patient_id")]
    held = truth[[c for c in truth.columns if not c.endswith("_censored")]].melt(ignore_index=False)
    held = held.set_index("variable", append=True)["value"]
    by_cell = said.set_index(["patient_id", "variable"])["truth"]
    assert (held.reindex(by_cell.index) == by_cell).all()
    unsaid = held[(held != "") & ~held.index.isin(by_cell.index)]
    assert set(unsaid) <= {"not_tested"}


def test_some_rows_are_written_twice_and_some_disagree(cells):
    rows = cells[cells["variable"] == "patient_id"].groupby("patient_id").size()
    assert (rows == 2).sum() == 7
    assert (rows > 2).sum() == 0
    disagree = cells[cells["pattern"] == "two rows of one patient disagree"]
    assert disagree["patient_id"].nunique() == 3
    assert (disagree["truth"] == "").all()


def test_patients_of_one_hospital_turn_up_in_the_other(model):
    moved = model.dropna(subset=["transferred_from"])
    assert len(moved) == 3
    origin = model.set_index("patient_id").loc[moved["transferred_from"]]
    assert (origin["true_cns"].to_numpy() == moved["true_cns"].to_numpy()).all()
    assert (origin["days"].to_numpy() == moved["days"].to_numpy()).all()

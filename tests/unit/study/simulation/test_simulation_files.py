"""A drawn cohort as files: labelled, the same bytes for the same seed, and a study that runs."""

import subprocess
import sys

import pandas as pd
import pytest

from neurohlh.core.errors import InputError
from neurohlh.study.simulation.files import COHORT, write_scenario
from neurohlh.study.simulation.scenarios import SCENARIOS, scenario
from neurohlh.study.study import Study


def synth(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "neurohlh.cli", "synth", *arguments], capture_output=True, text=True, check=False
    )


def test_the_same_seed_gives_the_same_bytes_and_the_truth_stands_apart(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_scenario(scenario("confounding"), seed, 60, tmp_path / name)
    texts = {n: (tmp_path / n / COHORT).read_bytes() for n in "abc"}
    assert texts["a"] == texts["b"] != texts["c"]
    table = pd.read_csv(tmp_path / "a" / COHORT)
    truth = pd.read_csv(tmp_path / "a" / "truth.csv")
    assert not {"severity", "cns_day", "centre_effect"} & set(table.columns)
    assert (30 - 4 * truth["severity"]).to_numpy() == pytest.approx(table["albumin (g/L)"].to_numpy(), abs=0.006)
    assert "SYNTHETIC" in (tmp_path / "a" / "README.md").read_text(encoding="utf-8")


def test_a_drawn_cohort_is_read_and_classified_as_it_was_drawn(tmp_path):
    write_scenario(scenario("late_cns"), 5, 200, tmp_path)
    cohort = Study.open(tmp_path / "study.toml").load()
    truth = pd.read_csv(tmp_path / "truth.csv").set_index("patient_id")["cns_day"]
    patients = cohort.patients.set_index("patient_id")
    decided = patients[patients["cns_baseline"].isin(["met", "not_met"])]
    assert ((decided["cns_baseline"] == "met") == (truth.reindex(decided.index) <= 14)).all()
    assert patients["os_days"].notna().all()


@pytest.mark.parametrize(("seed", "patients"), [(1, 19), (-1, 50)])
def test_too_few_patients_or_a_negative_seed_are_refused(seed, patients, tmp_path):
    with pytest.raises(InputError):
        write_scenario(scenario("sparse"), seed, patients, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_lists_scenarios_writes_one_and_explains_its_faults(tmp_path):
    listed = synth("--scenario", "list")
    assert listed.returncode == 0
    assert all(s.key in listed.stdout for s in SCENARIOS)
    made = synth("--scenario", "sparse", "--effect", "3", "--patients", "40", "--out", str(tmp_path / "s"))
    assert made.returncode == 0, made.stderr
    assert "| hazard ratio | 3.0 |" in (tmp_path / "s" / "README.md").read_text(encoding="utf-8")
    for arguments in (["--scenario", "sparce", "--out", str(tmp_path / "x")], []):
        wrong = synth(*arguments)
        assert wrong.returncode == 2
        assert "What to do" in wrong.stderr
        assert "Traceback" not in wrong.stderr

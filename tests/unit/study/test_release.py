"""The shareable part of a run: what is in it, what is refused."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest

from neurohlh.cli import main
from neurohlh.core.findings import FLOW_COLUMNS, Findings, table
from neurohlh.core.result import Result, tidy_frame
from neurohlh.core.suppression import is_suppressed
from neurohlh.study.bundle import read_findings, write_findings
from neurohlh.study.outputs import write_results


def share(level, group, events, n):
    told = {"variable": "seizure", "term": "level", "level": level, "group": group, "measure": "proportion"}
    return {**told, "n": n, "events": events, "estimate": events / n}


def findings():
    rows = [share("yes", "met", 2, 30), share("no", "met", 28, 30), share("yes", "not_met", 38, 50)]
    rows.append(share("no", "not_met", 12, 50))
    left = {"step": "joined_rows", "label": "Patients", "reason": "rows contradict each other"}
    flow = [{**left, "n_in": 84, "n_excluded": 4, "n_out": 80}]
    result = Result("seizures", tidy_frame(rows), counts={"supplied": 80, "used": 80}, notes=("2 of 80 had none.",))
    return Findings(
        "SYNTHETIC",
        results={"seizures": result},
        flow=table(FLOW_COLUMNS, pd.DataFrame(flow)),
        cautions=("4 patients are kept out.",),
        labels={"seizure": "Seizure"},
    )


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    (folder / "cohort").mkdir(parents=True)
    (folder / "cohort" / "patients.csv").write_text("patient_id\nSECRET-1\n")
    made = findings()
    write_results(made.results, folder / "tables")
    write_findings(made, folder)
    report = {"formats": ["html"], "figures": ["svg"]}
    record = {
        "study": {"file": "study.toml", "sha256": "0" * 64},
        "config": {"schema": 1, "source": [{"path": "../ward 7/hospital.csv"}], "report": report},
        "inputs": [{"path": "/data/ward 7/hospital.csv", "sha256": "a" * 64, "rows": 84}],
        "counts": {"patients": 84, "included": 80, "issues": 3},
        "versions": {"neurohlh": "0.1.0"},
        "written": "2026-11-22T10:00:00+00:00",
        "seconds": {"analyse": 1.0},
    }
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def release(run, out, *more):
    return main(["release", str(run), "--out", str(out), *more])


def test_small_counts_are_a_state_in_every_file(run, tmp_path, capsys):
    out = tmp_path / "shared"
    assert release(run, out) == 0
    assert "Shareable part" in capsys.readouterr().out
    safe = read_findings(out)
    assert all(is_suppressed(v) for v in safe.results["seizures"].tidy["events"])
    assert is_suppressed(safe.flow["n_excluded"].iloc[0])
    assert safe.cautions == ("suppressed patients are kept out.",)
    assert "suppressed" in (out / "tables" / "seizures.csv").read_text()
    assert "suppressed" in (out / "report.html").read_text(encoding="utf-8")


def test_it_holds_no_patient_no_folder_and_no_timing(run, tmp_path):
    out = tmp_path / "shared"
    release(run, out)
    assert not (out / "cohort").exists()
    everything = " ".join(p.read_text(encoding="utf-8") for p in out.rglob("*") if p.suffix != ".png" and p.is_file())
    assert "SECRET" not in everything
    assert "ward 7" not in everything
    record = json.loads((out / "run.json").read_text())
    assert "seconds" not in record
    assert "patients" not in record["counts"]
    assert record["inputs"] == [{"path": "hospital.csv", "sha256": "a" * 64}]


def test_the_manifest_names_every_file_the_rule_and_what_was_taken(run, tmp_path):
    out = tmp_path / "shared"
    release(run, out, "--minimum", "3")
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["minimum"] == 3
    assert manifest["suppressed_cells"]["seizures"] >= 8
    there = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} - {"manifest.json"}
    assert set(manifest["files"]) == there
    told = manifest["files"]["report.html"]["sha256"]
    assert told == hashlib.sha256((out / "report.html").read_bytes()).hexdigest()


def test_the_codebook_says_what_every_table_column_and_variable_is(run, tmp_path):
    out = tmp_path / "shared"
    release(run, out)
    lines = (out / "codebook.csv").read_text(encoding="utf-8").splitlines()
    assert "variable,seizure,Seizure," in lines
    assert any(line.startswith("table,tables/seizures.csv") for line in lines)
    assert sum(line.startswith("column of tables") for line in lines) == 24


def test_an_earlier_release_is_replaced_and_the_same_again(run, tmp_path):
    out = tmp_path / "shared"
    release(run, out)
    first = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert release(run, out) == 0
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == first


def test_the_minimum_of_the_study_is_its_own_unless_a_higher_one_is_asked(run, tmp_path, capsys):
    record = json.loads((run / "run.json").read_text())
    record["config"]["disclosure"] = {"minimum": 11}
    (run / "run.json").write_text(json.dumps(record))
    assert release(run, tmp_path / "shared") == 0
    assert json.loads((tmp_path / "shared" / "manifest.json").read_text())["minimum"] == 11
    assert release(run, tmp_path / "other", "--minimum", "5") == 2
    assert "below the study's own minimum of 11" in capsys.readouterr().err


def refused(run, out, capsys, *more):
    assert release(run, out, *more) == 2
    return capsys.readouterr().err


def test_a_minimum_that_hides_nothing_is_refused(run, tmp_path, capsys):
    assert "suppresses nothing" in refused(run, tmp_path / "shared", capsys, "--minimum", "1")


def test_a_release_into_its_own_run_is_refused(run, capsys):
    assert "the folder of its run" in refused(run, run, capsys)
    assert "the folder of its run" in refused(run, run / "shared", capsys)
    assert (run / "cohort" / "patients.csv").is_file()


def test_what_stands_in_the_folder_is_not_lost(run, tmp_path, capsys):
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_text("years of work")
    assert "holds no earlier release" in refused(run, out, capsys)
    assert (out / "chapter.txt").read_text() == "years of work"


def test_another_run_is_not_replaced_by_a_release(run, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "run.json").write_text("{}")
    assert "holds no earlier release" in refused(run, other, capsys)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: (run / "run.json").unlink(), "is not the folder of a run"),
        (
            lambda run: (run / "run.json").write_text('{"config": {"schema": 1, "source": "none"}}'),
            "the settings of the run can't be read",
        ),
        (lambda run: (run / "findings.json").unlink(), "holds no findings.json"),
        (lambda run: (run / "findings.json").write_text("{"), "the findings can't be read"),
        (lambda run: (run / "tables" / "seizures.json").unlink(), "a table of the run is missing"),
        (lambda run: (run / "tables" / "seizures.json").write_text("{}"), "the table can't be read"),
    ],
)
def test_a_folder_that_cannot_be_released_is_refused_and_leaves_nothing(run, tmp_path, capsys, spoil, said):
    spoil(run)
    assert said in refused(run, tmp_path / "shared", capsys)
    assert not (tmp_path / "shared").exists()

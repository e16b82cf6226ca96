"""From a printed number back to its row, its full precision, its method and the patients behind it."""

from __future__ import annotations

import json
import shutil

import pytest

from neurohlh.cli import main
from neurohlh.core.findings import Findings
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.bundle import write_findings
from neurohlh.study.finished import Finished
from neurohlh.study.outputs import write_results
from neurohlh.study.trace import places, plain, run_folder, told

RATIO = {
    "analysis": "cox_adjusted", "variable": "cns", "term": "cns", "measure": "HR", "population": "followed from day 14",
    "n": 244, "events": 57, "estimate": 2.4138, "conf_low": 1.2455, "conf_high": 6.8651, "p_value": 0.0137,
}  # fmt: skip
SHARE = {"term": "tested", "measure": "proportion", "n": 40, "events": 12, "estimate": 0.3, "p_value": 0.04}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work") / "out" / "made_up"
    folder.mkdir(parents=True)
    method = {"model": "Cox proportional hazards", "ties": "efron", "conf_level": 0.95}
    counts = {"supplied": 259, "used": 244, "dropped": {"missing platelets": 15}}
    results = {
        "models": Result("models", tidy_frame([RATIO]), method=method, counts=counts),
        "shares": Result(
            "shares", tidy_frame([SHARE, {**SHARE, "term": "untested", "n": 50, "events": 20, "estimate": 0.4}])
        ),
    }
    write_results(results, folder / "tables")
    write_findings(Findings("made up", results=results, cautions=("57 deaths are few.",)), folder)
    config = {"schema": 1, "source": [{"path": "a.csv"}]}
    record = {"config": config, "inputs": [{"path": "a.csv", "sha256": "a1" * 32}], "seed": 7}
    (folder / "run.json").write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("38.2 %", "38.2\N{NARROW NO-BREAK SPACE}%"),
        ("38.2%", "38·2 %"),
        ("1.25-6.87", "1.25–6.87"),
        ("1.25 to 6.87", "1.25–6.87"),
        ("12/40", "12/40"),
        ("-0.4", "\N{MINUS SIGN}0.4"),
        ("10000", "10\N{NARROW NO-BREAK SPACE}000"),
        ("38.2%", "３８.２％"),
        ("<0.001", "< 0.001"),
    ],
)
def test_what_a_reader_types_is_what_is_printed(typed, printed):
    assert plain(typed) == plain(printed)


def test_a_ratio_leads_to_its_row_in_full_precision(run):
    place = next(places(Finished.open(run), "2.41"))
    assert place.result == "models"
    assert place.rows[0]["estimate"] == 2.4138
    assert place.rows[0]["row of the file"] == 2
    assert place.shown.startswith("2.41 (")


@pytest.mark.parametrize("typed", ["1.25–6.87", "1.25-6.87", "2.41 (1.25–6.87)", "0.014"])
def test_an_interval_or_a_p_value_leads_there_too(run, typed):
    assert {place.result for place in places(Finished.open(run), typed)} == {"models"}


def test_part_of_a_number_is_another_number(run):
    assert list(places(Finished.open(run), "2.4")) == []
    assert list(places(Finished.open(run), "41")) == []


def test_a_percentage_leads_to_the_row_that_it_stands_in(run):
    found = list(places(Finished.open(run), "30.0 %"))
    assert [(p.result, p.rows[0]["term"]) for p in found] == [("shares", "tested")]


def test_a_number_in_a_sentence_is_found_as_well(run):
    assert "57 deaths are few." in {place.shown for place in places(Finished.open(run), "57")}


def test_all_that_is_known_is_told(run):
    said = told(Finished.open(run), "2.41")
    for words in (
        "tables/models.csv",
        "estimate=2.4138",
        "Cox proportional hazards",
        "244 of 259 patients used; left out: missing platelets 15",
        "followed from day 14",
        f"Input: a.csv sha256 {'a1' * 32}",
        "seed 7",
    ):
        assert words in said


def test_the_run_may_be_named_before_the_number_or_as_an_option(run, capsys):
    assert main(["trace", str(run), "2.41"]) == 0
    first = capsys.readouterr().out
    assert main(["trace", "2.41", "--run", str(run)]) == 0
    assert capsys.readouterr().out == first != ""


def test_without_a_name_it_is_this_folder_or_the_only_run_below_out(run):
    assert run_folder(None, run) == run
    assert run_folder(None, run.parents[1]) == run


def test_two_runs_below_out_must_be_told_apart(run, tmp_path, monkeypatch, capsys):
    for name in ("a", "b"):
        shutil.copytree(run, tmp_path / "out" / name)
    monkeypatch.chdir(tmp_path)
    assert main(["trace", "2.41"]) == 2
    assert "out/ holds a, b" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["9.99"], "prints '9.99' nowhere"),
        (["hazard"], "is no number"),
        (["1", "2", "3"], "trace looks for one number"),
        (["no_such_folder", "2.41"], "there is no folder"),
    ],
)
def test_faults_are_told_without_a_traceback(run, typed, said, monkeypatch, capsys):
    monkeypatch.chdir(run)
    assert main(["trace", *typed]) == 2
    assert said in capsys.readouterr().err

"""Two runs held against each other: what moved, by how much, and what could have moved it."""

from __future__ import annotations

import json

import pytest

from neurohlh.cli import main
from neurohlh.core.errors import InputError
from neurohlh.core.result import Result, tidy_frame
from neurohlh.core.suppression import SUPPRESSED
from neurohlh.study.difference import as_json, as_text, compare
from neurohlh.study.finished import Finished
from neurohlh.study.outputs import write_results

CONFIG = {"schema": 1, "study": {"seed": 1}, "source": [{"path": "a.csv"}], "cns": {"window_days": [-14, 14]}}


def ratio(level="met", **numbers):
    return {"analysis": "cox_adjusted", "variable": "cns", "level": level, "measure": "HR", **numbers}


def run(folder, rows, others=(), **record):
    """The folder of a run with the result 'cox' of these rows and empty results beside it."""
    folder.mkdir()
    results = {"cox": Result("cox", tidy_frame(rows)), **{name: Result("table1", tidy_frame([])) for name in others}}
    write_results(results, folder / "tables")
    told = {"config": CONFIG, "inputs": [{"path": "a.csv", "sha256": "1" * 64}], "catalogue": {}, "versions": {}}
    (folder / "run.json").write_text(json.dumps({**told, **record}))
    return folder


def found(tmp_path, before, after, tolerance=0.0, **changes):
    one = run(tmp_path / "one", before)
    return compare(Finished.open(one), Finished.open(run(tmp_path / "two", after, **changes)), tolerance)


def test_the_same_run_moves_nothing(tmp_path):
    same = found(tmp_path, [ratio(estimate=2.4)], [ratio(estimate=2.4)])
    assert same.same
    assert same.causes == ()
    assert "Every number of every table is the same." in as_text(same)


def test_a_moved_number_is_named_with_its_row_and_by_how_much(tmp_path):
    moved = found(tmp_path, [ratio(estimate=2.0, n=40)], [ratio(estimate=2.5, n=40)]).moved
    assert [(m.result, m.column, m.before, m.after, m.change, m.relative) for m in moved] == [
        ("cox", "estimate", 2.0, 2.5, 0.5, 0.25)
    ]
    assert moved[0].row["level"] == "met"


def test_within_the_tolerance_is_the_same(tmp_path):
    assert found(tmp_path, [ratio(estimate=2.0)], [ratio(estimate=2.001)], 0.001).same


def test_rows_and_results_that_appear_or_vanish_are_named(tmp_path):
    difference = found(tmp_path, [ratio("met"), ratio("gone")], [ratio("met"), ratio("new")], others=("extra",))
    assert [(name, row.get("level")) for name, row in difference.appeared] == [("cox", "new"), ("extra", None)]
    assert [(name, row["level"]) for name, row in difference.vanished] == [("cox", "gone")]


def test_a_number_that_is_empty_or_suppressed_in_one_run_moved(tmp_path):
    difference = found(tmp_path, [ratio(n=40, events=3.0)], [ratio(n=SUPPRESSED, events=None)])
    assert {(m.column, m.before, m.after, m.change) for m in difference.moved} == {
        ("n", 40.0, "suppressed", None),
        ("events", 3.0, None, None),
    }


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"inputs": [{"path": "a.csv", "sha256": "2" * 64}]}, ("input", "a.csv")),
        ({"config": {**CONFIG, "cns": {"window_days": [-7, 7]}}}, ("setting", "cns.window_days")),
        ({"config": {**CONFIG, "study": {"seed": 2}}}, ("seed", "study.seed")),
        ({"catalogue": {"criteria": "3" * 64}}, ("rule", "criteria")),
        ({"versions": {"numpy": "9"}}, ("version", "numpy")),
    ],
)
def test_what_could_have_moved_a_number_is_told_by_its_kind(tmp_path, changes, cause):
    difference = found(tmp_path, [ratio(estimate=2.0)], [ratio(estimate=2.1)], **changes)
    assert [(c.kind, c.what) for c in difference.causes] == [cause]


def test_where_nothing_differs_and_numbers_moved_that_is_said(tmp_path):
    said = as_text(found(tmp_path, [ratio(estimate=2.0)], [ratio(estimate=2.1)]))
    assert "Numbers moved all the same" in said
    assert "cox" in said
    assert "estimate 2 -> 2.1 (+0.1, +5 %)" in said


def test_json_holds_everything_and_no_number_that_json_does_not_know(tmp_path):
    difference = found(tmp_path, [ratio(estimate=2.0)], [ratio(estimate=float("inf"))])
    told = json.loads(as_json(difference))
    assert told["same"] is False
    assert told["moved"][0]["after"] == "inf"


def test_the_command_ends_with_0_whether_numbers_moved_or_not(tmp_path, capsys):
    one = run(tmp_path / "one", [ratio(estimate=2.0)])
    two = run(tmp_path / "two", [ratio(estimate=2.1)])
    assert main(["diff", str(one), str(two)]) == 0
    assert "1 numbers moved" in capsys.readouterr().out
    assert main(["diff", str(one), str(two), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["moved"][0]["before"] == 2.0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "run.json").unlink(), "is not the folder of a run"),
        (lambda folder: (folder / "run.json").write_text("{"), "can't be read"),
        (lambda folder: (folder / "run.json").write_text("{}"), "holds no run of a study"),
    ],
)
def test_a_folder_that_is_no_run_is_refused(tmp_path, capsys, spoil, said):
    one, two = run(tmp_path / "one", []), run(tmp_path / "two", [])
    spoil(two)
    assert main(["diff", str(one), str(two)]) == 2
    assert said in capsys.readouterr().err


def test_a_table_that_cannot_be_read_is_named(tmp_path):
    one, two = run(tmp_path / "one", []), run(tmp_path / "two", [])
    (two / "tables" / "cox.json").write_text("[]")
    with pytest.raises(InputError) as fault:
        compare(Finished.open(one), Finished.open(two))
    assert "tables/cox.json" in str(fault.value)


def test_a_tolerance_that_is_no_share_is_refused(tmp_path, capsys):
    one = run(tmp_path / "one", [])
    assert main(["diff", str(one), str(one), "--tolerance", "5"]) == 2
    assert "--tolerance" in capsys.readouterr().err


@pytest.mark.parametrize(("after", "share"), [(0.0, "-100 %"), (2.1, "+5 %"), (2.002, "+0.1 %"), (50.0, "+2400 %")])
def test_by_how_much_is_said_in_plain_digits(tmp_path, after, share):
    assert share in as_text(found(tmp_path, [ratio(estimate=2.0)], [ratio(estimate=after)]))


def test_a_row_says_which_of_the_analyses_of_its_result_it_is_of(tmp_path):
    crude = ratio(estimate=3.0) | {"analysis": "cox_crude"}
    said = as_text(found(tmp_path, [crude, ratio(estimate=2.0)], [crude, ratio(estimate=2.5)]))
    assert "cox: analysis cox_adjusted, variable cns" in said
    assert "cox_crude" not in said

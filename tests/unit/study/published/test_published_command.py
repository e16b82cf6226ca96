"""`neurohlh evidence` as a user types it: the text, the folder, the exit codes, a study beside it."""

import json
import re

import pytest

from neurohlh.cli import main
from neurohlh.core.result import Result
from neurohlh.study.study import Study


def typed(capsys, *arguments):
    code = main(["evidence", *(str(a) for a in arguments)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def finished(tmp_path, hospital):
    (tmp_path / "hospital.csv").write_text(hospital, encoding="utf-8")
    path = tmp_path / "study.toml"
    path.write_text(
        'schema = 1\n[study]\ntitle = "Ward 7"\n[[source]]\npath = "hospital.csv"\n[eligibility]\ncriteria = "none"\n'
        '[endpoint.os]\nanalyse = false\n[plan]\nparts = ["published"]\n'
    )
    Study.open(path).run().write(tmp_path / "run")
    return tmp_path / "run"


def test_without_a_folder_a_summary_is_printed(capsys):
    code, out, err = typed(capsys)
    assert (code, err) == (0, "")
    assert out.startswith("In a typical published cohort about 38\N{NARROW NO-BREAK SPACE}% of patients")
    assert "4 of 17 cohorts lie within" in out


def test_the_folder_holds_page_tables_figures_and_record(tmp_path, capsys):
    code, out, _ = typed(capsys, "--out", tmp_path / "ev")
    assert (code, out) == (0, f"Report: {tmp_path / 'ev' / 'evidence.html'}\n")
    page = (tmp_path / "ev" / "evidence.html").read_text(encoding="utf-8")
    for heading in ("How frequent CNS involvement is", "The effect on death", "The claims", "Printed arithmetic"):
        assert heading in page
    assert not re.search(r'(src|href)="(?!#)', page)  # nothing is fetched
    names = {p.stem for p in (tmp_path / "ev" / "tables").glob("*.csv")}
    assert names >= {"published_frequency", "published_effect", "published_claims", "published_faults"}
    assert {p.stem for p in (tmp_path / "ev" / "figures").glob("*.svg")} >= {"published_frequency", "published_effect"}
    for path in (tmp_path / "ev" / "tables").glob("*.json"):
        Result.from_json(path.read_text(encoding="utf-8"))
    record = json.loads((tmp_path / "ev" / "run.json").read_text())
    assert [i["path"] for i in record["inputs"]] == ["published_cohorts.csv", "published_effects.csv"]


def test_a_finished_study_is_set_beneath(finished, capsys):
    code, out, _ = typed(capsys, "--study", finished)
    assert code == 0
    assert "This study: Ward 7." in out
    assert (finished / "tables" / "published_with_study_frequency.csv").exists()
    assert 'id="part-published"' in (finished / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cohorts", "x.csv"], "only one of the two tables, cohorts and effects, is given"),
        (["--cohorts", "x.csv", "--effects", "y.csv"], "there is no file 'x.csv'"),
        (["--study", "nowhere"], "holds no run"),
    ],
)
def test_faults_of_the_arguments_end_with_two(capsys, arguments, said):
    code, out, err = typed(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_fault_of_a_table_names_its_cell(tables, capsys):
    cohorts, effects = tables([{}, {"n_cns": "twelve"}], [{"cohort_id": "c0"}])
    code, _, err = typed(capsys, "--cohorts", cohorts, "--effects", effects)
    assert code == 2
    assert "cohorts.csv, row 3, column 'n_cns': 'twelve' is no count" in err


def test_a_folder_with_other_things_is_not_touched(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    code, _, err = typed(capsys, "--out", tmp_path / "mine")
    assert code == 2
    assert "not empty" in err
    assert (tmp_path / "mine" / "letter.txt").exists()


def test_unseen_tables_with_next_to_nothing_in_them(tables, capsys, tmp_path):
    cohorts, effects = tables([{}], [{"cohort_id": "c0", "measure": "2x2", "outcome": "relapse"}])
    code, _, _ = typed(capsys, "--cohorts", cohorts, "--effects", effects, "--out", tmp_path / "ev")
    assert code == 0
    assert "too few cohorts" in (tmp_path / "ev" / "evidence.html").read_text(encoding="utf-8")


def test_a_damaged_record_of_a_run(tmp_path, capsys):
    (tmp_path / "run.json").write_text("{}")
    code, _, err = typed(capsys, "--study", tmp_path)
    assert code == 2
    assert "can't be read" in err

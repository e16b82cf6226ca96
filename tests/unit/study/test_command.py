"""The commands as a user types them: exit codes, what is printed, and no patient's value in it."""

import json
import tomllib

import pytest

from neurohlh import __version__
from neurohlh.cli import main

TABLE = """\
patient_id,性别,Hb (g/dL),Platlets,ferritin (ug/L),date_birth,qwertzuiop,death,date_hlh_diagnosis
Secret-1,男,8.4,30,77x77,2018-05-05,x,no,2020-01-01
Secret-2,女,9.1,40,900,05/06/2018,y,yes,2020-01-02
Secret-2,女,9.1,40,900,05/06/2018,y,yes,2020-01-02
"""
SECRETS = ("Secret", "77x77", "2018-05-05", "05/06/2018", "8.4", "84")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "hospital.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def typed(capsys, *arguments):
    """Exit code, standard output, standard error."""
    code = main([str(a) for a in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_without_a_command_the_help_is_shown(capsys):
    code, out, err = typed(capsys)
    assert code == 0
    assert err == ""
    for command in ("run", "check", "init", "definitions", "synth"):
        assert command in out


@pytest.mark.parametrize(("option", "said"), [("--version", f"neurohlh {__version__}"), ("--help", "haemophagocytic")])
def test_version_and_help(capsys, option, said):
    with pytest.raises(SystemExit) as stop:
        main([option])
    assert stop.value.code == 0
    assert said in capsys.readouterr().out


def test_run_writes_the_folder_and_prints_where_the_report_is(tmp_path, capsys, hospital):
    (tmp_path / "hospital.csv").write_text(hospital, encoding="utf-8")
    study = tmp_path / "study.toml"
    study.write_text(
        'schema = 1\n[[source]]\npath = "hospital.csv"\n[eligibility]\ncriteria = "none"\n'
        "[endpoint.os]\nanalyse = false\n"
    )
    out = tmp_path / "new" / "out"
    code, printed, _ = typed(capsys, "run", study, "--out", out)
    assert code == 0
    assert printed == f"Report: {out / 'report.html'}\n"
    assert {p.name for p in out.iterdir()} == {
        "report.html",
        "report.docx",
        "run.json",
        "cohort",
        "tables",
        "figures",
        "findings.json",
    }
    names = {"patients", "changes", "issues", "flow", "criteria", "cns"}
    assert {p.name for p in (out / "cohort").iterdir()} == {"swimmer.svg", *(f"{n}.csv" for n in names)}
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["counts"]["patients"] == record["counts"]["included"] == 15
    assert record["config"]["eligibility"]["criteria"] == "none"
    assert len(record["inputs"][0]["sha256"]) == 64
    assert record["inputs"][0]["rows"] == 15
    assert set(record["versions"]) >= {"neurohlh", "python", "pandas", "lifelines"}
    assert record["seconds"]


def test_check_tells_what_was_understood_changed_and_refused(capsys, table):
    code, out, err = typed(capsys, "check", table)
    assert (code, err) == (0, "")
    for words in (
        "hospital.csv: 3 data rows, 9 columns, header in row 1, utf-8",
        "'性别' -> sex",
        "'Hb (g/dL)' -> hemoglobin [g/dL]",
        "'Platlets': not used",
        "spelled like platelets",
        "'qwertzuiop': not used",
        "Patients: 2",
        "left out: rows that repeat",
        "hospital.csv, row 2, column 'ferritin (ug/L)'",
        "dates = ",
    ):
        assert words in out
    lists = {
        line.split(":")[0]: int(line.rsplit(":", 1)[1])
        for line in out.splitlines()
        if line.startswith(("Error", "Warn"))
    }
    # One number and two dates refused; two columns not used and a death without any time.
    assert lists == {"Error": 3, "Warning": 3}


def test_check_prints_no_value_of_a_patient(capsys, table):
    _, out, err = typed(capsys, "check", table)
    for secret in SECRETS:
        assert secret not in out + err


def test_check_takes_a_study_too(capsys, table, tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(
        'schema = 1\n[[source]]\npath = "hospital.csv"\ndates = "dmy"\nrename = { "Platlets" = "platelets" }\n'
    )
    code, out, _ = typed(capsys, "check", study)
    assert code == 0
    assert "'Platlets' -> platelets" in out
    assert "Error: 1" in out  # the dates are answered


def test_check_refuses_a_study_whose_definitions_no_run_would_accept(capsys, table, tmp_path):
    study = tmp_path / "study.toml"
    for section, said in (
        ('[eligibility]\ncriteria = "hlh20044"', "there is no criteria set 'hlh20044'"),
        ('[cns]\ndefinition = "nope"', "there is no CNS definition 'nope'"),
    ):
        study.write_text(f'schema = 1\n[[source]]\npath = "hospital.csv"\n{section}\n')
        code, out, err = typed(capsys, "check", study)
        assert code == 2
        assert not out
        assert said in err


def test_init_marks_every_guess_for_review(capsys, table, tmp_path):
    code, out, _ = typed(capsys, "init", table, "--out", tmp_path / "new")
    assert code == 0
    assert str(tmp_path / "new" / "study.toml") in out
    text = (tmp_path / "new" / "study.toml").read_text(encoding="utf-8")
    study = tomllib.loads(text)
    assert (tmp_path / "new" / study["source"][0]["path"]).resolve() == table
    rename = study["source"][0]["rename"]
    assert rename == {
        "patient_id": "patient_id", "性别": "sex", "Hb (g/dL)": "hemoglobin", "ferritin (ug/L)": "ferritin",
        "date_birth": "date_birth", "death": "death", "date_hlh_diagnosis": "date_hlh_diagnosis",
    }  # fmt: skip
    for line in text.splitlines():
        if "=" in line and line.lstrip("# ").startswith('"'):
            assert "# review" in line
    assert '# "Platlets" = "platelets"  # review' in text
    assert '# "qwertzuiop" = "?"' in text
    for secret in SECRETS:
        assert secret not in text


def test_the_study_file_of_init_can_be_checked_and_reviewed(capsys, table, tmp_path):
    main(["init", str(table), "--out", str(tmp_path / "new")])
    study = tmp_path / "new" / "study.toml"
    text = study.read_text(encoding="utf-8")
    code, before, _ = typed(capsys, "check", study)
    assert code == 0
    assert "'Platlets': not used" in before
    reviewed = text.replace('# "Platlets"', '"Platlets"').replace('"性别" = "sex"', '"性别" = "ignore"')
    study.write_text(reviewed, encoding="utf-8")
    code, after, _ = typed(capsys, "check", study)
    assert code == 0
    assert "'Platlets' -> platelets" in after
    assert "'性别': not used, ignored" in after


def test_init_never_overwrites_a_study_file(capsys, table, tmp_path):
    (tmp_path / "study.toml").write_text("mine")
    code, _, err = typed(capsys, "init", table, "--out", tmp_path)
    assert code == 2
    assert "exists already" in err
    assert (tmp_path / "study.toml").read_text() == "mine"


def test_init_of_a_table_that_is_not_there(capsys, tmp_path):
    code, _, err = typed(capsys, "init", tmp_path / "none.csv", "--out", tmp_path / "new")
    assert code == 2
    assert "none.csv" in err
    assert not (tmp_path / "new").exists()


def test_definitions_are_listed_with_their_status(capsys):
    code, out, _ = typed(capsys, "definitions")
    assert code == 0
    for name in ("hlh2004", "hlh2024", "mas2016", "hscore", "seed_any3", "VERIFIED"):
        assert name in out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hlh2004", ["HLH-2004", "at least 5", "500", "source", "status"]),
        ("HLH2004", ["HLH-2004"]),
        ("hscore", ["HScore", "published probability"]),
        ("seed_any3", ["seed_any3", "0.32"]),
    ],
)
def test_a_definition_shows_thresholds_and_sources(capsys, name, words):
    code, out, _ = typed(capsys, "definitions", name)
    assert code == 0
    for word in words:
        assert word in out


def test_an_unknown_definition_is_answered_with_the_closest(capsys):
    code, out, err = typed(capsys, "definitions", "hlh204")
    assert (code, out) == (2, "")
    assert "'hlh2004'" in err


def test_synth_makes_a_labelled_study_that_its_seed_repeats(capsys, tmp_path):
    for folder in ("a", "b"):
        code, out, _ = typed(capsys, "synth", "--out", tmp_path / folder, "--seed", "5", "--patients", "100")
        assert code == 0
        assert str(tmp_path / folder) in out
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert {"study.toml", "truth.csv", "truth_cells.csv"} <= set(names)
    assert len([n for n in names if "SYNTHETIC" in n]) == 2
    for name in names:
        if name.endswith(".csv"):
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "synthetic" in (tmp_path / "a" / "study.toml").read_text(encoding="utf-8").casefold()


def test_too_few_patients_are_a_fault_of_the_arguments(capsys, tmp_path):
    code, _, err = typed(capsys, "synth", "--out", tmp_path / "s", "--patients", "3")
    assert code == 2
    assert "at least" in err
    assert not (tmp_path / "s").exists()

"""Whole runs from a database and from a REDCap export: the same answers as from a csv, and no password anywhere."""

import csv
import json
import sqlite3
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from postgres import server

from neurohlh.cli import main
from neurohlh.core.errors import InputError
from neurohlh.study.outputs import as_text
from neurohlh.study.patients import patients_table
from neurohlh.study.study import Study

PASSWORD = "never-to-be-seen-7"
COLUMNS = (
    "patient_id",
    "sex",
    "date_hlh_diagnosis",
    "date_last_followup",
    "death",
    "ferritin",
    "sx_seizure",
    "lp_done",
)

DERIVED = ("cns_symptoms", "cns_status", "cns_baseline", "os_event")


def patients():
    """Forty made-up patients, a third of whom die."""
    for k in range(40):
        diagnosis, end = f"20{10 + k % 8}-0{1 + k % 9}-{10 + k % 18}", f"20{12 + k % 8}-0{1 + k % 9}-{10 + k % 18}"
        died, seizure = ("yes" if k % 3 == 0 else "no"), ("yes" if k % 4 == 0 else "no")
        yield (f"P{k:02d}", "MF"[k % 2], diagnosis, end, died, str(500 + 37 * k), seizure, "yes")


def study_file(folder, source, name):
    flat = {k: v for k, v in source.items() if not isinstance(v, dict)}
    settings = "\n".join(f"{key} = {json.dumps(value)}" for key, value in flat.items())
    settings += "".join(f'\nrename.{old} = "{new}"' for old, new in source.get("rename", {}).items())
    text = f'schema = 1\n[study]\nlanguages = ["en"]\n[[source]]\n{settings}\n[eligibility]\ncriteria = "none"\n'
    text += '[plan]\nparts = ["time"]\n[report]\nformats = ["html"]\nfigures = ["svg"]\n[model]\ncovariates = []\n'
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run(folder, source, name):
    code = main(["run", str(study_file(folder, source, name)), "--out", str(folder / name)])
    assert code == 0
    return folder / name


def loaded(folder, source, name):
    """The cohort of a source, and its patients as `patients.csv` writes them."""
    cohort = Study.open(study_file(folder, source, name)).load()
    found = patients_table(cohort.classified, cohort.population)
    return cohort, pd.DataFrame({column: as_text(found[column]) for column in found})


def table(out, name="cohort/patients.csv"):
    return pd.read_csv(out / name, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def work():
    with tempfile.TemporaryDirectory(prefix="pg") as name:  # a socket's path may not be long
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def from_csv(work):
    with (work / "hospital.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *patients()])
    return run(work, {"path": "hospital.csv"}, "from_csv")


@pytest.mark.slow
def test_a_database_gives_what_the_csv_gives_and_never_its_password(work, from_csv, monkeypatch, capfd):
    import psycopg

    monkeypatch.setenv("REGISTRY_PASSWORD", PASSWORD)
    with server(work / "s", PASSWORD) as (socket, owner):
        with psycopg.connect(host=str(socket), user=owner, password=PASSWORD, dbname="postgres") as base:
            base.execute(f"create table hlh ({', '.join(f'{c} text' for c in COLUMNS)}, primary key (patient_id))")
            base.cursor().executemany(f"insert into hlh values ({', '.join(['%s'] * len(COLUMNS))})", list(patients()))
        address = f"postgresql+psycopg://{owner}@/postgres?host={socket}"
        source = {"database": address, "table": "hlh", "password_env": "REGISTRY_PASSWORD"}
        out = run(work, source, "from_database")
    pd.testing.assert_frame_equal(table(out), table(from_csv))
    for path in sorted(p.relative_to(out) for p in (out / "tables").glob("*.csv")):
        assert (out / path).read_bytes() == (from_csv / path).read_bytes(), path
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert (record["inputs"][0]["path"], record["inputs"][0]["sheet"]) == ("postgresql:///postgres", "hlh")
    everything = b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())
    assert PASSWORD.encode() not in everything
    assert PASSWORD not in "".join(capfd.readouterr())


def test_a_redcap_export_gives_what_the_csv_gives(work, from_csv):
    fields = [
        ("record_id", "text", "Record ID", ""),
        ("gender", "radio", "Sex", "1, M | 2, F"),
        ("dx", "text", "Date of HLH diagnosis", ""),
        ("fu", "text", "Date of last follow-up", ""),
        ("died", "yesno", "Death", ""),
        ("fer", "text", "Ferritin", ""),
        ("sz", "yesno", "Seizure", ""),
        ("lp", "yesno", "Lumbar puncture done", ""),
    ]
    head = (
        "Variable / Field Name", "Form Name", "Field Type", "Field Label", "Choices, Calculations, OR Slider Labels",
    )  # fmt: skip
    with (work / "dictionary.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *((n, "base", kind, label, c) for n, kind, label, c in fields)])
    code = {"yes": "1", "no": "0", "M": "1", "F": "2"}
    rows = [[code.get(cell, cell) for cell in row] + ["2"] for row in patients()]
    with (work / "export.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*(f[0] for f in fields), "base_complete"], *rows])
    cohort, found = loaded(work, {"path": "export.csv", "dictionary": "dictionary.csv"}, "from_redcap")
    # a label that names no unit leaves it unknown, as a header of those words does
    pd.testing.assert_frame_equal(found.drop(columns=["ferritin_recorded", "ferritin_unit"]), table(from_csv))
    changed = cohort.changes
    assert set(changed["column"]) == {"gender", "died", "sz", "lp"}
    assert changed["rule"].str.startswith("value_label").all()
    assert len(changed) == 4 * 40


def test_what_a_study_exports_it_reads_again(work, from_csv):
    assert main(["export", str(work / "from_csv.toml"), "--out", str(work / "files"), "--formats", "sav", "dta"]) == 0
    first = table(from_csv)[["patient_id", "sex", "date_hlh_diagnosis", "death", "ferritin", "sx_seizure", "lp_done"]]
    for suffix in ("sav", "dta"):
        # the file holds what was derived too, and which of the two is meant is the study's choice
        source = {"path": f"files/patients.{suffix}"}
        with pytest.raises(InputError, match="3 questions about headers"):
            loaded(work, source, suffix)
        _, again = loaded(work, source | {"rename": dict.fromkeys(DERIVED, "ignore")}, suffix)
        pd.testing.assert_frame_equal(again[list(first)], first)


def test_a_sqlite_file_is_never_made_or_changed(work, from_csv, capsys):
    text = '[[source]]\ndatabase = "sqlite:///none.db"\ntable = "hlh"\n'
    (work / "none.toml").write_text("schema = 1\n" + text, encoding="utf-8")
    assert main(["check", str(work / "none.toml")]) == 2
    assert "there is no such database file" in capsys.readouterr().err
    assert not (work / "none.db").exists()
    with sqlite3.connect(work / "some.db") as base:
        base.execute("create table hlh (patient_id text, sex text)")
        base.execute("insert into hlh values ('A', 'M')")
    base.close()
    before = (work / "some.db").read_bytes()
    (work / "some.toml").write_text("schema = 1\n" + text.replace("none.db", "some.db"), encoding="utf-8")
    assert main(["check", str(work / "some.toml")]) == 0
    assert (work / "some.db").read_bytes() == before

"""The same study, read twice by processes that differ in all that must not matter, leaves the same bytes."""

import json
import os
import subprocess
import sys

import pytest

from neurohlh.study.synth import synthesise

STUDY = """schema = 1
[study]
title = "SYNTHETIC: two runs of one study"
languages = ["zh"]
[[source]]
path = "hospital_A_SYNTHETIC.xlsx"
[[source]]
path = "hospital_B_SYNTHETIC.csv"
dates = "dmy"
[source.codes]
sex = { "1" = "M", "2" = "F" }
[plan]
parts = ["time"]
[report]
figures = ["svg", "pdf"]
[disclosure]
minimum = 5
"""
TIMING = {"written", "seconds"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    base = tmp_path_factory.mktemp("twice")
    synthesise(7, 100, base)
    (base / "study.toml").write_text(STUDY, encoding="utf-8")
    made = []
    for number, (seed, zone) in enumerate((("0", "UTC"), ("4242", "Asia/Shanghai"))):
        home = base / f"home{number}"
        home.mkdir()
        where = {"PYTHONHASHSEED": seed, "HOME": str(home), "TZ": zone, "MPLCONFIGDIR": str(home)}
        out = base / f"out{number}"
        command = [sys.executable, "-m", "neurohlh.cli", "run", os.path.relpath(base / "study.toml", home)]
        done = subprocess.run(
            [*command, "--out", str(out)], cwd=home, env=os.environ | where, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        made.append(out)
    return made


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_every_file_is_the_same_to_the_byte(runs):
    one, two = map(files, runs)
    assert set(one) == set(two)
    assert {"report.html", "report.docx", "findings.json"} <= set(one)
    assert any(name.endswith(".pdf") for name in one)
    assert [name for name in sorted(one) if name != "run.json" and one[name] != two[name]] == []


@pytest.mark.slow
def test_the_records_differ_in_when_they_were_written_alone(runs):
    one, two = (json.loads((out / "run.json").read_text(encoding="utf-8")) for out in runs)
    assert {k for k in one | two if one.get(k) != two.get(k)} <= TIMING

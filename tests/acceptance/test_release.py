"""The shareable part of the example: no patient in it, nothing small to be recovered, every file accounted for."""

import hashlib
import json
import re
import shutil
import zipfile

import attack
import pandas as pd
import pytest

from neurohlh.cli import main
from neurohlh.study.bundle import read_findings

MINIMUM = 5


@pytest.fixture(scope="module")
def released(example_run, tmp_path_factory):
    base = tmp_path_factory.mktemp("shared")
    run, out = base / "run", base / "release"
    shutil.copytree(example_run, run, ignore=shutil.ignore_patterns("figures", "report*.html", "report*.docx"))
    # One language is enough here: the Chinese report is the English one translated, figure by figure.
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record["config"]["study"]["languages"] = ["en"]
    record["config"]["report"]["figures"] = ["svg"]
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert main(["release", str(run), "--out", str(out), "--minimum", str(MINIMUM)]) == 0
    return out


def texts(folder):
    """File -> what can be read in it; Word files by the text of their parts."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix == ".docx":
            with zipfile.ZipFile(path) as parts:
                named = [n for n in parts.namelist() if n.endswith((".xml", ".rels"))]
                yield path, " ".join(re.sub(r"<[^>]+>", " ", parts.read(n).decode()) for n in named)
        elif path.suffix != ".png":
            yield path, path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_no_patient_is_in_it(example_run, released):
    patients = pd.read_csv(example_run / "cohort" / "patients.csv", dtype=str)
    named = set(patients["patient_id"].dropna())
    dates = {v for c in patients if c.startswith("date_") for v in patients[c].dropna()}
    assert len(named) == 400
    assert len(dates) > 100
    assert all(re.fullmatch(r"[\w-]+", word) for word in named | dates)
    words = re.compile(r"(?<!\.)[\w-]+")
    for path, text in texts(released):
        said = "\n".join(line for line in text.splitlines() if '"written"' not in line)  # the day of the run itself
        assert not (named | dates).intersection(words.findall(said)), path.name
    assert not (released / "cohort").exists()


@pytest.mark.slow
def test_nothing_small_can_be_recovered(example_run, released):
    real, safe = read_findings(example_run), read_findings(released)
    assert attack.pinned(attack.learn(real, safe), MINIMUM) == {}


@pytest.mark.slow
def test_no_sentence_of_it_counts_a_few_patients(released):
    findings = read_findings(released)
    said = [*findings.cautions, *findings.limitations, findings.subtitle]
    for result in findings.results.values():
        if result.counts.get("unit", "patients") == "patients":
            said += [*result.notes, *(t for t in result.tidy["note"] if "publish" not in t and "print" not in t)]
    few = re.compile(r"(?<![\d.,-])[1-4](?: of \d+)? (?:patients?|deaths?|died|of them|more|events?|values?)\b")
    assert [text for text in said if few.search(text) and "fewer than" not in text] == []


@pytest.mark.slow
def test_every_file_is_in_the_manifest_with_its_fingerprint(released):
    manifest = json.loads((released / "manifest.json").read_text(encoding="utf-8"))
    there = {p.relative_to(released).as_posix(): p for p in released.rglob("*") if p.is_file()}
    assert set(manifest["files"]) == set(there) - {"manifest.json"}
    for name, told in manifest["files"].items():
        assert told["sha256"] == hashlib.sha256(there[name].read_bytes()).hexdigest(), name
    assert {"report.html", "report.docx", "findings.json", "run.json", "codebook.csv"} <= set(there)
    assert manifest["minimum"] == MINIMUM
    assert manifest["suppressed_cells"]["table1"] > 0


@pytest.mark.slow
def test_tables_say_suppressed_where_their_result_does(released):
    table = pd.read_csv(released / "tables" / "table1.csv", dtype=str, keep_default_na=False)
    held = json.loads((released / "tables" / "table1.json").read_text(encoding="utf-8"))
    place = held["tidy"]["data"]["columns"].index("n")
    assert table["n"].eq("suppressed").tolist() == [row[place] == "suppressed" for row in held["tidy"]["data"]["data"]]
    assert table["n"].eq("suppressed").any()


@pytest.mark.slow
def test_the_answer_is_still_there(released):
    cox = pd.read_csv(released / "tables" / "cox.csv", dtype=str, keep_default_na=False)
    ratio = cox[(cox["variable"] == "cns") & (cox["level"] == "met") & (cox["analysis"] == "cox_adjusted")]
    assert 1 < float(ratio["estimate"].iloc[0]) < 10
    assert "suppressed" in (released / "report.html").read_text(encoding="utf-8")

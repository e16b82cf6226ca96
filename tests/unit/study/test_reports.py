"""Texts of reports in a study: unharmed, read where nothing is coded, traceable, never printed."""

import csv

import pandas as pd
import pytest

from neurohlh.cli import main
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.mri_reports import reading_quality, results_of_reports
from neurohlh.study.study import Study

LONG = "双侧丘脑异常信号。" + "余所见同前，" * 300 + "完。"
TEXTS = {
    "P1": "双侧丘脑异常信号，ＤＷＩ高信号；增强扫描：未见出血（平扫）。",
    "P2": "Brain MRI normal.",
    "P3": "  Thalamic lesion,\nno haemorrhage; “quoted” ½ 10⁹ <b>bold</b>  ",
    "P4": "",
    "P5": LONG,
    "P6": "未做",
    "P7": "9999",
    "P8": "#NAME of the scanner unknown; possible infarct",
}
HEADER = ["patient_id", "MRI报告", "丘脑病变", "MRI done", "seizure"]


def _table(folder, codes=None):
    path = folder / "hospital.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for patient, text in TEXTS.items():
            out.writerow([patient, text, (codes or {}).get(patient, ""), "yes", "no"])
    return path


def _study(folder, codes=None, **values):
    values = {"missing": ["9999"], **values}
    return Study.of(_table(folder, codes), eligibility={"criteria": "none"}, values=values, plan={"parts": []})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    done = _study(folder, {"P2": "yes"}).run()
    done.write(folder / "out")
    return done, folder / "out"


def test_texts_pass_unharmed(run):
    _, out = run
    patients = pd.read_csv(out / "cohort/patients.csv", dtype=str, keep_default_na=False).set_index("patient_id")
    assert {p: patients.loc[p, "mri_report_text"] for p in TEXTS} == {p: t.strip() for p, t in TEXTS.items()}
    changes = pd.read_csv(out / "cohort/changes.csv", dtype=str)
    assert "mri_report_text" not in set(changes["variable"])


def test_what_was_read_is_written_with_its_words(run):
    _, out = run
    found = pd.read_csv(out / "cohort/report_findings.csv", dtype=str).set_index(["patient_id", "finding"])
    assert found.loc[("P1", "mri_thalamus"), ["status", "words", "used"]].tolist() == ["met", "丘脑异常信号", "true"]
    assert found.loc[("P2", "mri_abnormal"), "used"] == "false"
    assert found.loc[("P8", "mri_infarct"), "status"] == "indeterminate"
    assert found["why"].notna().all()
    for (patient, _), row in found.iterrows():
        assert TEXTS[patient].strip()[int(row["start"]) : int(row["end"])] == row["words"]


def test_the_flag_stays_as_recorded_and_the_answer_stands_beside_it(run):
    _, out = run
    patients = pd.read_csv(out / "cohort/patients.csv", dtype=str, keep_default_na=False).set_index("patient_id")
    assert patients.loc[["P1", "P2", "P4"], "mri_thalamus"].tolist() == ["", "true", ""]
    assert patients.loc[["P1", "P2", "P4"], "mri_thalamus_text"].tolist() == ["true", "", ""]
    assert patients.loc[["P1", "P2", "P4"], "cns_imaging"].tolist() == ["met", "met", "indeterminate"]
    cns = pd.read_csv(out / "cohort/cns.csv", dtype=str).query("definition == 'seed_any3'").set_index("patient_id")
    assert cns.loc["P1", "evidence"].startswith("MRI report: thalamic lesion")
    assert cns.loc["P2", "evidence"].startswith("MRI: thalamic lesion")


def test_a_contradiction_is_an_issue_without_the_text(run):
    done, _ = run
    issues = done.classified.cohort.issues
    (issue,) = issues[issues["code"] == "text_contradicts_code"].to_dict("records")
    assert (issue["patient_id"], issue["variable"], issue["severity"]) == ("P2", "mri_thalamus", "warning")
    assert "normal." not in issue["message"]


def test_no_text_leaves_the_tables_of_patients(run):
    _, out = run
    shown = [out / "report.html", out / "run.json", *(out / "tables").iterdir()]
    for file in shown:
        said = file.read_text(encoding="utf-8")
        assert "异常信号，ＤＷＩ" not in said
        assert "Thalamic lesion,\n" not in said
        assert "余所见同前" not in said


def test_check_and_run_print_no_text(tmp_path, capsys):
    path = _table(tmp_path, {"P1": "no"})
    assert main(["check", str(path)]) == 0
    said = "".join(capsys.readouterr())
    assert "mri_report_text" in said
    assert "text_contradicts_code" in said
    assert not any(text.strip() in said for text in TEXTS.values() if text.strip() and text != "9999")


def test_a_study_can_leave_texts_unread(tmp_path):
    study = _study(tmp_path, reports="ignore")
    cohort = study.load()
    assert cohort.reports.empty
    assert set(cohort.classified.frame["cns_imaging"]) == {"indeterminate"}
    material = Material.of(cohort.classified, cohort.population, study.config)
    results = results_of_reports(material)
    assert list(results) == ["mri_reports"]
    assert results["mri_reports"].tidy.empty
    assert "not read" in results["mri_reports"].notes[0]


def test_the_part_counts_reports_findings_and_contradictions(run):
    done, _ = run
    material = Material.of(done.classified, done.population, done.study.config)
    results = results_of_reports(material)
    rows = results["mri_reports"].tidy
    first = rows.iloc[0]
    assert (first["n"], first["events"]) == (8, 6)  # one is empty, one holds no letter
    thalamus = rows[rows["variable"] == "mri_thalamus"].iloc[0]
    assert (thalamus["level"], thalamus["events"], thalamus["note"]) == ("present", 3, "3 used")
    assert results["mri_reports"].counts["contradictions"] == 1
    assert "1 finding contradicts" in results["mri_reports"].notes[1]


def test_a_study_without_texts_has_no_such_results(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("patient_id,seizure\nP1,yes\n", encoding="utf-8")
    study = Study.of(path, eligibility={"criteria": "none"})
    cohort = study.load()
    assert results_of_reports(Material.of(cohort.classified, cohort.population, study.config)) == {}


def test_the_quality_of_reading_is_a_result():
    rows = reading_quality().tidy
    assert set(rows["level"]) == {"present", "absent", "undecided", "all"}
    assert (rows["events"] <= rows["n"]).all()
    assert ((rows["conf_low"] < rows["estimate"]) | (rows["estimate"] == 0)).all()

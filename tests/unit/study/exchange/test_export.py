"""Analysis-ready frames: read back by the readers of each format and compared cell by cell with what was written."""

import datetime as dt
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest

import neurohlh as nh
from neurohlh.core.errors import InputError
from neurohlh.study.exchange.columns import meaning_of
from neurohlh.study.exchange.frame import AnalysisFrame, Column
from neurohlh.study.exchange.statistics import REASONS, short_names, write_dta, write_sav

TABLE = """
    patient_id,center_id,sex,date_birth,date_hlh_diagnosis,date_last_followup,death,ferritin,fever,sx_seizure,\
nk_activity,mri_report_text
    P1,北京,M,2015-03-01,2020-02-29,2021-02-28,no,>40000,yes,no,low,弥漫性脑白质异常
    P2,北京,F,1899-12-31,1900-01-01,1900-02-01,yes,12.5,no,not done,absent,
    P3,Köln,F,2010-01-01,2020-05-05,,,,,unknown,,
    P4,Köln,M,2011-01-01,2020-05-06,2020-06-06,no,abc,abc,yes,normal,
"""


@pytest.fixture
def cohort(load):
    return load(TABLE)


@pytest.fixture
def folder(cohort, tmp_path):
    nh.export(cohort, tmp_path / "out")
    return tmp_path / "out"


def empty(value):
    return value is None or value is pd.NA or value != value or value == ""


def expected(cohort, name):
    """What patients.csv of a run says of the included patients."""
    from neurohlh.study.outputs import as_text
    from neurohlh.study.patients import patients_table

    table = patients_table(cohort.classified, cohort.population)
    return as_text(table[name][cohort.population.included]).tolist()


def columns_of(cohort):
    from neurohlh.study.patients import patients_table

    out = ("included", "excluded_by", "mri_report_text")
    return [c for c in patients_table(cohort.classified, cohort.population) if c not in out]


def as_written(value):
    """A value of a reader as patients.csv writes it."""
    if empty(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return value.isoformat()[:10] if isinstance(value, dt.date | pd.Timestamp) else str(value)


def test_csv_is_patients_csv_without_free_text(cohort, folder):
    read = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    assert read.columns.tolist() == columns_of(cohort)
    for name in read:
        assert read[name].tolist() == expected(cohort, name)
    assert "弥漫" not in (folder / "patients.csv").read_text(encoding="utf-8")


def test_parquet_holds_every_cell_typed_and_explained(cohort, folder):
    table = pq.read_table(folder / "patients.parquet")
    assert table.column_names == columns_of(cohort)
    for name in table.column_names:
        assert [as_written(v) for v in table[name].to_pylist()] == expected(cohort, name)
    assert str(table.schema.field("date_hlh_diagnosis").type) == "date32[day]"
    assert str(table.schema.field("fever").type) == "bool"
    about = table.schema.field("ferritin").metadata
    assert (about[b"label_en"], about[b"unit"], about[b"label_zh"].decode()) == (b"Ferritin", b"ug/L", "铁蛋白")
    assert "absent" in json.loads(table.schema.field("nk_activity").metadata[b"levels"])


def back(folder, suffix):
    """Frame with missing values kept apart, its metadata, and per column number -> word from variables.csv."""
    reader = pyreadstat.read_sav if suffix == "sav" else pyreadstat.read_dta
    frame, meta = reader(str(folder / f"patients.{suffix}"), user_missing=True)
    listed = pd.read_csv(folder / "variables.csv", dtype=str, keep_default_na=False).set_index("name")
    words = {}
    for name, row in listed.iterrows():
        pairs = (pair.partition("=") for pair in row["levels"].split(";") if pair)
        words[name] = {float(n): n if row["kind"] == "code" else word for n, _, word in pairs}
    return frame.rename(columns=dict(zip(listed[f"name_{suffix}"], listed.index, strict=True))), meta, words


@pytest.mark.parametrize("suffix", ["sav", "dta"])
def test_spss_and_stata_hold_every_cell(cohort, folder, suffix):
    frame, _, words = back(folder, suffix)
    reasons = {r.number for r in REASONS.values()} | {r.letter for r in REASONS.values()}
    assert frame.columns.tolist() == columns_of(cohort)
    for name in frame:
        cells = frame[name].tolist()
        if words[name]:
            cells = ["" if empty(c) or c in reasons else words[name][c] for c in cells]
        assert [as_written(c) for c in cells] == expected(cohort, name), name


@pytest.mark.parametrize(("suffix", "kind"), [("sav", "number"), ("dta", "letter")])
def test_why_a_cell_is_empty_is_kept_apart_from_no(folder, suffix, kind):
    frame, meta, _ = back(folder, suffix)
    by_label = {r.label: getattr(r, kind) for r in REASONS.values()}
    assert frame["sx_seizure"].tolist() == [0, by_label["not done (未做)"], by_label["unknown (不详)"], 1]
    assert frame["nk_activity"].tolist()[2] == by_label["not recorded (未记录)"]
    assert frame["fever"].tolist()[3] == by_label["refused by the checks (未通过核查)"]
    labels = meta.variable_value_labels["sx_seizure"]
    assert {labels[0], labels[1]} == {"no (否)", "yes (是)"}
    assert labels[by_label["not done (未做)"]] == "not done (未做)"


@pytest.mark.parametrize("suffix", ["sav", "dta"])
def test_readers_that_know_of_no_reasons_see_missing_values(folder, suffix):
    reader = pyreadstat.read_sav if suffix == "sav" else pyreadstat.read_dta
    frame, _ = reader(str(folder / f"patients.{suffix}"))
    assert frame["sx_seizure"].isna().tolist() == [False, True, True, False]


@pytest.mark.parametrize("suffix", ["sav", "dta"])
def test_labels_name_unit_and_both_languages(folder, suffix):
    _, meta, _ = back(folder, suffix)
    assert meta.column_names_to_labels["ferritin"] == "Ferritin [ug/L] 铁蛋白"


def test_states_have_the_same_numbers_everywhere(cohort, folder):
    listed = pd.read_csv(folder / "variables.csv", dtype=str, keep_default_na=False).set_index("name")
    assert listed.loc["cns_status", "levels"] == "1=met;0=not_met;2=indeterminate;3=not_applicable"
    assert listed.loc["hlh2004_met", "levels"] == "1=met;0=not_met;2=indeterminate"
    assert listed.loc["fever", "n_empty"] == "2"


def test_to_frame_is_pandas_with_meaning(cohort):
    frame = cohort.to_frame()
    assert frame["patient_id"].tolist() == ["P1", "P2", "P3", "P4"]
    assert frame["sx_seizure"].tolist() == [False, pd.NA, pd.NA, True]
    assert frame["nk_activity"].cat.categories.tolist() == ["normal", "low", "absent", "not_tested"]
    assert frame["os_event"].tolist()[:2] == [0.0, 1.0]
    assert frame.attrs["units"]["ferritin"] == "ug/L"
    assert frame.attrs["levels"]["cns_status"]["indeterminate"] == "indeterminate (无法判定)"


def test_only_patients_in_the_study_are_written(load, tmp_path):
    cohort = load(TABLE, eligibility={"criteria": "none", "age_years": [5, 18]})
    nh.export(cohort, tmp_path / "out", ["csv"])
    read = pd.read_csv(tmp_path / "out/patients.csv")
    assert read["patient_id"].tolist() == ["P3", "P4"]


def test_nobody_in_the_study_is_refused(load, tmp_path):
    cohort = load(TABLE, eligibility={"criteria": "none", "age_years": [70, 80]})
    with pytest.raises(InputError, match="no patient is in the study"):
        nh.export(cohort, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_same_cohort_gives_the_same_bytes_at_any_time(cohort, folder, tmp_path):
    assert (folder / "patients.sav").read_bytes()[92:109] == b"01 Jan 7000:00:00"
    assert b"<timestamp>\x1101 Jan 1970 00:00</timestamp>" in (folder / "patients.dta").read_bytes()
    nh.export(cohort, tmp_path / "again")
    for path in sorted(folder.iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_an_earlier_export_is_replaced_and_anything_else_is_not(cohort, folder, tmp_path):
    nh.export(cohort, folder, ["csv"])
    assert not (folder / "patients.sav").exists()
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    with pytest.raises(InputError, match="holds no earlier export"):
        nh.export(cohort, run)
    assert (run / "run.json").exists()


def test_an_unknown_format_names_the_nearest(cohort, tmp_path):
    with pytest.raises(InputError) as caught:
        nh.export(cohort, tmp_path / "out", ["parket"])
    assert "'parquet'" in caught.value.do


def test_names_that_are_too_long_stay_apart():
    long = ["a" * 40 + "_derived", "a" * 40 + "_high", "A" * 32, "short"]
    short = short_names(long, 32)
    assert short["short"] == "short"
    assert short["A" * 32] == "A" * 32
    assert all(len(name) <= 32 for name in short.values())
    assert len({name.casefold() for name in short.values()}) == 4


def column(name, kind, values, state):
    return Column(name, kind, meaning_of(name), values, np.array(state, dtype=np.uint8))


@pytest.mark.parametrize("first", [0, 150])
def test_stata_letters_survive_wherever_they_stand(tmp_path, first):
    values = pd.Series([pd.NA] * first + [True, False, pd.NA], dtype="boolean")
    frame = AnalysisFrame((column("fever", "flag", values, [2] * first + [0, 0, 1]),))
    write_dta(frame, tmp_path / "x.dta")
    read, _ = pyreadstat.read_dta(str(tmp_path / "x.dta"), user_missing=True)
    assert read["fever"].tolist() == ["d"] * first + [1, 0, "b"]


def test_a_column_of_nothing_but_unknown_is_written(tmp_path):
    values = pd.Series([pd.NA, pd.NA], dtype="boolean")
    texts = pd.Series([None, "long " * 1000], dtype=object)
    frame = AnalysisFrame((column("fever", "flag", values, [4, 4]), column("remark", "text", texts, [1, 0])))
    write_dta(frame, tmp_path / "x.dta")
    write_sav(frame, tmp_path / "x.sav")
    assert pyreadstat.read_dta(str(tmp_path / "x.dta"), user_missing=True)[0]["fever"].tolist() == ["u", "u"]
    assert pyreadstat.read_sav(str(tmp_path / "x.sav"), user_missing=True)[0]["fever"].tolist() == [-4, -4]
    assert pyreadstat.read_dta(str(tmp_path / "x.dta"))[0]["remark"].tolist() == ["", "long " * 1000]


def test_the_command_writes_and_says_whose_data_they_are(cohort, tmp_path):
    (tmp_path / "study.toml").write_text(
        'schema = 1\n[[source]]\npath = "table1.csv"\n[eligibility]\ncriteria = "none"\n', encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "neurohlh.cli", "export", "study.toml", "--out", "exp", "--formats", "csv", "dta"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "stay with their owner" in done.stdout
    assert sorted(p.name for p in (tmp_path / "exp").iterdir()) == [
        "README.txt", "export.json", "patients.csv", "patients.dta", "variables.csv",
    ]  # fmt: skip

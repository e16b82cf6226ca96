"""study.toml: the defaults, and errors that name the key and the closest legal one."""

import pytest

from neurohlh.core.errors import InputError
from neurohlh.study.config import check_config, read_config

SMALLEST = {"schema": 1, "source": [{"path": "hospital.xlsx"}]}


def test_the_smallest_study_leaves_everything_to_the_documented_defaults():
    config = check_config(SMALLEST, "study.toml")
    assert config.eligibility.criteria == "hlh2004"
    assert config.eligibility.keep == ("met",)
    assert config.cns.definition == "seed_any3"
    assert config.cns.window_days == (-14, 14)
    assert config.endpoint.os.origin == "date_hlh_diagnosis"
    assert config.model.landmark_days == 14
    assert config.values.unit_doubt == "refuse"
    assert config.values.partial_dates == "refuse"


def test_the_whole_file_of_the_contract_is_legal(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(
        """
schema = 1
[study]
title = "CNS"
seed = 20261122
languages = ["en", "zh"]
[[source]]
path = "hospital.xlsx"
sheet = "基线"
header_row = 2
dates = "dmy"
decimal = ","
rename = { "随访" = "followup_days" }
units = { ferritin = "ng/mL" }
codes = { sex = { "1" = "M", "2" = "F" } }
[values]
missing = ["9999"]
unit_doubt = "convert"
partial_dates = "midpoint"
[eligibility]
criteria = "none"
keep = ["met", "indeterminate"]
age_years = [0, 18]
[cns]
definition = "obj"
window_days = [-14, 14]
[endpoint.os]
origin = "date_admission"
[model]
covariates = ["age_years", "log2(ferritin)"]
strata = "center_id"
landmark_days = 28
""",
        encoding="utf-8",
    )
    config = read_config(path)
    assert config.source[0].codes["sex"] == {"1": "M", "2": "F"}
    assert config.eligibility.age_years == (0, 18)
    assert config.model.landmark_days == 28


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"studdy": {}}, ["unknown key 'studdy'", "'study'"]),
        ({"eligibility": {"criterion": "x"}}, ["'eligibility.criterion'", "'criteria'"]),
        ({"source": [{"path": "a.csv", "renam": {}}]}, ["'source.1.renam'", "'rename'"]),
        ({"endpoint": {"os": {"orign": "x"}}}, ["'endpoint.os.orign'", "'origin'"]),
        ({"source": []}, ["source"]),
        ({"schema": 2}, ["schema"]),
        ({"eligibility": {"keep": ["mett"]}}, ["eligibility.keep", "'met'"]),
        ({"values": {"unit_doubt": "guess"}}, ["values.unit_doubt", "'refuse' or 'convert'"]),
        ({"cns": {"window_days": [14, -14]}}, ["window_days"]),
        ({"cns": {"window_days": [-14, 30]}}, ["landmark", "immortal"]),
    ],
)
def test_a_fault_names_the_key_and_what_would_be_legal(change, said):
    with pytest.raises(InputError) as error:
        check_config({**SMALLEST, **change}, "study.toml")
    for words in said:
        assert words in str(error.value)


def test_numbers_may_stand_for_texts_in_missing():
    assert check_config({**SMALLEST, "values": {"missing": [9999]}}, "s").values.missing == ("9999",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"schema = ", "not valid TOML"),
        (b"\xff\xfe\x00s", "UTF-8"),
        (b"[study]\n", "schema = 1"),
        (None, "no study file"),
    ],
)
def test_an_unreadable_study_file_is_said_so(tmp_path, content, said):
    path = tmp_path / "study.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_config(path)


def test_every_setting_says_whether_it_was_declared():
    config = check_config({**SMALLEST, "cns": {"definition": "obj"}}, "s")
    origin = {name: how for name, _, how, _ in config.settings()}
    assert origin["cns.definition"] == "declared"
    assert origin["cns.window_days"] == "default"
    assert origin["model.landmark_days"] == "default"

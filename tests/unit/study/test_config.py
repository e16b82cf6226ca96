"""study.toml: the defaults, and errors that name the key and the closest legal one."""

import pytest

from neurohlh.core.errors import InputError
from neurohlh.study.config import check_config, read_config
from neurohlh.study.study import Study

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


def with_models(*models, **sections):
    return check_config({**SMALLEST, **sections, "plan": {"model": list(models)}}, "study.toml")


def test_a_study_declares_models_of_its_own():
    config = with_models(
        {"name": "strict", "definition": "obj", "window_days": [-7, 7], "landmark_days": 7, "covariates": []},
        {"name": "plain"},
    )
    strict, plain = config.plan.model
    assert strict.covariates == ()
    assert plain.covariates is None
    assert strict.window_days == (-7, 7)
    shown = {name: value for name, value, _, _ in config.settings()}
    assert "strict (definition obj, window_days -7, 7, landmark_days 7, covariates –)" in shown["plan.model"]
    assert "plain (as the main model)" in shown["plan.model"]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"name": "a", "definitoin": "obj"}, ["plan.model.1.definitoin", "'definition'"]),
        ({"definition": "obj"}, ["plan.model.1.name", "missing"]),
        ({"name": "Two words"}, ["'Two words'", "name a file"]),
        ({"name": "../a"}, ["name a file"]),
        ({"name": "a", "window_days": [-14, 30]}, ["plan.model 'a'", "day 30", "landmark on day 14", "immortal"]),
        ({"name": "a", "landmark_days": 7}, ["plan.model 'a'", "day 14", "landmark on day 7"]),
        ({"name": "a", "window_days": [7, -7]}, ["plan.model 'a'", "ends before it begins"]),
        ({"name": "a", "origin": "date_death"}, ["plan.model.1.origin", "date_admission"]),
    ],
)
def test_a_fault_of_a_declared_model_names_it(model, said):
    with pytest.raises(InputError) as error:
        with_models(model)
    assert all(part in str(error.value) for part in said), str(error.value)


def test_a_window_may_end_later_where_the_declared_landmark_does():
    assert with_models({"name": "late", "window_days": [-14, 28], "landmark_days": 28}).plan.model


def test_two_declared_models_can_t_share_a_name():
    with pytest.raises(InputError, match="two models are named 'a'"):
        with_models({"name": "a"}, {"name": "b"}, {"name": "a"})


def test_a_study_with_other_settings_keeps_the_rest_and_checks_what_is_new(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("patient_id\n1\n", encoding="utf-8")
    study = Study.of(table, cns={"definition": "sx_only"}, model={"landmark_days": 28})
    other = study.with_(plan={"parts": ["time"]}, cns={"window_days": [-7, 7]})
    assert other.config.plan.parts == ("time",)
    assert other.config.cns.definition == "sx_only"
    assert other.config.cns.window_days == (-7, 7)
    assert other.config.model == study.config.model
    assert study.config.plan.parts is None
    declared = {name for name, _, origin, _ in other.config.settings() if origin == "declared"}
    assert declared == {"cns.definition", "cns.window_days", "model.landmark_days", "plan.parts"}
    with pytest.raises(InputError, match="window"):
        study.with_(cns={"window_days": [-7, 60]})
    with pytest.raises(InputError, match="unknown key"):
        study.with_(plna={"parts": ["time"]})

"""Both parts on whole studies: the example, the published cases, and a hospital that lacks nearly everything."""

from pathlib import Path

import pytest

from neurohlh.core.result import Result
from neurohlh.report.tables import tables_of
from neurohlh.study.parts.material import Material
from neurohlh.study.plan import part
from neurohlh.study.study import Study

DATA = Path(__file__).parents[4] / "data"
NAMES = {
    "triggers": {
        "triggers_priority", "triggers_flags", "triggers_viruses", "triggers_cns", "triggers_survival",
        "triggers_logrank", "triggers_effect", "triggers_effect_curves", "triggers_effect_scales", "triggers_ebv_load",
        "triggers_regimens", "triggers_treatments",
    },
    "sequelae": {
        "sequelae_survivors", "sequelae_domains", "sequelae_types", "sequelae_composite", "sequelae_reactivation",
        "sequelae_reactivation_tests",
    },
}  # fmt: skip


def material_of(cohort):
    return Material.of(cohort.classified, cohort.population, cohort.study.config)


@pytest.fixture(scope="module")
def materials(cohort):
    whole = {name: Study.open(DATA / name / "study.toml").load() for name in ("example", "published")}
    return {name: material_of(c) for name, c in {**whole, "hospital": cohort}.items()}


@pytest.fixture(scope="module")
def studies(materials):
    """The results of both parts, by study."""
    return {
        name: {key: part(key).results(material, {}) for key in ("triggers", "sequelae")}
        for name, material in materials.items()
    }


@pytest.mark.parametrize("key", ["triggers", "sequelae"])
def test_the_example_gives_every_result(studies, key):
    found = studies["example"][key]
    assert set(found) == NAMES[key]
    refused = {name for name, result in found.items() if result.tidy.empty}
    assert refused <= {"sequelae_types"}


@pytest.mark.parametrize("study", ["example", "published", "hospital"])
@pytest.mark.parametrize("key", ["triggers", "sequelae"])
def test_every_result_has_a_title_and_numbers_or_a_reason(studies, study, key):
    for name, result in studies[study][key].items():
        assert name.startswith(f"{key}_"), name
        assert result.method["title"], name
        assert len(result.tidy) or result.notes[0].startswith("Not estimated: "), name
        estimated = result.tidy["measure"] != ""
        said = result.tidy[["estimate", "p_value", "n"]].notna().any(axis=1) | (result.tidy["note"] != "")
        assert said[estimated].all(), name


@pytest.mark.parametrize("study", ["example", "published", "hospital"])
@pytest.mark.parametrize("key", ["triggers", "sequelae"])
def test_every_result_can_be_written_and_shown(studies, study, key):
    for name, result in studies[study][key].items():
        assert Result.from_json(result.to_json()).tidy.equals(result.tidy), name
        assert tables_of(result)[0].caption == result.method["title"], name


@pytest.mark.parametrize("key", ["triggers", "sequelae"])
def test_counts_add_up_to_the_study(studies, key):
    for name, result in studies["example"][key].items():
        if len(result.tidy):
            counts = result.counts
            assert counts["supplied"] == counts["used"] + sum(counts["dropped"].values()), name


def test_published_cases_show_no_frequency_and_no_comparison(studies):
    for key in ("triggers", "sequelae"):
        for name, result in studies["published"][key].items():
            assert result.tidy[["estimate", "conf_low", "conf_high", "p_value"]].isna().all(axis=None), name


def test_a_hospital_without_these_columns_gets_reasons(studies):
    reasons = {name: r.notes[0] for key in NAMES for name, r in studies["hospital"][key].items() if r.tidy.empty}
    assert "no source has an EBV load" in reasons["triggers_ebv_load"]
    assert "no source has a column for initial regimen" in reasons["triggers_regimens"]
    assert "no patient has a known trigger or class" in reasons["triggers_priority"]
    assert "no source says whether survivors have neurological sequelae" in reasons["sequelae_survivors"]
    assert "no source says whether the disease was reactivated" in reasons["sequelae_reactivation"]


def test_no_identifier_and_no_date_of_a_patient_is_in_a_result(studies, materials):
    frame = materials["example"].frame
    texts = [r.to_json() for key in NAMES for r in studies["example"][key].values()]
    assert not any(f'"{name}"' in text for name in frame["patient_id"].head(50) for text in texts)
    dates = frame["date_hlh_diagnosis"].dropna().dt.strftime("%Y-%m-%d").head(50)
    assert not any(date in text for date in dates for text in texts)

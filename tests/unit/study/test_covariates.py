"""What may stand beside CNS status in a model, and what is refused with its reason."""

import pandas as pd
import pytest

from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import codebook
from neurohlh.study.config import Model
from neurohlh.study.covariates import (
    check_covariates,
    check_model,
    default_covariates,
    merge_sparse_levels,
    unfit,
    variable_of,
)


@pytest.mark.parametrize(
    ("term", "variable"),
    [
        ("ferritin", "ferritin"),
        ("log2(ferritin)", "ferritin"),
        ("log( ferritin )", "ferritin"),
        (" age_years ", "age_years"),
    ],
)
def test_the_variable_of_a_term(term, variable):
    assert variable_of(term) == variable


@pytest.mark.parametrize(
    "term", ["log10(ferritin)", "ferritin^2", "age_years:sex", "log2()", "log2(ferritin", "", "a b c*d"]
)
def test_what_is_no_term_is_refused_with_the_legal_forms(term):
    with pytest.raises(InputError, match="is no term") as error:
        variable_of(term)
    assert "log2(variable)" in str(error.value)


FRAME = pd.DataFrame({"age_years": [1.0, 2.0], "ferritin": [900.0, 1000.0], "sex": ["F", "M"]})


def test_terms_that_are_fit_come_back_as_declared():
    terms = ("age_years", "log2(ferritin)", "sex")
    assert check_covariates(terms, codebook(), FRAME) == terms
    assert check_covariates([], codebook(), FRAME) == ()


@pytest.mark.parametrize(
    ("term", "reason"),
    [
        ("intrathecal", "mediator"),
        ("hsct", "time zero"),
        ("etoposide", "time zero"),
        ("death", "part of the outcome"),
        ("followup_days", "part of the outcome"),
        ("death_7d", "part of the outcome"),
        ("neuro_sequelae", "part of the outcome"),
        ("icu", "no date says so"),
        ("date_birth", "a date"),
        ("date_hlh_diagnosis", "a date"),
        ("sx_seizure", "what CNS involvement is made of"),
        ("csf_protein", "what CNS involvement is made of"),
        ("mri_brainstem", "what CNS involvement is made of"),
        ("cns_involved", "what CNS involvement is made of"),
        ("ms_score", "contains CNS involvement"),
        ("albumin", "no source has a column"),
        ("log2(albumin)", "no source has a column"),
        ("feritin", "'ferritin'"),
    ],
)
def test_what_must_not_be_adjusted_for_is_refused_with_the_reason(term, reason):
    held = FRAME.assign(**dict.fromkeys(("intrathecal", "hsct", "etoposide", "death", "csf_protein", "ms_score"), 1))
    with pytest.raises(InputError) as error:
        check_covariates(["age_years", term], codebook(), held)
    assert reason in str(error.value)
    assert variable_of(term) in str(error.value)


@pytest.mark.parametrize(
    ("term", "right"),
    [
        ("hsct", "competing risks"),
        ("hsct", "time-dependent"),
        ("intrathecal", "time-dependent"),
        ("etoposide", "landmark"),
        ("regimen_initial", "landmark"),
        ("response_w8", "week 8"),
        ("outcome_status", "competing event"),
        ("icu", "landmark"),
    ],
)
def test_a_refusal_says_which_analysis_would_be_right(term, right):
    with pytest.raises(InputError) as error:
        check_covariates([term], codebook(), FRAME)
    assert right in error.value.do


def dated(*days):
    """Haemoglobin with a date of its own, so many days after the diagnosis (None: no date)."""
    zero = pd.Timestamp("2020-01-01")
    dates = [pd.NaT if d is None else zero + pd.Timedelta(days=d) for d in days]
    return pd.DataFrame({"hemoglobin": 90.0, "date_hemoglobin": dates, "date_hlh_diagnosis": zero})


def test_a_covariate_dated_by_time_zero_is_a_baseline_value():
    assert check_covariates(["hemoglobin"], codebook(), dated(-3, 0, None)) == ("hemoglobin",)


def test_a_covariate_dated_later_in_anybody_is_refused_with_the_count_and_without_a_date():
    with pytest.raises(InputError, match="2 patients") as error:
        check_covariates(["log2(hemoglobin)"], codebook(), dated(-3, 5, 1, None))
    assert "landmark" in error.value.do
    assert "2020" not in str(error.value)
    with pytest.raises(InputError, match=r"in 1 patient\n"):
        check_model(Model(covariates=("hemoglobin",)), dated(0, 1))


def test_the_date_of_a_covariate_is_held_against_the_time_zero_of_the_study():
    frame = dated(-3, 0).assign(date_admission=pd.Timestamp("2019-12-30"))
    check_model(Model(covariates=("hemoglobin",)), frame)
    with pytest.raises(InputError, match="1 patient"):
        check_model(Model(covariates=("hemoglobin",)), frame, "date_admission")


def test_what_comes_later_is_no_stratum_either():
    with pytest.raises(InputError, match=r"model\.strata: hsct can't be stratified by"):
        check_model(Model(strata="hsct"), FRAME.assign(hsct=1))


def test_every_variable_of_the_exposure_and_after_baseline_is_unfit():
    """No symptom, CSF, imaging, outcome or later variable of the codebook slips through."""
    for variable in codebook():
        if variable.domain in ("cns", "csf", "imaging", "neuro_symptom", "mri_finding"):
            assert unfit(variable), variable.name
        if variable.role in ("post_baseline", "outcome", "time"):
            assert unfit(variable), variable.name
    assert [
        unfit(codebook()[n]) for n in ("age_years", "platelets", "albumin", "ferritin", "trigger_category", "sex")
    ] == [""] * 6


def test_the_default_terms_are_those_that_the_data_can_tell_apart():
    frame = pd.DataFrame(
        {
            "age_years": [1.0, 2.0, None],
            "ferritin": [900.0, 1000.0, 20.0],
            "albumin": [30.0, 30.0, None],  # one value only: tells nobody apart
            "trigger_category": ["ebv", "ebv", "unknown"],
        }
    )
    held, lacking = default_covariates(frame)
    assert held == ("age_years", "trigger_category", "log2(ferritin)")
    assert lacking == ("platelets", "albumin", "bilirubin_total")


def test_a_model_of_the_study_file_is_checked_before_anything_is_computed():
    check_model(Model(covariates=("age_years",), strata="sex"), FRAME)
    check_model(Model(), FRAME)
    with pytest.raises(InputError, match=r"model\.strata names 'center_id'"):
        check_model(Model(strata="center_id"), FRAME)
    with pytest.raises(InputError, match="mediator"):
        check_model(Model(covariates=("intrathecal",)), FRAME.assign(intrathecal=1))


def triggers(**deaths):
    """One row per death and as many survivors, by trigger."""
    rows = [(level, event) for level, n in deaths.items() for event in (1, 0) for _ in range(n)]
    return pd.DataFrame(rows, columns=["trigger_category", "os_event"]).assign(age_years=3.0)


def test_levels_with_fewer_than_five_deaths_are_joined_and_named():
    frame, notes = merge_sparse_levels(
        triggers(ebv=5, malignancy=4, fungal=1), ["age_years", "trigger_category"], "os_event"
    )
    assert frame["trigger_category"].value_counts().to_dict() == {"ebv": 10, "merged": 10}
    assert len(notes) == 1
    assert "fungal, malignancy" in notes[0]
    assert "fewer than 5" in notes[0]


def test_one_level_alone_has_nothing_to_be_joined_with():
    before = triggers(ebv=5, malignancy=9, fungal=1)
    frame, notes = merge_sparse_levels(before, ["trigger_category"], "os_event")
    assert notes == []
    pd.testing.assert_frame_equal(frame, before)

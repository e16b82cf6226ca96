"""What the effect of CNS involvement on death is adjusted for, and what it is never adjusted for (dossier 11, 13.1)."""

import pandas as pd
import pytest

from neurohlh.clinical.adjustment import minimal_set, never_adjusted
from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import codebook
from neurohlh.study.config import Model
from neurohlh.study.covariates import check_model, unfit

ADJUSTED = [
    # variable            enters as      published ground
    ("age_years", "spline", "Xu 2017"),
    ("trigger_category", "categories", "Blood Adv 2023;7:832"),
    ("hlh_class", "categories", "Eur Radiol 2024"),
    ("ebv_status", "categories", "Song 2018"),
    ("platelets", "number", "Pan 2020"),
    ("albumin", "number", "Pan 2020"),
    ("bilirubin_total", "number", "232-child study"),
    ("ferritin", "logarithm", "232-child study"),
    ("center_id", "strata", "dossier 13.6"),
]
NEVER = ["intrathecal", "hsct", "icu", "mods", "response_w8", "ms_score"]


def test_the_minimal_set_is_that_of_the_dossier():
    assert [(c.variable, c.form, c.source) for c in minimal_set()] == ADJUSTED
    assert {c.status for c in minimal_set()} <= {"VERIFIED", "DOSSIER RULE"}


@pytest.mark.parametrize("variable", [row[0] for row in ADJUSTED])
def test_what_is_adjusted_for_may_be_adjusted_for(variable):
    assert unfit(codebook()[variable]) == ""


def test_what_comes_after_or_holds_the_exposure_is_never_adjusted_for():
    assert list(never_adjusted()) == NEVER


@pytest.mark.parametrize("variable", NEVER)
def test_a_study_that_asks_for_it_is_refused(variable):
    with pytest.raises(InputError, match=f"{variable} can't be adjusted for"):
        check_model(Model(covariates=(variable,)), pd.DataFrame({variable: [1.0, 2.0]}))

"""Kaplan-Meier and Cox against lifelines where it is right (library notes: Efron with its precision tightened)."""

import warnings

import numpy as np
import pytest

from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.hazards.cox import cox
from neurohlh.study.verification.reference import dataset

COVARIATES = ["age", "sex", "ph.ecog", "wt.loss"]


@pytest.fixture(scope="module")
def lung():
    frame = dataset("derived_lung_cc")
    frame["died"] = frame["status"] - 1
    return frame[["time", "died", *COVARIATES]]


@pytest.fixture
def quiet():
    with warnings.catch_warnings():  # lifelines calls pandas in ways that pandas announces to change
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="lifelines")
        warnings.filterwarnings("ignore", category=FutureWarning, module="lifelines")
        yield


def test_survival_and_its_limits(lung, quiet):
    from lifelines import KaplanMeierFitter

    theirs = KaplanMeierFitter().fit(lung["time"], lung["died"])
    ours = kaplan_meier(lung, "time", "died", times=(100, 365, 700)).tidy
    ours = ours[ours["measure"] == "survival"].set_index("time")
    limits = theirs.confidence_interval_survival_function_
    for day in (100, 365, 700):
        assert ours.loc[day, "estimate"] == pytest.approx(theirs.predict(day), rel=1e-10)
        row = limits.loc[:day].iloc[-1]
        assert (ours.loc[day, "conf_low"], ours.loc[day, "conf_high"]) == pytest.approx(tuple(row), rel=1e-8)


def test_cox_coefficients_and_standard_errors(lung, quiet):
    from lifelines import CoxPHFitter

    theirs = CoxPHFitter()
    theirs.fit(lung, "time", "died", fit_options={"precision": 1e-12, "r_precision": 1e-14})
    ours = cox(lung, "time", "died", COVARIATES).tidy.set_index("variable")
    np.testing.assert_allclose(ours.loc[COVARIATES, "coef"], theirs.params_[COVARIATES], rtol=1e-6)
    np.testing.assert_allclose(ours.loc[COVARIATES, "std_error"], theirs.standard_errors_[COVARIATES], rtol=1e-6)

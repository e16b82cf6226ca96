"""Cox regression, its tests, concordance and proportional-hazards check equal to R's coxph and cox.zph."""

import numpy as np
import pytest

from neurohlh.stats.cox.cox import cox

LUNG = ["age", "sex", "ph.ecog", "wt.loss"]


def check_model(ours, theirs, equal, *, robust=False):
    tidy, checks = ours.tidy, ours.checks.set_index("check")
    for column, name in {
        "coef": "coef", "std_error": "se", "estimate": "hr", "conf_low": "hr_lower", "conf_high": "hr_upper",
        "p_value": "p",
    }.items():  # fmt: skip
        equal(tidy[column], list(theirs[name].values()))
    assert (ours.counts["used"], ours.counts["events"]) == (theirs["n"], theirs["nevent"])
    statistic, df, p = theirs["lrt"]
    equal(checks.loc["likelihood ratio test", ["statistic", "df", "p_value"]], [statistic, df, p])
    equal(checks.loc["Wald test", "statistic"], theirs["wald"])
    equal(checks.loc["score test", "statistic"], theirs["score"])
    equal(checks.loc["concordance", ["value", "statistic"]], [theirs["concordance"], theirs["concordance_se"]])
    assert ("robust score test" in checks.index) == robust
    if robust:
        equal(checks.loc["robust score test", "statistic"], theirs["robust_score"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_ties(r, data, equal, ties):
    check_model(cox(data.lung_complete, "time", "ev", LUNG, ties=ties), r[f"cox_lung_{ties}"], equal)


def test_rows_with_missing_covariates_are_left_out_as_r_does(r, data, equal):
    ours = cox(data.lung, "time", "death", LUNG)
    check_model(ours, r["cox_lung_efron"], equal)
    assert ours.counts["dropped"] == {"missing ph.ecog": 1, "missing wt.loss": 14}


def test_strata(r, data, equal):
    ours = cox(data.lung_complete, "time", "ev", ["age", "sex", "wt.loss"], strata="ph.ecog")
    check_model(ours, r["cox_lung_strata_ecog"], equal)


def test_robust_variance_with_every_patient_a_cluster(r, data, equal):
    ours = cox(data.lung_complete, "time", "ev", LUNG, cluster="id")
    check_model(ours, r["cox_lung_robust"], equal, robust=True)


def test_robust_variance_by_centre(r, data, equal):
    ours = cox(data.lung_complete, "time", "ev", LUNG, cluster="inst")
    check_model(ours, r["cox_lung_cluster_inst"], equal, robust=True)
    assert ours.counts["dropped"] == {"missing inst": 1}


@pytest.mark.parametrize(("cluster", "entry"), [(None, "main"), ("id", "robust_id")])
def test_delayed_entry(r, data, equal, cluster, entry):
    covariates = ["age", "year", "surgery", "transplant"]
    ours = cox(data.heart, "stop", "event", covariates, entry="start", cluster=cluster)
    check_model(ours, r["cox_heart_startstop"][entry], equal, robust=cluster is not None)
    theirs = np.array(r["cox_heart_startstop"]["zph"]["values"])
    tests = ours.checks[ours.checks["check"] == "proportional hazards"]
    equal(tests[["statistic", "df", "p_value"]], theirs)


@pytest.mark.parametrize("transform", ["km", "identity", "rank", "log"])
def test_proportional_hazards_score_test(r, data, equal, transform):
    theirs = r["cox_lung_zph"][transform]
    ours = cox(data.lung_complete, "time", "ev", LUNG, ph_transform=transform).checks
    tests = ours[ours["check"] == "proportional hazards"]
    assert tests["term"].tolist() == list(theirs["chisq"])
    equal(tests["statistic"], list(theirs["chisq"].values()))
    equal(tests["df"], list(theirs["df"].values()))
    equal(tests["p_value"], list(theirs["p"].values()))


def test_concordance_counts_the_pairs_that_r_counts(r, data):
    theirs = r["concordance_lung"]["n"]["counts"]
    pairs = int(theirs["concordant"] + theirs["discordant"] + theirs["tied.x"])
    note = cox(data.lung_complete, "time", "ev", LUNG).checks.set_index("check").loc["concordance", "note"]
    assert f"{pairs} comparable pairs" in note

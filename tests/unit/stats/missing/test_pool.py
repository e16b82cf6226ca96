import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.missing.pool import pool


def results(rows, kind="cox", **parts):
    """One Result per list of rows."""
    return [Result(kind, tidy_frame(own), **parts) for own in rows]


def ratio(coef, se, **other):
    row = {"term": "cns", "measure": "HR", "scale": "log", "estimate": np.exp(coef), "coef": coef, "std_error": se}
    return {**row, "n": 50, "events": 20, "p_value": 0.5, **other}


def test_log_ratios_by_hand():
    # coefficients 0 and 1, variances 1: total 1 + 1.5 * 0.5 = 1.75; lambda 0.75 / 1.75; df (7 / 3)^2
    row = pool(results([[ratio(0.0, 1.0)], [ratio(1.0, 1.0)]])).tidy.iloc[0]
    assert row["estimate"] == pytest.approx(np.exp(0.5))
    assert (row["std_error"] ** 2, row["df"]) == pytest.approx((1.75, (7 / 3) ** 2))
    assert row["statistic"] == pytest.approx(0.5 / np.sqrt(1.75))
    assert np.log([row["conf_low"], row["conf_high"]]).mean() == pytest.approx(0.5)
    assert (row["n"], row["events"]) == (50, 20)


def test_missing_information_is_a_check():
    found = pool(results([[ratio(0.0, 1.0)], [ratio(1.0, 1.0)]])).checks.iloc[0]
    assert (found["check"], found["statistic"], found["verdict"]) == ("missing information", 0.75, "attention")


@pytest.mark.parametrize(("measure", "sign"), [("survival", 1), ("cumulative incidence", -1)])
def test_curves_are_pooled_on_the_complementary_log_log_scale(measure, sign):
    shares = [0.8, 0.75] if sign == 1 else [0.2, 0.25]
    rows = [[{"measure": measure, "time": 30, "estimate": s, "std_error": 0.05}] for s in shares]
    row = pool(results(rows, "curve")).tidy.iloc[0]
    survival = np.exp(-np.exp(np.mean(np.log(-np.log([0.8, 0.75])))))
    assert row["estimate"] == pytest.approx(survival if sign == 1 else 1 - survival)
    assert 0 < row["conf_low"] < row["estimate"] < row["conf_high"] < 1


def test_proportions_and_concordance_on_the_logit_scale():
    rows = [[{"measure": "proportion", "n": 40, "estimate": p}] for p in (0.25, 0.5)]
    row = pool(results(rows, "p")).tidy.iloc[0]
    assert row["estimate"] == pytest.approx(expit(logit(0.25) / 2))
    within = (1 / (40 * 0.25 * 0.75) + 1 / (40 * 0.25)) / 2
    assert row["std_error"] ** 2 == pytest.approx(within + 1.5 * logit(0.25) ** 2 / 2)
    checks = [
        {"check": "concordance", "term": "GLOBAL", "value": c, "statistic": 0.05, "verdict": "ok"} for c in (0.6, 0.8)
    ]
    both = [Result("cox", tidy_frame([ratio(0.0, 1.0)]), checks=check_frame([c])) for c in checks]
    found = pool(both).checks.set_index("check")
    assert found.loc["concordance", "value"] == pytest.approx(expit((logit(0.6) + logit(0.8)) / 2))
    assert found.loc["concordance, lower limit", "value"] < 0.6


def test_a_row_without_an_estimate_in_one_imputation_is_refused():
    empty = {"term": "cns", "measure": "HR", "scale": "log", "note": "not estimable: no events in this level"}
    found = pool(results([[ratio(0.1, 1.0)], [empty], [ratio(0.2, 1.0)]])).tidy.iloc[0]
    assert np.isnan(found["estimate"])
    assert found["note"].startswith("not estimable: in 1 of 3 imputations: no events in this level")


def test_a_row_that_some_imputations_lack_is_refused():
    other = ratio(0.3, 1.0, level="iii")
    tidy = pool(results([[ratio(0.1, 1.0), other], [ratio(0.2, 1.0)]])).tidy
    assert tidy["note"].tolist()[1] == "not estimable: this row exists in 1 of 2 imputations only"
    assert np.isfinite(tidy["estimate"].iloc[0])


def test_counts_that_differ_are_empty_with_their_range():
    row = pool(results([[ratio(0.1, 1.0, n=40)], [ratio(0.1, 1.0, n=45)]])).tidy.iloc[0]
    assert np.isnan(row["n"])
    assert row["note"] == "n 40 to 45 between imputations"


def test_medians_are_averaged_without_limits():
    rows = [[{"term": "median", "measure": "median survival", "estimate": v, "conf_low": 1.0}] for v in (10.0, 14.0)]
    row = pool(results(rows, "curve")).tidy.iloc[0]
    assert row["estimate"] == 12
    assert np.isnan(row["conf_low"])
    assert row["note"] == "mean over the imputations, from 10 to 14; no limits: no standard error"


def test_reference_rows_are_carried_over():
    reference = {"term": "grade", "level": "i", "is_reference": True, "measure": "HR", "n": 12}
    row = pool(results([[reference], [reference]])).tidy.iloc[0]
    assert (bool(row["is_reference"]), row["n"], row["note"]) == (True, 12, "")


def test_an_estimate_that_does_not_follow_from_its_coefficient_is_not_made_up():
    row = pool(results([[ratio(0.1, 1.0, estimate=7.0)], [ratio(0.2, 1.0, estimate=7.0)]])).tidy.iloc[0]
    assert row["coef"] == pytest.approx(0.15)
    assert np.isnan(row["estimate"])
    assert "only the coefficient is pooled" in row["note"]


def test_chi_squares_are_pooled_by_d2():
    rows = [
        {"check": "score test", "term": "GLOBAL", "statistic": 4.0, "df": 2, "p_value": np.exp(-2.0), "verdict": "ok"}
    ]
    both = [Result("cox", tidy_frame([ratio(0.0, 1.0)]), checks=check_frame(rows)) for _ in range(2)]
    found = pool(both).checks.iloc[1]
    assert (found["check"], found["p_value"]) == ("score test", pytest.approx(np.exp(-2)))
    assert "D2 of 2 chi-squares" in found["note"]


def test_degrees_of_freedom_of_complete_data():
    counts = {"used": 50, "events": 20, "parameters": 2}
    assert pool(results([[ratio(0.0, 1.0)]] * 2, counts=counts)).method["dfcom"] == 18
    odds = ratio(0.0, 1.0, measure="OR")
    assert pool(results([[odds]] * 2, "logistic", counts=counts)).method["dfcom"] == 48
    assert pool(results([[odds]] * 2, "logistic", counts=counts), dfcom=7).method["dfcom"] == 7
    assert pool(results([[odds]] * 2, "logistic")).method["dfcom"] == "infinite"


def test_notes_say_in_how_many_imputations():
    one, two = results([[ratio(0.0, 1.0)]] * 2)
    found = pool([one.with_(notes=("few events",)), two])
    assert found.notes[1] == "few events (in 1 of 2 imputations)"


def test_a_pooled_result_goes_through_json():
    found = pool(results([[ratio(0.0, 1.0)], [ratio(1.0, 1.0)]]))
    pd.testing.assert_frame_equal(Result.from_json(found.to_json()).tidy, found.tidy)


def test_results_that_do_not_belong_together():
    one = results([[ratio(0.0, 1.0)]])
    with pytest.raises(ValueError, match="at least two imputations"):
        pool(one)
    with pytest.raises(ValueError, match="different kinds: cox, logistic"):
        pool([*one, *results([[ratio(0.0, 1.0)]], "logistic")])
    levels = [one[0].with_(method={"reference_levels": {"grade": level}}) for level in "ab"]
    with pytest.raises(ValueError, match="reference levels differ"):
        pool(levels)
    with pytest.raises(ValueError, match="is the reference in some imputations only"):
        pool(results([[ratio(0.0, 1.0)], [{"term": "cns", "measure": "HR", "is_reference": True}]]))
    with pytest.raises(ValueError, match="must be above 0"):
        pool(one * 2, dfcom=0)


def test_splines_need_the_same_knots():
    def model(*covariates, **more):
        return results([[ratio(0.0, 1.0)]] * 2, method={"covariates": list(covariates), **more})

    with pytest.raises(ValueError, match="knots of a spline may differ"):
        pool(model("rcs(age)"))
    assert len(pool(model("rcs(age, [20, 40, 60])")).tidy) == 1
    assert len(pool(model("rcs(age)", knots={"age": [20, 40, 60]})).tidy) == 1

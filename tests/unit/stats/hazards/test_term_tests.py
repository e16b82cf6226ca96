import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.term_tests import cox_terms


@pytest.fixture
def cohort():
    rng = np.random.default_rng(11)
    n = 150
    frame = pd.DataFrame(
        {"x": rng.normal(size=n), "group": rng.choice(["a", "b", "c"], n), "ward": rng.integers(0, 30, n)}
    )
    frame["time"] = rng.exponential(30 / np.exp(0.6 * frame["x"])).round() + 1
    return frame.assign(event=rng.random(n) < 0.7)


def answers(result, term):
    return result.tidy[result.tidy["term"] == term].set_index("method")


def test_two_patients_by_hand():
    # One event among x = 1 (twice) and x = 0, then nothing: score at 0 is 1/3 and information 2/9, so U^2/I = 1/2.
    frame = pd.DataFrame({"t": [1, 2, 3, 1.5], "e": [1, 0, 0, 1], "x": [1.0, 1, 0, 0]})
    found = answers(cox_terms(frame, "t", "e", ["x"]), "x")
    # Events: at 1 (x = 1 of 1, 1, 0, 0), at 1.5 (x = 0 of 1, 0, 0): U = 1/2 - 1/3, I = 1/4 + 2/9.
    assert found.loc["score test", "statistic"] == pytest.approx((1 / 6) ** 2 / (1 / 4 + 2 / 9), rel=1e-12)
    assert found.loc["score test", "df"] == 1


def test_a_single_coefficient_has_the_tests_of_its_model(cohort):
    terms, model = cox_terms(cohort, "time", "event", ["x"]), cox(cohort, "time", "event", ["x"])
    found = answers(terms, "x")
    overall = model.checks.set_index("check")
    for ours, theirs in (
        ("likelihood ratio test", "likelihood ratio test"),
        ("score test", "score test"),
        ("Wald test", "Wald test"),
    ):
        assert found.loc[ours, "statistic"] == pytest.approx(overall.loc[theirs, "statistic"], rel=1e-8)


def test_all_levels_of_a_category_are_one_question_and_no_relabelling_changes_it(cohort):
    found = answers(cox_terms(cohort, "time", "event", ["group*x"]), "group:x")
    other = answers(cox_terms(cohort, "time", "event", ["group*x"], reference={"group": "c"}), "group:x")
    assert (found["df"] == 2).all()
    np.testing.assert_allclose(found["statistic"], other["statistic"], rtol=1e-8)


def test_a_monotone_likelihood_has_no_wald_test_but_the_others(cohort):
    cohort.loc[cohort["group"] == "c", "event"] = False
    found = answers(cox_terms(cohort, "time", "event", ["group", "x"], reference={"group": "a"}), "group")
    assert "cox_firth" in found.loc["Wald test", "note"]
    assert np.isnan(found.loc["Wald test", "statistic"])
    assert found.loc[["likelihood ratio test", "score test"], "statistic"].gt(0).all()


def test_clusters_make_wald_robust_and_the_others_say_that_they_are_not(cohort):
    found = answers(cox_terms(cohort, "time", "event", ["group", "x"], cluster="ward"), "group")
    plain = answers(cox_terms(cohort, "time", "event", ["group", "x"]), "group")
    assert found.loc["Wald test", "statistic"] != pytest.approx(plain.loc["Wald test", "statistic"])
    assert found.loc["likelihood ratio test", "note"] == "assumes independent patients"


def test_collinear_terms_have_no_test(cohort):
    cohort["y"] = 3 * cohort["x"]
    found = answers(cox_terms(cohort, "time", "event", ["x", "y"]), "y")
    assert set(found["note"]) == {"not estimable: collinear with other terms"}
    with pytest.raises(ValueError, match="no column 'z'"):
        cox_terms(cohort, "time", "event", ["z"])

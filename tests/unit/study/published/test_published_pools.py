"""The pools of published cohorts: R's numbers, small cases by hand, and the claims held against them."""

from math import exp, log, sqrt

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm
from scipy.stats import t as student

from neurohlh.study.published.claims import claims
from neurohlh.study.published.effects import MIXED, block
from neurohlh.study.published.frequency import choices, frequency
from neurohlh.study.published.ratios import death_ratios


def row(result, **keys):
    tidy = result.tidy
    for column, value in keys.items():
        tidy = tidy[tidy[column] == value]
    assert len(tidy) == 1, keys
    return tidy.iloc[0]


def shown(found):
    return [found["estimate"], found["conf_low"], found["conf_high"]]


def test_the_frequency_is_that_of_metafor(shipped):
    # tests/reference/published_pools.R: rma(measure="PLO", test="adhoc"), metafor 3.8-1
    found = row(shipped.results["published_frequency"], group="All studies", term="pooled")
    assert shown(found) == pytest.approx([0.382114, 0.271332, 0.506676], abs=2e-6)
    assert "I² 92 %, τ² 0.83" in found["note"]
    # metafor's own interval has k - 1 degrees of freedom; with k - 2 it follows from its mean, error and tau2
    coef, width = -0.4805837, student.ppf(0.975, 15) * sqrt(0.2392979**2 + 0.832811)
    expected = row(shipped.results["published_frequency"], group="All studies", term="prediction interval")
    assert shown(expected)[1:] == pytest.approx([expit(coef - width), expit(coef + width)], abs=2e-5)


def test_the_binomial_normal_likelihood_is_that_of_metafor(shipped):
    found = row(shipped.more["published_frequency_choices"], level="binomial-normal likelihood (GLMM), logit")
    assert shown(found) == pytest.approx([0.379773, 0.278999, 0.492102], abs=2e-5)


def test_deaths_and_hazard_ratios_are_those_of_metafor(shipped):
    died = row(shipped.results["published_mortality"], group="Deaths with CNS involvement: cohorts", term="pooled")
    assert shown(died) == pytest.approx([0.519210, 0.278603, 0.751226], abs=2e-5)
    hazards = shipped.results["published_effect"]
    random = row(hazards, group=block("HR, death"), term="pooled")
    common = row(hazards, group=block("HR, death"), term="common")
    assert shown(random) == pytest.approx([1.938670, 0.141618, 26.539341], rel=1e-5)
    assert shown(common) == pytest.approx([1.938670, 1.294832, 2.902647], rel=1e-6)


def test_the_cohorts_of_the_dossier_are_there_with_their_frequencies(shipped):
    tidy = shipped.results["published_frequency"].tidy
    share = tidy[tidy["term"] == "study"].set_index("level")["estimate"]
    for name, percent in {"Kim 2012": 46, "Yang 2010": 47, "Jovanovic 2014": 57, "Horne 2008": 63}.items():
        assert round(100 * share[name]) == percent
    assert "Zhao 2018" not in share  # a percentage alone
    other = tidy_levels(shipped.more["published_frequency_choices"])
    assert "Zhao 2018 (108/179, from its 60.3 %) in place of Yang 2010" in other


def tidy_levels(result):
    return set(result.tidy["level"])


def test_two_equal_cohorts_by_hand(world):
    cohort = {"n_cns": 5, "n_cns_evaluable": 20, "n_total": 20}
    found = row(
        world([cohort, cohort], [{"cohort_id": "c0"}]).results["published_frequency"],
        group="All studies",
        term="pooled",
    )
    # no variance between studies; the error is that of 10 of 40, the limits t with one degree of freedom
    width = student.ppf(0.975, 1) * sqrt(1 / 10 + 1 / 30)
    assert shown(found) == pytest.approx([0.25, expit(log(1 / 3) - width), expit(log(1 / 3) + width)])


def test_studies_have_wilson_limits(world):
    found = world([{"n_cns": 0, "n_cns_evaluable": 10, "n_total": 10}], [{"cohort_id": "c0"}])
    z2 = norm.ppf(0.975) ** 2
    study = row(found.results["published_frequency"], term="study")
    assert shown(study) == pytest.approx([0, 0, z2 / (10 + z2)])
    assert row(found.results["published_frequency"], group="All studies")["note"] == "one study: nothing to pool"


def test_leaving_each_cohort_out_once(shipped):
    tidy = shipped.more["published_frequency_choices"].tidy
    assert (tidy["group"] == "Leaving one out").sum() == len(shipped.selection.used)


def test_the_order_of_the_rows_does_not_matter(shipped):
    cohorts = shipped.selection.cohorts
    mixed = type(shipped.selection)(cohorts.sample(frac=1, random_state=3).reset_index(drop=True))
    for make in (lambda s: frequency(s, shipped.evidence), choices):
        one, other = (
            make(s).tidy.set_index(["group", "level"])["estimate"].sort_index() for s in (shipped.selection, mixed)
        )
        assert one.index.equals(other.index)
        assert np.allclose(one, other, equal_nan=True, rtol=1e-9)


def test_the_claims_are_held_against_the_pools(shipped):
    tidy = shipped.results["published_claims"].tidy
    studies = tidy[tidy["term"] == "studies"].iloc[0]
    assert studies["method"] == "4 of 17 cohorts lie within, 13 below, 0 above"
    assert row(shipped.results["published_claims"], level="Pool of all cohorts")["method"].startswith("below the claim")
    assert "no whole number" in tidy[tidy["level"].str.startswith("Nath 2026")]["note"].iloc[0]


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ((900, 905, 910), "within"),
        ((100, 101, 102), "below"),
        ((990, 991, 992), "above"),
        ((300, 600, 900), "reaches into"),
    ],
)
def test_a_pool_lies_within_below_above_or_across_a_claim(world, shares, verdict):
    cohorts = [{"n_cns": n, "n_cns_evaluable": 1000, "n_total": 1000} for n in shares]
    made = world(cohorts, [{"cohort_id": "c0"}])
    assert row(claims(made.selection, made.evidence), level="Pool of all cohorts")["method"].startswith(verdict)


def test_only_like_is_pooled_with_like(shipped):
    tidy = shipped.results["published_effect"].tidy
    by_group = tidy[tidy["term"] == "study"].groupby("group")["level"].apply(sorted).to_dict()
    assert by_group == {
        "Hazard ratio of death": ["Horne 2008", "Zhao 2018"],
        "Hazard ratio of early death": ["jhsmr2022 thai24"],
        "Odds ratio of early death": ["Harnchoowong 2022"],
    }
    mixed = row(shipped.results["published_effect"], group=MIXED)
    assert "mixes hazard with odds ratios" in mixed["note"]


def test_an_interval_from_p_is_marked_as_such(world):
    effects = [{"cohort_id": "c0", "estimate": "2", "p": "0.05"}]
    found = death_ratios(world([{}], effects).evidence).iloc[0]
    assert found["std_error"] == pytest.approx(log(2) / norm.ppf(0.975))
    assert [found["conf_low"], found["conf_high"]] == pytest.approx([1, 4])
    assert "derived from p" in found["remark"]


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        ({"estimate": 2, "ci_low": 1, "ci_high": 4}, ""),
        ({"estimate": 2}, "precision is unknown"),
        ({"estimate": 2, "p": "<0.05"}, "precision is unknown"),
        ({"estimate": 5, "ci_low": 1, "ci_high": 4}, "outside its own interval"),
        ({"estimate": 3.5, "ci_low": 1.0, "ci_high": 4.0}, "not symmetric"),
        ({"estimate": 2, "ci_low": 1, "ci_high": 4, "outcome": "relapse"}, "not death"),
        (
            {"estimate": 2, "ci_low": 1, "ci_high": 4, "contrast": "platelets low v high (not CNS)"},
            "not CNS involvement",
        ),
        ({"estimate": 0.5, "ci_low": 0.25, "ci_high": 1, "exposed_group": "normal CSF"}, "no reason is written"),
    ],
)
def test_why_a_ratio_is_not_pooled(world, effect, reason):
    found = death_ratios(world([{}], [{"cohort_id": "c0", **effect}]).evidence)["reason"].iloc[0]
    assert reason in found
    assert (found == "") == (reason == "")


def test_a_reversed_ratio_is_turned_only_with_its_reason(world):
    effect = {"cohort_id": "c0", "estimate": 0.5, "ci_low": 0.25, "ci_high": 1, "exposed_group": "CNS-"}
    found = death_ratios(world([{}], [{**effect, "direction_note": "no CNS against CNS"}]).evidence).iloc[0]
    assert [found["estimate"], found["conf_low"], found["conf_high"]] == [2, 1, 4]
    assert "inverted from the printed 0.5" in found["remark"]
    assert "no CNS against CNS" in found["remark"]


def test_one_ratio_of_each_group_of_patients(world):
    both = [{"overlap_group": "Trial"}, {"overlap_group": "Trial"}]
    wide = {"estimate": 2, "ci_low": 0.5, "ci_high": 8}
    narrow = {"estimate": 2, "ci_low": 1, "ci_high": 4}
    found = death_ratios(world(both, [{"cohort_id": "c0", **wide}, {"cohort_id": "c1", **narrow}]).evidence)
    assert found["reason"].tolist()[1] == ""
    assert "shares patients" in found["reason"].tolist()[0]


def test_patients_who_all_have_it_tell_nothing_of_having_it(world):
    cohort = {"n_total": 20, "n_cns": 20, "n_cns_evaluable": 20}
    effect = {"cohort_id": "c0", "estimate": 2, "ci_low": 1, "ci_high": 4, "contrast": "MRI lesion v none"}
    assert "all have CNS involvement" in death_ratios(world([cohort], [effect]).evidence)["reason"].iloc[0]


def test_deaths_with_and_without_are_pooled_where_papers_count_both(world):
    counts = {"n_cns_died": 10, "n_cns_outcome_known": 20, "n_nocns_died": 5, "n_nocns_outcome_known": 20}
    said = world([counts], [{"cohort_id": "c0"}]).results["published_mortality"].notes[-1]
    width = norm.ppf(0.975) * sqrt(1 / 10 + 1 / 10 + 1 / 5 + 1 / 15)  # one table: Woolf's variance
    assert f"crude odds ratio of death 3.00 ({3 * exp(-width):.2f}–{3 * exp(width):.2f})" in said

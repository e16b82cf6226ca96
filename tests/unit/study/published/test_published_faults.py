"""Printed numbers that cannot be right are named, those that only look odd are not accused."""

import numpy as np
import pytest

from neurohlh.study.published.faults import Arithmetic
from neurohlh.study.published.faults_numbers import of_counts, of_percentage, of_ratio, of_sum
from neurohlh.study.published.finding import CONSISTENT, CUT, IMPOSSIBLE, INCOMPLETE, MISMATCH, NEAR, REVERSED
from neurohlh.study.published.printed import Ratio, percentages, ratios, sums


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("31/65 (47.7%)", CONSISTENT),
        ("73% for 25/34", CUT),  # 73.5
        ("77.2% (17/22)", CUT),  # 77.27
        ("17/30 printed as 56%", CUT),  # 56.7
        ("84.1% for 22/29", MISMATCH),  # 75.9
        ('"95.9%" of 42', IMPOSSIBLE),
        ("36% of 33", CONSISTENT),
        ("12/10 (120%)", IMPOSSIBLE),
        ("deaths 10 (printed 13.8%, of 72)", CUT),  # 13.89
    ],
)
def test_a_percentage_against_its_count(text, verdict):
    (found,) = percentages(text, n_total=72)
    assert of_percentage("a paper", "notes", found).verdict == verdict


@pytest.mark.parametrize(
    ("printed", "verdicts"),
    [
        (("2.05", "1.13", "3.72", ""), [CONSISTENT]),
        (("1.78", "1.08", "2.92", "0.023"), [CONSISTENT, CONSISTENT]),
        (("6.6", "1.5", "28.8", "0.011"), [CONSISTENT, CONSISTENT]),  # 0.0123 but for the rounding of 1.5
        (("8", "1.3", "49", "0.024"), [CONSISTENT, CONSISTENT]),
        (("2.309", "1.108", "4.823", ""), [NEAR]),  # a thousandth beside the middle
        (("33.3", "2.7", "39.8", ""), [IMPOSSIBLE]),
        (("72.3", "50.3", "69.8", ""), [IMPOSSIBLE]),
        (("2.0", "1.0", "4.0", "0.4"), [CONSISTENT, MISMATCH]),
        (("9.64", "3.39", "27.43", "<0.001"), [CONSISTENT, CONSISTENT]),
        (("2.0", "1.0", "4.0", "<0.001"), [CONSISTENT, MISMATCH]),
    ],
)
def test_a_ratio_against_its_interval_and_p(printed, verdicts):
    estimate, low, high, p = printed
    found = of_ratio("a paper", "e1", Ratio("", "HR", estimate, low, high, p))
    assert [f.verdict for f in found] == verdicts


@pytest.mark.parametrize(
    ("table", "p", "verdict"),
    [
        ([[7, 14], [9, 77]], "0.015", CONSISTENT),  # Fisher's, as in Horne 2008
        ([[12, 16], [30, 72]], "0.038", MISMATCH),
        ([[31, 34], [8, 25]], "0.02", NEAR),
        ([[7, 4], [5, 3], [10, 3]], ".713", NEAR),
        ([[20, 0], [0, 20]], "<0.001", CONSISTENT),
        ([[5, 5], [5, 5]], "<0.05", MISMATCH),
        ([[0, 10], [0, 10]], "0.5", IMPOSSIBLE),
    ],
)
def test_a_p_against_its_counts(table, p, verdict):
    assert of_counts("a paper", "e1", np.array(table), p, "").verdict == verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("19+4=23", CONSISTENT),
        ("19+4=24", MISMATCH),
        ("10+3+2=15 of 16", INCOMPLETE),
        ("only 48 of 72 accounted for", INCOMPLETE),
    ],
)
def test_a_sum(text, verdict):
    (found,) = sums(text)
    assert of_sum("a paper", "notes", found).verdict == verdict


@pytest.mark.parametrize(
    "text", ["OS 66 (59-72)", "7/4, 5/3, 10/3", "age 3 (1-144)", "2010-12 to 2012-08", "HLA 6/6 matched", "P=0.003", ""]
)
def test_what_is_no_percentage_ratio_or_sum_is_left_alone(text):
    assert [*percentages(text), *ratios(text), *sums(text)] == []


def test_every_fault_of_the_shipped_list_is_found_unasked(shipped):
    found = shipped.results["published_faults"].tidy
    named = {(row["level"], row["group"]) for row in found.to_dict("records")}
    assert named >= {
        ("jhsmr2022 thai24", IMPOSSIBLE),  # E1
        ("You 2022", IMPOSSIBLE),  # E3
        ("Wang 2026", MISMATCH),  # E4
        ("Alzyoud", IMPOSSIBLE),  # E5
        ("fhlsubtypes35", NEAR),  # E6
        ("fhlsubtypes35", INCOMPLETE),
        ("nanjing72", INCOMPLETE),  # E7
        ("mas103 2015", NEAR),  # M1
        ("Zhao 2018", NEAR),  # Z2
        ("Zhao 2018", REVERSED),  # Z3
    }


def test_papers_that_agree_with_themselves_are_not_accused(shipped):
    accused = {
        f.label for f in Arithmetic.of(shipped.evidence).findings if f.verdict in (IMPOSSIBLE, MISMATCH, REVERSED)
    }
    assert accused.isdisjoint({"Horne 2008", "Harnchoowong 2022", "Trottestam 2009", "song2018 adult96", "Ma 2023"})


@pytest.mark.parametrize(
    ("cohort", "said"),
    [
        ({"n_cns": 12, "n_cns_evaluable": 10}, "a part larger than its whole"),
        ({"n_csf_abnormal": 12, "n_csf_tested": 10}, "a part larger than its whole"),
        (
            {
                "n_cns_died": 3, "n_nocns_died": 4, "n_died_total": 9, "n_cns_outcome_known": 10,
                "n_nocns_outcome_known": 10, "n_outcome_known": 20,
            },
            "the two groups add up to 7",
        ),
        ({"os_cns_pct": 120}, "no percentage"),
    ],
)  # fmt: skip
def test_counts_that_cannot_be(world, cohort, said):
    found = world([cohort], [{"cohort_id": "c0"}]).results["published_faults"].tidy
    assert said in found["method"].tolist()


def test_a_ratio_that_runs_against_its_survival(world):
    cohort = {"os_cns_pct": 60, "os_nocns_pct": 80}
    effects = [{"cohort_id": "c0", "estimate": 0.4}, {"cohort_id": "c0", "estimate": 2.3}]
    found = world([cohort], effects).results["published_faults"].tidy
    assert found.set_index("variable")["group"].to_dict() == {"e0": REVERSED, "e1": NEAR}
    assert "its reciprocal is 2.50" in found[found["variable"] == "e0"]["note"].iloc[0]

"""Which cohorts give a frequency: one per group of shared patients, every other with its reason."""

import pandas as pd
import pytest

from neurohlh.study.published.selection import SHARED, select, unrecorded_overlaps
from neurohlh.study.published.tables import read_evidence


def counted(n_cns, n, **more):
    return {"n_cns": n_cns, "n_cns_evaluable": n, "n_total": n, **more}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (counted(5, 20), ""),
        (counted(5, 20, row_use="context_only_no_cns_figure"), "prints no figure"),
        (counted(5, 20, row_use="cns_reported_as_percentage_or_text"), "percentage or in words"),
        (counted(5, 20, row_use="cns_effect_only"), "no counts"),
        (counted(5, 20, design="case series, consecutive"), "remarkable"),
        (counted(20, 20, design="retrospective, CNS+ only"), "by design"),
        (counted(20, 20), "condition of entry"),
        (counted(5, 20, design="classification study"), "without HLH"),
        (counted(21, 20), "cannot be"),
        ({"n_total": 20}, "prints no count"),
        (counted(5, 20, cns_domains="csf_ebv"), "virological"),
        ({"cns_domains": "symptoms", "n_neuro_symptoms": 4, "n_neuro_symptoms_denominator": 20}, ""),
        ({"cns_domains": "symptoms|csf", "n_neuro_symptoms": 4, "n_neuro_symptoms_denominator": 20}, "prints no count"),
    ],
)
def test_a_cohort_is_used_or_told_why_not(tables, row, reason):
    found = select(read_evidence(*tables([row], [{"cohort_id": "c0"}])).cohorts).cohorts
    assert reason in found["reason"].iloc[0]
    assert (found["reason"].iloc[0] == "") == (reason == "")


@pytest.mark.parametrize(
    ("rows", "used"),
    [
        ([counted(5, 20), counted(9, 40)], ["c1"]),  # the larger
        ([counted(5, 20, year=2010), counted(9, 20, year=2012)], ["c1"]),  # of equals the later
        ([counted(5, 20), counted(9, 40, row_use="cns_effect_only")], ["c0"]),  # one that can't be used takes no place
        ([counted(5, 20), counted(9, 40, cns_domains="csf_ebv")], ["c0"]),  # a thing of another kind takes none either
    ],
)
def test_one_cohort_of_each_group_of_shared_patients(tables, rows, used):
    rows = [{**row, "overlap_group": "Trial"} for row in rows]
    found = select(read_evidence(*tables(rows, [{"cohort_id": "c0"}])).cohorts)
    assert found.used["cohort_id"].tolist() == used


@pytest.mark.parametrize(
    ("groups", "together"),
    [
        (("Trial", "Trial"), True),
        (("Trial", "Other"), False),
        (("", ""), False),
        (("Hospital", "Hospital (later period)"), True),
        (("A", "A/B (partly)"), True),
        (("", "Hospital (overlaps c0)"), True),
    ],
)
def test_which_groups_share_patients(tables, groups, together):
    rows = [counted(5, 20 + i, overlap_group=g) for i, g in enumerate(groups)]
    found = select(read_evidence(*tables(rows, [{"cohort_id": "c0"}])).cohorts)
    assert len(found.used) == (1 if together else 2)
    assert (SHARED in found.cohorts["reason"].tolist()) == together


def test_a_chain_of_overlaps_is_one_group(tables):
    rows = [counted(5, 20 + i, overlap_group=g) for i, g in enumerate(("A", "A/B", "B"))]
    found = select(read_evidence(*tables(rows, [{"cohort_id": "c0"}])).cohorts)
    assert found.used["cohort_id"].tolist() == ["c2"]


@pytest.mark.parametrize(
    "row", [{"n_csf_tested": 20}, counted(1, 0), counted(3, 2), counted(2, 20, row_use="cns_effect_only")]
)
def test_what_is_kept_apart_has_counts_that_can_be(world, row):
    made = world([{**row, "cns_domains": "csf_ebv"}], [{"cohort_id": "c0"}])
    assert made.selection.apart.empty
    assert not made.results["published_frequency"].tidy["group"].str.startswith("Kept apart").any()


def test_symptoms_without_their_count_give_no_frequency(world):
    made = world([{"cns_domains": "symptoms", "n_neuro_symptoms_denominator": 20}], [{"cohort_id": "c0"}])
    assert made.selection.used.empty


def test_everybody_is_used_or_counted_with_a_reason(shipped):
    found = shipped.selection
    assert len(found.used) + sum(found.dropped().values()) == len(shipped.evidence.cohorts)


def test_the_order_of_the_rows_does_not_matter(shipped):
    cohorts = shipped.evidence.cohorts
    for seed in (1, 2):
        again = select(cohorts.sample(frac=1, random_state=seed).reset_index(drop=True))
        pd.testing.assert_series_equal(
            again.cohorts.set_index("cohort_id")["reason"].sort_index(),
            shipped.selection.cohorts.set_index("cohort_id")["reason"].sort_index(),
        )


def test_a_nationwide_study_and_one_of_its_hospitals_are_pointed_out(tables):
    place = {"country": "Korea", "enrol_start": "1996", "enrol_end": "2011"}
    rows = [
        counted(5, 20, design="nationwide registry", **place),
        counted(5, 30, **place),
        counted(5, 40, **{**place, "enrol_start": "2012", "enrol_end": "2014"}),
        counted(5, 50, **{**place, "country": "Japan"}),
    ]
    used = select(read_evidence(*tables(rows, [{"cohort_id": "c0"}])).cohorts).used
    assert unrecorded_overlaps(used) == [("c0", "c1")]

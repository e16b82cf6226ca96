"""Trigger by priority, all triggers at once, viruses, and CNS involvement within each: counted by hand."""

import numpy as np
import pytest

from neurohlh.study.parts.triggers.cns import cns_by_trigger
from neurohlh.study.parts.triggers.flags import all_flags, all_viruses
from neurohlh.study.parts.triggers.priority import by_priority

DEAD = {"os_event": 1.0}


def ebv(**more):
    return {"trigger_category": "ebv", "triggers__ebv": "met", **more}


def lines(result, **where):
    tidy = result.tidy
    for column, value in where.items():
        tidy = tidy[tidy[column] == value]
    return tidy


def one(result, **where):
    found = lines(result, **where)
    assert len(found) == 1, where
    return found.iloc[0]


@pytest.fixture(scope="module")
def hospital(material_of):
    """Ten patients: EBV in five (one of them with a lymphoma), one other virus, four without a trigger."""
    return material_of(
        [
            ebv(cns_status="met", hlh_class="primary", trigger_virus="EBV"),
            ebv(cns_status="met", hlh_class="primary", trigger_virus="EBV", **DEAD),
            ebv(cns_status="not_met", hlh_class="secondary", trigger_virus="none"),
            ebv(cns_status="indeterminate", os_event=np.nan),
            ebv(trigger_category="malignancy", triggers__malignancy="met", cns_status="met", **DEAD),
            {"trigger_category": "other_virus", "triggers__other_virus": "met", "trigger_virus": "dengue"},
            {"triggers__ebv": "not_met", "cns_status": "not_applicable"},
            {"triggers__ebv": "not_met", "trigger_virus": "Bourbon virus"},
            {"triggers__ebv": "not_met", **DEAD},
            {},
        ]
    )


def test_each_patient_stands_under_one_trigger_and_the_unknown_apart(hospital):
    shares = lines(by_priority(hospital), term="share of all patients", group="Trigger")
    assert dict(zip(shares["level"], shares["events"], strict=True)) == {
        "Malignancy": 1, "EBV": 4, "Other virus": 1, "Trigger unknown": 4,
    }  # fmt: skip
    assert shares["events"].sum() == 10
    assert set(shares["n"]) == {10}


def test_deaths_are_counted_among_those_whose_outcome_is_known(hospital):
    row = one(by_priority(hospital), term="deaths among them (crude)", level="EBV")
    assert (row["n"], row["events"], row["estimate"]) == (3, 1, 1 / 3)
    assert row["note"] == "outcome of 1 unknown"


def test_an_unknown_class_is_neither_primary_nor_secondary(hospital):
    result = by_priority(hospital)
    shares = lines(result, term="share of all patients", group="Class")
    assert dict(zip(shares["level"], shares["events"], strict=True)) == {
        "Primary HLH": 2, "Secondary HLH": 1, "Class unknown": 7,
    }  # fmt: skip
    assert any("The class of 7 of 10 patients is unknown" in note for note in result.notes)
    within = one(result, term="share of the class", level="EBV", group="Primary HLH")
    assert (within["n"], within["events"]) == (2, 2)


def test_a_class_that_the_rules_cannot_tell_is_named_the_hospitals(material_of):
    patients = [ebv(hlh_class="secondary", hlh_class_derived="unknown"), {"hlh_class_derived": "unknown"}]
    notes = by_priority(material_of(patients)).notes
    assert "Patients whose class is the hospital's own, because the rules cannot tell: 1." in notes


def test_nothing_known_of_triggers_and_classes_is_a_refusal(material_of):
    result = by_priority(material_of([{}, {}]))
    assert result.tidy.empty
    assert result.notes == ("Not estimated: no patient has a known trigger or class.",)


def test_a_flag_counts_found_excluded_and_undecided(hospital):
    result = all_flags(hospital)
    counts = {term: one(result, level="EBV", term=term) for term in ("found (at least)", "excluded", "undecided")}
    assert {term: row["events"] for term, row in counts.items()} == {
        "found (at least)": 5, "excluded": 3, "undecided": 2,
    }  # fmt: skip
    assert {row["n"] for row in counts.values()} == {10}
    assert np.isnan(counts["found (at least)"]["conf_low"])  # a least number has no limits
    decided = one(result, level="EBV", term="found, of those decided")
    assert (decided["n"], decided["events"], decided["estimate"]) == (8, 5, 5 / 8)


def test_nobody_excluded_gives_no_share_of_those_decided(hospital):
    """One malignancy found and nobody excluded: 1 of 1 would read as 100 %."""
    assert lines(all_flags(hospital), level="Malignancy", term="found, of those decided").empty


def test_a_trigger_that_nobody_was_asked_about_says_so(hospital):
    row = one(all_flags(hospital), level="Parasite")
    assert (row["term"], row["events"], row["n"]) == ("undecided", 10, 10)
    assert row["note"] == "neither found nor excluded in anybody"


def test_two_triggers_of_a_patient_both_count(hospital):
    result = all_flags(hospital)
    several = lines(result, term="number of triggers found")
    assert dict(zip(several["level"], several["events"], strict=True)) == {
        "No trigger found": 4, "One trigger": 5, "Two triggers or more": 1,
    }  # fmt: skip
    pair = one(result, term="found together")
    assert (pair["level"], pair["events"], pair["note"]) == (
        "Malignancy and EBV", 1, "counted under Malignancy by priority",
    )  # fmt: skip


def test_the_picture_keeps_unknown_apart_from_absent(hospital):
    result = all_flags(hospital)
    assert result.method["picture"]["form"] == "upset"
    patterns = result.curves.groupby("pattern")[["n", "events"]].first()
    assert (patterns["n"].sum(), patterns["events"].sum()) == (10, 3)
    assert set(result.curves["set"]) == {"Malignancy", "EBV", "Other virus"}
    assert set(result.curves["state"]) == {"met", "not_met", "unknown"}


def test_viruses_have_the_herpes_group_and_those_outside_the_list(hospital):
    result = all_viruses(hospital)
    shares = result.tidy[result.tidy["term"].str.startswith("share")].set_index("level")
    assert shares["events"].to_dict() == {
        "Epstein-Barr virus (EBV)": 2,
        "Dengue virus": 1,
        "Herpes group together": 2,
        "All other viruses of the list together": 1,
        "A virus outside the list": 1,
        "Recorded as no virus": 1,
    }
    assert set(shares["n"]) == {5}
    assert result.counts["dropped"] == {"triggering virus not recorded": 5}
    assert any("for whom the column names another virus or none: 1." in note for note in result.notes)
    assert "Bourbon" not in result.to_json()  # what a cell says in free words stays with the hospital


def test_no_column_of_viruses_is_a_refusal(material_of):
    assert all_viruses(material_of([ebv()])).notes == (
        "Not estimated: no source has a column for the triggering virus.",
    )


def test_cns_involvement_within_a_trigger_has_bounds(hospital):
    rows = lines(cns_by_trigger(hospital), group="Trigger found", level="EBV").set_index("term")
    numbers = {term: (row["events"], row["n"]) for term, row in rows.iterrows()}
    assert numbers == {
        "of those decided": (3, 4),
        "undecided read as not involved": (3, 5),
        "undecided read as involved": (4, 5),
    }
    # Wilson's limits of 3/4 by hand: (p + z2/2n -/+ z sqrt(p q/n + z2/4n2)) / (1 + z2/n)
    z2 = 1.959963984540054**2
    centre, half = 0.75 + z2 / 8, np.sqrt(z2) * np.sqrt(0.75 * 0.25 / 4 + z2 / 64)
    limits = np.array([centre - half, centre + half]) / (1 + z2 / 4)
    assert rows.loc["of those decided", ["conf_low", "conf_high"]].to_numpy(dtype=float) == pytest.approx(limits)


def test_patients_to_whom_the_definition_does_not_apply_are_in_no_denominator(hospital):
    row = one(cns_by_trigger(hospital), group="", level="All patients", term="undecided read as involved")
    assert (row["n"], row["events"]) == (9, 4)


def test_the_forest_repeats_the_numbers_of_the_table(hospital):
    result = cns_by_trigger(hospital)
    table = lines(result, term="of those decided")
    assert result.curves["label"].tolist() == table["level"].tolist()
    assert result.curves["estimate"].tolist() == table["estimate"].tolist()
    assert result.method["picture"]["events"] == "involved"  # beside the patients stand no deaths


def test_the_order_of_the_patients_does_not_matter(hospital, material_of):
    turned = hospital.frame.iloc[::-1].reset_index(drop=True)
    again = type(hospital)(turned, hospital.config, None)
    for make in (by_priority, all_flags, all_viruses, cns_by_trigger):
        assert make(again).tidy.equals(make(hospital).tidy), make.__name__


def test_published_cases_give_counts_and_no_frequency(hospital, case_series, material_of):
    series = type(hospital)(hospital.frame, material_of([{}], **case_series).config, None)
    for result in (by_priority(series), all_flags(series), all_viruses(series)):
        assert result.tidy["events"].notna().all()
        assert result.tidy[["estimate", "conf_low", "conf_high", "p_value"]].isna().all(axis=None)
        assert result.notes[0].startswith("Published cases are chosen for being remarkable")
        assert result.curves.empty
    assert cns_by_trigger(series).tidy.empty

"""Survival by trigger: known triggers with few deaths are one group, the unknown stay apart."""

import pytest

from neurohlh.study.parts.triggers.survival import MERGED, merged_triggers, survival_by_trigger


def group(trigger, deaths, alive, days=100.0):
    """Patients of one trigger: each death a day later than the one before."""
    dead = [{"trigger_category": trigger, "os_event": 1.0, "os_days": days + n} for n in range(deaths)]
    return dead + [{"trigger_category": trigger, "os_days": 1500.0}] * alive


@pytest.fixture(scope="module")
def hospital(material_of):
    return material_of(
        [
            *group("ebv", 6, 4),
            *group("malignancy", 5, 0),
            *group("fungal", 1, 2),
            *group("bacterial", 2, 2),
            *group("unknown", 1, 3),
            {"trigger_category": "ebv", "os_days": None},
        ]
    )


def test_sparse_triggers_are_one_group_and_are_named(hospital):
    frame, notes = merged_triggers(hospital.timed)
    assert frame["trigger"].value_counts().to_dict() == {"EBV": 10, "Malignancy": 5, MERGED: 7, "Trigger unknown": 4}
    assert len(notes) == 1
    assert "Fungus, Bacteria" in notes[0]


def test_one_sparse_trigger_alone_keeps_its_name(material_of):
    frame, notes = merged_triggers(material_of([*group("ebv", 6, 1), *group("fungal", 1, 1)]).timed)
    assert set(frame["trigger"]) == {"EBV", "Fungus"}
    assert notes == ()


def test_the_unknown_are_never_merged_with_a_known_trigger(material_of):
    patients = [*group("unknown", 1, 1), *group("none", 1, 1), *group("fungal", 1, 1), *group("parasitic", 1, 1)]
    frame, _ = merged_triggers(material_of(patients).timed)
    assert set(frame["trigger"]) == {MERGED, "Trigger unknown", "Recorded as without trigger"}


def test_the_curves_count_from_time_zero(hospital):
    result = survival_by_trigger(hospital)["triggers_survival"]
    at = result.tidy[(result.tidy["group"] == "EBV") & (result.tidy["time"] == 180)].iloc[0]
    assert (at["n"], at["events"]) == (4, 6)
    assert at["estimate"] == pytest.approx(4 / 10)  # six of ten die before day 180, nobody is censored before
    assert result.kind == "kaplan_meier"
    assert result.method["time_zero"] == "since the diagnosis of HLH"
    assert (result.counts["supplied"], result.counts["used"]) == (27, 26)
    assert result.counts["dropped"] == {"time or outcome unknown": 1}
    assert sorted(result.tidy["time"].dropna().unique()) == [30, 180, 365, 1095]


def test_the_test_compares_known_triggers_only(hospital):
    result = survival_by_trigger(hospital)["triggers_logrank"]
    assert set(result.tidy["group"]) - {""} == {"EBV", "Malignancy", MERGED}
    assert result.counts["dropped"] == {"time or outcome unknown": 1, "trigger unknown": 4}
    row = result.tidy[result.tidy["term"] == "test"].iloc[0]
    assert (row["n"], row["df"]) == (22, 2)
    groups = result.tidy[result.tidy["term"] == "group"]
    assert groups["estimate"].sum() == pytest.approx(groups["events"].sum())  # expected and observed deaths agree


def test_one_known_trigger_leaves_nothing_to_test(material_of):
    result = survival_by_trigger(material_of(group("ebv", 3, 3)))["triggers_logrank"]
    assert result.tidy.empty
    assert result.notes[0].startswith("Not estimated")


def test_without_survival_times_it_refuses(material_of):
    material = material_of(group("ebv", 3, 3), endpoint={"os": {"analyse": False}})
    (only,) = survival_by_trigger(material).values()
    assert only.notes == ("Not estimated: the study declares that its patients have no common time zero.",)

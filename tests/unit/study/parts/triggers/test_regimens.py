"""Treatment by the landmark: what had begun by then, among those alive then, and no effect of a treatment."""

import pandas as pd
import pytest

from neurohlh.study.parts.triggers.regimens import NOT_YET, UNKNOWN, regimens, treatments

DIAGNOSIS = pd.Timestamp("2020-01-01")


def day(n):
    return DIAGNOSIS + pd.Timedelta(days=n)


PATIENTS = [
    # regimen, start of treatment, days to the end, dead, what it counts as on day 14
    ("HLH-94", 2, 400, 1, "HLH-94"),
    ("HLH-94", 14, 400, 0, "HLH-94"),  # on the day of the landmark
    ("HLH-94", 15, 400, 0, NOT_YET),
    ("HLH-94", None, 400, 0, UNKNOWN),
    ("HLH-94", 2, 10, 1, None),  # died before the landmark
    ("DEP", 3, 30, 1, "DEP"),
    ("none", None, 40, 1, "No treatment"),
    (None, 3, 400, 0, UNKNOWN),
    ("steroid_only", 1, 14, 0, None),  # last seen on the day of the landmark
    ("steroid_only", 1, 200, 0, "Steroid only"),
]


def patient(regimen, start, end, dead, _=None, **more):
    begun = pd.NaT if start is None else day(start)
    own = {"os_days": float(end), "os_event": float(dead), "date_treatment_start": begun}
    return {"regimen_initial": regimen, **own, **more}


def sizes(result):
    return {
        row["group"]: (row["n"], row["events"]) for row in result.tidy[result.tidy["term"] == "size"].to_dict("records")
    }


@pytest.fixture(scope="module")
def hospital(material_of):
    """Each patient ten times, so that no regimen is too small to stand alone."""
    return material_of([patient(*p) for p in PATIENTS for _ in range(10)])


def test_a_regimen_counts_from_the_landmark_where_it_had_begun_by_then(hospital):
    expected: dict[str, list[int]] = {}
    for _, _, _, dead, word in PATIENTS:
        if word:
            n, events = expected.get(word, (0, 0))
            expected[word] = (n + 10, events + 10 * dead)
    assert sizes(regimens(hospital)) == expected


def test_times_count_from_the_landmark(hospital):
    tidy = regimens(hospital).tidy
    row = tidy[(tidy["group"] == "DEP") & (tidy["time"] == 30)].iloc[0]
    assert row["estimate"] == 0  # all die on day 30, sixteen days after the landmark
    assert sorted(tidy["time"].dropna().unique()) == [30, 180, 365]


def test_those_who_left_before_the_landmark_are_counted(hospital):
    counts = regimens(hospital).counts
    assert (counts["supplied"], counts["used"]) == (100, 80)
    assert counts["dropped"] == {"died by day 14, CNS not involved": 10, "last seen alive by day 14": 10}


def test_no_effect_of_a_treatment_is_offered_and_the_reason_stands_there(hospital, material_of):
    drugs = treatments(material_of([{**patient(*p), "etoposide": True} for p in PATIENTS]))
    for result in (regimens(hospital), drugs):
        assert not result.tidy["measure"].isin(["HR", "OR", "RR"]).any()
        assert result.tidy["p_value"].isna().all()
        assert any("immortal time" in note and "confounding by indication" in note for note in result.notes)


def test_small_regimens_are_one_group_but_the_unknown_is_not_among_them(material_of):
    patients = [patient("HLH-94", 1, 100, n % 2) for n in range(12)]
    patients += [patient(code, 1, 100, 0) for code in ("DEP", "L-DEP", "other") for _ in range(3)]
    patients += [patient("HLH-94", None, 100, 0)] * 2
    result = regimens(material_of(patients))
    assert sizes(result) == {"HLH-94": (12, 6), "Other regimens together": (9, 0), UNKNOWN: (2, 0)}
    assert any("DEP, L-DEP, Other regimen" in note for note in result.notes)


def level(result, term, name):
    """The row with the size of a group."""
    found = result.tidy[(result.tidy["term"] == term) & (result.tidy["level"] == name)]
    found = found[found["measure"] == "patients"]
    assert len(found) == 1, name
    return found.iloc[0]


def test_a_drug_counts_as_given_only_where_treatment_had_begun(material_of):
    flags = [
        # etoposide, start of treatment, reads as
        (True, 3, "Given"), (True, 3, "Given"), (True, 20, "Not given"), (True, None, UNKNOWN),
        (False, 3, "Not given"), (False, None, "Not given"), (None, 3, UNKNOWN),
    ]  # fmt: skip
    patients = [{**patient("other", start, 100, n < 2), "etoposide": flag} for n, (flag, start, _) in enumerate(flags)]
    result = treatments(material_of(patients))
    found = {word: level(result, "Etoposide", word)["n"] for word in ("Given", "Not given", UNKNOWN)}
    assert found == {"Given": 2, "Not given": 3, UNKNOWN: 2}


def test_intrathecal_treatment_counts_by_its_own_date_among_the_involved(material_of):
    cases = [
        # CNS at baseline, intrathecal, first dose, reads as
        ("met", True, 10, "Given"), ("met", True, 14, "Given"), ("met", True, 20, "Not given"),
        ("met", True, None, UNKNOWN),
        ("met", False, None, "Not given"), ("met", None, None, UNKNOWN), ("met", None, 9, "Given"),
        ("not_met", True, 10, None), ("indeterminate", True, 10, None),
    ]  # fmt: skip
    patients = [
        {**patient("other", 1, 100, n < 2), "cns_baseline": cns, "intrathecal": flag,
         "date_it_first": pd.NaT if first is None else day(first)}
        for n, (cns, flag, first, _) in enumerate(cases)
    ]  # fmt: skip
    result = treatments(material_of(patients))
    for word in ("Given", "Not given", UNKNOWN):
        row = level(result, "Intrathecal treatment", word)
        assert row["n"] == sum(c[3] == word for c in cases), word
        assert row["population"] == "CNS involved at baseline"


def test_hospitals_without_these_columns_are_refused(material_of):
    dead = [{"os_event": 1.0}, {"os_event": 1.0}, {}]
    material = material_of(dead)
    assert regimens(material).notes == ("Not estimated: no source has a column for initial regimen.",)
    assert "no source has a column for etoposide" in treatments(material).notes[0]
    untimed = material_of(dead, endpoint={"os": {"analyse": False}})
    assert "no common time zero" in regimens(untimed).notes[0]
    assert "no common time zero" in treatments(untimed).notes[0]

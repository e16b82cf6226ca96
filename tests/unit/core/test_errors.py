"""An error says what, where, why and what to do; a misspelt name is answered with the nearest."""

import pytest

from neurohlh.core.errors import InputError, Location, NeuroHLHError, NotEstimable, closest, did_you_mean


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Location(), ""),
        (Location("a.csv"), "a.csv"),
        (Location("a.xlsx", "基线", 7, "Hb (g/L)"), "a.xlsx, sheet '基线', row 7, column 'Hb (g/L)'"),
        (Location("a.csv", row=0), "a.csv, row 0"),
        (Location(row=3, column="sex"), "row 3, column 'sex'"),
    ],
)
def test_a_place_is_told_as_a_spreadsheet_counts(place, text):
    assert str(place) == text


def test_the_message_has_its_parts_on_lines_of_their_own():
    error = InputError(
        "a date is ambiguous", where=Location("a.csv", row=4), why="day or month", do='Write dates = "dmy".'
    )
    assert str(error).splitlines() == [
        "a.csv, row 4: a date is ambiguous",
        "  Why it matters: day or month",
        '  What to do: Write dates = "dmy".',
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "it is wrong"),
        ({"where": "study.toml"}, "study.toml: it is wrong"),
        ({"where": Location()}, "it is wrong"),
        ({"do": "Mend it."}, "it is wrong\n  What to do: Mend it."),
    ],
)
def test_what_nobody_said_leaves_no_empty_line(given, said):
    assert str(InputError("it is wrong", **given)) == said


def test_both_errors_are_of_this_package_and_only_one_is_the_users():
    assert issubclass(InputError, NeuroHLHError)
    assert issubclass(NotEstimable, NeuroHLHError)
    assert not issubclass(NotEstimable, InputError)


KNOWN = ["ferritin", "fibrinogen", "followup_days", "HScore", "sex"]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("feritin", "ferritin"), ("Fibrinogene", "fibrinogen"), ("hscore", "HScore"), ("follow_up_days", "followup_days")],
)
def test_the_nearest_name_comes_first_whatever_its_case(name, nearest):
    assert closest(name, KNOWN)[0] == nearest
    assert repr(nearest) in did_you_mean(name, KNOWN)


def test_where_nothing_is_near_the_legal_names_are_listed():
    assert closest("zzz", KNOWN) == []
    said = did_you_mean("zzz", KNOWN)
    assert all(name in said for name in KNOWN)
    assert "…" not in said
    many = [f"name{i:02}" for i in range(30)]
    assert did_you_mean("qqq", many).endswith("….")
    assert "name12" not in did_you_mean("qqq", many)


def test_no_more_names_than_asked_for():
    assert len(closest("name1", [f"name{i}" for i in range(10)], n=2)) == 2

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.start_stop import episodes, split_at
from neurohlh.study.verification.reference import dataset
from neurohlh.study.verification.terms import jasa_episodes


def patients():
    return pd.DataFrame(
        {
            "time": [10.0, 10, 10, 10, 10, np.nan],
            "died": [1, 1, 0, 1, 0, 1],
            "cns": [0.0, 4, 10, 12, np.nan, 3],
            "age": [1, 2, 3, 4, 5, 6],
        }
    )


def rows(found, *columns):
    return [tuple(row) for row in found.frame[list(columns)].itertuples(index=False)]


def test_each_rule_by_hand():
    found = episodes(patients(), "time", "died", {"exposed": "cns"})
    assert rows(found, "id", "start", "stop", "died", "exposed", "age") == [
        (0, 0, 10, True, True, 1),  # from the start
        (1, 0, 4, False, False, 2),
        (1, 4, 10, True, True, 2),
        (2, 0, 10, False, False, 3),  # begins on the last day
        (3, 0, 10, True, False, 4),  # begins after the end
        (4, 0, 10, False, False, 5),  # never
    ]
    assert found.counts["exposed"] == {
        "exposed_from_start": 1,
        "exposed_during": 1,
        "exposed_at_end": 1,
        "after_end": 1,
        "never": 1,
    }
    assert found.counts["dropped"] == {"missing time": 1}
    assert "cns" not in found.frame.columns
    assert any("taken as never" in note for note in found.notes)


def test_an_exposure_known_to_precede_the_event_of_its_day():
    frame = pd.DataFrame({"t": [4.0, 9.0], "e": [1, 1], "when": [4.0, 3.0]})
    found = episodes(frame, "t", "e", {"x": "when"}, before_event=0.5)
    assert rows(found, "start", "stop", "e", "x") == [
        (0, 3.5, False, False),
        (3.5, 4, True, True),
        (0, 3, False, False),
        (3, 9, True, True),
    ]


def test_exposed_at_an_unknown_time_is_never_read_as_unexposed():
    frame = pd.DataFrame({"t": [5, 5, 5, 5], "e": [1, 0, 1, 0], "when": [2, None, None, None]})
    frame["ever"] = pd.array([True, True, None, False], dtype="boolean")
    found = episodes(frame, "t", "e", {"x": "when"}, known={"x": "ever"})
    assert found.counts["dropped"] == {"x without a time": 1, "unknown whether x": 1}
    assert found.frame["id"].tolist() == [0, 0, 3]
    assert len(found.notes) == 1
    frame.loc[0, "ever"] = False
    with pytest.raises(ValueError, match="1 patients have a time in 'when' but no 'ever'"):
        episodes(frame, "t", "e", {"x": "when"}, known={"x": "ever"})


def test_two_exposures_and_delayed_entry():
    frame = pd.DataFrame({"p": ["a"], "s": [2.0], "t": [9.0], "e": [1], "u": [3.0], "v": [1.0]})
    found = episodes(frame, "t", "e", {"x": "u", "y": "v"}, id="p", entry="s")
    assert rows(found, "p", "start", "stop", "e", "x", "y") == [
        ("a", 2, 3, False, False, True),
        ("a", 3, 9, True, True, True),
    ]


def test_times_equal_but_for_rounding_make_no_interval():
    frame = pd.DataFrame({"t": [0.1 + 0.2], "e": [1], "when": [0.3]})
    assert episodes(frame, "t", "e", {"x": "when"}).counts["x"]["exposed_at_end"] == 1


def test_follow_up_that_ends_at_zero_is_counted():
    frame = pd.DataFrame({"t": [0.0, 3], "e": [1, 1], "when": [np.nan, 1]})
    counts = episodes(frame, "t", "e", {"x": "when"}).counts
    assert list(counts["dropped"].values()) == [1]
    assert counts["used"] == 1
    with pytest.raises(NotEstimable, match="beyond its start"):
        episodes(frame.iloc[:1], "t", "e", {"x": "when"})


def test_the_shipped_start_stop_form_of_the_stanford_data():
    ours = jasa_episodes().frame
    theirs = dataset("survival_jasa1")
    np.testing.assert_array_equal(ours["id"] + 1, theirs["id"])
    for name, other in (("start", "start"), ("stop", "stop"), ("fustat", "event"), ("trans", "transplant")):
        np.testing.assert_array_equal(ours[name].astype(float), theirs[other])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exposures": {}}, "at least one column"),
        ({"exposures": {"age": "cns"}}, "would overwrite: age"),
        ({"exposures": {"x": "cns"}, "known": {"y": "cns"}}, "known names 'y'"),
        ({"exposures": {"x": "cns"}, "id": "died"}, "more than once"),
        ({"exposures": {"x": "csn"}}, "Did you mean 'cns'"),
        ({"exposures": {"x": "cns"}, "before_event": -1}, "at least 0"),
    ],
)
def test_wrong_requests(options, message):
    with pytest.raises(ValueError, match=message):
        episodes(patients(), "time", "died", **options)


def test_periods_by_hand():
    frame = pd.DataFrame({"t": [5.0, 12, 10], "e": [1, 1, 1]})
    found = split_at(frame, "t", "e", [5, 10])
    assert rows(found, "id", "start", "stop", "e", "period") == [
        (0, 0, 5, True, "0-5"),
        (1, 0, 5, False, "0-5"),
        (1, 5, 10, False, "5-10"),
        (1, 10, 12, True, ">10"),
        (2, 0, 5, False, "0-5"),
        (2, 5, 10, True, "5-10"),
    ]
    assert found.frame["period"].cat.categories.tolist() == ["0-5", "5-10", ">10"]


@pytest.mark.parametrize("times", [[], [0, 5], [5, 5], [np.inf]])
def test_periods_need_increasing_times(times):
    with pytest.raises(ValueError, match="positive and increasing"):
        split_at(patients(), "time", "died", times)


def test_periods_refuse_to_overwrite():
    with pytest.raises(ValueError, match="would overwrite: period"):
        split_at(patients().assign(period=1), "time", "died", [5])

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.meta.studies import read_studies

COUNTS = {"events": "a", "n": "n", "events_reference": "c", "n_reference": "m", "study": "s"}


@pytest.fixture
def counts():
    return pd.DataFrame(
        {"s": list("pqrst"), "a": [1, 0, 5, None, 9], "n": [9] * 5, "c": [2, 0, 6, 1, 9], "m": [8, 9, 9, 9, 9]}
    )


def test_a_hazard_ratio_with_limits():
    frame = pd.DataFrame({"hr": [2.0], "lo": [1.0], "hi": [4.0]})
    found = read_studies(frame, {"estimate": "hr", "low": "lo", "high": "hi"})
    assert (found.effect[0], found.scale, found.names[0]) == (pytest.approx(np.log(2)), "log", "study 1")
    assert np.sqrt(found.variance[0]) == pytest.approx(np.log(4) / (2 * 1.959964), rel=1e-6)
    wider = read_studies(frame, {"estimate": "hr", "low": "lo", "high": "hi", "level": 0.9})
    assert np.sqrt(wider.variance[0]) == pytest.approx(np.log(4) / (2 * 1.644854), rel=1e-6)
    assert found.skewed[0] == pytest.approx(0, abs=1e-12)


def test_studies_without_information_are_dropped_by_reason(counts):
    found = read_studies(counts, {"measure": "OR", **COUNTS})
    assert found.names.tolist() == ["p", "r"]
    assert found.dropped == {
        "missing a": 1, "no event in either group": 1, "the event in everybody of both groups": 1
    }  # fmt: skip
    assert (found.n.tolist(), found.events.tolist()) == ([17, 18], [3, 11])
    assert read_studies(counts, {"measure": "RD", **COUNTS}).k == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"measure": "HR"}, "a meta-analysis of HR needs the columns estimate [+] std_error or"),
        ({"measure": "hazard"}, "measure must be one of HR, OR"),
        ({"measures": "OR"}, "there is no option 'measures'. Did you mean 'measure'"),
        ({"study": "n"}, "column 'n': a study's name stands in more than one row"),
        ({"events": "b"}, "there is no column 'b'"),
    ],
)
def test_wrong_columns(counts, changes, message):
    with pytest.raises(ValueError, match=message):
        read_studies(counts, {"measure": "OR", **COUNTS, **changes})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((-0.3, -0.6, -0.1), "1 studies have a estimate that is not above 0, which no HR is"),
        ((0.5, 0.9, 0.2), "1 studies have a lower limit that is not below the upper"),
        ((0.5, 0.6, 0.9), "1 studies have an estimate outside its own limits"),
    ],
)
def test_printed_numbers_that_cannot_be(row, message):
    frame = pd.DataFrame([row], columns=["e", "l", "h"])
    with pytest.raises(ValueError, match=message):
        read_studies(frame, {"estimate": "e", "low": "l", "high": "h"})


def test_a_standard_error_of_nothing():
    frame = pd.DataFrame({"e": [1.0], "s": [0.0]})
    with pytest.raises(ValueError, match="standard errors that are not above 0"):
        read_studies(frame, {"estimate": "e", "std_error": "s"})


def test_no_study_at_all(counts):
    with pytest.raises(NotEstimable, match="there is no study"):
        read_studies(counts.iloc[:0], {"measure": "OR", **COUNTS})
    with pytest.raises(NotEstimable, match="no study has the numbers"):
        read_studies(counts.iloc[1:2], {"measure": "OR", **COUNTS})
    nameless = counts.assign(s=[None, *"qrst"])
    with pytest.raises(ValueError, match="a study has no name"):
        read_studies(nameless, {"measure": "OR", **COUNTS})

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.curves.pseudo import pseudo_observations

FRAME = pd.DataFrame({"t": [1.0, 2, 3, 4, 6], "e": [1, 0, 1, 1, 0]}, index=list("vwxyz"))


def test_without_censoring_they_are_the_observations():
    frame = pd.DataFrame({"t": [1.0, 2, 3, 4], "e": 1})
    for jackknife in ("leave-one-out", "infinitesimal"):
        options = {"times": [2.5], "jackknife": jackknife}
        assert pseudo_observations(frame, "t", "e", **options)[2.5].tolist() == pytest.approx([0, 0, 1, 1])
        cut = pseudo_observations(frame, "t", "e", kind="rmst", **options)[2.5]
        assert cut.tolist() == pytest.approx([1, 2, 2.5, 2.5])


def test_leave_one_out_by_hand():
    # S(3) = 4/5 * 2/3; without w, the censored one, 3/4 * 2/3.
    found = pseudo_observations(FRAME, "t", "e", times=[3])[3.0]
    assert found["w"] == pytest.approx(5 * 8 / 15 - 4 * 1 / 2)
    assert found.index.tolist() == list("vwxyz")


@pytest.mark.parametrize("kind", ["survival", "rmst"])
def test_the_infinitesimal_ones_average_to_the_estimate(kind):
    values = pseudo_observations(FRAME, "t", "e", times=[3, 5], kind=kind, jackknife="infinitesimal")
    expected = {"survival": [8 / 15, 4 / 15], "rmst": [1 + 2 * 0.8, 1 + 1.6 + 8 / 15 + 4 / 15]}[kind]
    assert values.mean().tolist() == pytest.approx(expected)


def test_rows_that_cannot_be_used_are_empty():
    frame = pd.concat([FRAME, pd.DataFrame({"t": [np.nan], "e": [1]})])
    values = pseudo_observations(frame, "t", "e", times=[3])[3.0]
    assert np.isnan(values.iloc[-1])
    assert values.iloc[:-1].tolist() == pseudo_observations(FRAME, "t", "e", times=[3])[3.0].tolist()
    assert kaplan_meier(frame, "t", "e", times=[3]).counts["used"] == 5


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"times": [7]}, NotEstimable, "follow-up ends at 6, before 7"),
        ({"times": []}, ValueError, "times must be at least one time above 0"),
        ({"times": [0]}, ValueError, "times must be at least one time above 0"),
        ({"kind": "hazard"}, ValueError, "kind must be one of survival, rmst"),
        ({"jackknife": "bootstrap"}, ValueError, "jackknife must be one of leave-one-out, infinitesimal"),
    ],
)
def test_what_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        pseudo_observations(FRAME, "t", "e", **{"times": [3], **options})

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.curves.follow_up import follow_up, group_codes, independent_groups


@pytest.fixture
def rows():
    # Patient a has two rows, b three with a pause after the second, c one.
    return pd.DataFrame(
        {
            "id": list("abacbb"), "s": [0, 0, 3, 0, 2, 5], "t": [3, 2, 6, 4, 4, 7], "e": [0, 0, 1, 1, 0, 0],
            "g": list("xxyyxx"), "w": [1.0, 2, 1, 0.5, 2, 2],
        }
    )  # fmt: skip


def test_rows_of_a_patient_are_chained(rows):
    data = follow_up(rows, "t", "e", entry="s", id="id")
    assert data.next_row.tolist() == [2, 4, -1, -1, -1, -1]
    # In their groups: a leaves x for y at 3, b stays in x at 2.
    assert data.goes_on(rows["g"].to_numpy(dtype=object)).tolist() == [False, True, False, False, False, False]
    assert data.counts(6)["patients"] == 3
    assert data.people(np.array([True, True, True, False, True, True])) == 2


def test_what_cannot_be_used_is_counted(rows):
    rows.loc[0, "w"], rows.loc[1, "w"], rows.loc[2, "g"] = np.nan, 0, None
    data = follow_up(rows, "t", "e", weights="w", known=("g",))
    assert data.data.dropped == {"missing g": 1, "missing w": 1, "w is 0": 1}
    assert data.data.n == 3
    assert data.weights.weight.tolist() == [0.5, 2, 2]


@pytest.mark.parametrize(
    ("options", "robust"),
    [
        ({}, None),
        ({"weights": "w"}, True),
        ({"weights": "whole"}, False),
        ({"weights": "w", "robust": False}, False),
        ({"cluster": "g"}, True),
        ({"robust": True}, True),
        ({"id": "id", "entry": "s"}, None),
    ],
)
def test_when_the_variance_is_robust(rows, options, robust):
    data = follow_up(rows.assign(whole=[1, 2, 1, 3, 2, 2]), "t", "e", **options)
    assert (data.weights and data.weights.robust) == robust


def test_clusters_are_the_patients_unless_named(rows):
    assert follow_up(rows, "t", "e", entry="s", id="id", weights="w").weights.cluster.tolist() == [0, 1, 0, 2, 1, 1]
    data = follow_up(rows, "t", "e", cluster="g")
    assert data.weights.cluster.tolist() == [0, 0, 1, 1, 0, 0]
    assert data.variance("Greenwood") == "robust (infinitesimal jackknife), clusters: g"
    assert "rests on 2 clusters" in data.notes()[0]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"id": "id"}, "several rows per patient: name the column in which each row begins as `entry`"),
        ({"s": [0, 0, 2, 0, 2, 5]}, {"id": "id", "entry": "s"}, "1 rows overlap with an earlier row of the same 'id'"),
        ({"e": [1, 0, 1, 1, 0, 0]}, {"id": "id", "entry": "s"}, "1 rows follow an event of the same 'id'"),
        ({"w": [-1, 1, 1, 1, 1, 1]}, {"weights": "w"}, "'w': 1 weights are negative"),
        ({}, {"weights": "v"}, "no column 'v'"),
        ({}, {"cluster": "g", "robust": False}, "cluster needs the robust variance"),
    ],
)
def test_what_is_refused(rows, change, options, message):
    with pytest.raises(ValueError, match=message):
        follow_up(rows.assign(**change), "t", "e", **options)


def test_nobody_with_a_weight(rows):
    with pytest.raises(NotEstimable, match="no row is left: w is 0: 6"):
        follow_up(rows.assign(w=0), "t", "e", weights="w")


def test_groups_of_patients_who_change(rows):
    data = follow_up(rows, "t", "e", entry="s", id="id")
    with pytest.raises(ValueError, match="patients change between groups of 'g'"):
        independent_groups(rows, data, "g")
    codes, names = group_codes(rows, data.data.kept, "g")
    assert (codes.tolist(), names) == ([0, 0, 1, 1, 0, 0], ["x", "y"])

import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.meta.meta_analysis import meta_analysis

MD = {"measure": "MD", "estimate": "y", "std_error": "s"}


@pytest.fixture
def four():
    # Two groups with means 1 and 6; within each the effects lie 2 apart, all variances 1.
    return pd.DataFrame({"y": [0.0, 2, 5, 7], "s": 1.0, "g": list("uuvv")})


def rows(result, term):
    return result.tidy[result.tidy["term"] == term]


def test_one_variance_for_all_by_hand(four):
    result = meta_analysis(four, method="DL", by="g", **MD)
    # Residual Q = 2 + 2 with 2 df, trace of P = 2: tau2 = (4 - 2) / 2 = 1; each mean has variance (1 + 1)/2.
    found = rows(result, "subgroup")
    assert found["estimate"].tolist() == pytest.approx([1, 6])
    assert found["std_error"].tolist() == pytest.approx([1, 1])
    test = rows(result, "subgroup difference").iloc[0]
    assert (test["statistic"], test["df"]) == (pytest.approx(25 / 2), 1)


def test_a_variance_for_each_by_hand(four):
    result = meta_analysis(four, method="DL", by="g", subgroup_tau2="separate", **MD)
    # Each group: Q = 2 with 1 df, trace 1: tau2 = 1, the same here.
    assert rows(result, "subgroup")["std_error"].tolist() == pytest.approx([1, 1])
    assert rows(result, "subgroup difference").iloc[0]["statistic"] == pytest.approx(25 / 2)


def test_a_subgroup_of_one_study(four):
    lonely = four.assign(g=list("uuuv"))
    own = meta_analysis(lonely, by="g", subgroup_tau2="separate", **MD)
    assert rows(own, "subgroup")["note"].tolist()[1].startswith("not estimable: a single study")
    assert rows(own, "subgroup difference").iloc[0]["note"].startswith("not estimable: fewer than two subgroups")
    shared = meta_analysis(lonely, by="g", **MD)
    assert rows(shared, "subgroup")["estimate"].notna().all()


def test_subgroups_as_many_as_studies_or_one(four):
    each = meta_analysis(four.assign(g=list("uvwx")), by="g", **MD)
    assert rows(each, "subgroup")["note"].str.startswith("not estimable: 4 studies for 4").all()
    one = meta_analysis(four.assign(g="u"), by="g", **MD)
    assert rows(one, "subgroup difference").iloc[0]["note"] == "not estimable: one subgroup"
    assert np.isnan(rows(one, "subgroup difference").iloc[0]["statistic"])

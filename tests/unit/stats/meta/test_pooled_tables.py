import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.meta.pooled_tables import mantel_haenszel, peto

COUNTS = {"events": "a", "n": "n", "events_reference": "c", "n_reference": "m", "study": "s"}


@pytest.fixture
def frame():
    return pd.DataFrame({"s": list("pq"), "a": [10, 2], "n": [100, 20], "c": [20, 1], "m": [100, 20]})


def test_the_pool_and_its_rows(frame):
    result = mantel_haenszel(frame, **COUNTS)
    pooled = result.tidy[result.tidy["term"] == "pooled"].iloc[0]
    assert pooled["estimate"] == pytest.approx(4.95 / 9.45)
    assert result.method["correction"].startswith("none in the pool")
    assert result.curves["kind"].tolist() == ["study", "study", "pooled"]
    assert "equal odds ratios (Breslow-Day, Tarone)" in set(result.checks["check"])
    assert result.counts["events"] == 33


def test_petos_method_points_out_where_it_is_biased(frame):
    fair = peto(frame, **COUNTS).checks.set_index("check").loc["fit for Peto's method"]
    assert (fair["verdict"], fair["value"]) == ("ok", 1)
    uneven = peto(frame.assign(n=[100, 60]), **COUNTS).checks.set_index("check").loc["fit for Peto's method"]
    assert uneven["note"] == "groups differ in size by more than two to one: q"
    large = peto(frame.assign(a=[90, 18]), **COUNTS).checks.set_index("check").loc["fit for Peto's method"]
    assert "a large odds ratio" in large["note"]


def test_one_study_has_no_heterogeneity(frame):
    for pool in (mantel_haenszel, peto):
        row = pool(frame.iloc[:1], **COUNTS).tidy.query("term == 'heterogeneity'").iloc[0]
        assert row["note"] == "not estimable: one study"
        assert np.isnan(row["statistic"])


def test_wrong_columns(frame):
    with pytest.raises(ValueError, match="not given: events_reference, n_reference"):
        mantel_haenszel(frame, events="a", n="n")
    with pytest.raises(ValueError, match="measure must be OR, not 'RR'"):
        peto(frame, measure="RR", **COUNTS)
    with pytest.raises(NotEstimable, match="no study has the numbers"):
        peto(frame.assign(a=0, c=0), **COUNTS)


def test_all_against_none_has_no_limits():
    frame = pd.DataFrame({"s": list("pq"), "a": [7, 9], "n": [7, 9], "c": [0, 0], "m": [13, 4]})
    row = mantel_haenszel(frame, measure="RD", **COUNTS).tidy.query("term == 'pooled'").iloc[0]
    assert (row["estimate"], row["note"]) == (pytest.approx(1), "limits not estimable: the variance is 0")
    assert np.isnan(row["conf_low"])

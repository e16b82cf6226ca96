import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.missing.patterns import missing_patterns


def frame():
    return pd.DataFrame(
        {"a": [1, 2, 3, 4, 5], "b": [1, 2, np.nan, np.nan, 5], "c": [1, np.nan, np.nan, 4, 5], "died": [0, 0, 1, 1, 0]}
    )


def rows(result, analysis):
    return result.tidy[result.tidy["analysis"] == analysis]


def test_patterns_by_hand():
    found = missing_patterns(frame(), ["a", "b", "c"])
    patterns = rows(found, "missing_patterns")
    assert dict(zip(patterns["level"], patterns["events"], strict=True)) == {"none": 2, "c": 1, "b": 1, "b + c": 1}
    assert rows(found, "missing_by_variable")["events"].tolist() == [0, 2, 2]
    assert found.curves["n"].sum() == 5
    assert found.counts["complete"] == 2


def test_flux_by_hand():
    flux = rows(missing_patterns(frame(), ["a", "b", "c"]), "flux").set_index(["term", "variable"])["estimate"]
    # b is missing where a is known twice, where c is once; it is known with a 3, b 3, c 2 times: 3 of 3 + 8
    assert flux["influx", "b"] == pytest.approx(3 / 11)
    assert flux["outflux", "a"] == 1
    assert flux["average inbound", "b"] == pytest.approx((2 / 2 + 1 / 2) / 2)


def test_monotone_or_not():
    verdicts = [missing_patterns(frame(), names).checks.iloc[0]["value"] for names in (["a", "b"], ["a", "b", "c"])]
    assert verdicts == [1, 0]


def test_incomplete_rows_are_compared():
    found = missing_patterns(frame(), ["b"], compare=["a", "died"])
    compared = rows(found, "complete_or_not")
    means = compared[(compared["variable"] == "a") & (compared["term"] == "mean")]["estimate"].tolist()
    assert means == [3.5, 8 / 3]
    smd = compared[(compared["variable"] == "a") & (compared["measure"] == "SMD")]["estimate"].item()
    assert smd == pytest.approx((3.5 - 8 / 3) / np.sqrt((0.5 + np.var([1, 2, 5], ddof=1)) / 2))
    died = found.checks[found.checks["term"] == "died"].iloc[0]
    assert (died["verdict"], died["note"]) == ("not estimable", "not estimable: no overlap between the groups")


def test_nothing_to_look_at():
    with pytest.raises(ValueError, match="at least one variable"):
        missing_patterns(frame(), [])
    with pytest.raises(ValueError, match="there is no column 'd'"):
        missing_patterns(frame(), ["d"])
    with pytest.raises(NotEstimable, match="no rows"):
        missing_patterns(frame().head(0), ["a"])

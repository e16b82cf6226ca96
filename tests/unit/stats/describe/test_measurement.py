import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.measurement import bland_altman, intraclass, intraclass_correlation

SHROUT = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float)


def test_the_published_example():
    # Shrout and Fleiss 1979, table 4.
    published = {
        "ICC(1,1)": 0.17, "ICC(2,1)": 0.29, "ICC(3,1)": 0.71, "ICC(1,k)": 0.44, "ICC(2,k)": 0.62, "ICC(3,k)": 0.91,
    }  # fmt: skip
    found = intraclass(SHROUT)
    assert {name: round(c.value, 2) for name, c in found.items()} == published
    # McGraw and Wong's limits of absolute agreement, as published for these data.
    assert (found["ICC(2,1)"].low, found["ICC(2,1)"].high) == pytest.approx((0.019, 0.761), abs=5e-4)


def test_the_unit_and_the_order_of_patients():
    one = intraclass(SHROUT)
    two = intraclass(1000 + 7 * SHROUT[::-1])
    for name, c in one.items():
        assert (two[name].value, two[name].low, two[name].high) == pytest.approx((c.value, c.low, c.high))


def test_the_result_names_every_form():
    frame = pd.DataFrame(SHROUT, columns=list("abcd"))
    frame.loc[6] = [1, 2, 3, np.nan]
    result = intraclass_correlation(frame, list("abcd"))
    assert result.counts == {"supplied": 7, "used": 6, "dropped": {"missing d": 1}}
    assert result.tidy["level"].tolist()[:2] == ["ICC(1,1)", "ICC(2,1)"]
    assert result.tidy["method"].str.contains("absolute agreement").sum() == 2


def test_limits_of_agreement_by_hand():
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4, 6], "b": [2.0, 2, 2, 5, 5]})
    # Differences -1, 0, 1, -1, 1: mean 0, variance 1.
    rows = bland_altman(frame, "a", "b").tidy.set_index("term")
    assert rows.loc["bias", "estimate"] == 0
    assert rows.loc["bias", "conf_high"] == pytest.approx(2.776445 / np.sqrt(5), rel=1e-6)
    upper = rows.loc["upper limit"]
    assert upper["estimate"] == pytest.approx(1.959964, rel=1e-6)
    assert upper["std_error"] == pytest.approx(np.sqrt(1 / 5 + 1.959964**2 / 8), rel=1e-6)
    turned = bland_altman(frame, "b", "a").tidy.set_index("term")
    assert turned.loc["lower limit", "estimate"] == pytest.approx(-upper["estimate"])


def test_differences_that_grow_with_the_mean_are_remarked():
    x = np.arange(1, 21.0)
    frame = pd.DataFrame({"a": x, "b": 1.3 * x + np.sin(x) / 4})
    checks = bland_altman(frame, "a", "b").checks.set_index("check")
    assert checks.loc["difference grows with the mean", "verdict"] == "attention"


def test_what_cannot_be_measured():
    with pytest.raises(NotEstimable, match="fewer than two patients or measurements"):
        intraclass(np.ones((1, 3)))
    with pytest.raises(NotEstimable, match="do not differ beyond a shift"):
        intraclass(np.array([[1.0, 2], [3, 4], [5, 6]]))
    with pytest.raises(NotEstimable, match="all differences are equal"):
        bland_altman(pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, 3, 4]}), "a", "b")
    with pytest.raises(NotEstimable, match="no patient has all measurements"):
        intraclass_correlation(pd.DataFrame({"a": [1.0, None], "b": [None, 2.0]}), ["a", "b"])
    with pytest.raises(ValueError, match="at least two measurements"):
        intraclass_correlation(pd.DataFrame({"a": [1.0]}), ["a"])


def test_patients_that_differ_less_than_their_measurements():
    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": [3.0, 2, 1], "c": [2.0, 2, 2]})
    rows = intraclass_correlation(frame, ["a", "b", "c"]).tidy.set_index("level")
    assert rows.loc["ICC(1,1)", "estimate"] == pytest.approx(-0.5)
    assert rows.loc["ICC(1,k)", "note"].startswith("not estimable: the measurements of a patient differ more")
    assert np.isnan(rows.loc["ICC(1,k)", "estimate"])

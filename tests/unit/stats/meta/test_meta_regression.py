import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.meta.meta_regression import meta_regression

MD = {"measure": "MD", "estimate": "y", "std_error": "s"}


@pytest.fixture
def four():
    return pd.DataFrame({"y": [0.0, 2, 5, 7], "s": 1.0, "late": [False, False, True, True], "dose": [0.0, 1, 2, 3]})


def test_a_moderator_by_hand(four):
    result = meta_regression(four, ["late"], method="DL", **MD)
    # Means 1 and 6, residual tau2 = 1 (see test_subgroups), so the difference is 5 with variance 1 + 1.
    rows = result.tidy.drop_duplicates(["term", "level"]).assign(key=lambda d: d["term"] + d["level"]).set_index("key")
    assert rows.loc["intercept", "estimate"] == pytest.approx(1)
    slope = rows.loc["latetrue"]
    assert (slope["estimate"], slope["std_error"]) == pytest.approx((5, np.sqrt(2)))
    assert slope["measure"] == "difference of MD"
    assert rows.loc["moderators", "statistic"] == pytest.approx(12.5)
    found = result.tidy.set_index("measure")["estimate"]
    # Without moderators: Q = 29 with 3 df and trace 3, tau2 = 26/3.
    assert found["R2 (%)"] == pytest.approx(100 * (1 - 3 / 26))


def test_slopes_of_ratios_are_ratios():
    frame = pd.DataFrame({"hr": np.exp([0.0, 2, 5, 7]), "s": 1.0, "dose": [0.0, 1, 2, 3]})
    row = meta_regression(frame, ["dose"], method="FE", estimate="hr", std_error="s").tidy.iloc[1]
    # Least squares slope of 0, 2, 5, 7 on 0..3: (0*-1.5 + 2*-0.5 + 5*0.5 + 7*1.5)/5.
    assert (row["coef"], row["measure"]) == (pytest.approx(2.4), "ratio of HRs")
    assert row["estimate"] == pytest.approx(np.exp(2.4))


def test_studies_without_a_moderator_are_dropped_and_counted(four):
    result = meta_regression(four.assign(dose=[0.0, np.nan, 2, 3]), ["dose"], **MD)
    assert (result.counts["used"], result.counts["dropped"]) == (3, {"missing dose": 1})
    assert result.checks.set_index("check").loc["studies per coefficient", "verdict"] == "attention"


def test_what_cannot_be_fitted(four):
    with pytest.raises(NotEstimable, match="cannot be told apart"):
        meta_regression(four.assign(twice=2 * four["dose"]), ["dose", "twice"], **MD)
    with pytest.raises(NotEstimable, match="2 studies for 2 coefficients"):
        meta_regression(four.iloc[:2], ["dose"], **MD)
    with pytest.raises(NotEstimable, match="no study has all moderators"):
        meta_regression(four.assign(dose=np.nan), ["dose"], **MD)
    with pytest.raises(ValueError, match="method must be one of REML"):
        meta_regression(four, ["dose"], method="GLMM", **MD)


def test_without_variance_between_studies_there_is_no_share_to_explain(four):
    row = meta_regression(four.assign(y=[1.0, 1.1, 1, 1.1]), ["late"], **MD).tidy.set_index("measure").loc["R2 (%)"]
    assert row["note"].startswith("not estimable: without moderators there is no variance")

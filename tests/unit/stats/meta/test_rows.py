import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.meta.meta_analysis import meta_analysis
from neurohlh.stats.meta.rows import effect_row

MD = {"measure": "MD", "estimate": "y", "std_error": "s", "cohort": "c"}


def shared(frame, **options):
    rows = meta_analysis(frame, **MD, **options).tidy
    return rows[rows["term"] == "pooled (shared patients)"]


def test_limits_for_shared_patients_by_hand():
    frame = pd.DataFrame({"y": [0.0, 2, 5, 7], "s": 1.0, "c": ["a", "a", "b", "b"]})
    row = shared(frame, method="FE").iloc[0]
    # Mean 3.5, sums of deviations -5 and 5: sqrt(2 * (25 + 25)) / 4, and 1 degree of freedom.
    assert (row["estimate"], row["std_error"], row["df"]) == pytest.approx((3.5, 2.5, 1))
    assert row["conf_high"] == pytest.approx(3.5 + 12.706205 * 2.5)


def test_studies_of_their_own_patients_need_none():
    frame = pd.DataFrame({"y": [0.0, 2, 5], "s": 1.0, "c": ["a", "b", None]})
    assert shared(frame).empty
    one = shared(frame.assign(c="a")).iloc[0]
    assert one["note"] == "not estimable: all studies share their patients"
    same = shared(frame.assign(y=1.0, c=["a", "a", "b"])).iloc[0]
    assert same["note"] == "not estimable: the variance is 0"


def test_an_effect_without_a_standard_error_has_no_limits():
    row = effect_row(0.0, float("nan"), 1.96, np.exp)
    assert (row["estimate"], row["note"]) == (1, "limits not estimable: the variance is 0")
    assert "conf_low" not in row

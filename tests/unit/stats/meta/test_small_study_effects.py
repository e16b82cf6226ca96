import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.meta.small_study_effects import small_study_effects

MD = {"measure": "MD", "estimate": "y", "std_error": "s"}


def test_the_funnel_with_its_filled_studies():
    frame = pd.DataFrame(
        {"y": [-0.1, 0.1, -0.05, 0.05, 0, 2.0, 2.1, 2.2], "s": [0.1, 0.1, 0.07, 0.07, 0.05, 0.55, 0.56, 0.57]}
    )
    result = small_study_effects(frame, method="FE", **MD)
    assert result.curves["kind"].value_counts().to_dict() == {"observed": 8, "filled": 2}
    missing = result.tidy[result.tidy["term"] == "missing studies"].iloc[0]
    assert (missing["estimate"], missing["note"]) == (2, "on the left")
    assert result.checks.loc[0, "note"] == "fewer than 10 studies: no conclusion from these tests"
    assert result.tidy.loc[result.tidy["term"] == "test", "p_value"].notna().all()


def test_studies_of_one_size_allow_no_test():
    result = small_study_effects(pd.DataFrame({"y": [0.1, 0.2, 0.4], "s": 0.1}), **MD)
    assert result.tidy["note"].str.startswith("not estimable: all studies have the same standard error").all()
    assert np.isnan(result.tidy["estimate"]).all()


def test_peters_test_stands_with_odds_ratios_from_counts():
    frame = pd.DataFrame({"a": [3, 5, 9, 4], "n": [20, 30, 60, 90], "c": [5, 6, 8, 9], "m": [20, 30, 60, 90]})
    columns = {"events": "a", "n": "n", "events_reference": "c", "n_reference": "m"}
    result = small_study_effects(frame, measure="OR", **columns)
    assert "Peters" in set(result.tidy["method"])
    assert "Peters" not in set(small_study_effects(frame, measure="RR", **columns).tidy["method"])


def test_unknown_method():
    with pytest.raises(ValueError, match="method must be one of REML"):
        small_study_effects(pd.DataFrame({"y": [1.0], "s": 1.0}), method="GLMM", **MD)


def test_the_end_of_a_line_beyond_any_ratio_is_left_out():
    # Standard errors that hardly differ: the line reaches a logarithm of 0.1 + 20 * 0.99 and more.
    frame = pd.DataFrame({"y": np.exp([-0.1, 0.12, 0.3]), "s": [1.0, 1.01, 1.02]})
    rows = small_study_effects(frame, measure="HR", estimate="y", std_error="s").tidy
    far = rows[rows["note"] == "estimate left out: it lies beyond any effect"]
    assert len(far) == 2
    assert far["estimate"].isna().all()
    assert (far["coef"] < -10).all()

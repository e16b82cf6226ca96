import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.glm.logistic import logistic


def table(a, b, c, d):
    return pd.DataFrame({"x": [True] * (a + b) + [False] * (c + d), "y": [1] * a + [0] * b + [1] * c + [0] * d})


def test_two_groups_by_hand():
    row = logistic(table(8, 12, 3, 27), "y", ["x"], limits="wald").tidy.iloc[2]
    se = np.sqrt(1 / 8 + 1 / 12 + 1 / 3 + 1 / 27)
    assert (row["level"], row["estimate"]) == ("true", pytest.approx(6))
    assert row["std_error"] == pytest.approx(se)
    assert row["conf_high"] == pytest.approx(6 * np.exp(1.959963984540054 * se))


def test_an_empty_cell_is_named_and_the_rest_keeps_its_numbers():
    frame = table(10, 0, 6, 14).assign(z=[0, 1] * 15)
    result = logistic(frame, "y", ["x", "z"])
    x, z = (result.tidy[result.tidy["term"] == t].iloc[-1] for t in ("x", "z"))
    assert x["note"] == "not estimable: perfectly predicts: the odds ratio runs to infinity"
    assert np.isnan(x[["estimate", "conf_low", "conf_high", "p_value"]].astype(float)).all()
    alone = logistic(frame[~frame["x"]], "y", ["z"], limits="wald").tidy.iloc[1]
    assert z["coef"] == pytest.approx(alone["coef"])
    assert z["std_error"] == pytest.approx(alone["std_error"])
    assert "penalty='firth'" in result.notes[0]
    firth = logistic(frame, "y", ["x", "z"], penalty="firth").tidy
    assert firth.loc[firth["level"] == "true", "estimate"].item() > 1


def test_firth_of_a_two_by_two_table_adds_a_half_to_every_cell():
    row = logistic(table(10, 0, 6, 14), "y", ["x"], penalty="firth").tidy.iloc[2]
    assert row["estimate"] == pytest.approx(10.5 * 14.5 / (0.5 * 6.5))


def test_collinear_and_missing_are_told():
    frame = table(8, 12, 3, 27).assign(z=np.arange(50.0), twice=np.arange(50.0) * 2)
    frame.loc[0, "y"] = np.nan
    result = logistic(frame, "y", ["z", "twice"])
    assert result.tidy.iloc[2]["note"] == "not estimable: collinear with z"
    assert result.counts["dropped"] == {"missing y": 1}


def test_wrong_options():
    frame = table(8, 12, 3, 27)
    with pytest.raises(ValueError, match="needs a cluster column"):
        logistic(frame, "y", ["x"], variance="CR1")
    with pytest.raises(ValueError, match="penalty must be None or 'firth'"):
        logistic(frame, "y", ["x"], penalty="lasso")
    with pytest.raises(NotEstimable, match="the outcome is the same"):
        logistic(table(3, 0, 4, 0), "y", ["x"])

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.residuals import KINDS, cox_residuals


@pytest.fixture
def frame():
    rng = np.random.default_rng(14)
    n = 80
    x = rng.normal(size=n)
    time = np.ceil(rng.exponential(20 * np.exp(-0.5 * x)))
    out = pd.DataFrame({"t": time, "e": rng.random(n) < 0.7, "x": x, "g": rng.choice(["a", "b"], n)})
    return out.set_index(np.arange(100, 100 + n))


def test_three_patients_by_hand():
    # x = 1, 0, 1 die at 1, 2, 3: the hazard ratio is 1/sqrt(2) (see test_cox). The increments of the baseline are
    # 1/(2r+1), 1/(r+1) and 1/r; what each patient was expected to suffer is their sum times its own risk.
    frame = pd.DataFrame({"t": [1, 2, 3], "e": [1, 1, 1], "x": [1, 0, 1]})
    r = 1 / np.sqrt(2)
    h = np.cumsum([1 / (2 * r + 1), 1 / (r + 1), 1 / r])
    expected = [r * h[0], h[1], r * h[2]]
    found = cox_residuals(frame, "t", "e", ["x"])["martingale"]
    np.testing.assert_allclose(found, 1 - np.array(expected), rtol=1e-10)
    means = np.array([2 * r / (2 * r + 1), r / (r + 1), 1])
    np.testing.assert_allclose(
        cox_residuals(frame, "t", "e", ["x"], kind="schoenfeld")["x"], [1, 0, 1] - means, atol=1e-10
    )


def test_what_residuals_add_up_to(frame):
    for kind in ("martingale", "score", "schoenfeld"):
        values = cox_residuals(frame, "t", "e", ["x", "g"], kind=kind, strata=None).select_dtypes(float)
        assert abs(values.drop(columns="time", errors="ignore").sum()).max() < 1e-8


def test_dfbeta_is_close_to_leaving_the_row_out(frame):
    from neurohlh.stats.hazards.fit import SortedDesign, fit

    found = cox_residuals(frame, "t", "e", ["x"], kind="dfbeta")["x"].to_numpy()
    x, t, e = frame[["x"]].to_numpy(), frame["t"].to_numpy(), frame["e"].to_numpy()
    whole = fit(SortedDesign.of(x, t, e)).coef[0]
    left = [
        whole - fit(SortedDesign.of(np.delete(x, i, 0), np.delete(t, i), np.delete(e, i))).coef[0] for i in range(80)
    ]
    assert np.corrcoef(found, left)[0, 1] > 0.99


def test_rows_and_columns_are_named(frame):
    frame.loc[105, "x"] = np.nan
    score = cox_residuals(frame, "t", "e", ["x", "g"], kind="score")
    assert score.columns.tolist()[0] == "x"
    assert len(score.columns) == 2
    assert 105 not in score.index
    events = cox_residuals(frame, "t", "e", ["x"], kind="schoenfeld", strata="g")
    assert len(events) == int(frame["e"].drop(105).sum())
    assert events["stratum"].tolist() == frame.loc[events.index, "g"].tolist()
    assert events.groupby("stratum")["time"].is_monotonic_increasing.all()


def test_refusals(frame):
    with pytest.raises(ValueError, match=f"kind must be one of {', '.join(KINDS)}"):
        cox_residuals(frame, "t", "e", ["x"], kind="martingal")
    with pytest.raises(NotEstimable, match="not defined for the exact likelihood"):
        cox_residuals(frame, "t", "e", ["x"], kind="score", ties="exact")
    monotone = pd.DataFrame({"t": np.arange(1, 13), "e": [1] * 6 + [0] * 6, "x": np.linspace(9, 2, 12)})
    with pytest.raises(NotEstimable, match="cannot be estimated"):
        cox_residuals(monotone, "t", "e", ["x"])

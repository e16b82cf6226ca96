import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.predict.decision import decision_curve

FRAME = pd.DataFrame({"died": [1, 1, 0, 0, 0], "risk": [0.9, 0.4, 0.6, 0.2, 0.1], "days": [2.0, 4.0, 9.0, 9.0, 9.0]})


def benefit(result, group):
    curves = result.curves
    return curves[curves["group"] == group].set_index("threshold")["net_benefit"]


def test_net_benefit_by_hand():
    # At 0.5 two are treated: one true and one false positive of five, odds 1. At 0.3: two true, one false, odds 3/7.
    result = decision_curve(FRAME, "died", ["risk"], thresholds=[0.3, 0.5])
    assert benefit(result, "risk").to_dict() == pytest.approx({0.3: 2 / 5 - 1 / 5 * 3 / 7, 0.5: 0})
    assert benefit(result, "all").to_dict() == pytest.approx({0.3: 2 / 5 - 3 / 5 * 3 / 7, 0.5: 2 / 5 - 3 / 5})
    assert (benefit(result, "none") == 0).all()


def test_interventions_avoided_by_hand():
    # (0 - (2/5 - 3/5)) / odds 1: one in five is spared at 0.5.
    curves = decision_curve(FRAME, "died", ["risk"], thresholds=[0.5]).curves.set_index("group")
    assert curves.loc["risk", "interventions_avoided"] == pytest.approx(0.2)


def test_without_censoring_the_survival_curve_is_the_binary_one():
    binary = decision_curve(FRAME, "died", ["risk"], thresholds=[0.3, 0.5])
    survival = decision_curve(FRAME, "died", ["risk"], time="days", horizon=5, thresholds=[0.3, 0.5])
    np.testing.assert_allclose(binary.curves["net_benefit"], survival.curves["net_benefit"], atol=1e-12)


def test_a_threshold_nobody_is_followed_above_is_not_estimable():
    result = decision_curve(FRAME, "died", ["risk"], time="days", horizon=5, thresholds=[0.8])
    row = result.tidy[result.tidy["group"] == "risk"].iloc[0]
    assert np.isnan(row["estimate"])
    assert "not estimable" in row["note"]


def test_rows_are_counted_and_faults_named():
    assert decision_curve(FRAME.assign(risk=[np.nan, 0.4, 0.6, 0.2, 0.1]), "died", ["risk"]).counts["dropped"] == {
        "missing risk": 1
    }
    with pytest.raises(ValueError, match="belong together"):
        decision_curve(FRAME, "died", ["risk"], time="days")
    with pytest.raises(ValueError, match="thresholds must lie between 0 and 1"):
        decision_curve(FRAME, "died", ["risk"], thresholds=[0.0, 0.5])
    with pytest.raises(ValueError, match="outside 0 to 1"):
        decision_curve(FRAME.assign(risk=2.0), "died", ["risk"])
    with pytest.raises(NotEstimable, match="no events among 5"):
        decision_curve(FRAME.assign(died=0), "died", ["risk"])


def test_no_curve_where_everybody_has_the_event():
    with pytest.raises(NotEstimable, match="everybody has the event"):
        decision_curve(FRAME.assign(died=1), "died", ["risk"], thresholds=[0.3])
    with pytest.raises(NotEstimable, match="everybody has the event"):
        decision_curve(FRAME.assign(died=1), "died", ["risk"], time="days", horizon=9, thresholds=[0.3])


def test_a_horizon_that_is_no_time():
    with pytest.raises(ValueError, match="horizon must be a time above 0"):
        decision_curve(FRAME, "died", ["risk"], time="days", horizon=np.nan)

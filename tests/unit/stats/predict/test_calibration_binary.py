import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.predict.calibration_binary import calibration_binary
from neurohlh.stats.predict.risk_groups import risk_groups

# Two groups of risk: 20 patients at 0.2 with 4 events and 20 at 0.6 with 12: every prediction is exactly right.
RIGHT = pd.DataFrame({"risk": [0.2] * 20 + [0.6] * 20, "died": [1] * 4 + [0] * 16 + [1] * 12 + [0] * 8})


def test_risks_that_come_true_have_intercept_0_and_slope_1():
    tidy = calibration_binary(RIGHT, "died", "risk", groups=2).tidy.set_index("term")
    assert tidy.loc["intercept", "estimate"] == pytest.approx(0, abs=1e-9)
    assert tidy.loc["slope", "estimate"] == pytest.approx(1)
    assert tidy.loc["observed/expected", "estimate"] == pytest.approx(1)


def test_log_odds_made_twice_as_extreme_have_slope_a_half():
    odds = (RIGHT["risk"] / (1 - RIGHT["risk"])) ** 2
    tidy = calibration_binary(RIGHT.assign(risk=odds / (1 + odds)), "died", "risk").tidy.set_index("term")
    assert tidy.loc["slope", "estimate"] == pytest.approx(0.5)


def test_groups_show_what_was_predicted_and_what_came():
    tidy = calibration_binary(RIGHT, "died", "risk", groups=2).tidy
    groups = tidy[tidy["group"] != ""].pivot_table(index="group", columns="measure", values="estimate")
    np.testing.assert_allclose(groups, [[0.2, 0.2], [0.6, 0.6]])


def test_patients_of_one_risk_are_never_parted():
    assert risk_groups(np.array([0.1, 0.1, 0.1, 0.9]), 4).tolist() == [0, 0, 0, 1]
    assert np.bincount(risk_groups(np.arange(100) / 100, 10)).tolist() == [10] * 10
    with pytest.raises(ValueError, match="groups must be at least 2"):
        risk_groups(np.array([0.1]), 1)


def test_what_cannot_be_calibrated_says_why():
    one = calibration_binary(RIGHT.assign(risk=0.4), "died", "risk", groups=2).tidy.set_index("term")
    assert "all predicted risks are the same" in one.loc["slope", "note"]
    with pytest.raises(NotEstimable, match="exactly 0 or 1"):
        calibration_binary(RIGHT.assign(risk=1.0), "died", "risk")
    with pytest.raises(NotEstimable, match="the same in all 40"):
        calibration_binary(RIGHT.assign(died=0), "died", "risk")
    with pytest.raises(NotEstimable, match="no row has both"):
        calibration_binary(RIGHT.assign(risk=np.nan), "died", "risk")
    with pytest.raises(ValueError, match="lie outside 0 to 1"):
        calibration_binary(RIGHT.assign(risk=1.2), "died", "risk")


def test_risks_that_part_the_outcomes_perfectly_have_no_slope():
    frame = pd.DataFrame({"risk": [0.1, 0.2, 0.3, 0.8, 0.9], "died": [0, 0, 0, 1, 1]})
    row = calibration_binary(frame, "died", "risk", groups=2).tidy.set_index("term").loc["slope"]
    assert np.isnan(row["estimate"])
    assert "runs to infinity" in row["note"]

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.predict.calibration import calibration

# Nobody is censored before 10: 3 of 10 at risk 0.2 and 6 of 10 at risk 0.5 die by then.
SEEN = pd.DataFrame(
    {
        "days": [1, 2, 3, *[20] * 7, 1, 2, 3, 4, 5, 6, *[20] * 4],
        "died": [1] * 3 + [0] * 7 + [1] * 6 + [0] * 4,
        "risk": [0.2] * 10 + [0.5] * 10,
    }
)


def made(n=400, seed=1, twist=1.0):
    """Risks by day 20 of exponential lifetimes, their log(-log(1 - risk)) stretched by `twist` around its mean."""
    rng = np.random.default_rng(seed)
    lp = rng.normal(0, 0.5, n)
    time, limit = rng.exponential(40 * np.exp(-lp)), rng.uniform(5, 60, n)
    scale = np.log(20 / 40) + lp
    risk = 1 - np.exp(-np.exp(scale.mean() + twist * (scale - scale.mean())))
    return pd.DataFrame({"days": np.minimum(time, limit), "died": time <= limit, "risk": risk})


def test_observed_over_expected_and_groups_by_hand():
    tidy = calibration(SEEN, "days", "died", "risk", horizon=10, groups=2).tidy
    ratio = tidy[tidy["term"] == "observed/expected"].iloc[0]
    assert ratio["estimate"] == pytest.approx(0.45 / 0.35)
    groups = tidy[tidy["group"] != ""].pivot_table(index="group", columns="measure", values="estimate")
    np.testing.assert_allclose(groups[["predicted risk", "observed risk"]], [[0.2, 0.3], [0.5, 0.6]])


def test_true_risks_have_slope_1_and_twisted_ones_its_inverse():
    tidy = calibration(made(n=3000), "days", "died", "risk", horizon=20).tidy.set_index("term")
    assert tidy.loc["slope", "conf_low"] < 1 < tidy.loc["slope", "conf_high"]
    assert tidy.loc["observed/expected", "estimate"] == pytest.approx(1, abs=0.06)
    assert tidy.loc["ICI", "estimate"] < 0.03
    one, two = (calibration(made(twist=t), "days", "died", "risk", horizon=20).tidy.set_index("term") for t in (1, 0.5))
    assert two.loc["slope", "estimate"] == pytest.approx(one.loc["slope", "estimate"] * 2)
    assert two.loc["ICI", "estimate"] > one.loc["ICI", "estimate"]


def test_what_happens_after_the_horizon_does_not_matter():
    frame = made()
    later = frame.assign(days=frame["days"].where(frame["days"] <= 20, 21), died=frame["died"] & (frame["days"] <= 20))
    one, two = (calibration(d, "days", "died", "risk", horizon=20).tidy["estimate"] for d in (frame, later))
    np.testing.assert_allclose(one, two)


def test_what_cannot_be_calibrated_says_why():
    same = calibration(SEEN.assign(risk=0.4), "days", "died", "risk", horizon=10).tidy.set_index("term")
    assert "all predicted risks are the same" in same.loc["slope", "note"]
    two = calibration(SEEN, "days", "died", "risk", horizon=10).tidy.set_index("term")
    assert "not estimable" in two.loc["ICI", "note"]  # a spline needs more than two risks
    for change, horizon, message in (
        ({}, 100, "nobody is followed to 100"),
        ({"died": 0}, 10, "no events by 10 among 20"),
        ({"risk": 1.0}, 10, "exactly 0 or 1"),
        ({"risk": np.nan}, 10, "no row has both"),
    ):
        with pytest.raises(NotEstimable, match=message):
            calibration(SEEN.assign(**change), "days", "died", "risk", horizon=horizon)
    with pytest.raises(ValueError, match="horizon must be"):
        calibration(SEEN, "days", "died", "risk", horizon=0)
    with pytest.raises(ValueError, match="lie outside 0 to 1"):
        calibration(SEEN.assign(risk=-0.1), "days", "died", "risk", horizon=10)


def test_the_distribution_counts_every_patient_once():
    frame = pd.DataFrame({"days": [50, 60, 120, 130], "died": [1, 1, 1, 0], "risk": [0.1, 0.2, 0.4, 0.4]})
    bins = pd.DataFrame(calibration(frame, "days", "died", "risk", horizon=100).method["distribution"])
    assert bins["n"].sum() == 4
    assert bins["high"].tolist()[:-1] == bins["low"].tolist()[1:]
    assert (bins["low"].iloc[0], bins["high"].iloc[-1]) == (0.0, 0.4)
    assert bins[bins["n"] > 0]["n"].tolist() == [1, 1, 2]

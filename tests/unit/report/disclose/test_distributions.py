"""Distributions beneath curves hold no bin of few patients and no value of a single one."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.findings import Findings
from neurohlh.report import figures
from neurohlh.report.disclose import disclose
from neurohlh.report.disclose.distributions import safe_bins, safe_spline
from neurohlh.report.disclose.rule import Rule
from neurohlh.stats.hazards.spline import cox_spline
from neurohlh.stats.missing.state_patterns import state_patterns
from neurohlh.stats.predict.calibration import calibration
from neurohlh.stats.predict.nomogram import nomogram

RULE = Rule(5)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    n = 200
    age = np.append(rng.gamma(1.2, 6, n - 1), 77.689).round(3)
    days = np.ceil(rng.exponential(400, n))
    return pd.DataFrame({"age": age, "days": days, "died": rng.random(n) < 0.8, "risk": rng.uniform(0.05, 0.6, n)})


@pytest.fixture(scope="module")
def spline(frame):
    return cox_spline(frame, "days", "died", ["rcs(age, 3)"], "age")


def test_bins_of_a_record_are_joined():
    bins = [{"low": 0.0, "high": 0.1, "n": 9}, {"low": 0.1, "high": 0.2, "n": 3}, {"low": 0.2, "high": 0.3, "n": 2}]
    assert safe_bins(bins, RULE) == [{"low": 0.0, "high": 0.1, "n": 9}, {"low": 0.1, "high": 0.3, "n": 5}]
    assert safe_bins(bins[1:2], RULE) == []


def test_a_spline_keeps_its_middle_and_everybody_but_no_value_of_one_patient(frame, spline):
    safe = safe_spline(spline.curves, RULE)
    parts = dict(list(safe.groupby("part")))
    bins = parts["histogram"]
    assert bins["n"].sum() == len(frame)
    assert bins["n"].min() >= 5
    assert bins["events"].isna().all()
    assert bins["value"].iloc[0] <= frame["age"].min()
    assert bins["value_to"].iloc[-1] >= frame["age"].max()
    ends = {frame["age"].min(), frame["age"].max()}
    assert not ends & {*safe["value"], *safe["value_to"].dropna()}
    middle = spline.curves[spline.curves["part"] == "curve"]
    kept = middle[middle["value"].isin(parts["curve"]["value"])]
    pd.testing.assert_frame_equal(kept.reset_index(drop=True), parts["curve"].reset_index(drop=True))


def test_results_under_disclosure_control_follow_and_can_still_be_drawn(frame, spline):
    calibrated = calibration(frame, "days", "died", "risk", horizon=200)
    shown, _ = disclose(Findings("t", results={"age": spline, "calibration": calibrated}), 5)
    assert min(b["n"] for b in shown.results["calibration"].method["distribution"]) >= 5
    bins = shown.results["age"].curves.query("part == 'histogram'")
    assert bins["n"].min() >= 5
    for result in shown.results.values():
        assert figures.draw(result).axes


def test_a_nomogram_without_its_ends_keeps_its_scales(frame):
    whole = nomogram(frame, "days", "died", ["age"], times=[200])
    shown, _ = disclose(Findings("t", results={"nomogram": whole}), 5)
    safe = shown.results["nomogram"]
    for axis in ("total", "risk_200"):
        pd.testing.assert_frame_equal(
            safe.curves[safe.curves["axis"] == axis].reset_index(drop=True),
            whole.curves[whole.curves["axis"] == axis].reset_index(drop=True),
        )
    ages = safe.curves.loc[safe.curves["axis"] == "age", "position"]
    assert ages.max() < frame["age"].max()
    upper = figures.draw(safe).axes[0]
    assert upper.get_xlim() == (0, 100)
    points = next(line for line in upper.lines if line.get_gid() == "axis:points")
    np.testing.assert_allclose(points.get_xdata(), np.arange(0, 101, 10))


def test_rare_patterns_of_gaps_are_drawn_without_their_counts():
    states = pd.DataFrame({"csf": ["value"] * 20 + ["refused"] * 9 + ["blank"] * 2 + ["not_done"] * 3, "mri": "value"})
    shown, _ = disclose(Findings("t", results={"gaps": state_patterns(states, ["csf", "mri"])}), 5)
    gaps = shown.results["gaps"]
    assert set(gaps.curves["n"].dropna()) == {20, 9}
    figure = figures.draw(gaps)
    said = [text.get_text() for text in figure.axes[1].texts]
    assert said == ["20", "9"]
    assert figure.axes[0].texts[-1].get_text() == "The 2 most frequent patterns"

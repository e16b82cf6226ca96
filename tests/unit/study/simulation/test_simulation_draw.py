"""Drawn cohorts: what is drawn is what the scenario says, and nobody is tested or found ill after the end."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import InputError
from neurohlh.stats.hazards.cox import cox
from neurohlh.study.simulation.draw import SHAPE, Hazard, classified, draw
from neurohlh.study.simulation.scenarios import SCENARIOS, Scenario, scenario
from neurohlh.study.simulation.targets import Targets

KEYS = [s.key for s in SCENARIOS]


def drawn(key, n=20_000, seed=3, **changes):
    return draw(np.random.default_rng(seed), scenario(key, **changes), n)


def log_ratio(frame, covariates):
    row = cox(frame, "os_days", "os_event", ["cns", *covariates]).tidy.set_index("variable").loc["cns"]
    return row["coef"], row["std_error"]


def test_a_death_comes_when_the_cumulative_hazard_is_spent():
    hazard = Hazard(scale=0.02, log_ratio=np.log(2))
    # Never involved: 0.02 day^0.6 = draw; involved from the start: twice that.
    assert hazard.time_of_death(np.array([0.02]), np.array([np.inf])) == pytest.approx([1.0])
    assert hazard.time_of_death(np.array([0.04]), np.array([0.0])) == pytest.approx([1.0])
    # Involved from day 100 on: what is left after 0.02 x 100^0.6 is spent twice as fast.
    free = 0.02 * 100**SHAPE
    day = hazard.time_of_death(np.array([free + 0.1]), np.array([100.0]))[0]
    assert 2 * 0.02 * (day**SHAPE - 100**SHAPE) == pytest.approx(0.1)


@pytest.mark.parametrize("key", ["known_effect", "no_effect", "confounding"])
def test_at_equal_severity_the_hazard_ratio_is_the_declared_one(key):
    frame = drawn(key).assign(cns=lambda d: (d["cns_day"] == 0).astype(float))
    found, error = log_ratio(frame, ["severity"])
    assert found == pytest.approx(np.log(scenario(key).hazard_ratio), abs=4 * error)


def test_another_effect_is_drawn_where_one_is_asked_for():
    frame = drawn("known_effect", hazard_ratio=5.0).assign(cns=lambda d: (d["cns_day"] == 0).astype(float))
    found, error = log_ratio(frame, ["severity"])
    assert found == pytest.approx(np.log(5), abs=4 * error)


def test_severity_drives_involvement_and_death_only_where_the_scenario_says_so():
    for key, expected in (("confounding", 0.9), ("known_effect", 0.0)):
        frame = drawn(key, n=50_000)
        involved = frame["cns_day"] == 0
        gap = frame.loc[involved, "severity"].mean() - frame.loc[~involved, "severity"].mean()
        assert (gap > 0.5) == (expected > 0)
        assert abs(gap) < 1


def test_the_severe_are_tested_less_in_the_scenario_of_selective_testing_only():
    for key in ("selective_testing", "known_effect"):
        frame = drawn(key)
        alive = frame[frame["os_days"] > 10]
        tested = alive.loc[alive["lp_done"], "severity"].mean() - alive.loc[~alive["lp_done"], "severity"].mean()
        assert tested < -0.4 if key == "selective_testing" else alive["lp_done"].all()


@pytest.mark.parametrize("key", KEYS)
def test_nobody_is_found_ill_or_tested_after_the_end_of_follow_up(key):
    frame = drawn(key, n=4000)
    for date in ("date_neuro_onset", "date_lp_first", "date_imaging_first", "date_death"):
        assert not (frame[date] > frame["date_last_followup"]).any()
    assert (frame["os_days"] >= 1).all()
    assert (frame["os_days"] <= 1095).all()
    untested = ~frame["lp_done"].astype(bool)
    assert frame.loc[untested, ["csf_abnormal", "mri_abnormal", "date_lp_first"]].isna().all().all()


@pytest.mark.parametrize("key", KEYS)
def test_a_decided_status_is_the_true_one(key):
    frame = classified(drawn(key, n=4000))
    decided = frame[frame["cns_baseline"].isin(["met", "not_met"])]
    truth = decided["cns_day"] <= 14
    pd.testing.assert_series_equal(decided["cns_baseline"] == "met", truth, check_names=False)
    assert len(decided) > 0.5 * len(frame)


def test_late_involvement_shows_itself_on_its_day_and_only_in_the_living():
    frame = drawn("late_cns", n=4000)
    later = frame[(frame["cns_day"] > 0) & np.isfinite(frame["cns_day"])]
    seen = later["neuro_symptoms_any"] == "met"
    assert (seen == (later["cns_day"] <= later["os_days"])).all()
    day = (later["date_neuro_onset"] - later["date_hlh_diagnosis"]).dt.days
    assert (day[seen] == later.loc[seen, "cns_day"]).all()


def test_cohorts_of_one_draw_are_as_long_as_asked():
    frame = draw(np.random.default_rng(1), scenario("sparse"), 50, 4)
    assert frame.groupby("cohort").size().tolist() == [50] * 4
    assert frame["patient_id"].is_unique


def test_an_unknown_scenario_names_the_closest_and_an_effect_must_be_positive():
    with pytest.raises(InputError, match="confuonding") as error:
        scenario("confuonding")
    assert "confounding" in error.value.do
    with pytest.raises(InputError, match="positive"):
        scenario("confounding", 0.0)


def test_targets_of_a_null_effect_are_null_and_the_effect_itself_is_the_adjusted_one():
    null = Targets(scenario("no_effect"))
    assert [null.value(k) for k in ("conditional", "landmark_14", "landmark_28_crude", "overlap")] == [0, 0, 0, 0]
    assert Targets(scenario("known_effect")).value("landmark_14") == pytest.approx(np.log(2))
    with pytest.raises(ValueError, match="no target"):
        null.value("luck")
    with pytest.raises(ValueError, match="begins"):
        Targets(scenario("late_cns_effect"), size=5000).value("difference")


def test_the_survival_difference_is_what_counting_the_two_arms_gives():
    """A world without severity and one in which all, or nobody, is involved: survival by counting."""
    world = Scenario("plain", "", hazard_ratio=3.0, deaths=0.3, by_severity=0.0, involved=0.5)
    frame = draw(np.random.default_rng(5), world, 200_000)
    alive = frame[(frame["os_days"] > 14)]
    observed = {}
    for involved, arm in alive.groupby(alive["cns_day"] == 0):
        # Followed or dead by day 14 + 365; those lost before are left out of both numbers.
        known = arm[(arm["os_event"] == 1) | (arm["os_days"] > 379)]
        died = known[(known["os_event"] == 1) & (known["os_days"] <= 379)]
        lost_share = 1 - len(known) / len(arm)
        assert lost_share < 0.06
        observed[involved] = 1 - len(died) / len(known)
    assert Targets(world, size=20_000).value("difference") == pytest.approx(observed[True] - observed[False], abs=0.015)

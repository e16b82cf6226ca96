"""Bias and coverage by hand; the same numbers on one core and two; the naive analysis is seen to mislead."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.study.simulation.draw import draw
from neurohlh.study.simulation.material import materials
from neurohlh.study.simulation.questions import GROUPS_OF, questions
from neurohlh.study.simulation.run import PERFORMANCE_COLUMNS, performance, replicates, within
from neurohlh.study.simulation.scenarios import SCENARIOS, scenario
from neurohlh.study.simulation.targets import Targets

EVER = "CNS involvement ever found, followed from day 0, adjusted"
LANDMARK = "evidence by day 14, followed from day 14, adjusted"


def test_bias_and_coverage_are_those_worked_out_by_hand():
    """No effect, so the target is 0: estimates 0.2, -0.1, 0.5 with limits of which two hold 0; one cohort gave none."""
    found = pd.DataFrame(
        {
            "cohort": [0, 1, 2, 3],
            "analysis": LANDMARK,
            "value": [0.2, -0.1, 0.5, np.nan],
            "std_error": [0.2, 0.2, 0.2, np.nan],
            "low": [-0.2, -0.5, 0.1, np.nan],
            "high": [0.6, 0.3, 0.9, np.nan],
        }
    )
    row = performance(found, 4, Targets(scenario("no_effect"))).set_index("analysis").loc[LANDMARK]
    assert row["target"] == 0
    assert row["bias"] == pytest.approx(0.2)
    assert row["spread"] == pytest.approx(0.3)  # deviations 0, -0.3, 0.3
    assert row["bias_error"] == pytest.approx(0.3 / np.sqrt(3))
    assert row["coverage"] == pytest.approx(2 / 3)
    assert row["coverage_error"] == pytest.approx(np.sqrt(2 / 9 / 3))
    assert (row["used"], row["not_given"]) == (3, 1)


def test_coverage_is_near_nominal_within_two_standard_errors():
    table = pd.DataFrame({"coverage": [0.95, 0.937, 0.935], "used": [1000, 1000, 1000]})
    # sqrt(0.95 x 0.05 / 1000) = 0.00689, so that 0.0138 is the most.
    assert list(within(table)) == [True, True, False]


def test_every_scenario_asks_offered_and_naive_analyses_of_known_groups():
    for world in SCENARIOS:
        asked = questions(world)
        assert any(q.offered for q in asked)
        assert len({q.analysis for q in asked}) == len(asked)
        assert GROUPS_OF[world.key]
    assert not next(q for q in questions(scenario("confounding")) if q.analysis.startswith("crude")).offered
    assert [q.analysis for q in questions(scenario("sparse")) if q.offered] == ["adjusted, Firth's penalty"]
    assert not next(q for q in questions(scenario("centres")) if q.analysis == "adjusted").offered


@pytest.fixture(scope="module")
def small():
    return replicates(scenario("late_cns"), cohorts=16, patients=200, seed=11, n_jobs=1)


def test_two_workers_give_the_numbers_of_one(small):
    pd.testing.assert_frame_equal(small, replicates(scenario("late_cns"), cohorts=16, patients=200, seed=11, n_jobs=2))


def test_ever_cns_looks_protective_where_cns_involvement_does_nothing(small):
    table = performance(small, 16, Targets(scenario("late_cns"))).set_index("analysis")
    assert table.loc[EVER, "bias"] < -4 * table.loc[EVER, "bias_error"]
    assert abs(table.loc[LANDMARK, "bias"]) < 3 * table.loc[LANDMARK, "bias_error"]
    assert not table.loc[EVER, "offered"]


def test_every_analysis_that_is_asked_gives_a_number():
    for key in ("confounding", "sparse", "centres"):
        world = scenario(key)
        found = replicates(world, cohorts=2, patients=200, seed=4)
        table = performance(found, 2, Targets(world, size=20_000))
        assert tuple(table.columns) == PERFORMANCE_COLUMNS
        assert (table["used"] == 2).all(), table.loc[table["used"] < 2, "analysis"].tolist()


def test_the_untested_stay_undecided_in_a_drawn_cohort():
    (material,) = materials(draw(np.random.default_rng(1), scenario("selective_testing"), 300))
    undecided = material.followed().everybody.frame
    undecided = undecided[undecided["cns"] == "indeterminate"]
    assert len(undecided) > 50
    assert not undecided["lp_done"].any()
    assert len(material.followed().frame) + len(undecided) == len(material.followed().everybody.frame)

"""Released findings are attacked: no small count follows from what is shown, by sums or by linear programming."""

from __future__ import annotations

from dataclasses import replace

import attack
import pytest

from neurohlh.core.findings import Findings
from neurohlh.core.result import Result, tidy_frame
from neurohlh.core.suppression import SUPPRESSED, is_suppressed
from neurohlh.report.disclose import disclose


def breakdown(cells, groups):
    """Table of a variable by group: cells[level] holds a count per group."""
    rows = []
    for name, size in groups.items():
        place = list(groups).index(name)
        rows += [
            {
                "variable": "trigger",
                "term": "level",
                "level": level,
                "group": name,
                "measure": "proportion",
                "n": size,
                "events": counts[place],
                "estimate": counts[place] / size,
            }
            for level, counts in cells.items()
        ]
    return Result("table1", tidy_frame(rows), counts={"supplied": groups["overall"], "used": groups["overall"]})


REAL = Findings(
    title="made up",
    results={
        "table1": breakdown(
            {"ebv": [60, 40, 20], "virus": [25, 18, 7], "fungus": [15, 12, 3]},
            {"overall": 100, "met": 70, "not_met": 30},
        )
    },
)


def test_the_attack_recovers_a_cell_that_is_only_blanked():
    result = REAL.results["table1"]
    blank = result.tidy["events"].eq(3)
    tidy = result.tidy.astype({"events": object, "estimate": object})
    tidy.loc[blank, ["events", "estimate"]] = SUPPRESSED
    naive = replace(REAL, results={"table1": result.with_(tidy=tidy)})
    found = attack.pinned(attack.learn(REAL, naive), 5)
    assert set(found.values()) == {(3.0, 3.0)}


@pytest.mark.parametrize("minimum", [2, 4, 5, 8, 11, 16])
def test_nothing_small_follows_from_a_breakdown(minimum):
    released, _ = disclose(REAL, minimum)
    assert attack.pinned(attack.learn(REAL, released), minimum) == {}


@pytest.mark.parametrize("minimum", [3, 5, 10, 20])
def test_nothing_small_follows_from_the_findings_of_a_study(findings, minimum):
    released, account = disclose(findings, minimum)
    assert attack.pinned(attack.learn(findings, released), minimum) == {}
    assert account.minimum == minimum


def test_what_is_safe_already_stays_as_it_is(findings):
    once, first = disclose(findings, 5)
    twice, second = disclose(once, 5)
    assert first.cells == second.cells
    for name, result in once.results.items():
        assert twice.results[name].to_json() == result.to_json(), name


def test_every_count_that_is_shown_is_none_or_enough(findings):
    released, _ = disclose(findings, 10)
    for name, result in released.results.items():
        for column in ("n", "events"):
            told = {v for v in result.tidy[column] if not is_suppressed(v) and v == v}
            in_time = set(result.tidy.loc[result.tidy["measure"].eq("survival"), column])
            assert not [v for v in told - in_time if 0 < v < 10], (name, column)


def test_a_coarse_curve_is_not_shown_under_a_higher_minimum(findings):
    once, _ = disclose(findings, 3)
    assert len(once.results["kaplan_meier"].curves)
    assert not len(disclose(once, 8)[0].results["kaplan_meier"].curves)


def test_no_place_of_a_cell_is_named(findings):
    assert set(disclose(findings, 5)[0].issues["where"]) <= {""}

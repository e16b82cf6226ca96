"""Cumulative incidence: a plot per event or a stack per group, each with who is still free of events."""

import numpy as np
import pytest
from geometry import assert_readable, assert_told_apart_in_grey
from made_up_follow_up import LONG, incidence

from neurohlh.core.pictures import compared_by_cause
from neurohlh.core.result import Result, tidy_frame
from neurohlh.report import figures
from neurohlh.report.figures.look import HATCHES

VERMILLION = "#d55e00"


def plots(figure):
    return [a for a in figure.axes if a.get_label() != "risk table"]


def said(figure):
    return [t.get_text() for axes in figure.axes for t in axes.texts]


@pytest.mark.parametrize("groups", [("met", "not_met"), ("overall",), (LONG, "b", "c", "d", "e", "f")])
@pytest.mark.parametrize("options", [{}, {"stacked": True}, {"risk": False, "bands": False}])
def test_incidence_of_any_groups_is_readable(groups, options):
    assert_readable(figures.draw(incidence(groups), **options))


def test_a_plot_per_event_with_a_curve_per_group_on_one_scale():
    result = incidence()
    figure = figures.draw(result)
    assert {"Death", "Transplant"} <= set(said(figure))
    tops = {axes.get_ylim()[1] for axes in plots(figure)}
    assert len(tops) == 1
    assert tops.pop() >= result.curves["conf_high"].max()
    own = result.curves[(result.curves["group"] == "met") & (result.curves["cause"] == "death")]
    drawn = {xy for line in plots(figure)[0].lines if line.get_color() == VERMILLION
             for xy in zip(*line.get_data(), strict=True)}  # fmt: skip
    assert set(zip(own["time"], own["incidence"], strict=True)) <= drawn


def test_stacked_events_stand_on_one_another_and_reach_what_is_not_event_free():
    result = incidence()
    figure = figures.draw(result, stacked=True)
    lower, upper = plots(figure)[0].collections
    own = result.curves[result.curves["group"] == "met"]
    last = own[own["cause"] == "death"].iloc[-1]
    top_of_lower = lower.get_paths()[0].vertices[:, 1].max()
    top_of_upper = upper.get_paths()[0].vertices[:, 1].max()
    assert top_of_lower == pytest.approx(last["incidence"])
    assert top_of_upper == pytest.approx(1 - last["survival"])
    assert (lower.get_hatch() or "", upper.get_hatch()) == HATCHES[:2]


def test_the_scale_ends_above_what_is_drawn_and_not_far_above():
    low = incidence(n=600).with_()
    small = low.with_(curves=low.curves.assign(incidence=0.03, conf_low=0.01, conf_high=0.09))
    assert plots(figures.draw(small))[0].get_ylim()[1] == pytest.approx(0.1 * 1.02)
    assert plots(figures.draw(small, bands=False))[0].get_ylim()[1] == pytest.approx(0.04 * 1.02)


def test_grays_test_stands_under_the_event_that_it_compares():
    tested = Result("gray_test", tidy_frame([
        {"term": "Gray's test", "outcome": "death", "p_value": 0.0421},
        {"term": "Gray's test", "outcome": "transplant", "p_value": 0.77},
    ]))  # fmt: skip
    figure = figures.draw(compared_by_cause(incidence(), "Gray's test", tested))
    notes = [next(t.get_text() for t in axes.texts if "Gray" in t.get_text()) for axes in plots(figure)]
    assert notes == ["Gray's test: p = 0.042.", "Gray's test: p = 0.77."]
    assert "Gray" not in " ".join(said(figures.draw(compared_by_cause(incidence(), "Gray's test", tested), test=False)))
    assert_readable(figure)


def test_groups_are_told_apart_in_grey():
    for axes in plots(figures.draw(incidence(("a", "b", "c", "d")))):
        assert_told_apart_in_grey([line for line in axes.lines if line.get_linewidth() >= 2])


def test_risk_numbers_stand_under_each_plot():
    result = incidence()
    tables = [a for a in figures.draw(result).axes if a.get_label() == "risk table"]
    first = result.method["risk_table"][0]
    for table in tables:
        shown = [t.get_text() for t in table.texts if t.get_text()[:1].isdigit()]
        assert shown[0] == f"{first['n_risk']} ({first['n_event']})"
    assert len(tables) == 2
    assert np.isfinite([a.get_position().x0 for a in tables]).all()

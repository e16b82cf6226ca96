"""Survival curves: drawn through every estimate, the risk table on the ticks, marked where few are at risk."""

import re

import numpy as np
import pandas as pd
import pytest
from geometry import assert_readable, assert_told_apart_in_grey
from made_up_follow_up import LONG, YEARS, curves, follow_up
from matplotlib.lines import Line2D

from neurohlh.core.pictures import compared, in_panels
from neurohlh.core.result import Result, tidy_frame
from neurohlh.core.suppression import SUPPRESSED
from neurohlh.report import figures
from neurohlh.report.figures.look import dashes
from neurohlh.report.language import Language
from neurohlh.report.names import Names
from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.curves.logrank import logrank
from neurohlh.stats.hazards.survival import cox_survival
from neurohlh.stats.weights.standardised_survival import standardised_survival

VERMILLION, BLUE = "#d55e00", "#0072b2"


def numbers(axes):
    return [t.get_text() for t in axes.texts if re.match(r"[\d*–]", t.get_text())]


def words(figure):
    return [t.get_text() for axes in figure.axes for t in axes.texts] + [t.get_text() for t in figure.texts]


def lines_of(plot, colour):
    return [line for line in plot.lines if line.get_color() == colour and len(line.get_xdata()) > 1]


def steps_of(plot, colour):
    return [line for line in lines_of(plot, colour) if line.get_marker() == "None"]


@pytest.mark.parametrize(
    "groups", [("met", "not_met"), ("overall",), tuple(f"group {k}" for k in range(8)), (LONG, LONG[::-1], "x")]
)
@pytest.mark.parametrize("options", [{}, {"risk": ()}, {"medians": True, "x_label": "since " + "the diagnosis " * 9}])
def test_curves_of_any_groups_are_readable(groups, options):
    assert_readable(figures.draw(curves(groups), **options))


def test_risk_table_shows_the_counts_of_the_result_under_its_ticks():
    result = curves(end=5 * 365.25)
    plot, risk = figures.draw(result).axes
    drawn = [round(float(t), 6) for t in plot.get_xticks()]
    rows = {(r["group"], round(r["time"], 6)): f"{r['n_risk']} ({r['n_event']})" for r in result.method["risk_table"]}
    assert numbers(risk) == [rows[g, t] for g in ("met", "not_met") for t in drawn]


def test_where_numbers_would_run_into_each_other_ticks_and_columns_are_left_out_alike():
    wide = figures.draw(curves(), width=9.0).axes[0]
    narrow = figures.draw(curves(), width=4.6).axes
    assert len(wide.get_xticks()) == 6
    assert len(narrow[0].get_xticks()) < 6
    assert_readable(narrow[0].figure)


def test_drawn_steps_pass_through_every_estimate():
    result = curves()
    plot = figures.draw(result).axes[0]
    for group, colour in (("met", VERMILLION), ("not_met", BLUE)):
        own = result.curves[result.curves["group"] == group]
        drawn = {(x, y) for line in steps_of(plot, colour) for x, y in zip(*line.get_data(), strict=True)}
        assert set(zip(own["time"], own["survival"], strict=True)) <= drawn


def test_the_curve_is_thin_exactly_where_few_are_at_risk():
    result = curves(n=40)
    own = result.curves[result.curves["group"] == "met"]
    thick, thin = sorted(steps_of(figures.draw(result).axes[0], VERMILLION), key=lambda line: -line.get_linewidth())
    before = own.loc[~own["sparse"].to_numpy(bool), "time"].max()
    assert thick.get_linewidth() > 1.5 * thin.get_linewidth()
    assert np.nanmax(thick.get_xdata()) == before
    assert np.nanmin(thin.get_xdata()) == before


def test_censored_patients_are_ticked_unless_asked_otherwise():
    result = curves()
    own = result.curves[result.curves["group"] == "met"]

    def ticked(**options):
        plot = figures.draw(result, **options).axes[0]
        return [line for line in plot.lines if line.get_marker() == "|" and line.get_color() == VERMILLION]

    assert list(ticked()[0].get_xdata()) == list(own.loc[own["n_censor"] > 0, "time"])
    assert ticked(censor_marks=False) == []


def test_limits_are_shaded_unless_asked_otherwise():
    assert len(figures.draw(curves()).axes[0].collections) == 2
    assert len(figures.draw(curves(), bands=False).axes[0].collections) == 0


@pytest.mark.parametrize(
    ("risk", "heading", "shape"),
    [
        (("n_risk",), "At risk", r"\d+$"),
        (("n_risk", "n_event"), "At risk (deaths)", r"\d+ \(\d+\)$"),
        (("n_risk", "n_event", "n_censor"), "At risk (deaths; censored)", r"\d+ \(\d+; \d+\)$"),
    ],
)
def test_the_risk_table_counts_what_was_asked_for(risk, heading, shape):
    table = figures.draw(curves(), risk=risk).axes[1]
    assert table.texts[0].get_text() == heading
    assert all(re.match(shape, text) for text in numbers(table))


def test_an_unknown_count_is_refused_with_those_known():
    with pytest.raises(ValueError, match=r"a risk table counts one of: n_risk; .*; not n_left"):
        figures.draw(curves(), risk=("n_left",))


def test_without_a_risk_table_there_is_none():
    assert len(figures.draw(curves(), risk=()).axes) == 1


def test_weighted_curves_say_patients_and_weights():
    result = curves(weights="weight").with_(kind="weighted_survival")
    table = figures.draw(result).axes[1]
    first = result.method["risk_table"][0]
    assert table.texts[0].get_text() == "At risk (weighted)"
    assert numbers(table)[0] == f"{first['n_risk']} ({first['weight_risk']:.1f})"
    assert_readable(table.figure)


def test_suppressed_numbers_are_a_star_with_its_meaning_and_the_curve_stops():
    result = curves()
    table = [dict(r, n_risk=SUPPRESSED, n_event=SUPPRESSED) if r["time"] > 1500 else r for r in
             result.method["risk_table"]]  # fmt: skip
    own = result.curves.astype(dict.fromkeys(("survival", "conf_low", "conf_high", "n_censor"), object))
    masked = own["time"] > 1500
    own.loc[masked, ["survival", "conf_low", "conf_high", "n_censor"]] = SUPPRESSED
    figure = figures.draw(result.with_(curves=own, method={**result.method, "risk_table": table}))
    assert "* (*)" in numbers(figure.axes[1])
    assert "* suppressed: too few patients." in words(figure)
    ends = np.concatenate([line.get_xdata() for line in steps_of(figure.axes[0], VERMILLION)])
    assert np.nanmax(ends) == result.curves.query("group == 'met' and time <= 1500")["time"].max()
    assert_readable(figure)


def test_the_test_is_said_as_the_result_carries_it_and_names_its_groups():
    frame = follow_up(("met", "not_met", "indeterminate"))
    known = frame[frame["group"] != "indeterminate"]
    known = known.assign(group=known["group"].cat.remove_unused_categories())
    tested = logrank(known, "days", "died", "group")
    result = compared(kaplan_meier(frame, "days", "died", by="group"), "Log-rank test", tested)
    p = tested.tidy.loc[tested.tidy["term"] == "test", "p_value"].item()
    said = f"Log-rank test of CNS involvement and No CNS involvement: p = {p:.2f}."
    assert said in words(figures.draw(result))
    assert said not in words(figures.draw(result, test=False))
    assert Result.from_json(result.to_json()).method["picture"] == result.method["picture"]


def test_medians_are_drawn_and_said_in_the_unit_of_the_axis():
    result = curves(ticks=YEARS)
    found = result.tidy[result.tidy["term"] == "median"].set_index("group")["estimate"]
    figure = figures.draw(result, medians=True)
    assert any(t.startswith(f"CNS involvement: median survival {found['met'] / 365.25:.2f} (") for t in words(figure))
    drops = [line for line in lines_of(figure.axes[0], VERMILLION) if list(line.get_ydata()) == [0.5, 0.5, 0]]
    assert list(drops[0].get_xdata()) == [0, found["met"], found["met"]]
    days = figures.draw(result, medians=True, unit="days")
    assert any(t.startswith(f"CNS involvement: median survival {found['met']:.0f} (") for t in words(days))


def test_a_median_that_is_not_reached_is_said_and_not_drawn():
    frame = follow_up(n=60).assign(died=False)
    frame.loc[0, "died"] = True
    figure = figures.draw(kaplan_meier(frame, "days", "died", by="group"), medians=True)
    assert "CNS involvement: median survival not reached, in days." in words(figure)
    assert not [line for line in figure.axes[0].lines if list(line.get_ydata()) == [0.5, 0.5, 0]]


def test_a_plot_per_stratum_has_its_own_risk_table():
    frame = follow_up()
    parts = {
        f"Trigger: {name}": kaplan_meier(own, "days", "died", by="group", ticks=YEARS)
        for name, own in frame.groupby("stratum")
    }
    figure = figures.draw(in_panels(parts))
    plots = [a for a in figure.axes if a.get_label() != "risk table"]
    tables = [a for a in figure.axes if a.get_label() == "risk table"]
    assert [a.texts[0].get_text() or a.texts[-1].get_text() for a in plots] == list(parts)
    for table, result in zip(tables, parts.values(), strict=True):
        first = result.method["risk_table"][0]
        assert numbers(table)[0] == f"{first['n_risk']} ({first['n_event']})"
    assert_readable(figure)


def test_strata_of_long_names_and_many_groups_are_readable():
    frame = follow_up([LONG, "b", "c", "d", "e"], n=300)
    parts = {f"{LONG} {name} {k}": kaplan_meier(own, "days", "died", by="group", ticks=YEARS)
             for k in range(2) for name, own in frame.groupby("stratum")}  # fmt: skip
    assert_readable(figures.draw(in_panels(parts), medians=True))


@pytest.mark.parametrize("count", [2, 3, 7])
def test_groups_are_told_apart_in_grey(count):
    names = ("met", "not_met", "indeterminate")[:count] if count < 4 else tuple("abcdefg")
    plot = figures.draw(curves(names)).axes[0]
    curves_drawn = [line for line in plot.lines if line.get_marker() == "None" and line.get_linewidth() >= 2]
    assert len(curves_drawn) == count
    assert_told_apart_in_grey(curves_drawn)


def test_the_key_shows_the_dash_of_each_line():
    figure = figures.draw(curves(("met", "not_met", "indeterminate")))
    wanted = [dashes(["met", "not_met", "indeterminate"])[g] for g in ("met", "not_met", "indeterminate")]
    samples = [drawn for drawn in figure.get_children() if isinstance(drawn, Line2D)]
    assert [line.get_linestyle() for line in samples] == ["-" if w == "-" else "--" for w in wanted]
    assert_told_apart_in_grey(samples)


@pytest.fixture(scope="module")
def modelled():
    frame = follow_up(("not_met", "met")).assign(age=np.linspace(0, 10, 160))
    return frame.assign(group=frame["group"].astype(str))


def test_standardised_curves_show_limits_at_the_times_read_off(modelled):
    result = standardised_survival(modelled, "days", "died", "group", ["age"], times=[180, 365], replicates=20,
                                   exposed="met")  # fmt: skip
    figure = figures.draw(result)
    plot = figure.axes[0]
    rows = result.tidy[result.tidy["measure"] == "survival"]
    marks = [xy for line in plot.lines if line.get_marker() == "o" for xy in zip(*line.get_data(), strict=True)]
    assert sorted(marks) == sorted(zip(rows["time"], rows["estimate"], strict=True))
    assert "As if all had CNS involvement" in words(figure)
    assert "Averaged over the same 160 patients; bars are intervals at the times of the table." in words(figure)
    assert len(figure.axes) == 1  # nobody is at risk in a curve of predictions
    assert_readable(figure)


def test_adjusted_curves_begin_at_one_and_follow_the_model(modelled):
    new = pd.DataFrame({"group": ["met", "not_met"], "age": [5.0, 5.0]}, index=["met", "not_met"])
    result = cox_survival(modelled, "days", "died", ["group", "age"], newdata=new, times=[365])
    plot = figures.draw(result).axes[0]
    own = result.curves[result.curves["group"] == "met"]
    drawn = {(x, y) for line in steps_of(plot, VERMILLION) for x, y in zip(*line.get_data(), strict=True)}
    assert {(0.0, 1.0), *zip(own["time"], own["survival"], strict=True)} <= drawn
    assert_readable(plot.figure)


def test_chinese_words_are_drawn_and_nothing_is_numbered():
    names = Names(levels={"cns": {"met": LONG, "not_met": "无中枢受累"}})
    figure = figures.draw(curves(), names=names)
    assert "无中枢受累" in words(figure)
    assert not [text for text in words(figure) if text.startswith("item")]
    assert_readable(figure)


def test_curves_without_rows_are_no_figure():
    empty = Result("weighted_survival", tidy_frame([{"term": "a", "estimate": 1.0}]))
    assert not figures.has_figure(empty)


class Loud(Language):
    def say(self, text):
        return f"说{text}"


@pytest.mark.parametrize("options", [{}, {"medians": True}, {"risk": ("n_risk",)}])
def test_every_word_goes_through_the_language(options):
    frame = follow_up()
    parts = {name: kaplan_meier(own, "days", "died", by="group", ticks=YEARS) for name, own in
             frame.groupby("stratum")}  # fmt: skip
    for result in (curves(), in_panels(parts)):
        figure = figures.draw(result, names=Names(language=Loud()), **options)
        labels = [text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel())]
        spoken = [t for t in [*words(figure), *labels] if any(sign.isalpha() for sign in t)]
        assert spoken
        assert all(t.startswith("说") for t in spoken), [t for t in spoken if not t.startswith("说")]
        assert_readable(figure)

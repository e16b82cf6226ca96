"""Love plot, calibration, decision curve and spline: every mark stands at a number of its Result."""

import numpy as np
import pandas as pd
import pytest
from geometry import assert_readable, assert_told_apart_in_grey

from neurohlh.core.pictures import balances
from neurohlh.report import figures
from neurohlh.report.figures.distribution import strip
from neurohlh.report.figures.look import axes, canvas, style
from neurohlh.report.language import Language
from neurohlh.report.names import Names
from neurohlh.stats.hazards.spline import cox_spline
from neurohlh.stats.predict.calibration import calibration
from neurohlh.stats.predict.decision import decision_curve
from neurohlh.stats.weights.balance import balance
from neurohlh.stats.weights.weight import weight

COVARIATES = ["age", "log2(ferritin)", "trigger"]
NAMES = Names(
    labels={"ferritin": "Ferritin", "age": "Age at diagnosis", "trigger": "Trigger of the disease, as far as recorded"},
    units={"age": "years"},
)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    n = 240
    age, trigger = rng.integers(0, 18, n).astype(float), rng.choice(["ebv", "other", "none"], n)
    cns = rng.random(n) < 1 / (1 + np.exp(-(age - 9) / 6))
    days = np.ceil(rng.exponential(400 * np.exp(-0.05 * age - 0.6 * cns)))
    made = {"cns": np.where(cns, "met", "not_met"), "age": age, "ferritin": np.exp(rng.normal(8, 1, n))}
    risk = np.clip(0.2 + 0.02 * age + 0.1 * rng.random(n), 0.01, 0.95)
    return pd.DataFrame({**made, "trigger": trigger, "days": days, "died": rng.random(n) < 0.8, "risk": risk})


@pytest.fixture(scope="module")
def balanced(frame):
    kinds = {"overlap weights": "overlap", "weights of all patients": "ATE"}
    return balances({k: balance(frame, weight(frame, "cns", COVARIATES, estimand=e)) for k, e in kinds.items()})


def test_a_love_plot_shows_every_difference_with_the_largest_at_the_top(balanced):
    figure = figures.draw(balanced, names=NAMES)
    assert_readable(figure)
    plot = figure.axes[0]
    for population, part in balanced.curves.groupby("population"):
        drawn = sorted(float(line.get_xdata()[0]) for line in plot.lines if line.get_gid() == population)
        np.testing.assert_allclose(drawn, sorted(part["abs_smd"]))
    before = {line.get_ydata()[0]: line.get_xdata()[0] for line in plot.lines if line.get_gid() == "before"}
    assert [before[y] for y in sorted(before)] == sorted(before.values(), reverse=True)
    assert plot.lines[0].get_xdata() == [0.1, 0.1]
    assert any("Austin 2009" in text.get_text() for text in figure.texts)


def test_weightings_of_a_love_plot_differ_by_their_marks(balanced):
    plot = figures.draw(balanced, names=NAMES).axes[0]
    marks = {line.get_gid(): line for line in plot.lines if line.get_gid() in set(balanced.curves["population"])}
    assert len(marks) == 3
    assert_told_apart_in_grey(list(marks.values()))


def test_another_limit_of_balance_is_not_said_to_be_austins(frame):
    found = balance(frame, weight(frame, "cns", ["age"], estimand="ATE"), threshold=0.2)
    figure = figures.draw(found, names=NAMES)
    assert figure.axes[0].lines[0].get_xdata() == [0.2, 0.2]
    assert not any("Austin" in text.get_text() for text in figure.texts)


def test_balances_of_different_patients_are_not_put_into_one_picture(frame):
    one = balance(frame, weight(frame, "cns", ["age"], estimand="ATE"))
    two = balance(frame[:200], weight(frame[:200], "cns", ["age"], estimand="overlap"))
    with pytest.raises(ValueError, match="differ before weighting"):
        balances({"a": one, "b": two})


def test_calibration_draws_curve_groups_and_distribution_of_the_result(frame):
    result = calibration(frame, "days", "died", "risk", horizon=200, groups=4)
    figure = figures.draw(result, names=NAMES)
    assert_readable(figure)
    plot, strip = figure.axes
    curve = max(plot.lines, key=lambda line: line.get_linewidth())
    np.testing.assert_allclose(curve.get_xydata(), result.curves[["predicted", "observed"]])
    groups = next(line for line in plot.lines if line.get_gid() == "groups")
    rows = result.tidy[result.tidy["group"] != ""]
    for values, measure in ((groups.get_xdata(), "predicted risk"), (groups.get_ydata(), "observed risk")):
        np.testing.assert_allclose(values, rows[rows["measure"] == measure]["estimate"])
    limits = [line.get_ydata() for line in plot.lines if len(line.get_xdata()) == 2 and np.ptp(line.get_xdata()) == 0]
    np.testing.assert_allclose(limits, rows[rows["measure"] == "observed risk"][["conf_low", "conf_high"]])
    areas = [bar.get_height() * bar.get_width() for bar in strip.patches]
    np.testing.assert_allclose(areas, [b["n"] for b in result.method["distribution"]])
    assert plot.get_xlim() == plot.get_ylim() == strip.get_xlim()


def test_nobody_stands_beyond_the_axes_of_a_calibration(frame):
    result = calibration(frame, "days", "died", "risk", horizon=200)
    highest = max(b["high"] for b in result.method["distribution"] if b["n"])
    short = result.with_(curves=result.curves[result.curves["predicted"] < 0.3], tidy=result.tidy.iloc[:0])
    assert figures.draw(short, names=NAMES).axes[0].get_xlim()[1] >= highest


def test_a_corrected_curve_stands_beside_the_one_that_seems(frame):
    result = calibration(frame, "days", "died", "risk", horizon=200)
    both = result.with_(curves=result.curves.assign(apparent=result.curves["observed"] * 0.9))
    figure = figures.draw(both, names=NAMES)
    assert_readable(figure)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2 and line.get_gid() is None]
    np.testing.assert_allclose(lines[0].get_ydata(), both.curves["apparent"])
    np.testing.assert_allclose(lines[1].get_ydata(), both.curves["observed"])
    assert_told_apart_in_grey(lines)
    assert "Corrected for optimism" in [text.get_text() for text in figure.texts]


def test_a_decision_curve_holds_every_net_benefit_and_keeps_its_models_in_view(frame):
    result = decision_curve(frame, "died", ["risk"], thresholds=[0.1, 0.2, 0.5, 0.8])
    figure = figures.draw(result, names=NAMES)
    assert_readable(figure)
    plot = figure.axes[0]
    lines = {line.get_label(): line for line in plot.lines}
    for group, part in result.curves.groupby("group"):
        np.testing.assert_allclose(lines[group].get_xydata(), part[["threshold", "net_benefit"]])
    assert_told_apart_in_grey(list(lines.values()))
    models = result.curves[result.curves["group"] == "risk"]["net_benefit"]
    low, high = plot.get_ylim()
    assert low < models.min()
    assert models.max() < high
    # Acting on everybody at a threshold of 80 % would squeeze the models into a line.
    assert low > result.curves[result.curves["group"] == "all"]["net_benefit"].min()


def test_limits_of_a_net_benefit_are_drawn_where_the_result_holds_them(frame):
    result = decision_curve(frame, "died", ["risk"], thresholds=[0.1, 0.2, 0.5])
    own = result.curves["group"] == "risk"
    wide = {k: (result.curves["net_benefit"] + d).where(own) for k, d in (("conf_low", -0.05), ("conf_high", 0.05))}
    plot = figures.draw(result.with_(curves=result.curves.assign(**wide)), names=NAMES).axes[0]
    drawn = [line.get_ydata() for line in plot.lines if len(line.get_xdata()) == 3]
    for limit in wide.values():
        assert any(np.allclose(values, limit[own]) for values in drawn)


def test_a_spline_passes_through_1_at_its_reference_and_shows_its_limits(frame):
    result = cox_spline(frame, "days", "died", ["rcs(age, 3)", "cns"], "age", reference_value=5)
    figure = figures.draw(result, names=NAMES)
    assert_readable(figure)
    plot, strip = figure.axes
    rows = result.curves[result.curves["part"] == "curve"]
    curve = next(line for line in plot.lines if line.get_gid() == "curve")
    np.testing.assert_allclose(curve.get_xydata(), rows[["value", "estimate"]])
    assert np.interp(5, curve.get_xdata(), curve.get_ydata()) == pytest.approx(1, abs=0.01)
    reference = next(line for line in plot.lines if line.get_gid() == "reference")
    assert (list(reference.get_xdata()), list(reference.get_ydata())) == ([5.0], [1.0])
    for limit in ("conf_low", "conf_high"):
        assert any(
            len(line.get_xdata()) == len(rows) and np.allclose(line.get_ydata(), rows[limit]) for line in plot.lines
        )
    assert plot.get_yscale() == "log"
    assert plot.get_xlim() == strip.get_xlim()
    assert sum(bar.get_height() * bar.get_width() for bar in strip.patches) == pytest.approx(len(frame))
    assert strip.get_xlabel() == "Age at diagnosis, years"


def test_a_strip_marks_where_anybody_is_and_hatches_what_is_not_shown():
    bins = pd.DataFrame({"low": [0.0, 1, 2, 3], "high": [1.0, 2, 3, 5], "n": [400, 0, np.nan, 2]})
    with style():
        figure = canvas(4, 1.2)
        plot = axes(figure, 0.3, 0.3, 3.4, 0.6)
        strip(plot, bins, Names())
    shown = [(bar.get_x(), bar.get_width() * bar.get_height()) for bar in plot.patches if not bar.get_hatch()]
    assert shown == [(0, 400), (1, 0), (2, 0), (3, 2)]
    assert [bar.get_x() for bar in plot.patches if bar.get_hatch()] == [2]
    strokes = [tuple(path.vertices[:, 0]) for path in plot.collections[0].get_paths()]
    assert strokes == [(0, 1), (3, 5)]
    assert plot.texts[0].get_text() == "Distribution of the patients; hatched: not shown"
    assert_readable(figure)


class Longer(Language):
    """Says everything at twice the length, as another language might."""

    def say(self, text: str) -> str:
        return f"{text} {text}" if text else text


@pytest.mark.parametrize("shown", ["love", "calibration", "decision", "spline"])
def test_words_of_twice_the_length_stay_inside(frame, shown):
    made = {
        "love": lambda: balance(frame, weight(frame, "cns", ["age"], estimand="ATE")),
        "calibration": lambda: calibration(frame, "days", "died", "risk", horizon=200),
        "decision": lambda: decision_curve(frame, "died", ["risk"], thresholds=[0.1, 0.2]),
        "spline": lambda: cox_spline(frame, "days", "died", ["age"], "age"),
    }[shown]()
    assert_readable(figures.draw(made, names=Names(language=Longer())))

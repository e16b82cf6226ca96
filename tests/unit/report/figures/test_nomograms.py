"""A nomogram read with a ruler, in pixels of the drawing, gives the prediction of the model."""

import numpy as np
import pandas as pd
import pytest
from geometry import assert_readable, text_boxes

from neurohlh.report import figures
from neurohlh.report.names import Names
from neurohlh.stats.hazards.survival import cox_survival
from neurohlh.stats.predict.nomogram import nomogram

TERMS = ["age", "log2(ferritin)", "cns"]
NAMES = Names(labels={"ferritin": "Ferritin", "age": "Age"}, units={"age": "years", "ferritin": "ug/L"})


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(8)
    n = 300
    age, cns = rng.integers(0, 18, n).astype(float), rng.choice(["met", "not_met"], n)
    ferritin = np.round(np.exp(rng.normal(8, 1, n)), -2) + 100
    time = np.ceil(rng.exponential(900 * np.exp(-0.05 * age - 0.8 * (cns == "met") - 0.2 * np.log(ferritin / 3000))))
    return pd.DataFrame({"days": time, "died": rng.random(n) < 0.7, "age": age, "cns": cns, "ferritin": ferritin})


@pytest.fixture(scope="module")
def result(frame):
    return nomogram(frame, "days", "died", TERMS, times=[100, 300])


@pytest.fixture(scope="module")
def drawn(result):
    """The figure, and the marks of every axis as pixels from the left."""
    figure = figures.draw(result, names=NAMES)
    text_boxes(figure)
    marks = {}
    for plot in figure.axes:
        for line in plot.lines:
            if str(line.get_gid()).startswith("axis:"):
                own = plot.transData.transform(line.get_xydata())
                marks[line.get_gid().removeprefix("axis:")] = own[:, 0]
    return figure, marks


def values_on(result, axis, column="position"):
    return result.curves.loc[result.curves["axis"] == axis, column].to_numpy()


def scale(drawn, axis, numbers):
    """How many points a pixel of this axis is, and where its 0 lies."""
    pixels = drawn[1][axis]
    slope = (numbers[-1] - numbers[0]) / (pixels[-1] - pixels[0])
    return lambda x: numbers[0] + slope * (x - pixels[0])


def read_risk(result, drawn, patient, time):
    """Up from each value to the points, add, down from the total to the risk: all of it in pixels."""
    points_at = scale(drawn, "points", np.linspace(0, 100, 11))
    total = 0.0
    for variable, value in patient.items():
        number = not isinstance(value, str)
        place = list(values_on(result, variable, "position" if number else "value")).index(value)
        total += points_at(drawn[1][variable][place])
    totals, pixels = values_on(result, "total"), drawn[1]["total"]
    x = pixels[0] + (total - totals[0]) * (pixels[-1] - pixels[0]) / (totals[-1] - totals[0])
    marks = values_on(result, f"risk_{time}")
    between = np.interp(x, drawn[1][f"risk_{time}"], np.log(-np.log1p(-marks)))
    return 1 - np.exp(-np.exp(between))


@pytest.mark.parametrize("time", [100, 300])
@pytest.mark.parametrize(
    "patient",
    [
        {"age": 0.0, "ferritin": 40000.0, "cns": "met"},
        {"age": 10.0, "ferritin": 20000.0, "cns": "not_met"},
        {"age": 15.0, "ferritin": 40000.0, "cns": "not_met"},
    ],
)
def test_reading_off_the_axes_gives_the_risk_of_the_model(frame, result, drawn, patient, time):
    modelled = cox_survival(frame, "days", "died", TERMS, newdata=pd.DataFrame([patient]), times=[time]).tidy
    risk = 1 - float(modelled.loc[modelled["measure"] == "survival", "estimate"].iloc[0])
    assert read_risk(result, drawn, patient, time) == pytest.approx(risk, abs=1e-6)


def test_every_label_stands_at_the_mark_of_its_value(result, drawn):
    figure, marks = drawn
    risk = [t for t in figure.axes[1].texts if t.get_text().endswith("%")]
    shown = {t.get_text().replace("\N{NARROW NO-BREAK SPACE}", ""): t.get_window_extent() for t in risk[-20:]}
    last = dict(zip(values_on(result, "risk_300"), marks["risk_300"], strict=True))
    for value in (0.2, 0.5):
        if f"{100 * value:.0f}%" in shown:
            box = shown[f"{100 * value:.0f}%"]
            assert (box.x0 + box.x1) / 2 == pytest.approx(last[value], abs=1)
    ends = [values_on(result, "age")[0], values_on(result, "age")[-1]]
    assert {f"{v:g}" for v in ends} <= {t.get_text() for t in figure.axes[0].texts}


def test_no_label_stands_on_another_in_english_and_with_long_levels(result, drawn):
    assert_readable(drawn[0])
    longer = Names(
        levels={"cns": {"met": "Involvement of the central nervous system", "not_met": "不伴中枢神经系统受累"}}
    )
    assert_readable(figures.draw(result, names=longer))


def test_a_curve_that_turns_has_an_axis_for_each_direction():
    rows = [("age", 0, 50.0), ("age", 5, 10.0), ("age", 10, 0.0), ("age", 15, 30.0), ("age", 20, 100.0)]
    rows += [("total", 0, 0.0), ("total", 100, 100.0), ("risk_365", 0.1, 20.0), ("risk_365", 0.5, 90.0)]
    curves = pd.DataFrame(rows, columns=["axis", "position", "points"]).assign(value="")
    rng = np.random.default_rng(1)
    few = pd.DataFrame({"days": rng.integers(1, 400, 60), "died": True, "age": rng.integers(0, 20, 60)})
    made = nomogram(few, "days", "died", ["age"], times=[100]).with_(curves=curves)
    figure = figures.draw(made)
    assert_readable(figure)
    drawn = [list(line.get_xdata()) for line in figure.axes[0].lines if line.get_gid() == "axis:age"]
    assert drawn == [[50.0, 10.0, 0.0], [0.0, 30.0, 100.0]]


def test_it_says_what_its_days_count_from(result):
    known = result.with_(method={**result.method, "time_zero": "since day 14 after the diagnosis of HLH"})
    figure = figures.draw(known, names=NAMES)
    assert_readable(figure)
    assert [t.get_text() for t in figure.texts] == ["Days are counted since day 14 after the diagnosis of HLH."]

"""Forests, UpSet pictures and specification curves: what is drawn is what the frame says, and every text is inside."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.core import pictures
from neurohlh.core.result import Result, tidy_frame
from neurohlh.core.suppression import SUPPRESSED
from neurohlh.report import figures
from neurohlh.report.figures import look as figures_look
from neurohlh.report.language import Language
from neurohlh.report.names import Names

RESULT = Result("x", tidy_frame([{"term": "a", "estimate": 1.0}]), method={"title": "A title"})
LINES = [
    {"block": "Honest", "label": "Landmark", "estimate": 1.6, "conf_low": 1.1, "conf_high": 2.4, "n": 300, "events": 80,
     "role": "main"},
    {"block": "Honest", "label": "No deaths", "n": 3, "events": 0},
    {"block": "Not an answer", "label": "Ever CNS", "estimate": 0.9, "conf_low": 0.6, "conf_high": 1.3,
     "role": "warning"},
    {"block": "Published", "label": "A cohort whose name " + "is long " * 20, "estimate": 7.7, "conf_low": 1.2,
     "conf_high": 1500.0, "n": 24, "role": "published"},
    {"block": "Published", "label": "Pooled", "estimate": 2.0, "conf_low": 1.5, "conf_high": 2.7, "role": "pooled"},
    {"block": "Published", "label": "Group 1", "role": "reference", "n": 71},
]  # fmt: skip
PATTERNS = [
    {"pattern": p, "set": s, "state": state, "n": n, "events": died}
    for p, n, died, states in (
        ("a", 5, 2, "met met unknown"),
        ("b", 40, 10, "not_met met met"),
        ("c", 7, None, "u u u"),
    )
    for s, state in zip(("symptoms", "csf", "imaging"), states.split(), strict=True)
]


def texts(axes):
    return [t.get_text() for t in axes.texts]


def assert_inside(figure):
    with figures_look.style():
        figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    for axes in figure.axes:
        shown = [*axes.get_xticklabels(), axes.xaxis.label] if axes.axison and axes.xaxis.get_visible() else []
        for text in [*axes.texts, *shown]:
            box = text.get_window_extent()
            assert box.x0 >= -1, text.get_text()
            assert box.x1 <= width + 1, text.get_text()
            assert box.y0 >= -1, text.get_text()
            assert box.y1 <= height + 1, text.get_text()


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_a_forest_says_every_number_and_none_of_its_texts_leaves_it(scale):
    figure = figures.draw(pictures.forest(RESULT, LINES, axis="Ratio", scale=scale))
    said = texts(figure.axes[0])
    assert {"Honest", "Not an answer", "Published", "80/300", "0/3", "24", "not estimated", "reference"} <= set(said)
    assert [t for t in said if t.startswith(("1.60 (1.10", "1.6 (1.1"))]
    assert [t for t in said if t.startswith("A cohort") and t.endswith("…")]
    assert_inside(figure)


def test_marks_stand_at_their_estimates_and_an_arrow_where_a_limit_leaves_the_axis():
    plot = figures.draw(pictures.forest(RESULT, LINES, axis="Ratio")).axes[0]
    points = [(line.get_xdata()[0], line.get_marker()) for line in plot.lines if len(line.get_xdata()) == 1]
    at = {round(float(x), 6) for x, marker in points if marker not in "<>"}
    assert at == {1.6, 0.9, 7.7, 2.0, 1.0}
    assert [float(x) for x, marker in points if marker == ">"] == [pytest.approx(plot.get_xlim()[1])]
    assert next(marker for x, marker in points if x == 0.9) == "X"


def test_a_linear_forest_holds_zero_and_negative_values():
    rows = [{"label": "d", "estimate": -0.17, "conf_low": -0.3, "conf_high": -0.04, "role": "main"}]
    plot = figures.draw(pictures.forest(RESULT, rows, axis="Difference", scale="linear")).axes[0]
    assert plot.get_xlim()[0] < -0.3
    assert plot.get_xlim()[1] > 0


def test_an_upset_picture_shows_the_patterns_by_frequency_with_three_states():
    figure = figures.draw(pictures.upset(RESULT, PATTERNS))
    bars, grid = figure.axes
    assert [p.get_height() for p in bars.patches[:3]] == [40, 7, 5]
    assert [p.get_height() for p in bars.patches[3:]] == [10, 0, 2]
    marks = [(line.get_xdata()[0], line.get_ydata()[0], line.get_markerfacecolor()) for line in grid.lines]
    assert sorted((x, y) for x, y, face in marks if face == "white") == [(0, 0)]
    assert sorted((x, y) for x, y, face in marks if face != "white") == [(0, 1), (0, 2), (2, 0), (2, 1)]
    assert texts(grid).count("?") == 4
    assert_inside(figure)


def test_a_specification_curve_marks_the_declared_one_and_every_choice():
    size = 40
    value = np.exp(np.linspace(-0.5, 1.0, size))
    frame = pd.DataFrame(
        {
            "rank": range(size),
            "estimate": value,
            "conf_low": value / 1.5,
            "conf_high": value * 1.5,
            "declared": [i == 30 for i in range(size)],
            "definition": ["one", "two"] * (size // 2),
        }
    )
    drawn = pictures.specification_curve(RESULT, frame.sample(frac=1, random_state=1), ["definition"], axis="HR")
    curve, board = figures.draw(drawn).axes
    dots = next(line for line in curve.lines if line.get_marker() == ".")
    np.testing.assert_allclose(dots.get_ydata(), np.delete(value, 30))
    square = next(line for line in curve.lines if line.get_marker() == "s")
    assert (square.get_xdata()[0], square.get_ydata()[0]) == (30, value[30])
    assert texts(board) == ["Definition", "one", "two"]
    ticks = {text: [] for text in ("one", "two")}
    for name, lines in zip(ticks, [c for c in board.collections if len(c.get_segments()) > 1], strict=True):
        ticks[name] = [segment[0][0] for segment in lines.get_segments()]
    assert ticks == {"one": list(range(0, size, 2)), "two": list(range(1, size, 2))}
    assert_inside(figures.draw(drawn))


def test_a_picture_outlives_its_file():
    drawn = pictures.forest(RESULT, LINES, axis="Ratio")
    again = Result.from_json(drawn.to_json())
    assert figures.has_figure(again)
    pd.testing.assert_frame_equal(again.curves, drawn.curves)


@pytest.mark.parametrize("row", [{"label": "a", "role": "hero"}, {"label": "a", "weight": 3}])
def test_a_forest_refuses_what_nobody_draws(row):
    with pytest.raises(ValueError, match="of a forest"):
        pictures.forest(RESULT, [row], axis="x")


def test_words_that_no_font_can_draw_are_numbered_in_png_and_stay_text_in_svg(tmp_path, monkeypatch, recwarn):
    monkeypatch.setattr(figures, "drawable", str.isascii)
    drawn = pictures.forest(RESULT, [{"label": "合成医院A", "estimate": 2.0, "role": "main"}], axis="Ratio")
    assert "item 1" in texts(figures.draw(drawn).axes[0])
    svg, _ = figures.save(drawn, tmp_path / "forest")
    assert "合成医院A" in svg.read_text(encoding="utf-8")
    assert not [w for w in recwarn if "Glyph" in str(w.message)]


def test_nothing_to_draw_is_no_figure():
    """A picture of no line, and curves that a case series withholds, leave their table without a figure."""
    assert figures.has_figure(pictures.forest(RESULT, LINES, axis="Hazard ratio"))
    assert not figures.has_figure(pictures.forest(RESULT, [], axis="Hazard ratio"))
    withheld = Result("kaplan_meier", RESULT.tidy, method={"title": "Curves"})
    assert not figures.has_figure(withheld)


def test_a_suppressed_count_or_estimate_is_one_word_and_not_called_not_estimated():
    hidden = {**LINES[0], "label": "Hidden", "events": SUPPRESSED, "n": SUPPRESSED, "estimate": SUPPRESSED}
    figure = figures.draw(pictures.forest(RESULT, [*LINES, hidden], axis="Ratio"))
    said = texts(figure.axes[0])
    assert said.count("suppressed") == 2
    assert not [t for t in said if "suppressed/" in t]
    assert said.count("not estimated") == len([line for line in LINES if line["label"] == "No deaths"])
    assert_inside(figure)


def test_a_definition_keeps_its_key_in_every_language_and_other_choices_are_said():
    frame = pd.DataFrame(
        {
            "rank": [0, 1],
            "estimate": [1.0, 2.0],
            "conf_low": [0.5, 1.5],
            "conf_high": [2.0, 3.0],
            "declared": [True, False],
            "definition": ["seed_any3", "obj"],
            "adjustment": ["crude", "adjusted"],
        }
    )
    drawn = pictures.specification_curve(RESULT, frame, ["definition", "adjustment"], axis="HR")
    board = figures.draw(drawn, names=Names(language=Language("zh"))).axes[1]
    assert {"seed_any3", "obj", "未调整"} <= set(texts(board))

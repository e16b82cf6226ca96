"""The measure itself: it finds texts that leave the canvas, stand on each other, or miss their ticks."""

import pytest
from geometry import RISK_TABLE, assert_readable, assert_told_apart_in_grey, grey
from matplotlib.lines import Line2D

from neurohlh.report.figures.look import axes, canvas


@pytest.fixture
def plot():
    """Axes with two ticks, three inches wide, in a canvas of four by three."""
    figure = canvas(4, 3)
    made = axes(figure, 0.5, 1.5, 3, 1)
    made.set_xticks([0, 1])
    return made


def test_a_plain_plot_passes(plot):
    assert_readable(plot.figure)


@pytest.mark.parametrize("place", [(-0.3, 0.5), (1.0, 0.5), (0.5, -3.0), (0.5, 1.6)])
def test_a_text_outside_the_canvas_is_found(plot, place):
    plot.text(*place, "a text that leaves", clip_on=False)
    with pytest.raises(AssertionError, match=r"leaves the canvas .* 'a text that leaves'"):
        assert_readable(plot.figure)


def test_two_texts_on_each_other_are_found(plot):
    plot.text(0.5, 0.5, "one")
    plot.text(0.52, 0.52, "other")
    with pytest.raises(AssertionError, match="stand on each other: 'one' and 'other'"):
        assert_readable(plot.figure)


def test_a_text_that_its_axes_cut_off_is_found(plot):
    plot.text(0.9, 0.5, "cut off", clip_on=True)
    with pytest.raises(AssertionError, match="is cut off at the edge of its axes: 'cut off'"):
        assert_readable(plot.figure)


@pytest.mark.parametrize(("at", "message"), [((0, 0.4), "stands on no tick"), ((0,), "has no column"), ((0, 1), "")])
def test_a_risk_table_off_its_ticks_is_found(plot, at, message):
    risk = axes(plot.figure, 0.5, 0.5, 3, 0.3)
    risk.set_label(RISK_TABLE)
    risk.axis("off")
    for x in at:
        risk.text(x, 0.5, "12", ha="center")
    if not message:
        assert_readable(plot.figure)
        return
    with pytest.raises(AssertionError, match=message):
        assert_readable(plot.figure)


def test_luminance_is_that_of_the_standard():
    assert grey("#ffffff") == pytest.approx(1)
    assert grey("#000000") == 0
    assert grey("#00ff00") == pytest.approx(0.7152)


def test_lines_of_equal_grey_need_another_dash_or_marker():
    blue = Line2D([0, 1], [0, 1], color="#0072b2")
    green = Line2D([0, 1], [0, 1], color="#009e73")
    with pytest.raises(AssertionError, match="look alike in grey"):
        assert_told_apart_in_grey([blue, green])
    green.set_linestyle("--")
    assert_told_apart_in_grey([blue, green])

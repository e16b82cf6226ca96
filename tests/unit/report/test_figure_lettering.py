"""How wide a text runs is measured, not guessed; where it breaks; lines and fills that differ without colour."""

from itertools import combinations

import matplotlib as mpl
import pytest
from matplotlib import font_manager

from neurohlh.report import fonts
from neurohlh.report.figures.lettering import LATIN, drawable, text_width, wrapped
from neurohlh.report.figures.look import HATCHES, PALETTE, canvas, colours, dashes, style


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", ["CNS involvement", "At risk (deaths)", "中枢神经系统受累", "累及CNS，n = 12"])
def test_a_text_is_never_wider_than_measured_and_hardly_narrower(text, bold):
    figure = canvas(8, 1)
    for dpi in (100, 300):
        with style():
            shown = figure.text(0, 0, text, fontsize=9.5, fontweight="bold" if bold else "normal")
            figure.set_dpi(dpi)
            figure.draw_without_rendering()
        drawn = shown.get_window_extent().width / dpi
        assert 0.92 * text_width(text, bold=bold) <= drawn <= text_width(text, bold=bold) + 0.01


def test_the_longest_line_counts_and_chinese_is_an_em():
    assert text_width("a\nabc", 10) == text_width("abc", 10)
    assert text_width("受累", 36) == pytest.approx(1.0, abs=0.05)
    assert text_width("") == 0


def test_lines_break_at_spaces_and_between_chinese_signs():
    room = text_width("a cohort whose name", 9)
    assert wrapped("a cohort whose name is long", room, 9) == "a cohort whose name\nis long"
    assert wrapped("受累的患者", text_width("受累的", 9), 9) == "受累的\n患者"
    assert wrapped("short", room, 9) == "short"


def test_what_does_not_fit_ends_with_an_ellipsis_inside_the_room():
    room = text_width("a cohort whose", 9)
    lines = wrapped("a cohort whose name is long and goes on and on", room, 9, most=2).split("\n")
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(text_width(line, 9) <= room for line in lines)
    assert wrapped("unbreakablewordthatislong", room, 9, most=1).endswith("…")


def test_the_fonts_of_figures_come_with_the_packages():
    with style():
        families = mpl.rcParams["font.family"]
        assert families == [LATIN, fonts.FAMILY]
        regular, bold = (
            font_manager.findfont(font_manager.FontProperties(family=fonts.FAMILY, weight=w)) for w in (400, 700)
        )
    assert (regular, bold) == (str(fonts.FILE), str(fonts.BOLD))
    assert drawable("CNS 受累，≥ 5 × 10⁹/L")
    assert not drawable("\N{LINEAR B SYLLABLE B008 A}")


@pytest.mark.parametrize(
    "groups", [["met", "not_met", "indeterminate"], ["true", "false"], [f"group {k}" for k in range(12)]]
)
def test_any_two_groups_differ_by_dash_and_any_two_of_many_by_dash_or_colour(groups):
    dash, colour = dashes(groups), colours(groups)
    looks = {g: (dash[g], colour[g]) for g in groups}
    for one, other in combinations(groups, 2):
        assert looks[one] != looks[other]
    for one, other in combinations(groups[:7], 2):
        assert dash[one] != dash[other]


def test_there_are_more_hatches_than_colours_and_no_two_alike():
    assert len(set(HATCHES)) == len(HATCHES)
    assert len(HATCHES) > len(PALETTE)

"""Figures: the geometry that readers rely on, files that come out the same, names that no font can draw."""

import dataclasses
import itertools
import struct

import numpy as np
import pytest
from PIL import Image

from neurohlh.core.result import Result, tidy_frame
from neurohlh.report import figures, fonts
from neurohlh.report.captions import caption
from neurohlh.report.figures import look as figures_look
from neurohlh.report.language import Language
from neurohlh.report.names import Names


def drawn(figure):
    figures_look.svg_text(figure)  # places every text
    return figure


def test_forest_marks_stand_at_the_hazard_ratios(cox):
    plot = figures.draw(cox).axes[0]
    marks = sorted(float(line.get_xdata()[0]) for line in plot.lines if line.get_marker() == "o")
    rows = cox.tidy[~cox.tidy["is_reference"] & (cox.tidy["analysis"] != "cox_crude_same_patients")]
    np.testing.assert_allclose(marks, sorted(rows["estimate"].dropna()))
    arrows = [line for line in plot.lines if line.get_marker() == ">"]
    assert len(arrows) == 2  # both limits of 61.7 lie beyond the axis
    assert plot.get_xscale() == "log"


def test_frequency_draws_estimate_and_limits(frequency):
    plot = figures.draw(frequency).axes[0]
    spans = [tuple(line.get_xdata()) for line in plot.lines if len(line.get_xdata()) == 2]
    assert spans == [(0.4248, 0.5427), (0.3167, 0.4153), (0.5593, 0.6592)]


def test_completeness_bars_fill_the_whole_width(completeness):
    plot = figures.draw(completeness).axes[0]
    assert [t.get_text() for t in plot.get_yticklabels()] == ["Ferritin", "CSF protein", "NK activity"]
    ends = {}
    for bar in plot.patches:
        ends[round(bar.get_y(), 3)] = max(ends.get(round(bar.get_y(), 3), 0), bar.get_x() + bar.get_width())
    np.testing.assert_allclose(list(ends.values()), 1.0)


def test_saving_writes_vector_and_raster_the_same_every_time(kaplan_meier, tmp_path):
    first = figures.save(kaplan_meier, tmp_path / "a")
    second = figures.save(kaplan_meier, tmp_path / "b")
    assert [p.suffix for p in first] == [".svg", ".png"]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    svg = first[0].read_text(encoding="utf-8")
    assert ">CNS involvement</text>" in svg  # text stays text
    assert "date" not in svg.lower()


def test_chinese_names_stay_text_in_svg_and_are_drawn_with_the_packages_font(kaplan_meier, tmp_path):
    names = Names(levels={"cns": {"met": "中枢受累", "not_met": "无中枢受累"}})
    svg, png, pdf = figures.save(kaplan_meier, tmp_path / "km", names=names, formats=("svg", "png", "pdf"))
    assert "无中枢受累" in svg.read_text(encoding="utf-8")
    assert png.stat().st_size > 10_000
    assert fonts.FAMILY.replace(" ", "").encode() in pdf.read_bytes()
    shown = [t.get_text() for t in figures.draw(kaplan_meier, names=names).axes[1].texts]
    assert {"中枢受累", "无中枢受累"} <= set(shown)


def test_signs_that_no_font_has_are_numbered_in_png_and_stay_text_in_svg(kaplan_meier, tmp_path):
    names = Names(levels={"cns": {"met": "☃𐀀", "not_met": "无中枢受累"}})
    svg, _ = figures.save(kaplan_meier, tmp_path / "km", names=names)
    assert "𐀀" in svg.read_text(encoding="utf-8")
    figure = figures.draw(kaplan_meier, names=names)
    assert {"item 1", "无中枢受累"} <= {t.get_text() for t in figure.axes[1].texts}
    assert figure.texts[-1].get_text() == "Names that the fonts of figures cannot draw are numbered."


def test_a_numbered_name_leaves_the_language_and_the_units_alone(kaplan_meier):
    class Loud(Language):
        def say(self, text):
            return text.upper()

    names = Names(levels={"cns": {"met": "𐀀"}}, language=Loud("zh"))
    figure = figures.draw(kaplan_meier, names=names)
    assert "ITEM 1" in {t.get_text() for t in figure.axes[1].texts}


def test_resolution_is_what_was_asked_for(kaplan_meier, tmp_path):
    sizes = {}
    for dpi in (300, 600):
        (png,) = figures.save(kaplan_meier, tmp_path / f"km{dpi}", formats=("png",), dpi=dpi)
        sizes[dpi] = struct.unpack(">II", png.read_bytes()[16:24])
    width, height = figures.draw(kaplan_meier).get_size_inches()
    assert sizes[300] == pytest.approx((300 * width, 300 * height), abs=1)
    assert sizes[600] == pytest.approx((600 * width, 600 * height), abs=1)


def test_a_pdf_embeds_truetype_fonts_and_is_the_same_every_time(kaplan_meier, tmp_path):
    names = Names(levels={"cns": {"met": "中枢受累"}})
    first, second = (
        figures.save(kaplan_meier, tmp_path / stem, names=names, formats=("pdf",))[0].read_bytes() for stem in "ab"
    )
    assert first == second
    assert b"/FontFile2" in first  # a TrueType file, not the Type 3 procedures of matplotlib's default
    assert b"/Type3" not in first
    assert b"CreationDate" not in first


def test_an_unknown_format_is_refused_before_anything_is_written(kaplan_meier, tmp_path):
    with pytest.raises(ValueError, match="saved as svg, png, pdf, not as tiff"):
        figures.save(kaplan_meier, tmp_path / "km", formats=("svg", "tiff"))
    assert list(tmp_path.iterdir()) == []


def test_a_kind_without_a_figure_says_which_have_one(logrank):
    with pytest.raises(ValueError, match=r"'logrank' has no figure; these have: .*kaplan_meier"):
        figures.draw(logrank)


def test_every_form_says_how_it_is_read():
    for form in figures.drawable_kinds():
        title, text = caption(Result(form, tidy_frame([{"term": "a"}]), method={"conf_level": 0.9}))
        assert title, form
        assert text.endswith("."), form
        assert "{" not in text, form


def test_drawing_leaves_the_readers_settings_alone(kaplan_meier):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    kaplan_meier.plot()
    assert dict(mpl.rcParams) == before


def test_inline_drawings_take_the_colours_of_the_page(kaplan_meier):
    svg = figures.inline_svg(kaplan_meier, "k", "T", "D < E")
    assert "var(--vermillion)" in svg
    assert "#d55e00" not in svg
    assert "D &lt; E" in svg
    assert "xmlns" not in svg


def test_flow_figure_shows_the_boxes_of_the_page(findings):
    figure = figures.flow(findings)
    texts = [t.get_text() for t in figure.axes[0].texts if t.get_text()]
    pairs = set(itertools.pairwise(texts))
    assert ("362", "patients in the study") in pairs
    assert {("4", "rows that contradict each other"), ("27", "HLH-2004 not decidable")} <= pairs


def test_groups_that_are_not_status_words_get_distinct_colours(kaplan_meier):
    colours = figures_look.colours(["A", "B", "C", "met"])
    assert len(set(colours.values())) == 4
    curves = kaplan_meier.curves.replace({"group": {"met": "A", "not_met": "B"}})
    renamed = dataclasses.replace(kaplan_meier, curves=curves)
    assert figures.draw(renamed).axes[0].lines


def test_a_palette_keeps_the_ground_white_and_the_colours_of_the_groups(kaplan_meier, tmp_path):
    (png,) = figures.save(kaplan_meier, tmp_path / "km", formats=("png",))
    image = Image.open(png)
    assert image.mode == "P"
    assert round(image.info["dpi"][0]) == 300
    pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    assert pixels[0].tolist() == [255, 255, 255]
    assert (pixels == 255).all(axis=1).mean() > 0.5
    for colour in ((213, 94, 0), (0, 114, 178)):
        assert (pixels == colour).all(axis=1).sum() > 500

"""Figures: the geometry that readers rely on, files that come out the same, names that no font can draw."""

import dataclasses
import itertools
import re
import struct

import numpy as np
import pandas as pd
import pytest

from neurohlh.report import figures, fonts
from neurohlh.report.figures import look as figures_look
from neurohlh.report.figures.survival import tick_words
from neurohlh.report.language import Language
from neurohlh.report.names import Names


def drawn(figure):
    figures_look.svg_text(figure)  # places every text
    return figure


def test_risk_table_columns_stand_on_the_axis_ticks(kaplan_meier):
    figure = drawn(figures.draw(kaplan_meier))
    plot, risk = figure.axes
    ticks = [plot.transData.transform((t, 0))[0] for t in plot.get_xticks()]
    columns = {risk.transData.transform(t.get_position())[0] for t in risk.texts if re.match(r"\d", t.get_text())}
    assert len(ticks) == 5
    np.testing.assert_allclose(sorted(columns), ticks, atol=0.01)
    assert all(t.get_ha() == "center" for t in risk.texts if re.match(r"\d", t.get_text()))


def test_risk_table_shows_the_counts_of_the_result(kaplan_meier):
    risk = figures.draw(kaplan_meier).axes[1]
    shown = [t.get_text() for t in risk.texts if re.match(r"\d", t.get_text())]
    assert shown == [f"{r['n_risk']} ({r['n_event']})" for r in kaplan_meier.method["risk_table"]]


def test_no_text_of_a_figure_leaves_it_or_covers_the_risk_table(kaplan_meier, cox, frequency, completeness):
    for result in (kaplan_meier, cox, frequency, completeness):
        figure = figures.draw(result)
        with figures_look.style():
            figure.draw_without_rendering()
        width, height = figure.get_size_inches() * figure.dpi
        for axes in figure.axes:
            of_axis = [*axes.get_xticklabels(), axes.xaxis.label] if axes.axison else []
            for text in [*axes.texts, *of_axis]:
                box = text.get_window_extent()
                assert box.x0 >= -1, (result.kind, text.get_text())
                assert box.x1 <= width + 1, (result.kind, text.get_text())
                assert box.y0 >= -1, (result.kind, text.get_text())
                assert box.y1 <= height + 1, (result.kind, text.get_text())
    risk = figures.draw(kaplan_meier)
    with figures_look.style():
        risk.draw_without_rendering()
    texts = risk.axes[1].texts
    names = [t for t in texts if t.get_text() in ("CNS involvement", "No CNS involvement")]
    numbers = [t for t in texts if re.match(r"\d", t.get_text())]
    assert max(t.get_window_extent().x1 for t in names) < min(t.get_window_extent().x0 for t in numbers)


def test_the_curve_is_dashed_exactly_where_few_are_at_risk(kaplan_meier):
    plot = figures.draw(kaplan_meier).axes[0]
    curve = kaplan_meier.curves[kaplan_meier.curves["group"] == "met"]
    few = curve.loc[curve["sparse"].to_numpy(bool), "time"]
    solid, dashed = [line for line in plot.lines if line.get_color() == "#d55e00"][:2]
    before = curve.loc[curve["time"] < few.min(), "time"].max()
    assert np.nanmax(solid.get_xdata()) == before
    assert np.nanmin(dashed.get_xdata()) == before
    assert dashed.is_dashed()
    assert not solid.is_dashed()


def test_drawn_steps_pass_through_every_estimate(kaplan_meier):
    plot = figures.draw(kaplan_meier).axes[0]
    curve = kaplan_meier.curves[kaplan_meier.curves["group"] == "not_met"]
    lines = [line for line in plot.lines if line.get_color() == "#0072b2"][:2]
    points = {(x, y) for line in lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)}
    assert set(zip(curve["time"], curve["survival"], strict=True)) <= points


def test_censored_patients_are_ticked(kaplan_meier):
    plot = figures.draw(kaplan_meier).axes[0]
    curve = kaplan_meier.curves[kaplan_meier.curves["group"] == "met"]
    ticks = next(line for line in plot.lines if line.get_marker() == "|" and line.get_color() == "#d55e00")
    assert list(ticks.get_xdata()) == list(curve.loc[curve["n_censor"] > 0, "time"])


@pytest.mark.parametrize(
    ("ticks", "words"),
    [
        ([0, 365.25, 730.5], (["0", "1", "2"], "Years")),
        ([0, 182.5, 365, 730], (["0", "0.5", "1", "2"], "Years")),
        ([0, 30, 180, 365], (["0", "30", "180", "365"], "Days")),
        ([0, 500, 1000], (["0", "500", "1000"], "Days")),
    ],
)
def test_time_axis_is_in_years_only_where_the_ticks_are(ticks, words):
    assert tick_words([float(t) for t in ticks]) == words


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
    assert [t.get_text() for t in plot.get_yticklabels()] == ["Ferritin", "Csf protein", "Nk activity"]
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
    assert [t.get_text() for t in figure.texts] == ["Names that the fonts of figures cannot draw are numbered."]


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


def test_a_key_with_many_groups_wraps_inside_the_figure(kaplan_meier):
    third = kaplan_meier.curves[kaplan_meier.curves["group"] == "met"].assign(group="indeterminate")
    fourth = third.assign(group="missing")
    table = [r | {"group": g} for r in kaplan_meier.method["risk_table"] for g in ("met", "indeterminate", "missing")]
    many = dataclasses.replace(
        kaplan_meier,
        curves=pd.concat([kaplan_meier.curves, third, fourth]),
        method={**kaplan_meier.method, "risk_table": table},
    )
    figure = figures.draw(many)
    with figures_look.style():
        figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    key = [t.get_window_extent() for t in figure.axes[0].texts if "CNS" in t.get_text()]
    assert len(key) == 4
    assert len({round(box.y0) for box in key}) == 2
    assert all(box.x1 <= width and box.y1 <= height for box in key)
    assert not any(a.overlaps(b) for i, a in enumerate(key) for b in key[i + 1 :])

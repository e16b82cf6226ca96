"""Drawings of a page are made small: what is said with fewer signs is the same drawing."""

import re

import pytest
from lxml import etree

from neurohlh.report import figures
from neurohlh.report.render.drawings import Drawings, path_data


def drawing(inside, ident="fig-a"):
    return (
        f'<svg class="drawing" role="img" aria-labelledby="{ident}-title" viewBox="0 0 10 10" style="--natural: 10px">'
        f'<title id="{ident}-title">A title</title>{inside}</svg>'
    )


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("M 1 2 \nL 3.5 4.25 \nL 3.5 9 \nL 8 9 \nz", "M1 2l2.5 2.25v4.75h4.5z"),
        ("M 0.123456 0.987654 L 0.2 0.9", "M.12 .99l.08-.09"),
        ("M 0 0 L 1 0 L 1 0 L 2 0 L 3 0 L 3 5 L 3 7", "M0 0h3v7"),
        ("M 0 0 L 3 0 L 1 0", "M0 0h3h-2"),  # a line that turns back keeps its turn
        ("M 0 0 C 1 1 2 1 3 0 L 4 0 z M 9 9 L 8 8", "M0 0c1 1 2 1 3 0h1zM9 9l-1-1"),
        ("M 1 1 A 5 5 0 0 1 2 2", "M 1 1 A 5 5 0 0 1 2 2"),  # a step that is not known stays as it is
    ],
)
def test_a_path_says_the_same_in_fewer_signs(long, short):
    assert path_data(long) == short


def test_styles_become_classes_that_all_drawings_of_a_page_share():
    drawings = Drawings()
    line = '<line style="stroke: #000000; stroke-width: 0.367647"/>'
    first, second = drawings.compact(drawing(line)), drawings.compact(drawing(line, "fig-b"))
    assert "style" not in first + second
    rules = dict(re.findall(r"\.(\w+)\{(.*)\}", drawings.css()))
    assert sorted(rules.values()) == ["--natural:10px", "stroke:#000000;stroke-width:0.368"]
    names = [etree.fromstring(one)[-1].get("class") for one in (first, second)]
    assert names[0] == names[1]
    assert rules[names[0]].startswith("stroke:")


def test_names_that_are_used_stay_unique_on_the_page_and_the_others_go():
    inside = (
        '<defs><path id="p-m1" d="M 0 0 L 0 1"/><path id="p-m12" d="M 0 0 L 1 0"/></defs>'
        '<g id="p-patch_1" clip-path="url(#p-m12)"><use id="p-use" href="#p-m1" x="1.234567" y="2"/></g>'
    )
    drawings = Drawings()
    roots = [etree.fromstring(drawings.compact(drawing(inside, ident))) for ident in ("fig-a", "fig-b")]
    ids = [e.get("id") for root in roots for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids)) == 6
    for root in roots:
        one, twelve = (path.get("id") for path in root.iter("path"))
        use = next(root.iter("use"))
        assert use.get("href") == f"#{one}"
        assert use.get("x") == "1.23"
        assert next(e for e in root.iter() if e.get("clip-path")).get("clip-path") == f"url(#{twelve})"
        assert root.get("aria-labelledby") == root[0].get("id")


def marks(*styles):
    return "".join(f'<path d="M {i} 0 L {i} 1" style="{style}"/>' for i, style in enumerate(styles))


@pytest.mark.parametrize(
    ("style", "paths"),
    [
        ("fill: none; stroke: #000000", 1),
        ("fill: none; stroke: #000000; stroke-opacity: 0.5", 3),  # where two overlap, it shows
        ("fill: none; stroke: #000000; stroke-dasharray: 2 1", 3),
        ("fill: #ffffff; stroke: #000000", 3),  # one covers the other
        ("fill: none", 0),  # not to be seen
    ],
)
def test_lines_of_one_style_are_one_path_where_nobody_could_tell(style, paths):
    root = etree.fromstring(Drawings().compact(drawing(marks(style, style, style))))
    assert len(list(root.iter("path"))) == paths


def test_what_covers_what_is_kept():
    thin, thick = "fill: none; stroke: #000000", "fill: none; stroke: #ffffff"
    root = etree.fromstring(Drawings().compact(drawing(marks(thin, thin, thick, thin))))
    drawn = [path.get("d") for path in root.iter("path")]
    assert drawn == ["M0 0v1M1 0v1", "M2 0v1", "M3 0v1"]


def test_every_word_of_a_figure_stays(kaplan_meier):
    svg = figures.inline_svg(kaplan_meier, "fig-km", "Survival", "What it shows")
    compact = Drawings().compact(svg)
    words = [
        [" ".join("".join(e.itertext()).split()) for e in etree.fromstring(one).iter("title", "desc", "text")]
        for one in (svg, compact)
    ]
    assert words[0] == words[1]
    assert len(words[0]) > 10
    assert len(compact) < 0.5 * len(svg)

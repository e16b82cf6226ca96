"""The font of the package: what it covers, whose it is, and that the same signs give the same bytes."""

import importlib.util
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.ttLib import TTFont

from neurohlh.report import fonts

_SCRIPT = Path(__file__).parents[3] / "tools" / "make_font.py"


@pytest.fixture(scope="module")
def make_font():
    """The script, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("make_font", _SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def cubic_font():
    """A font with cubic outlines: 'A' is a round of four arcs of radius 300 around (500, 300)."""
    pen = T2CharStringPen(1000, None)
    near = 300 * 0.5523  # the handle of a cubic quarter of a circle
    pen.moveTo((800, 300))
    pen.curveTo((800, 300 + near), (500 + near, 600), (500, 600))
    pen.curveTo((500 - near, 600), (200, 300 + near), (200, 300))
    pen.curveTo((200, 300 - near), (500 - near, 0), (500, 0))
    pen.curveTo((500 + near, 0), (800, 300 - near), (800, 300))
    pen.closePath()
    empty = T2CharStringPen(1000, None).getCharString()
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder([".notdef", "A", "unused"])
    builder.setupCharacterMap({65: "A", 66: "unused"})
    builder.setupCFF("Cubic", {}, {".notdef": empty, "A": pen.getCharString(), "unused": empty}, {})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "A": (1000, 200), "unused": (1000, 0)})
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": "Noto Sans SC", "styleName": "Regular", "copyright": "of somebody",
                            "licenseDescription": "SIL Open Font License"})  # fmt: skip
    builder.setupOS2()
    builder.setupPost()
    buffer = BytesIO()
    builder.save(buffer)
    return TTFont(BytesIO(buffer.getvalue()))


@pytest.mark.parametrize("file", [fonts.FILE, fonts.BOLD])
def test_both_weights_draw_every_sign_of_gb_2312_and_of_western_text(file):
    chinese = {bytes((row, cell)).decode("gb2312", "ignore") for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)}
    chinese.discard("")
    assert len(chinese) == 6763
    with TTFont(file) as font:
        signs = frozenset(font.getBestCmap())
    western = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA1, 0x100), *range(0x3B1, 0x3CA))}
    assert {ord(sign) for sign in chinese | western | set("，。；：？！（）、《》“”")} <= signs
    assert signs == fonts.signs()


@pytest.mark.parametrize(("file", "weight"), [(fonts.FILE, 400), (fonts.BOLD, 700)])
def test_the_fonts_are_truetype_and_say_whose_they_are(file, weight):
    with TTFont(file) as font:
        assert font["OS/2"].usWeightClass == weight
        assert "glyf" in font
        assert "CFF " not in font
        said = {number: str(font["name"].getDebugName(number)) for number in (0, 1, 13, 14)}
    assert said[1] == fonts.FAMILY
    assert not set(fonts.FAMILY.split()) & {"Noto", "Source"}
    assert "Adobe" in said[0]
    assert "SIL Open Font License" in said[13]
    licence = fonts.FILE.with_name("OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "2014-2021 Adobe" in licence


def test_a_page_gets_its_own_signs_only_and_the_same_bytes_each_time():
    made = fonts.web_font("中枢受累 CNS\N{SNOWMAN}")
    assert made == fonts.web_font("SNC 累受枢中 中")
    with TTFont(BytesIO(made)) as font:
        assert {chr(code) for code in font.getBestCmap()} == set("中枢受累 CNS")
        assert "SIL Open Font License" in str(font["name"].getDebugName(13))
    assert len(made) < 10_000
    bold = fonts.web_font("中枢受累 CNS", bold=True)
    assert TTFont(BytesIO(bold))["OS/2"].usWeightClass == 700


def test_cubic_outlines_become_quadratic_ones_of_the_same_shape(make_font, cubic_font):
    made = TTFont(BytesIO(make_font.cut(cubic_font, ["A", "Z"])))
    (name,) = made.getBestCmap().values()
    assert made.getGlyphOrder() == [".notdef", name]
    glyph = made["glyf"][name]
    assert (glyph.xMin, glyph.yMin, glyph.xMax, glyph.yMax) == (200, 0, 800, 600)
    points, _, on_curve = glyph.getCoordinates(made["glyf"])
    for (x, y), on in zip(points, on_curve, strict=True):
        if on:
            assert ((x - 500) ** 2 + (y - 300) ** 2) ** 0.5 == pytest.approx(300, abs=1.5)
    assert made["hmtx"][name] == (1000, 200)


def test_the_cut_has_a_name_of_its_own_and_the_same_bytes_each_time(make_font, cubic_font):
    made = make_font.cut(cubic_font, ["A"])
    assert made == make_font.cut(cubic_font, ["A"])
    names = TTFont(BytesIO(made))["name"]
    assert [str(names.getDebugName(number)) for number in (0, 1, 13)] == [
        "of somebody", fonts.FAMILY, "SIL Open Font License"
    ]  # fmt: skip


def test_another_font_is_refused_by_name(make_font, tmp_path):
    path = tmp_path / "other.ttf"
    path.write_bytes(fonts.FILE.read_bytes())
    with pytest.raises(ValueError, match=r"other.ttf holds NeuroHLH Sans SC; needed is one of Noto Sans CJK SC"):
        make_font.source_font(path)
